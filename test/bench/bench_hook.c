// SPDX-License-Identifier: GPL-2.0
/* The bare ingress hook: what forwarding costs at least, and the sink behind it. */
#include <linux/etherdevice.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter_netdev.h>
#include <linux/percpu.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include "bench.h"

struct bench_hook {
	struct list_head	list;
	struct nf_hook_ops	ops;
	struct net		*net;
	struct net_device	*out;	/* a reference; NULL for a sink */
	unsigned long __percpu	*count;
	u8			smac[ETH_ALEN];
	u8			dmac[ETH_ALEN];
};

static LIST_HEAD(bench_hooks);	/* under RTNL */

static unsigned int hook_drop(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct bench_hook *hook = priv;

	/* The multicasts of IPv6's own housekeeping are not counted, nor forwarded below. */
	if (skb->pkt_type == PACKET_HOST)
		this_cpu_inc(*hook->count);
	return NF_DROP;
}

static unsigned int hook_floor(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct bench_hook *hook = priv;
	struct ethhdr *eth;

	if (skb->pkt_type != PACKET_HOST)
		return NF_ACCEPT;
	if (skb_cow_head(skb, ETH_HLEN))
		return NF_DROP;
	eth = skb_push(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, hook->dmac);
	ether_addr_copy(eth->h_source, hook->smac);
	skb->dev = hook->out;
	this_cpu_inc(*hook->count);
	dev_queue_xmit(skb);
	return NF_STOLEN;
}

static struct bench_hook *lookup(struct net *net, const char *dev)
{
	struct bench_hook *hook;

	ASSERT_RTNL();
	list_for_each_entry(hook, &bench_hooks, list)
		if (hook->net == net && !strcmp(hook->ops.dev->name, dev))
			return hook;
	return NULL;
}

static void destroy(struct bench_hook *hook)
{
	ASSERT_RTNL();
	list_del(&hook->list);
	nf_unregister_net_hook(hook->net, &hook->ops);
	synchronize_net();	/* packets under way hold @hook */
	dev_put(hook->out);
	free_percpu(hook->count);
	kfree(hook);
}

static int create(struct net *net, enum bench_hook_kind kind, const char *dev, const char *out, const u8 *smac,
		  const u8 *dmac)
{
	struct bench_hook *hook;
	int err = -ENOMEM;

	hook = kzalloc(sizeof(*hook), GFP_KERNEL);
	if (!hook)
		return -ENOMEM;
	hook->count = alloc_percpu(unsigned long);
	if (!hook->count)
		goto err_free;
	err = -ENODEV;
	hook->ops.dev = __dev_get_by_name(net, dev);
	if (!hook->ops.dev)
		goto err_count;
	if (kind == BENCH_FLOOR) {
		hook->out = dev_get_by_name(net, out);
		if (!hook->out)
			goto err_count;
		ether_addr_copy(hook->smac, smac);
		ether_addr_copy(hook->dmac, dmac);
	}
	hook->net = net;
	hook->ops.hook = kind == BENCH_DROP ? hook_drop : hook_floor;
	hook->ops.priv = hook;
	hook->ops.pf = NFPROTO_NETDEV;
	hook->ops.hooknum = NF_NETDEV_INGRESS;
	hook->ops.priority = INT_MIN + 1;
	err = nf_register_net_hook(net, &hook->ops);
	if (err)
		goto err_out;
	list_add(&hook->list, &bench_hooks);
	return 0;

err_out:
	dev_put(hook->out);
err_count:
	free_percpu(hook->count);
err_free:
	kfree(hook);
	return err;
}

int bench_hook_add(struct net *net, enum bench_hook_kind kind, const char *dev, const char *out, const u8 *smac,
		   const u8 *dmac)
{
	int err = -EEXIST;

	rtnl_lock();
	if (!lookup(net, dev))
		err = create(net, kind, dev, out, smac, dmac);
	rtnl_unlock();
	return err;
}

static u64 fold(const struct bench_hook *hook)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(hook->count, cpu);
	return sum;
}

static int with_hook(struct net *net, const char *dev, struct bench_result *result, bool del)
{
	struct bench_hook *hook;
	int err = -ENOENT;

	rtnl_lock();
	hook = lookup(net, dev);
	if (hook) {
		result->packets = fold(hook);
		if (del)
			destroy(hook);
		err = 0;
	}
	rtnl_unlock();
	return err;
}

int bench_hook_del(struct net *net, const char *dev, struct bench_result *result)
{
	return with_hook(net, dev, result, true);
}

int bench_hook_count(struct net *net, const char *dev, struct bench_result *result)
{
	return with_hook(net, dev, result, false);
}

/* A device goes, or leaves its namespace: so do the hooks that name it. */
static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct bench_hook *hook, *next;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	list_for_each_entry_safe(hook, next, &bench_hooks, list)
		if (hook->ops.dev == dev || hook->out == dev)
			destroy(hook);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_nb = {
	.notifier_call = netdev_event,
};

int bench_hook_init(void)
{
	return register_netdevice_notifier(&netdev_nb);
}

void bench_hook_exit(void)
{
	struct bench_hook *hook, *next;

	unregister_netdevice_notifier(&netdev_nb);
	rtnl_lock();
	list_for_each_entry_safe(hook, next, &bench_hooks, list)
		destroy(hook);
	rtnl_unlock();
}
