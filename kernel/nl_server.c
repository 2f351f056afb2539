// SPDX-License-Identifier: GPL-2.0
/* nl_server: real servers over netlink: new, set, del; see nl_server_get.c for listings */
#include <linux/slab.h>
#include "net.h"
#include "nl.h"
#include "server.h"
#include "service.h"
#include "transaction.h"

static const struct netlink_range_validation weight_range = { .max = WEIR_WEIGHT_MAX };
static const struct netlink_range_validation drain_range = { .max = WEIR_TIMEOUT_MAX };

#define WEIR_NL_SERVER_KEY							\
	[WEIR_A_SERVER_FAMILY]	= { .type = NLA_U32 },				\
	[WEIR_A_SERVER_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),		\
	[WEIR_A_SERVER_PORT]	= { .type = NLA_U16 }

#define WEIR_NL_SERVER_SETTINGS							\
	[WEIR_A_SERVER_METHOD]	= NLA_POLICY_MAX(NLA_U32, WEIR_METHOD_FULLNAT),	\
	[WEIR_A_SERVER_WEIGHT]	= NLA_POLICY_FULL_RANGE(NLA_U32, &weight_range),\
	[WEIR_A_SERVER_UPPER]	= { .type = NLA_U32 },				\
	[WEIR_A_SERVER_LOWER]	= { .type = NLA_U32 },				\
	[WEIR_A_SERVER_TUN_TYPE]	= NLA_POLICY_MAX(NLA_U32, WEIR_TUNNEL_GRE),	\
	[WEIR_A_SERVER_TUN_PORT]	= { .type = NLA_U16 },			\
	[WEIR_A_SERVER_TUN_FLAGS]	= NLA_POLICY_MASK(NLA_U32, WEIR_TUNNEL_F_CSUM | WEIR_TUNNEL_F_REMCSUM)

const struct nla_policy weir_nl_server_key_policy[WEIR_A_SERVER_PORT + 1] = {
	WEIR_NL_SERVER_KEY,
};

const struct nla_policy weir_nl_server_new_policy[WEIR_A_SERVER_TUN_FLAGS + 1] = {
	WEIR_NL_SERVER_KEY,
	WEIR_NL_SERVER_SETTINGS,
};

static const struct nla_policy server_set_policy[WEIR_A_SERVER_TUN_FLAGS + 1] = {
	WEIR_NL_SERVER_KEY,
	WEIR_NL_SERVER_SETTINGS,
	[WEIR_A_SERVER_OVERRIDE]	= NLA_POLICY_FULL_RANGE(NLA_U32, &weight_range),
	[WEIR_A_SERVER_OVERRIDE_CLEAR]	= { .type = NLA_FLAG },
	[WEIR_A_SERVER_DRAIN]		= NLA_POLICY_FULL_RANGE(NLA_U32, &drain_range),
};

const struct nla_policy weir_nl_server_new_attrs[WEIR_A_SERVER + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(weir_nl_service_key_policy),
	[WEIR_A_SERVER]		= NLA_POLICY_NESTED(weir_nl_server_new_policy),
};

const struct nla_policy weir_nl_server_set_attrs[WEIR_A_SERVER + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(weir_nl_service_key_policy),
	[WEIR_A_SERVER]		= NLA_POLICY_NESTED(server_set_policy),
};

const struct nla_policy weir_nl_server_key_attrs[WEIR_A_SERVER + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(weir_nl_service_key_policy),
	[WEIR_A_SERVER]		= NLA_POLICY_NESTED(weir_nl_server_key_policy),
};

int weir_nl_server_key(struct nlattr *nest, u8 family, struct nlattr *tb[WEIR_A_SERVER_MAX + 1],
		       struct weir_server_spec *spec, struct netlink_ext_ack *extack)
{
	int err;

