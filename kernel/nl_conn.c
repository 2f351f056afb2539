// SPDX-License-Identifier: GPL-2.0
/* nl_conn: connections and templates of persistence over netlink: filtered dumps, deletion of one */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "conn.h"
#include "net.h"
#include "nl.h"
#include "nl_conn_filter.h"
#include "path.h"
#include "persist.h"
#include "server.h"
#include "service.h"
#include "transaction.h"

/* Entries that a dump looks at before it lets others run. */
#define WEIR_NL_CONN_BATCH	256

#define WEIR_NL_CONN_KEY							\
	[WEIR_A_CONN_FAMILY]		= { .type = NLA_U32 },			\
	[WEIR_A_CONN_PROTOCOL]		= { .type = NLA_U32 },			\
	[WEIR_A_CONN_CLIENT_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),	\
	[WEIR_A_CONN_CLIENT_PORT]	= { .type = NLA_U16 },			\
	[WEIR_A_CONN_VIRTUAL_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),	\
	[WEIR_A_CONN_VIRTUAL_PORT]	= { .type = NLA_U16 }

static const struct nla_policy conn_key_policy[WEIR_A_CONN_VIRTUAL_PORT + 1] = {
	WEIR_NL_CONN_KEY,
};

static const struct nla_policy conn_filter_policy[WEIR_A_CONN_FLAGS + 1] = {
	WEIR_NL_CONN_KEY,
	[WEIR_A_CONN_CLIENT_PREFIX]	= NLA_POLICY_MAX(NLA_U32, 128),
	[WEIR_A_CONN_SERVER_FAMILY]	= { .type = NLA_U32 },
	[WEIR_A_CONN_SERVER_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[WEIR_A_CONN_SERVER_PORT]	= { .type = NLA_U16 },
	[WEIR_A_CONN_SERVICE_ID]	= { .type = NLA_U32 },
	[WEIR_A_CONN_SERVER_ID]		= { .type = NLA_U32 },
	[WEIR_A_CONN_METHOD]		= NLA_POLICY_MAX(NLA_U32, WEIR_METHOD_FULLNAT),
	[WEIR_A_CONN_STATE]		= NLA_POLICY_MAX(NLA_U32, WEIR_STATE_MAX),
	[WEIR_A_CONN_FLAGS]		= NLA_POLICY_MASK(NLA_U32, WEIR_CONN_F_TEMPLATE | WEIR_CONN_F_ACTIVE |
							  WEIR_CONN_F_ONE_WAY | WEIR_CONN_F_EXPRESS |
							  WEIR_CONN_F_EXPRESS_REPLY | WEIR_CONN_F_CONNTRACK),
};

const struct nla_policy weir_nl_conn_get_attrs[WEIR_A_CONN + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(weir_nl_service_key_policy),
	[WEIR_A_SERVER]		= NLA_POLICY_NESTED(weir_nl_server_key_policy),
	[WEIR_A_CONN]		= NLA_POLICY_NESTED(conn_filter_policy),
};

const struct nla_policy weir_nl_conn_del_attrs[WEIR_A_CONN + 1] = {
	[WEIR_A_CONN]		= NLA_POLICY_NESTED(conn_key_policy),
};

/* RCU held. */
static bool conn_express(const struct weir_conn *conn, enum weir_dir dir)
{
	const struct weir_path *path = rcu_dereference(conn->path[dir]);

	return path && !test_bit(WEIR_CONN_DRAINING, &conn->flags) && weir_path_valid(path);
}

static u32 conn_flags(const struct weir_conn *conn)
{
	unsigned long flags = READ_ONCE(conn->flags);
	u32 out = 0;

	if (test_bit(WEIR_CONN_ACTIVE, &flags))
		out |= WEIR_CONN_F_ACTIVE;
	if (test_bit(WEIR_CONN_ONE_WAY, &flags))
		out |= WEIR_CONN_F_ONE_WAY;
	if (test_bit(WEIR_CONN_CONNTRACK, &flags))
		out |= WEIR_CONN_F_CONNTRACK;
	if (conn_express(conn, WEIR_DIR_ORIGINAL))
		out |= WEIR_CONN_F_EXPRESS;
	if (conn_express(conn, WEIR_DIR_REPLY))
		out |= WEIR_CONN_F_EXPRESS_REPLY;
	return out;
}

/* RCU held. */
static void conn_view(const struct weir_conn *conn, struct weir_conn_view *view)
{
	const struct weir_server *server = conn->server;

	memset(view, 0, sizeof(*view));
	view->family = conn->original.tuple.family;
	view->proto = conn->original.tuple.proto;
	view->client = conn->original.tuple.src;
	view->client_port = conn->original.tuple.sport;
	view->virtual = conn->original.tuple.dst;
	view->virtual_port = conn->original.tuple.dport;
	view->server_family = server->family;
	view->server = server->addr;
	view->server_port = conn->reply.tuple.sport;
	view->service_id = server->service->id;
	view->server_id = server->id;
	view->method = conn->method;
	view->state = READ_ONCE(conn->state);
	view->flags = conn_flags(conn);
	view->expires = weir_conn_expires(conn);
	if (conn->method == WEIR_METHOD_FULLNAT) {
		view->local = conn->reply.tuple.dst;
		view->local_port = conn->reply.tuple.dport;
	}
}

static void persist_view(const struct weir_persist *persist, struct weir_conn_view *view)
{
	struct weir_persist_info info;

	weir_persist_info_get(persist, &info);
	memset(view, 0, sizeof(*view));
	view->family = info.family;
	view->proto = info.proto;
	view->client = info.client;
	view->virtual = info.virtual;
	view->virtual_port = info.virtual_port;
	view->server_family = info.server_family;
	view->server = info.server;
	view->server_port = info.server_port;
	view->service_id = info.service_id;
	view->server_id = info.server_id;
	view->method = info.method;
	view->state = WEIR_STATE_NONE;
	view->flags = WEIR_CONN_F_TEMPLATE;
	view->expires = info.expires;
}

/* 0 or -EMSGSIZE with the skb as it was. */
static int fill_conn(struct sk_buff *skb, struct netlink_callback *cb, const struct weir_conn_view *view)
{
	const struct weir_net *wn = weir_net(sock_net(cb->skb->sk));
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &weir_nl_family, NLM_F_MULTI,
			  WEIR_CMD_CONN_GET);
	if (!hdr)
		return -EMSGSIZE;
	/* Identifiers of services and servers are that configuration's, or an earlier one's whose connections live on. */
	if (nla_put_u32(skb, WEIR_A_GENERATION, READ_ONCE(wn->generation)))
		goto err_cancel;
	nest = nla_nest_start(skb, WEIR_A_CONN);
	if (!nest ||
	    nla_put_u32(skb, WEIR_A_CONN_FAMILY, view->family) ||
	    nla_put_u32(skb, WEIR_A_CONN_PROTOCOL, view->proto) ||
	    weir_nl_put_addr(skb, WEIR_A_CONN_CLIENT_ADDR, view->family, &view->client) ||
	    nla_put_be16(skb, WEIR_A_CONN_CLIENT_PORT, view->client_port) ||
	    weir_nl_put_addr(skb, WEIR_A_CONN_VIRTUAL_ADDR, view->family, &view->virtual) ||
	    nla_put_be16(skb, WEIR_A_CONN_VIRTUAL_PORT, view->virtual_port) ||
	    nla_put_u32(skb, WEIR_A_CONN_SERVER_FAMILY, view->server_family) ||
	    weir_nl_put_addr(skb, WEIR_A_CONN_SERVER_ADDR, view->server_family, &view->server) ||
	    nla_put_be16(skb, WEIR_A_CONN_SERVER_PORT, view->server_port) ||
	    nla_put_u32(skb, WEIR_A_CONN_SERVICE_ID, view->service_id) ||
	    nla_put_u32(skb, WEIR_A_CONN_SERVER_ID, view->server_id) ||
	    nla_put_u32(skb, WEIR_A_CONN_METHOD, view->method) ||
	    nla_put_u32(skb, WEIR_A_CONN_STATE, view->state) ||
	    nla_put_u32(skb, WEIR_A_CONN_FLAGS, view->flags) ||
	    nla_put_u32(skb, WEIR_A_CONN_EXPIRES, view->expires))
		goto err_cancel;
	if (view->local_port &&
	    (weir_nl_put_addr(skb, WEIR_A_CONN_LOCAL_ADDR, view->server_family, &view->local) ||
	     nla_put_be16(skb, WEIR_A_CONN_LOCAL_PORT, view->local_port)))
		goto err_cancel;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

/*
 * A dump walks the connections, then the templates. It is no snapshot: what comes or goes meanwhile may be listed or not, and
 * after a resize of the table some are listed twice.
 */
struct conn_dump {
	struct weir_conn_filter	filter;
	struct weir_conn_walk	conns;
	struct rhashtable_iter	persists;
	struct weir_conn_view	pending;	/* did not fit in the last message */
	bool			has_pending;
	bool			conns_done;
	bool			done;
};

static int dump_start(struct netlink_callback *cb)
{
	struct weir_net *wn = weir_net(sock_net(cb->skb->sk));
	struct conn_dump *dump;
	int err;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	mutex_lock(&wn->lock);
	err = weir_conn_filter_parse(wn, genl_info_dump(cb)->attrs, &dump->filter, cb->extack);
	mutex_unlock(&wn->lock);
	if (err) {
		kfree(dump);
		return err;
	}
	weir_conn_walk_enter(wn, &dump->conns);
	rhashtable_walk_enter(&wn->persists, &dump->persists);
	cb->args[0] = (long)dump;
	return 0;
}

/* The next connection in @view: 1; 0: there is none; -EAGAIN. Between walk_start and walk_stop. */
static int next_conn(struct conn_dump *dump, struct weir_conn_view *view)
{
	struct weir_conn *conn = weir_conn_walk_next(&dump->conns);

	if (IS_ERR_OR_NULL(conn))
		return PTR_ERR_OR_ZERO(conn);
	conn_view(conn, view);
	return 1;
}

static int next_persist(struct conn_dump *dump, struct weir_conn_view *view)
{
	struct weir_persist *persist = rhashtable_walk_next(&dump->persists);

	if (IS_ERR_OR_NULL(persist))
		return PTR_ERR_OR_ZERO(persist);
	persist_view(persist, view);
	return 1;
}

/* Some entries of one of the two tables: 1: more to come; 0: that was all; -EMSGSIZE: the message is full. */
static int dump_batch(struct sk_buff *skb, struct netlink_callback *cb, struct conn_dump *dump)
{
	struct weir_conn_view view;
	int i, err = 1;

	if (dump->conns_done)
		rhashtable_walk_start(&dump->persists);
	else
		weir_conn_walk_start(&dump->conns);
	for (i = 0; i < WEIR_NL_CONN_BATCH; i++) {
		err = dump->conns_done ? next_persist(dump, &view) : next_conn(dump, &view);
		if (err == -EAGAIN) {
			err = 1;
			continue;
		}
		if (err <= 0)
			break;
		if (!weir_conn_filter_match(&dump->filter, &view))
			continue;
		if (fill_conn(skb, cb, &view)) {
			dump->pending = view;
			dump->has_pending = true;
			err = -EMSGSIZE;
			break;
		}
	}
	if (dump->conns_done)
		rhashtable_walk_stop(&dump->persists);
	else
		weir_conn_walk_stop(&dump->conns);
	return err;
}

int weir_nl_conn_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct conn_dump *dump;
	int err;

	if (!cb->args[0]) {
		err = dump_start(cb);
		if (err)
			return err;
	}
	dump = (struct conn_dump *)cb->args[0];

	if (dump->has_pending) {
		err = fill_conn(skb, cb, &dump->pending);
		if (err)
			return err;
		dump->has_pending = false;
	}
	while (!dump->done) {
		err = dump_batch(skb, cb, dump);
		if (err == -EMSGSIZE)
			break;
		if (!err) {
			dump->done = dump->conns_done;
			dump->conns_done = true;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return skb->len;
}

int weir_nl_conn_get_done(struct netlink_callback *cb)
{
	struct conn_dump *dump = (struct conn_dump *)cb->args[0];

	if (!dump)
		return 0;
	rhashtable_walk_exit(&dump->persists);
	weir_conn_walk_exit(&dump->conns);
	kfree(dump);
	return 0;
}

static int parse_tuple(struct nlattr *nest, struct weir_tuple *tuple, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_CONN_MAX + 1];
	int err;

	nla_parse_nested(tb, WEIR_A_CONN_MAX, nest, NULL, NULL);
	if (weir_nl_missing(extack, nest, tb, WEIR_A_CONN_FAMILY, "a connection needs a family") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_CONN_PROTOCOL, "a connection needs a protocol") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_CONN_CLIENT_ADDR, "a connection needs its client's address") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_CONN_CLIENT_PORT, "a connection needs its client's port") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_CONN_VIRTUAL_ADDR, "a connection needs its virtual address") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_CONN_VIRTUAL_PORT, "a connection needs its virtual port"))
		return -EINVAL;
	memset(tuple, 0, sizeof(*tuple));
	err = weir_nl_family_of(tb[WEIR_A_CONN_FAMILY], &tuple->family, extack);
	if (!err)
		err = weir_nl_proto(tb[WEIR_A_CONN_PROTOCOL], &tuple->proto, extack);
	if (!err)
		err = weir_nl_addr(tb[WEIR_A_CONN_CLIENT_ADDR], tuple->family, &tuple->src, extack);
	if (!err)
		err = weir_nl_addr(tb[WEIR_A_CONN_VIRTUAL_ADDR], tuple->family, &tuple->dst, extack);
	tuple->sport = nla_get_be16(tb[WEIR_A_CONN_CLIENT_PORT]);
	tuple->dport = nla_get_be16(tb[WEIR_A_CONN_VIRTUAL_PORT]);
	return err;
}

