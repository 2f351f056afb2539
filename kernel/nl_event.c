// SPDX-License-Identifier: GPL-2.0
/* nl_event: notifications to the multicast group "config" */
#include <linux/rwsem.h>
#include "net.h"
#include "nl.h"
#include "pool.h"
#include "server.h"
#include "service.h"

/* Is the family registered? Its group numbers are somebody else's before and after. */
static DECLARE_RWSEM(weir_nl_event_sem);
static bool weir_nl_event_on;	/* under weir_nl_event_sem */

#define WEIR_NL_GROUP_CONFIG 0

void weir_nl_notify_on(bool on)
{
	down_write(&weir_nl_event_sem);
	weir_nl_event_on = on;
	up_write(&weir_nl_event_sem);
}

/* Calls @fill with an empty message and sends what it made of it. */
static void notify(struct weir_net *wn, u8 cmd, int (*fill)(struct sk_buff *skb, void *hdr, const void *object),
		   const void *object)
{
	struct sk_buff *skb;
	void *hdr;

	lockdep_assert_held(&wn->lock);

	down_read(&weir_nl_event_sem);
	if (!weir_nl_event_on || !genl_has_listeners(&weir_nl_family, wn->net, WEIR_NL_GROUP_CONFIG))
		goto out;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto err_lost;
	hdr = genlmsg_put(skb, 0, 0, &weir_nl_family, 0, cmd);
	if (!hdr || fill(skb, hdr, object)) {
		nlmsg_free(skb);
		goto err_lost;
	}
	genlmsg_multicast_netns(&weir_nl_family, wn->net, skb, 0, WEIR_NL_GROUP_CONFIG, GFP_KERNEL);
out:
	up_read(&weir_nl_event_sem);
	return;

err_lost:
	/* Listeners notice as they notice an overrun: ENOBUFS, and list anew. */
	genl_set_err(&weir_nl_family, wn->net, 0, WEIR_NL_GROUP_CONFIG, -ENOBUFS);
	up_read(&weir_nl_event_sem);
}

static int fill_service(struct sk_buff *skb, void *hdr, const void *object)
{
	return weir_nl_fill_service(skb, hdr, (struct weir_service *)object, false);
}

static int fill_server(struct sk_buff *skb, void *hdr, const void *object)
{
	return weir_nl_fill_server(skb, hdr, object);
}

static int fill_pool(struct sk_buff *skb, void *hdr, const void *object)
{
	return weir_nl_fill_pool(skb, hdr, object);
}

struct config_event {
	struct weir_net *wn;
	const char *owner;
};

static int fill_config(struct sk_buff *skb, void *hdr, const void *object)
{
	const struct config_event *event = object;

	if (event->owner && nla_put_string(skb, WEIR_A_OWNER, event->owner))
		return -EMSGSIZE;
	return weir_nl_fill_config(skb, hdr, event->wn);
}

void weir_nl_notify_service(struct weir_service *svc, u8 cmd)
{
	notify(svc->wn, cmd, fill_service, svc);
}

void weir_nl_notify_server(struct weir_server *server, u8 cmd)
{
	notify(server->service->wn, cmd, fill_server, server);
}

void weir_nl_notify_pool(struct weir_pool *pool, u8 cmd)
{
	notify(pool->wn, cmd, fill_pool, pool);
}

void weir_nl_notify_config(struct weir_net *wn, const char *owner)
{
	struct config_event event = { .wn = wn, .owner = owner };

	notify(wn, WEIR_CMD_CONFIG_CHANGE_NTF, fill_config, &event);
}
