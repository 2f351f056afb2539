// SPDX-License-Identifier: GPL-2.0
/* nl_service_spec: what messages may say of a service, and how it is understood */
#include <linux/ctype.h>
#include "net.h"
#include "nl.h"
#include "refuse.h"
#include "sched.h"
#include "service.h"
#include "transaction.h"

/* CLAMP_MSS is reserved. */
#define WEIR_NL_SERVICE_FLAGS						\
	(WEIR_SERVICE_F_ONE_PACKET | WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT |	\
	 WEIR_SERVICE_F_MH_FALLBACK | WEIR_SERVICE_F_MH_PORT | WEIR_SERVICE_F_CONNTRACK |	\
	 WEIR_SERVICE_F_NO_EXPRESS | WEIR_SERVICE_F_TOA | WEIR_SERVICE_F_TOA_DPVS)
#define WEIR_NL_SCHED_FLAGS						\
	(WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT | WEIR_SERVICE_F_MH_FALLBACK | WEIR_SERVICE_F_MH_PORT)
#define WEIR_NL_SYN_RETRY_MAX	8

/* Beyond what NLA_POLICY_MAX() holds. */
static const struct netlink_range_validation timeout_range = { .max = WEIR_TIMEOUT_MAX };
static const struct netlink_range_validation slow_start_range = { .max = WEIR_SLOW_START_MAX };
static const struct netlink_range_validation mh_size_range = { .max = WEIR_MH_TABLE_MAX };

const struct nla_policy weir_nl_timeout_policy[WEIR_A_TIMEOUT_MAX + 1] = {
	[WEIR_A_TIMEOUT_STATE]		= NLA_POLICY_MAX(NLA_U32, WEIR_STATE_MAX),
	[WEIR_A_TIMEOUT_SECONDS]	= NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),
};

#define WEIR_NL_SERVICE_KEY						\
	[WEIR_A_SERVICE_FAMILY]		= { .type = NLA_U32 },		\
	[WEIR_A_SERVICE_PROTOCOL]	= { .type = NLA_U32 },		\
	[WEIR_A_SERVICE_ADDR]		= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),	\
	[WEIR_A_SERVICE_PORT]		= { .type = NLA_U16 },		\
	[WEIR_A_SERVICE_PORT_END]	= { .type = NLA_U16 },		\
	[WEIR_A_SERVICE_FWMARK]		= NLA_POLICY_MIN(NLA_U32, 1)

#define WEIR_NL_SERVICE_SETTINGS					\
	[WEIR_A_SERVICE_SCHEDULER]	= { .type = NLA_NUL_STRING, .len = WEIR_SCHEDULER_NAME_MAX },	\
	[WEIR_A_SERVICE_FLAGS]		= NLA_POLICY_MASK(NLA_U32, WEIR_NL_SERVICE_FLAGS),	\
	[WEIR_A_SERVICE_PERSIST_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),	\
	[WEIR_A_SERVICE_PERSIST_PREFIX]	= NLA_POLICY_RANGE(NLA_U32, 1, 128),			\
	[WEIR_A_SERVICE_SLOW_START]	= NLA_POLICY_FULL_RANGE(NLA_U32, &slow_start_range),	\
	[WEIR_A_SERVICE_SYN_RETRY]	= NLA_POLICY_MAX(NLA_U32, WEIR_NL_SYN_RETRY_MAX),	\
	[WEIR_A_SERVICE_ON_GONE]	= NLA_POLICY_MAX(NLA_U32, WEIR_ON_GONE_MOVE),		\
	[WEIR_A_SERVICE_MH_SIZE]	= NLA_POLICY_FULL_RANGE(NLA_U32, &mh_size_range),	\
	[WEIR_A_SERVICE_SEED]		= NLA_POLICY_EXACT_LEN(WEIR_SEED_LEN),			\
	[WEIR_A_SERVICE_TIMEOUT]	= NLA_POLICY_NESTED(weir_nl_timeout_policy),		\
	[WEIR_A_SERVICE_POOL]		= { .type = NLA_NUL_STRING, .len = WEIR_POOL_NAME_MAX },	\
	[WEIR_A_SERVICE_PROXY_PROTOCOL] = NLA_POLICY_MAX(NLA_U32, WEIR_PROXY_PROTOCOL_V2)

