// SPDX-License-Identifier: GPL-2.0
/*
 * express_dev: which devices the express path stands at.
 *
 * All L3 devices of a namespace that has a service: not the loopback, not what hands its packets to another device before they are
 * routed (bridge ports, slaves of bonds and teams, parents of ipvlan: all that has an rx_handler; a macvlan's parent keeps the
 * packets that are addressed to itself, unless it passes all through), not members of a VRF, which is served by the admission path alone.
 * Where the configuration names devices, only at those.
 *
 * The notifier runs under RTNL and decides for one device at a time; the control path takes RTNL after wn->lock.
 */
#include <linux/if_macvlan.h>
#include <linux/netdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "express.h"
#include "hook.h"
#include "net.h"
#include "path.h"
#include "route.h"

/* In this mode all that comes in is the macvlan's, whose address is the parent's. */
static bool dev_passed_through(struct net_device *dev)
{
	struct net_device *upper;
	struct list_head *i;

	netdev_for_each_upper_dev_rcu(dev, upper, i)
		if (netif_is_macvlan(upper) &&
		    ((const struct macvlan_dev *)netdev_priv(upper))->mode == MACVLAN_MODE_PASSTHRU)
			return true;
	return false;
}

static bool dev_named(const struct weir_net *wn, const struct net_device *dev)
{
	int i;

	for (i = 0; i < WEIR_EXPRESS_DEVICES_MAX && *wn->express_devices[i]; i++)
		if (!strcmp(wn->express_devices[i], dev->name))
			return true;
	return !i;
}

static bool dev_eligible(struct net_device *dev)
{
	if (dev->flags & IFF_LOOPBACK || netif_is_l3_slave(dev) || netif_is_l3_master(dev))
		return false;
	return !rcu_access_pointer(dev->rx_handler) || (netif_is_macvlan_port(dev) && !dev_passed_through(dev));
}

static struct weir_express_dev *dev_find(const struct weir_net *wn, const struct net_device *dev)
{
	struct weir_express_dev *edev;

	ASSERT_RTNL();

	list_for_each_entry(edev, &wn->express_devs, list)
		if (edev->ops.dev == dev)
			return edev;
	return NULL;
}

static void dev_hook(struct weir_net *wn, struct net_device *dev)
{
	struct weir_express_dev *edev;

	edev = kzalloc(sizeof(*edev), GFP_KERNEL_ACCOUNT);
	if (!edev)
		return;
	edev->wn = wn;
	edev->ops.hook = weir_express_hook;
	edev->ops.priv = edev;
	edev->ops.dev = dev;
	edev->ops.pf = NFPROTO_NETDEV;
	edev->ops.hooknum = NF_NETDEV_INGRESS;
	edev->ops.priority = INT_MAX;	/* after users' chains */
	if (nf_register_net_hook(wn->net, &edev->ops)) {
		kfree(edev);
		return;
	}
	list_add_tail(&edev->list, &wn->express_devs);
}

/* Packets under way still see @edev until the grace period ends. */
static void dev_unhook(struct weir_express_dev *edev)
{
	list_del(&edev->list);
	nf_unregister_net_hook(edev->wn->net, &edev->ops);
	kfree_rcu(edev, rcu);
}

/* A device that cannot be hooked (no memory) is served by the admission path: nothing to report. */
static void dev_update(struct weir_net *wn, struct net_device *dev)
{
	struct weir_express_dev *edev = dev_find(wn, dev);
	bool wanted = wn->express_on && dev_named(wn, dev) && dev_eligible(dev);

	if (wanted && !edev)
		dev_hook(wn, dev);
	else if (!wanted && edev)
		dev_unhook(edev);
}

void weir_express_update(struct weir_net *wn)
{
	struct net_device *dev;

	lockdep_assert_held(&wn->lock);

	rtnl_lock();
	/* At module exit the notifier is gone by now: nobody would take a new hook from a device that goes. */
	wn->express_on = (wn->hooked[0] || wn->hooked[1]) && wn->config.express && !wn->dying;
	memcpy(wn->express_devices, wn->config.express_devices, sizeof(wn->express_devices));
	for_each_netdev(wn->net, dev)
		dev_update(wn, dev);
	rtnl_unlock();
	if (!wn->express_on)
		weir_path_flush(wn, NULL);
}

void weir_express_reconsider(struct weir_net *wn)
{
	weir_path_flush(wn, NULL);
}

static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct weir_net *wn = weir_net(dev_net(dev));
	struct weir_express_dev *edev;

	switch (event) {
	case NETDEV_UNREGISTER:
		/* It goes, or leaves for another namespace. */
		edev = dev_find(wn, dev);
		if (edev)
			dev_unhook(edev);
		weir_path_flush(wn, dev);
		weir_route_flush(dev);
		break;
	case NETDEV_REGISTER:
	case NETDEV_UP:
	case NETDEV_CHANGENAME:
	case NETDEV_CHANGEUPPER:
		dev_update(wn, dev);
		if (event != NETDEV_CHANGEUPPER)
			break;
		/* The way out changes with a master, too. */
		weir_path_flush(wn, dev);
		/* Bridges and ipvlans take their rx_handler away after they have told that they left, and tell nothing then. */
		if (wn->express_on)
			weir_hook_again(wn);
		break;
	case NETDEV_DOWN:
		weir_route_flush(dev);
		fallthrough;
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGEADDR:
	case NETDEV_FEAT_CHANGE:
		weir_path_flush(wn, dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netdev_nb = {
	.notifier_call = netdev_event,
};

void weir_express_net_init(struct weir_net *wn)
{
	INIT_LIST_HEAD(&wn->express_devs);
}

int weir_express_init(void)
{
	return register_netdevice_notifier(&netdev_nb);
}

/* The notifier is told that every device goes, so that no hook is left. */
void weir_express_exit(void)
{
	unregister_netdevice_notifier(&netdev_nb);
}