	nla_parse_nested(tb, WEIR_A_SERVER_MAX, nest, NULL, NULL);
	memset(spec, 0, sizeof(*spec));
	spec->attr = nest;
	spec->family = family;
	if (tb[WEIR_A_SERVER_FAMILY]) {
		err = weir_nl_family_of(tb[WEIR_A_SERVER_FAMILY], &spec->family, extack);
		if (err)
			return err;
	}
	if (weir_nl_missing(extack, nest, tb, WEIR_A_SERVER_ADDR, "a server needs an address"))
		return -EINVAL;
	if (tb[WEIR_A_SERVER_PORT])
		spec->port = nla_get_be16(tb[WEIR_A_SERVER_PORT]);
	return weir_nl_addr(tb[WEIR_A_SERVER_ADDR], spec->family, &spec->addr, extack);
}

/* Another method than tun has no tunnel: it need not be taken back by name. */
static void parse_tunnel(struct nlattr **tb, struct weir_server_config *config)
{
	if (config->method != WEIR_METHOD_TUN)
		memset(&config->tunnel, 0, sizeof(config->tunnel));
	if (tb[WEIR_A_SERVER_TUN_TYPE])
		config->tunnel.type = nla_get_u32(tb[WEIR_A_SERVER_TUN_TYPE]);
	if (tb[WEIR_A_SERVER_TUN_PORT])
		config->tunnel.port = nla_get_be16(tb[WEIR_A_SERVER_TUN_PORT]);
	if (tb[WEIR_A_SERVER_TUN_FLAGS])
		config->tunnel.flags = nla_get_u32(tb[WEIR_A_SERVER_TUN_FLAGS]);
}

/* What the message names replaces what @config has. */
static void parse_config(struct nlattr **tb, struct weir_server_config *config)
{
	if (tb[WEIR_A_SERVER_METHOD])
		config->method = nla_get_u32(tb[WEIR_A_SERVER_METHOD]);
	if (tb[WEIR_A_SERVER_WEIGHT])
		config->weight = nla_get_u32(tb[WEIR_A_SERVER_WEIGHT]);
	if (tb[WEIR_A_SERVER_UPPER])
		config->upper = nla_get_u32(tb[WEIR_A_SERVER_UPPER]);
	if (tb[WEIR_A_SERVER_LOWER])
		config->lower = nla_get_u32(tb[WEIR_A_SERVER_LOWER]);
	parse_tunnel(tb, config);
}

int weir_nl_server_spec(struct nlattr *nest, u8 family, struct weir_server_spec *spec, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_SERVER_MAX + 1];
	int err;

	err = weir_nl_server_key(nest, family, tb, spec, extack);
	if (err)
		return err;
	spec->config.method = WEIR_METHOD_DR;
	spec->config.weight = 1;
	parse_config(tb, &spec->config);
	return 0;
}

/* The fields as the checks of servers call them. */
static const struct weir_nl_field server_fields[] = {
	{ "family",	WEIR_A_SERVER_FAMILY },
	{ "addr",	WEIR_A_SERVER_ADDR },
	{ "port",	WEIR_A_SERVER_PORT },
	{ "method",	WEIR_A_SERVER_METHOD },
	{ "weight",	WEIR_A_SERVER_WEIGHT },
	{ "upper",	WEIR_A_SERVER_UPPER },
	{ "lower",	WEIR_A_SERVER_LOWER },
	{ "tun-type",	WEIR_A_SERVER_TUN_TYPE },
	{ "tun-port",	WEIR_A_SERVER_TUN_PORT },
	{ "tun-flags",	WEIR_A_SERVER_TUN_FLAGS },
};

void weir_nl_blame_server(struct netlink_ext_ack *extack, struct nlattr *nest)
{
	struct nlattr *tb[WEIR_A_SERVER_MAX + 1];

	nla_parse_nested(tb, WEIR_A_SERVER_MAX, nest, NULL, NULL);
	weir_nl_blame(extack, nest, tb, server_fields, ARRAY_SIZE(server_fields));
}