const struct nla_policy weir_nl_service_key_policy[WEIR_A_SERVICE_FWMARK + 1] = {
	WEIR_NL_SERVICE_KEY,
};

static const struct nla_policy service_new_policy[WEIR_A_SERVICE_PROXY_PROTOCOL + 1] = {
	WEIR_NL_SERVICE_KEY,
	[WEIR_A_SERVICE_OWNER]		= { .type = NLA_NUL_STRING, .len = WEIR_OWNER_MAX },
	WEIR_NL_SERVICE_SETTINGS,
};

static const struct nla_policy service_set_policy[WEIR_A_SERVICE_PROXY_PROTOCOL + 1] = {
	WEIR_NL_SERVICE_KEY,
	WEIR_NL_SERVICE_SETTINGS,
};

const struct nla_policy weir_nl_service_new_attrs[WEIR_A_SERVER + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(service_new_policy),
	[WEIR_A_SERVER]		= NLA_POLICY_NESTED(weir_nl_server_new_policy),
};

const struct nla_policy weir_nl_service_set_attrs[WEIR_A_SERVICE + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(service_set_policy),
};

const struct nla_policy weir_nl_service_key_attrs[WEIR_A_SERVICE + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(weir_nl_service_key_policy),
};

const struct nla_policy weir_nl_owner_attrs[WEIR_A_OWNER + 1] = {
	[WEIR_A_OWNER]		= { .type = NLA_NUL_STRING, .len = WEIR_OWNER_MAX },
};

static int parse_mark(struct nlattr **tb, struct weir_service_spec *spec, struct netlink_ext_ack *extack)
{
	static const u8 excluded[] = {
		WEIR_A_SERVICE_PROTOCOL, WEIR_A_SERVICE_ADDR, WEIR_A_SERVICE_PORT, WEIR_A_SERVICE_PORT_END,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(excluded); i++) {
		if (tb[excluded[i]]) {
			NL_SET_ERR_MSG_ATTR(extack, tb[excluded[i]],
					    "a firewall mark stands for itself, without protocol, address or port");
			return -EINVAL;
		}
	}
	spec->key.fwmark = nla_get_u32(tb[WEIR_A_SERVICE_FWMARK]);
	return 0;
}

static int parse_ports(struct nlattr **tb, struct weir_service_spec *spec, struct netlink_ext_ack *extack)
{
	spec->port_first = ntohs(nla_get_be16(tb[WEIR_A_SERVICE_PORT]));
	spec->port_last = spec->port_first;
	if (tb[WEIR_A_SERVICE_PORT_END]) {
		spec->port_last = ntohs(nla_get_be16(tb[WEIR_A_SERVICE_PORT_END]));
		if (!spec->port_first) {
			NL_SET_ERR_MSG_ATTR(extack, tb[WEIR_A_SERVICE_PORT_END],
					    "a range of ports starts at 1 or above");
			return -EINVAL;
		}
		if (spec->port_last < spec->port_first) {
			NL_SET_ERR_MSG_ATTR(extack, tb[WEIR_A_SERVICE_PORT_END],
					    "the range of ports ends before it starts");
			return -EINVAL;
		}
	}
	if (!spec->port_first)
		spec->port_last = U16_MAX;
	if (spec->port_first == spec->port_last)
		spec->key.port = htons(spec->port_first);
	return 0;
}

int weir_nl_service_key(struct nlattr *nest, struct nlattr *tb[WEIR_A_SERVICE_MAX + 1], struct weir_service_spec *spec,
			struct netlink_ext_ack *extack)
{
	int err;

	nla_parse_nested(tb, WEIR_A_SERVICE_MAX, nest, NULL, NULL);
	memset(spec, 0, sizeof(*spec));
	if (weir_nl_missing(extack, nest, tb, WEIR_A_SERVICE_FAMILY, "a service needs a family"))
		return -EINVAL;
	err = weir_nl_family_of(tb[WEIR_A_SERVICE_FAMILY], &spec->key.family, extack);
	if (err)
		return err;
	if (tb[WEIR_A_SERVICE_FWMARK])
		return parse_mark(tb, spec, extack);
	if (weir_nl_missing(extack, nest, tb, WEIR_A_SERVICE_PROTOCOL,
			    "a service needs a protocol or a firewall mark") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_SERVICE_ADDR, "a service needs an address") ||
	    weir_nl_missing(extack, nest, tb, WEIR_A_SERVICE_PORT, "a service needs a port"))
		return -EINVAL;
	err = weir_nl_proto(tb[WEIR_A_SERVICE_PROTOCOL], &spec->key.proto, extack);
	if (err)
		return err;
	err = weir_nl_addr(tb[WEIR_A_SERVICE_ADDR], spec->key.family, &spec->key.addr, extack);
	if (err)
		return err;
	return parse_ports(tb, spec, extack);
}

