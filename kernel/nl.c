// SPDX-License-Identifier: GPL-2.0
/* nl: the generic netlink family: commands, who may use them, and what every noun shares */
#include <linux/module.h>
#include <linux/netfilter.h>
#include "nl.h"
#include "net.h"
#include "stats.h"

/* Listings need no privilege beyond the namespace; whatever changes something, and connections, need CAP_NET_ADMIN in it. */
#define WEIR_NL_ADMIN	GENL_UNS_ADMIN_PERM
#define WEIR_NL_ANYONE	0

#define WEIR_NL_POLICY(attrs) .policy = (attrs), .maxattr = ARRAY_SIZE(attrs) - 1

static const struct genl_ops weir_nl_ops[] = {
	{
		.cmd	= WEIR_CMD_SERVICE_NEW,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_service_new_doit,
		WEIR_NL_POLICY(weir_nl_service_new_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVICE_SET,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_service_set_doit,
		WEIR_NL_POLICY(weir_nl_service_set_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVICE_DEL,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_service_del_doit,
		WEIR_NL_POLICY(weir_nl_service_key_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVICE_GET,
		.flags	= WEIR_NL_ANYONE,
		.doit	= weir_nl_service_get_doit,
		.dumpit	= weir_nl_service_get_dumpit,
		.done	= weir_nl_service_get_done,
		WEIR_NL_POLICY(weir_nl_service_get_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVICE_FLUSH,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_service_flush_doit,
		WEIR_NL_POLICY(weir_nl_owner_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVICE_ZERO,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_service_zero_doit,
		WEIR_NL_POLICY(weir_nl_service_key_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVER_NEW,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_server_new_doit,
		WEIR_NL_POLICY(weir_nl_server_new_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVER_SET,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_server_set_doit,
		WEIR_NL_POLICY(weir_nl_server_set_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVER_DEL,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_server_del_doit,
		WEIR_NL_POLICY(weir_nl_server_key_attrs),
	},
	{
		.cmd	= WEIR_CMD_SERVER_GET,
		.flags	= WEIR_NL_ANYONE,
		.doit	= weir_nl_server_get_doit,
		.dumpit	= weir_nl_server_get_dumpit,
		.done	= weir_nl_server_get_done,
		WEIR_NL_POLICY(weir_nl_server_key_attrs),
	},
	{
		.cmd	= WEIR_CMD_CONN_GET,
		.flags	= WEIR_NL_ADMIN,
		.dumpit	= weir_nl_conn_get_dumpit,
		.done	= weir_nl_conn_get_done,
		WEIR_NL_POLICY(weir_nl_conn_get_attrs),
	},
	{
		.cmd	= WEIR_CMD_CONN_DEL,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_conn_del_doit,
		WEIR_NL_POLICY(weir_nl_conn_del_attrs),
	},
	{
		.cmd	= WEIR_CMD_CONFIG_GET,
		.flags	= WEIR_NL_ANYONE,
		.doit	= weir_nl_config_get_doit,
	},
	{
		.cmd	= WEIR_CMD_CONFIG_SET,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_config_set_doit,
		WEIR_NL_POLICY(weir_nl_config_set_attrs),
	},
	{
		.cmd	= WEIR_CMD_CONFIG_BEGIN,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_config_begin_doit,
		WEIR_NL_POLICY(weir_nl_config_begin_attrs),
	},
	{
		.cmd	= WEIR_CMD_CONFIG_COMMIT,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_config_commit_doit,
		WEIR_NL_POLICY(weir_nl_config_commit_attrs),
	},
	{
		.cmd	= WEIR_CMD_CONFIG_ABORT,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_config_abort_doit,
	},
	{
		.cmd	= WEIR_CMD_COUNTER_GET,
		.flags	= WEIR_NL_ANYONE,
		.dumpit	= weir_nl_counter_get_dumpit,
	},
	{
		.cmd	= WEIR_CMD_POOL_NEW,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_pool_new_doit,
		WEIR_NL_POLICY(weir_nl_pool_new_attrs),
	},
	{
		.cmd	= WEIR_CMD_POOL_SET,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_pool_set_doit,
		WEIR_NL_POLICY(weir_nl_pool_set_attrs),
	},
	{
		.cmd	= WEIR_CMD_POOL_DEL,
		.flags	= WEIR_NL_ADMIN,
		.doit	= weir_nl_pool_del_doit,
		WEIR_NL_POLICY(weir_nl_pool_key_attrs),
	},
	{
		.cmd	= WEIR_CMD_POOL_GET,
		.flags	= WEIR_NL_ANYONE,
		.doit	= weir_nl_pool_get_doit,
		.dumpit	= weir_nl_pool_get_dumpit,
		WEIR_NL_POLICY(weir_nl_pool_key_attrs),
	},
};

static const struct genl_multicast_group weir_nl_groups[] = {
	{ .name = WEIR_MCGRP_CONFIG },
};

/* resv_start_op stays 0: every command is checked as strictly as the kernel can. */
struct genl_family weir_nl_family __ro_after_init = {
	.name		= WEIR_FAMILY_NAME,
	.version	= WEIR_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= weir_nl_ops,
	.n_ops		= ARRAY_SIZE(weir_nl_ops),
	.mcgrps		= weir_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(weir_nl_groups),
};

void weir_nl_blame(struct netlink_ext_ack *extack, struct nlattr *nest, struct nlattr **tb,
		   const struct weir_nl_field *fields, unsigned int n)
{
	unsigned int i;
	size_t len;

	if (!extack || extack->bad_attr || extack->miss_type)
		return;
	NL_SET_BAD_ATTR(extack, nest);
	for (i = 0; extack->_msg && i < n; i++) {
		len = strlen(fields[i].name);
		if (tb[fields[i].type] && !strncmp(extack->_msg, fields[i].name, len) && extack->_msg[len] == ':')
			NL_SET_BAD_ATTR(extack, tb[fields[i].type]);
	}
}

bool weir_nl_privileged(struct sk_buff *request, struct weir_net *wn)
{
	return netlink_ns_capable(request, wn->net->user_ns, CAP_NET_ADMIN);
}

int weir_nl_family_of(const struct nlattr *attr, u8 *family, struct netlink_ext_ack *extack)
{
	u32 value = nla_get_u32(attr);

	if (value != AF_INET && value != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "family must be AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	*family = value;
	return 0;
}

int weir_nl_proto(const struct nlattr *attr, u8 *proto, struct netlink_ext_ack *extack)
{
	u32 value = nla_get_u32(attr);

	if (value != IPPROTO_TCP && value != IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "protocol must be TCP or UDP");
		return -EPROTONOSUPPORT;
	}
	*proto = value;
	return 0;
}

int weir_nl_addr(const struct nlattr *attr, u8 family, union nf_inet_addr *addr, struct netlink_ext_ack *extack)
{
	int len = family == AF_INET ? sizeof(addr->in) : sizeof(addr->in6);

	if (nla_len(attr) != len) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "length of the address does not fit the family");
		return -EINVAL;
	}
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, nla_data(attr), len);
	return 0;
}

int weir_nl_put_addr(struct sk_buff *skb, int type, u8 family, const union nf_inet_addr *addr)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, type, addr->ip);
	return nla_put_in6_addr(skb, type, &addr->in6);
}

int weir_nl_put_stats(struct sk_buff *skb, int type, const struct weir_stats *stats, const struct weir_rates *rates)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_CONNS, stats->conns, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_IN_PKTS, stats->in_pkts, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_OUT_PKTS, stats->out_pkts, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_IN_BYTES, stats->in_bytes, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_OUT_BYTES, stats->out_bytes, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_CPS, rates->cps, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_IN_PPS, rates->in_pps, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_OUT_PPS, rates->out_pps, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_IN_BPS, rates->in_bps, WEIR_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_STATS_OUT_BPS, rates->out_bps, WEIR_A_STATS_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int weir_nl_reply(struct sk_buff *reply, struct genl_info *info, int err)
{
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

int __init weir_nl_init(void)
{
	int err = genl_register_family(&weir_nl_family);

	if (!err)
		weir_nl_notify_on(true);
	return err;
}

void weir_nl_exit(void)
{
	weir_nl_notify_on(false);
	genl_unregister_family(&weir_nl_family);
}