struct weir_server *weir_nl_server_find(const struct weir_service *svc, struct nlattr **attrs,
					struct nlattr *tb[WEIR_A_SERVER_MAX + 1], struct netlink_ext_ack *extack)
{
	struct weir_server_spec spec;
	struct weir_server *server;
	int err;

	if (weir_nl_missing(extack, NULL, attrs, WEIR_A_SERVER, "the message names no server"))
		return ERR_PTR(-EINVAL);
	err = weir_nl_server_key(attrs[WEIR_A_SERVER], svc->key.family, tb, &spec, extack);
	if (err)
		return ERR_PTR(err);
	server = weir_server_lookup(svc, spec.family, &spec.addr, spec.port);
	if (!server) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEIR_A_SERVER], "no such server in this service");
		return ERR_PTR(-ENOENT);
	}
	return server;
}

static int server_add(struct weir_service *svc, const struct weir_server_spec *spec, struct netlink_ext_ack *extack)
{
	struct weir_server *server;
	int err;

	server = weir_server_add(svc, spec->family, &spec->addr, spec->port, &spec->config, extack);
	if (IS_ERR(server)) {
		err = PTR_ERR(server);
		goto err_blame;
	}
	err = weir_service_rebuild(svc, extack);
	if (err)
		goto err_del;
	weir_net_bump(svc->wn);
	weir_nl_notify_server(server, WEIR_CMD_SERVER_ADD_NTF);
	return 0;

err_del:
	weir_server_del(server);
err_blame:
	weir_nl_blame_server(extack, spec->attr);
	return err;
}

/* wn->lock held. */
static int server_new(struct weir_net *wn, struct weir_transaction *tx, struct genl_info *info)
{
	struct nlattr *tb[WEIR_A_SERVICE_MAX + 1];
	struct weir_service_spec service;
	struct weir_server_spec server;
	struct weir_service *svc;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_SERVICE)) {
		NL_SET_ERR_MSG(info->extack, "the message names no service");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_SERVER)) {
		NL_SET_ERR_MSG(info->extack, "the message names no server");
		return -EINVAL;
	}
	err = weir_nl_service_key(info->attrs[WEIR_A_SERVICE], tb, &service, info->extack);
	if (err)
		return err;
	err = weir_nl_server_spec(info->attrs[WEIR_A_SERVER], service.key.family, &server, info->extack);
	if (err)
		return err;
	if (tx) {
		err = weir_transaction_server(tx, &service, &server, info->extack);
		if (err == -ESRCH)
			weir_nl_blame_service(info->extack, info->attrs[WEIR_A_SERVICE]);
		else if (err)
			weir_nl_blame_server(info->extack, server.attr);
		return err;
	}
	svc = weir_nl_service_find(wn, info->attrs, info->extack);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	return server_add(svc, &server, info->extack);
}

int weir_nl_server_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_transaction *tx;
	int err;

	mutex_lock(&wn->lock);
	tx = weir_transaction_lookup(wn, info->snd_portid);
	err = server_new(wn, tx, info);
	if (err && tx)
		tx->failed = true;
	mutex_unlock(&wn->lock);
	return err;
}