struct weir_service *weir_nl_service_find(struct weir_net *wn, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_SERVICE_MAX + 1];
	struct weir_service_spec spec;
	struct weir_service *svc;
	int err;

	if (weir_nl_missing(extack, NULL, attrs, WEIR_A_SERVICE, "the message names no service"))
		return ERR_PTR(-EINVAL);
	err = weir_nl_service_key(attrs[WEIR_A_SERVICE], tb, &spec, extack);
	if (err)
		return ERR_PTR(err);
	svc = weir_service_lookup(wn, &spec.key, spec.port_first, spec.port_last);
	if (!svc) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[WEIR_A_SERVICE], "no such service");
		return ERR_PTR(-ESRCH);
	}
	return svc;
}

static int parse_timeouts(struct nlattr *nest, u32 *timeouts, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_TIMEOUT_MAX + 1], *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != WEIR_A_SERVICE_TIMEOUT)
			continue;
		nla_parse_nested(tb, WEIR_A_TIMEOUT_MAX, attr, NULL, NULL);
		if (weir_nl_missing(extack, attr, tb, WEIR_A_TIMEOUT_STATE, "a time-out needs a state") ||
		    weir_nl_missing(extack, attr, tb, WEIR_A_TIMEOUT_SECONDS, "a time-out needs its seconds"))
			return -EINVAL;
		timeouts[nla_get_u32(tb[WEIR_A_TIMEOUT_STATE])] = nla_get_u32(tb[WEIR_A_TIMEOUT_SECONDS]);
	}
	return 0;
}

static int parse_scheduler(struct nlattr **tb, struct weir_service_config *config, struct netlink_ext_ack *extack)
{
	if (tb[WEIR_A_SERVICE_SCHEDULER]) {
		config->sched = weir_sched_lookup(nla_data(tb[WEIR_A_SERVICE_SCHEDULER]));
		if (!config->sched) {
			NL_SET_ERR_MSG_ATTR(extack, tb[WEIR_A_SERVICE_SCHEDULER], "unknown scheduler");
			return -ENOENT;
		}
		/* Its predecessor's flags would be refused. */
		config->flags &= ~WEIR_NL_SCHED_FLAGS | config->sched->flags;
	}
	if (tb[WEIR_A_SERVICE_FLAGS])
		config->flags = nla_get_u32(tb[WEIR_A_SERVICE_FLAGS]);
	if (config->flags & WEIR_NL_SCHED_FLAGS & ~config->sched->flags) {
		NL_SET_ERR_MSG_ATTR(extack, tb[WEIR_A_SERVICE_FLAGS], "a flag belongs to another scheduler");
		return -EINVAL;
	}
	return 0;
}

static int parse_persistence(const struct weir_service_key *key, struct nlattr **tb, struct weir_service_config *config,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *prefix = tb[WEIR_A_SERVICE_PERSIST_PREFIX];

	if (tb[WEIR_A_SERVICE_PERSIST_TIMEOUT])
		config->persist_timeout = nla_get_u32(tb[WEIR_A_SERVICE_PERSIST_TIMEOUT]);
	if (prefix) {
		config->persist_prefix = nla_get_u32(prefix);
		if (key->family == AF_INET && config->persist_prefix > 32) {
			NL_SET_ERR_MSG_ATTR(extack, prefix, "the prefix of IPv4 clients has 32 bits at most");
			return -ERANGE;
		}
	}
	return 0;
}

int weir_nl_service_config(struct nlattr *nest, struct nlattr **tb, struct weir_service_spec *spec,
			   struct netlink_ext_ack *extack)
{
	struct weir_service_config *config = &spec->config;
	int err;

