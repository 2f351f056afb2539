// SPDX-License-Identifier: GPL-2.0
/* nl_server_get: listings of servers */
#include <linux/slab.h>
#include "net.h"
#include "nl.h"
#include "server.h"
#include "service.h"
#include "stats.h"

static int put_key(struct sk_buff *skb, const struct weir_server *server)
{
	if (nla_put_u32(skb, WEIR_A_SERVER_ID, server->id) ||
	    nla_put_u32(skb, WEIR_A_SERVER_FAMILY, server->family) ||
	    weir_nl_put_addr(skb, WEIR_A_SERVER_ADDR, server->family, &server->addr) ||
	    nla_put_be16(skb, WEIR_A_SERVER_PORT, server->port))
		return -EMSGSIZE;
	return 0;
}

static int put_config(struct sk_buff *skb, const struct weir_server *server)
{
	const struct weir_server_config *config = &server->config;

	if (nla_put_u32(skb, WEIR_A_SERVER_METHOD, config->method) ||
	    nla_put_u32(skb, WEIR_A_SERVER_WEIGHT, config->weight) ||
	    nla_put_u32(skb, WEIR_A_SERVER_UPPER, config->upper) ||
	    nla_put_u32(skb, WEIR_A_SERVER_LOWER, config->lower) ||
	    nla_put_u32(skb, WEIR_A_SERVER_FLAGS, weir_server_flags(server)))
		return -EMSGSIZE;
	if (config->method == WEIR_METHOD_TUN &&
	    (nla_put_u32(skb, WEIR_A_SERVER_TUN_TYPE, config->tunnel.type) ||
	     nla_put_u32(skb, WEIR_A_SERVER_TUN_FLAGS, config->tunnel.flags) ||
	     (config->tunnel.port && nla_put_be16(skb, WEIR_A_SERVER_TUN_PORT, config->tunnel.port))))
		return -EMSGSIZE;
	if (server->override >= 0 && nla_put_u32(skb, WEIR_A_SERVER_OVERRIDE, server->override))
		return -EMSGSIZE;
	if (test_bit(WEIR_SERVER_DRAINING, &server->state) &&
	    nla_put_u32(skb, WEIR_A_SERVER_DRAIN, weir_server_drain_left(server)))
		return -EMSGSIZE;
	return 0;
}

static int put_state(struct sk_buff *skb, const struct weir_server *server)
{
	struct weir_stats stats;
	struct weir_rates rates;

	weir_stats_read_server(server, &stats, &rates);
	if (nla_put_u32(skb, WEIR_A_SERVER_ACTIVE, atomic_read(&server->active)) ||
	    nla_put_u32(skb, WEIR_A_SERVER_INACTIVE, atomic_read(&server->inactive)) ||
	    nla_put_u32(skb, WEIR_A_SERVER_PERSISTENT, atomic_read(&server->persistent)))
		return -EMSGSIZE;
	return weir_nl_put_stats(skb, WEIR_A_SERVER_STATS, &stats, &rates);
}

int weir_nl_fill_server(struct sk_buff *skb, void *hdr, const struct weir_server *server)
{
	const struct weir_service *svc = server->service;
	struct nlattr *nest;

	lockdep_assert_held(&svc->wn->lock);

	nest = nla_nest_start(skb, WEIR_A_SERVICE);
	if (!nest || weir_nl_put_service_key(skb, svc))
		goto err_cancel;
	nla_nest_end(skb, nest);
	nest = nla_nest_start(skb, WEIR_A_SERVER);
	if (!nest || put_key(skb, server) || put_config(skb, server) || put_state(skb, server))
		goto err_cancel;
	nla_nest_end(skb, nest);
	if (nla_put_u32(skb, WEIR_A_GENERATION, svc->wn->generation))
		goto err_cancel;
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

int weir_nl_server_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct nlattr *tb[WEIR_A_SERVER_MAX + 1];
	struct weir_server *server;
	struct weir_service *svc;
	struct sk_buff *reply;
	int err = -EMSGSIZE;
	void *hdr;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&wn->lock);
	svc = weir_nl_service_find(wn, info->attrs, info->extack);
	if (IS_ERR(svc)) {
		err = PTR_ERR(svc);
		goto out;
	}
	server = weir_nl_server_find(svc, info->attrs, tb, info->extack);
	if (IS_ERR(server)) {
		err = PTR_ERR(server);
		goto out;
	}
	hdr = genlmsg_put_reply(reply, info, &weir_nl_family, 0, WEIR_CMD_SERVER_GET);
	if (hdr)
		err = weir_nl_fill_server(reply, hdr, server);