/* An override, a drain, or the end of both; where the snapshot cannot be rebuilt everything is as it was. */
static int server_change(struct weir_server *server, struct nlattr **tb, struct netlink_ext_ack *extack)
{
	const bool draining = test_bit(WEIR_SERVER_DRAINING, &server->state), limited = server->drain_limited;
	struct weir_server_config config = server->config, old = config;
	int old_override = server->override, err;
	u32 left = weir_server_drain_left(server);

	parse_config(tb, &config);
	err = weir_server_set(server, &config, extack);
	if (err)
		return err;
	if (tb[WEIR_A_SERVER_OVERRIDE])
		weir_server_override(server, nla_get_u32(tb[WEIR_A_SERVER_OVERRIDE]));
	if (tb[WEIR_A_SERVER_OVERRIDE_CLEAR]) {
		weir_server_override(server, -1);
		weir_server_undrain(server);
	}
	if (tb[WEIR_A_SERVER_DRAIN])
		weir_server_drain(server, nla_get_u32(tb[WEIR_A_SERVER_DRAIN]));
	err = weir_service_rebuild(server->service, extack);
	if (!err)
		return 0;
	if (draining && (tb[WEIR_A_SERVER_DRAIN] || tb[WEIR_A_SERVER_OVERRIDE_CLEAR]))
		weir_server_drain(server, limited ? max(left, 1U) : 0);
	else if (tb[WEIR_A_SERVER_DRAIN])
		weir_server_undrain(server);
	weir_server_override(server, old_override);
	weir_server_set(server, &old, NULL);
	return err;
}

static int check_change(struct nlattr **tb, struct netlink_ext_ack *extack)
{
	struct nlattr *clear = tb[WEIR_A_SERVER_OVERRIDE_CLEAR];

	if (clear && (tb[WEIR_A_SERVER_OVERRIDE] || tb[WEIR_A_SERVER_DRAIN])) {
		NL_SET_ERR_MSG_ATTR(extack, clear, "an override cannot be set and cleared by one message");
		return -EINVAL;
	}
	return 0;
}

static struct weir_server *server_to_change(struct weir_net *wn, struct genl_info *info,
					    struct nlattr *tb[WEIR_A_SERVER_MAX + 1])
{
	struct weir_service *svc = weir_nl_service_to_change(wn, info);

	return IS_ERR(svc) ? ERR_CAST(svc) : weir_nl_server_find(svc, info->attrs, tb, info->extack);
}

int weir_nl_server_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct nlattr *tb[WEIR_A_SERVER_MAX + 1];
	struct weir_server *server;
	int err;

	mutex_lock(&wn->lock);
	server = server_to_change(wn, info, tb);
	err = PTR_ERR_OR_ZERO(server);
	if (!err)
		err = check_change(tb, info->extack);
	if (err)
		goto out;
	err = server_change(server, tb, info->extack);
	if (err) {
		weir_nl_blame_server(info->extack, info->attrs[WEIR_A_SERVER]);
		goto out;
	}
	weir_net_bump(wn);
	weir_nl_notify_server(server, WEIR_CMD_SERVER_CHANGE_NTF);
out:
	mutex_unlock(&wn->lock);
	return err;
}

/* The snapshot without the server comes first: it alone can fail. */
static int server_remove(struct weir_server *server, struct netlink_ext_ack *extack)
{
	struct weir_service *svc = server->service;
	struct weir_server **rest, *other;
	struct weir_server_set *set;
	u32 n = 0;

	rest = kvmalloc_array(max(svc->nservers, 1U), sizeof(*rest), GFP_KERNEL_ACCOUNT);
	if (!rest)
		return -ENOMEM;
	list_for_each_entry(other, &svc->servers, list)
		if (other != server)
			rest[n++] = other;
	set = weir_server_set_build(svc, &svc->config, rest, n, extack);
	kvfree(rest);
	if (IS_ERR(set))
		return PTR_ERR(set);
	weir_net_bump(svc->wn);
	weir_nl_notify_server(server, WEIR_CMD_SERVER_DEL_NTF);
	weir_server_set_publish(svc, set);
	weir_server_del(server);
	return 0;
}

int weir_nl_server_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct nlattr *tb[WEIR_A_SERVER_MAX + 1];
	struct weir_server *server;
	int err;

	mutex_lock(&wn->lock);
	server = server_to_change(wn, info, tb);
	err = PTR_ERR_OR_ZERO(server);
	if (err)
		goto out;
	err = server_remove(server, info->extack);
	if (err)
		weir_nl_blame_server(info->extack, info->attrs[WEIR_A_SERVER]);
out:
	mutex_unlock(&wn->lock);
	return err;
}