	err = parse_scheduler(tb, config, extack);
	if (err)
		return err;
	err = parse_persistence(&spec->key, tb, config, extack);
	if (err)
		return err;
	if (tb[WEIR_A_SERVICE_SLOW_START])
		config->slow_start = nla_get_u32(tb[WEIR_A_SERVICE_SLOW_START]);
	if (tb[WEIR_A_SERVICE_SYN_RETRY])
		config->syn_retry = nla_get_u32(tb[WEIR_A_SERVICE_SYN_RETRY]);
	if (tb[WEIR_A_SERVICE_ON_GONE])
		config->on_gone = nla_get_u32(tb[WEIR_A_SERVICE_ON_GONE]);
	if (tb[WEIR_A_SERVICE_MH_SIZE])
		config->mh_size = nla_get_u32(tb[WEIR_A_SERVICE_MH_SIZE]);
	if (tb[WEIR_A_SERVICE_SEED]) {
		memcpy(config->seed, nla_data(tb[WEIR_A_SERVICE_SEED]), sizeof(config->seed));
		config->has_seed = memchr_inv(config->seed, 0, sizeof(config->seed));
	}
	if (tb[WEIR_A_SERVICE_POOL])
		nla_strscpy(config->pool, tb[WEIR_A_SERVICE_POOL], sizeof(config->pool));
	if (tb[WEIR_A_SERVICE_PROXY_PROTOCOL])
		config->proxy_protocol = nla_get_u32(tb[WEIR_A_SERVICE_PROXY_PROTOCOL]);
	return parse_timeouts(nest, config->timeouts, extack);
}

/* The fields as the checks of services call them. */
static const struct weir_nl_field service_fields[] = {
	{ "family",		WEIR_A_SERVICE_FAMILY },
	{ "protocol",		WEIR_A_SERVICE_PROTOCOL },
	{ "addr",		WEIR_A_SERVICE_ADDR },
	{ "port",		WEIR_A_SERVICE_PORT },
	{ "port_end",		WEIR_A_SERVICE_PORT_END },
	{ "fwmark",		WEIR_A_SERVICE_FWMARK },
	{ "scheduler",		WEIR_A_SERVICE_SCHEDULER },
	{ "flags",		WEIR_A_SERVICE_FLAGS },
	{ "persist_timeout",	WEIR_A_SERVICE_PERSIST_TIMEOUT },
	{ "persist_prefix",	WEIR_A_SERVICE_PERSIST_PREFIX },
	{ "slow_start",		WEIR_A_SERVICE_SLOW_START },
	{ "syn_retry",		WEIR_A_SERVICE_SYN_RETRY },
	{ "on_gone",		WEIR_A_SERVICE_ON_GONE },
	{ "mh_size",		WEIR_A_SERVICE_MH_SIZE },
	{ "seed",		WEIR_A_SERVICE_SEED },
	{ "timeout",		WEIR_A_SERVICE_TIMEOUT },
	{ "pool",		WEIR_A_SERVICE_POOL },
	{ "proxy_protocol",	WEIR_A_SERVICE_PROXY_PROTOCOL },
};

void weir_nl_blame_service(struct netlink_ext_ack *extack, struct nlattr *nest)
{
	struct nlattr *tb[WEIR_A_SERVICE_MAX + 1];

	nla_parse_nested(tb, WEIR_A_SERVICE_MAX, nest, NULL, NULL);
	weir_nl_blame(extack, nest, tb, service_fields, ARRAY_SIZE(service_fields));
}

/* A label for people and programs: visible characters. */
static int check_name(const struct nlattr *attr, struct netlink_ext_ack *extack, const char *empty, const char *hidden)
{
	const char *c = nla_data(attr);
	const char *wrong = *c ? NULL : empty;

	for (; *c && !wrong; c++)
		if (!isascii(*c) || !isgraph(*c))
			wrong = hidden;
	if (!wrong)
		return 0;
	NL_SET_BAD_ATTR(extack, attr);
	return weir_refuse(extack, -EINVAL, wrong);
}

int weir_nl_owner(const struct nlattr *attr, const char **owner, struct netlink_ext_ack *extack)
{
	int err = check_name(attr, extack, "the owner's name is empty", "the owner's name has a character that cannot be shown");

	if (!err)
		*owner = nla_data(attr);
	return err;
}

int weir_nl_pool_name(const struct nlattr *attr, const char **name, struct netlink_ext_ack *extack)
{
	int err = check_name(attr, extack, "the pool's name is empty", "the pool's name has a character that cannot be shown");

	if (!err)
		*name = nla_data(attr);
	return err;
}