out:
	mutex_unlock(&wn->lock);
	return weir_nl_reply(reply, info, err);
}

/*
 * Cursor of a dump: the ids of the service and the server that come next, and references to both that spare the walk to them.
 */
struct server_dump {
	bool			one;		/* of @service_id only */
	u32			service_id;
	u32			server_id;
	struct weir_service	*service;
	struct weir_server	*server;
};

static int dump_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct weir_net *wn = weir_net(sock_net(cb->skb->sk));
	struct weir_service *svc;
	struct server_dump *dump;
	int err = 0;

	if (attrs[WEIR_A_SERVER]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[WEIR_A_SERVER],
				    "a dump lists all servers of a service; ask for one without NLM_F_DUMP");
		return -EINVAL;
	}
	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	if (attrs[WEIR_A_SERVICE]) {
		mutex_lock(&wn->lock);
		svc = weir_nl_service_find(wn, attrs, cb->extack);
		if (IS_ERR(svc)) {
			err = PTR_ERR(svc);
		} else {
			dump->one = true;
			dump->service_id = svc->id;
			dump->service = svc;
			weir_service_get(svc);
		}
		mutex_unlock(&wn->lock);
		if (err) {
			kfree(dump);
			return err;
		}
	}
	cb->args[0] = (long)dump;
	return 0;
}

/* Servers of @svc from @server on (NULL: all): true if all of them fitted, else the cursor tells which did not. */
static bool dump_service(struct sk_buff *skb, struct netlink_callback *cb, struct server_dump *dump,
			 struct weir_service *svc, struct weir_server *server)
{
	void *hdr;

	server = list_prepare_entry(server, &svc->servers, list);
	if (&server->list != &svc->servers)
		server = list_prev_entry(server, list);
	list_for_each_entry_continue(server, &svc->servers, list) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &weir_nl_family, NLM_F_MULTI,
				  WEIR_CMD_SERVER_GET);
		if (!hdr || weir_nl_fill_server(skb, hdr, server)) {
			weir_service_get(svc);
			weir_server_get(server);
			dump->service = svc;
			dump->service_id = svc->id;
			dump->server = server;
			dump->server_id = server->id;
			return false;
		}
		genl_dump_check_consistent(cb, hdr);
	}
	return true;
}

/* The server where the dump goes on within @svc; NULL: at its first. */
static struct weir_server *resume_server(struct weir_service *svc, const struct server_dump *dump,
					 struct weir_server *hint)
{
	struct weir_server *server;

	if (svc->id != dump->service_id || !dump->server_id)
		return NULL;
	if (hint && hint->service == svc && !test_bit(WEIR_SERVER_GONE, &hint->state))
		return hint;
	/* It went meanwhile: the generation has moved and the reader starts again. */
	list_for_each_entry(server, &svc->servers, list)
		if (server->id >= dump->server_id)
			return server;
	return NULL;
}

int weir_nl_server_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weir_net *wn = weir_net(sock_net(skb->sk));
	struct weir_service *svc, *held;
	struct weir_server *held_server;
	struct server_dump *dump;
	int err;

	if (!cb->args[0]) {
		err = dump_start(cb);
		if (err)
			return err;
	}
	dump = (struct server_dump *)cb->args[0];
	held = dump->service;
	held_server = dump->server;

	mutex_lock(&wn->lock);
	cb->seq = wn->generation;
	svc = weir_nl_service_resume(wn, held, dump->service_id);
	dump->service = NULL;
	dump->server = NULL;
	if (!svc || (dump->one && svc->id != dump->service_id))
		goto out;
	list_for_each_entry_from(svc, &wn->service_list, list) {
		if (!dump_service(skb, cb, dump, svc, resume_server(svc, dump, held_server)))
			goto out;
		if (dump->one)
			break;
	}
	dump->one = false;
	dump->service_id = U32_MAX;
out:
	mutex_unlock(&wn->lock);
	if (held_server)
		weir_server_put(held_server);
	if (held)
		weir_service_put(held);
	return skb->len;
}

int weir_nl_server_get_done(struct netlink_callback *cb)
{
	struct server_dump *dump = (struct server_dump *)cb->args[0];

	if (!dump)
		return 0;
	if (dump->server)
		weir_server_put(dump->server);
	if (dump->service)
		weir_service_put(dump->service);
	kfree(dump);
	return 0;
}