/* Of the tuples in use only those of VRFs have another l3dom than 0: these are found by their key in the walk. */
struct conn_search {
	struct weir_tuple	tuple;
	bool			found;
};

static int end_if_same(struct weir_conn *conn, void *arg)
{
	struct conn_search *search = arg;

	search->tuple.l3dom = conn->original.tuple.l3dom;
	if (!weir_tuple_equal(&search->tuple, &conn->original.tuple))
		return 0;
	search->found = true;
	weir_conn_end(conn, WEIR_ON_GONE_RESET);
	return 0;
}

int weir_nl_conn_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct conn_search search = {};
	struct weir_conn *conn;
	enum weir_dir dir;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_CONN)) {
		NL_SET_ERR_MSG(info->extack, "the message names no connection");
		return -EINVAL;
	}
	err = parse_tuple(info->attrs[WEIR_A_CONN], &search.tuple, info->extack);
	if (err)
		return err;
	mutex_lock(&wn->lock);
	err = weir_nl_no_transaction(wn, info);
	if (err)
		goto out;
	rcu_read_lock();
	conn = weir_conn_lookup(wn, &search.tuple, &dir);
	if (conn && dir == WEIR_DIR_ORIGINAL) {
		search.found = true;
		weir_conn_end(conn, WEIR_ON_GONE_RESET);
	}
	rcu_read_unlock();
	if (!search.found)
		weir_conn_foreach(wn, end_if_same, &search);
	if (!search.found) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[WEIR_A_CONN], "no such connection");
		err = -ENOENT;
	}
out:
	mutex_unlock(&wn->lock);
	return err;
}
