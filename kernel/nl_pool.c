// SPDX-License-Identifier: GPL-2.0
/* nl_pool: pools of local addresses and ports over netlink */
#include "algo/addr.h"
#include "net.h"
#include "nl.h"
#include "pool.h"
#include "refuse.h"
#include "transaction.h"

/* What an absent WEIR_A_POOL_PORT and WEIR_A_POOL_PORT_END mean to NEW: all ports that need no privilege. */
#define POOL_PORT_FIRST	1024
#define POOL_PORT_LAST	65535

static const struct nla_policy range_policy[WEIR_A_RANGE_LAST + 1] = {
	[WEIR_A_RANGE_FIRST]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[WEIR_A_RANGE_LAST]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

#define WEIR_NL_POOL								\
	[WEIR_A_POOL_NAME]	= { .type = NLA_NUL_STRING, .len = WEIR_POOL_NAME_MAX },	\
	[WEIR_A_POOL_RANGE]	= NLA_POLICY_NESTED(range_policy),		\
	[WEIR_A_POOL_PORT]	= { .type = NLA_U16 },				\
	[WEIR_A_POOL_PORT_END]	= { .type = NLA_U16 }

static const struct nla_policy pool_new_policy[WEIR_A_POOL_PORT_END + 1] = {
	WEIR_NL_POOL,
	[WEIR_A_POOL_FAMILY]	= { .type = NLA_U32 },
	[WEIR_A_POOL_OWNER]	= { .type = NLA_NUL_STRING, .len = WEIR_OWNER_MAX },
};

static const struct nla_policy pool_set_policy[WEIR_A_POOL_PORT_END + 1] = {
	WEIR_NL_POOL,
};

static const struct nla_policy pool_key_policy[WEIR_A_POOL_NAME + 1] = {
	[WEIR_A_POOL_NAME]	= { .type = NLA_NUL_STRING, .len = WEIR_POOL_NAME_MAX },
};

const struct nla_policy weir_nl_pool_new_attrs[WEIR_A_POOL + 1] = {
	[WEIR_A_POOL]		= NLA_POLICY_NESTED(pool_new_policy),
};

const struct nla_policy weir_nl_pool_set_attrs[WEIR_A_POOL + 1] = {
	[WEIR_A_POOL]		= NLA_POLICY_NESTED(pool_set_policy),
};

const struct nla_policy weir_nl_pool_key_attrs[WEIR_A_POOL + 1] = {
	[WEIR_A_POOL]		= NLA_POLICY_NESTED(pool_key_policy),
};

static const struct weir_nl_field pool_fields[] = {
	{ "name",	WEIR_A_POOL_NAME },
	{ "family",	WEIR_A_POOL_FAMILY },
	{ "range",	WEIR_A_POOL_RANGE },
	{ "port",	WEIR_A_POOL_PORT },
	{ "port_end",	WEIR_A_POOL_PORT_END },
};

static void blame_pool(struct netlink_ext_ack *extack, struct nlattr *nest)
{
	struct nlattr *tb[WEIR_A_POOL_MAX + 1];

	nla_parse_nested(tb, WEIR_A_POOL_MAX, nest, NULL, NULL);
	weir_nl_blame(extack, nest, tb, pool_fields, ARRAY_SIZE(pool_fields));
}

static int parse_range(struct nlattr *nest, struct weir_pool_shape *shape, struct netlink_ext_ack *extack)
{
	struct weir_pool_range *range = &shape->ranges[shape->nranges];
	struct nlattr *tb[WEIR_A_RANGE_MAX + 1];
	union nf_inet_addr last;
	u32 distance;
	int err;

	if (shape->nranges == WEIR_POOL_RANGES_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a pool has 16 ranges of addresses at most");
		return -ERANGE;
	}
	nla_parse_nested(tb, WEIR_A_RANGE_MAX, nest, NULL, NULL);
	if (weir_nl_missing(extack, nest, tb, WEIR_A_RANGE_FIRST, "a range needs its first address"))
		return -EINVAL;
	err = weir_nl_addr(tb[WEIR_A_RANGE_FIRST], shape->family, &range->first, extack);
	if (err)
		return err;
	last = range->first;
	if (tb[WEIR_A_RANGE_LAST]) {
		err = weir_nl_addr(tb[WEIR_A_RANGE_LAST], shape->family, &last, extack);
		if (err)
			return err;
	}
	if (!weir_addr_distance((u8 *)&range->first, (u8 *)&last, nla_len(tb[WEIR_A_RANGE_FIRST]), &distance) ||
	    distance >= WEIR_POOL_NUMBERS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a range ends before it begins, or has more addresses than a pool can");
		return -ERANGE;
	}
	range->n = distance + 1;
	shape->naddrs += range->n;
	shape->nranges++;
	return 0;
}

/* What the message names replaces what @shape has: the ranges all of it. */
static int parse_shape(struct nlattr *nest, struct nlattr **tb, struct weir_pool_shape *shape,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *attr;
	int err, rem;

	if (tb[WEIR_A_POOL_RANGE]) {
		memset(shape->ranges, 0, sizeof(shape->ranges));
		shape->nranges = 0;
		shape->naddrs = 0;
	}
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != WEIR_A_POOL_RANGE)
			continue;
		err = parse_range(attr, shape, extack);
		if (err)
			return err;
	}
	if (tb[WEIR_A_POOL_PORT])
		shape->port_first = ntohs(nla_get_be16(tb[WEIR_A_POOL_PORT]));
	if (tb[WEIR_A_POOL_PORT_END])
		shape->port_last = ntohs(nla_get_be16(tb[WEIR_A_POOL_PORT_END]));
	return 0;
}

static int parse_name(struct nlattr *nest, struct nlattr **tb, char *name, struct netlink_ext_ack *extack)
{
	const char *given;
	int err;

	if (weir_nl_missing(extack, nest, tb, WEIR_A_POOL_NAME, "a pool needs a name"))
		return -EINVAL;
	err = weir_nl_pool_name(tb[WEIR_A_POOL_NAME], &given, extack);
	if (!err)
		strscpy(name, given, WEIR_POOL_NAME_MAX + 1);
	return err;
}

struct new_pool {
	struct weir_pool_spec spec;
	const struct nlattr *owner_attr;
	const char *owner;
};

static int parse_new(struct genl_info *info, struct new_pool *new)
{
	struct nlattr *tb[WEIR_A_POOL_MAX + 1], *nest = info->attrs[WEIR_A_POOL];
	struct weir_pool_shape *shape = &new->spec.shape;
	u8 family;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_POOL)) {
		NL_SET_ERR_MSG(info->extack, "the message names no pool");
		return -EINVAL;
	}
	nla_parse_nested(tb, WEIR_A_POOL_MAX, nest, NULL, NULL);
	err = parse_name(nest, tb, new->spec.name, info->extack);
	if (err)
		return err;
	if (weir_nl_missing(info->extack, nest, tb, WEIR_A_POOL_FAMILY, "a pool needs a family") ||
	    weir_nl_missing(info->extack, nest, tb, WEIR_A_POOL_RANGE, "a pool needs an address"))
		return -EINVAL;
	err = weir_nl_family_of(tb[WEIR_A_POOL_FAMILY], &family, info->extack);
	if (err)
		return err;
	new->owner_attr = tb[WEIR_A_POOL_OWNER];
	new->owner = "cli";
	if (new->owner_attr) {
		err = weir_nl_owner(new->owner_attr, &new->owner, info->extack);
		if (err)
			return err;
	}
	shape->family = family;
	shape->port_first = POOL_PORT_FIRST;
	shape->port_last = POOL_PORT_LAST;
	return parse_shape(nest, tb, shape, info->extack);
}

static int pool_add(struct weir_net *wn, const struct new_pool *new, struct genl_info *info)
{
	struct weir_pool *pool = weir_pool_add(wn, &new->spec, new->owner, info->extack);

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	weir_net_bump(wn);
	weir_nl_notify_pool(pool, WEIR_CMD_POOL_ADD_NTF);
	return 0;
}

static int pool_stage(struct weir_transaction *tx, const struct new_pool *new, struct genl_info *info)
{
	if (new->owner_attr && strcmp(new->owner, tx->owner)) {
		NL_SET_ERR_MSG_ATTR(info->extack, new->owner_attr, "the transaction is another owner's");
		return -EINVAL;
	}
	return weir_transaction_pool(tx, &new->spec, info->extack);
}

int weir_nl_pool_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_transaction *tx;
	struct new_pool new = {};
	int err;

	err = parse_new(info, &new);
	mutex_lock(&wn->lock);
	tx = weir_transaction_lookup(wn, info->snd_portid);
	if (!err) {
		err = tx ? pool_stage(tx, &new, info) : pool_add(wn, &new, info);
		if (err)
			blame_pool(info->extack, info->attrs[WEIR_A_POOL]);
	}
	if (err && tx)
		tx->failed = true;
	mutex_unlock(&wn->lock);
	return err;
}

/* The pool that a request names; wn->lock held; borrowed or ERR_PTR. Leaves the nest's attributes in @tb. */
static struct weir_pool *pool_find(struct weir_net *wn, struct genl_info *info, struct nlattr *tb[WEIR_A_POOL_MAX + 1])
{
	struct nlattr *nest = info->attrs[WEIR_A_POOL];
	char name[WEIR_POOL_NAME_MAX + 1];
	struct weir_pool *pool;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_POOL)) {
		NL_SET_ERR_MSG(info->extack, "the message names no pool");
		return ERR_PTR(-EINVAL);
	}
	nla_parse_nested(tb, WEIR_A_POOL_MAX, nest, NULL, NULL);
	err = parse_name(nest, tb, name, info->extack);
	if (err)
		return ERR_PTR(err);
	pool = weir_pool_lookup(wn, name);
	if (!pool) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[WEIR_A_POOL_NAME], "no such pool");
		return ERR_PTR(-ENOENT);
	}
	return pool;
}

static struct weir_pool *pool_to_change(struct weir_net *wn, struct genl_info *info, struct nlattr **tb)
{
	int err = weir_nl_no_transaction(wn, info);

	return err ? ERR_PTR(err) : pool_find(wn, info, tb);
}

int weir_nl_pool_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[WEIR_A_POOL_MAX + 1], *nest = info->attrs[WEIR_A_POOL];
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_pool_shape shape;
	struct weir_pool *pool;
	int err;

	mutex_lock(&wn->lock);
	pool = pool_to_change(wn, info, tb);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
		goto out;
	}
	shape = pool->shape;
	err = parse_shape(nest, tb, &shape, info->extack);
	if (!err)
		err = weir_pool_set(pool, &shape, info->extack);
	if (err) {
		blame_pool(info->extack, nest);
		goto out;
	}
	weir_net_bump(wn);
	weir_nl_notify_pool(pool, WEIR_CMD_POOL_CHANGE_NTF);
out:
	mutex_unlock(&wn->lock);
	return err;
}

int weir_nl_pool_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct nlattr *tb[WEIR_A_POOL_MAX + 1];
	struct weir_pool *pool;
	int err;

	mutex_lock(&wn->lock);
	pool = pool_to_change(wn, info, tb);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
		goto out;
	}
	err = weir_pool_deletable(pool, info->extack);
	if (err) {
		blame_pool(info->extack, info->attrs[WEIR_A_POOL]);
		goto out;
	}
	weir_net_bump(wn);
	weir_nl_notify_pool(pool, WEIR_CMD_POOL_DEL_NTF);
	weir_pool_unlink(pool);
out:
	mutex_unlock(&wn->lock);
	return err;
}

static int put_ranges(struct sk_buff *skb, const struct weir_pool_shape *shape)
{
	const unsigned int len = shape->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	const struct weir_pool_range *range;
	union nf_inet_addr last;
	struct nlattr *nest;

	for (range = shape->ranges; range < shape->ranges + shape->nranges; range++) {
		nest = nla_nest_start(skb, WEIR_A_POOL_RANGE);
		if (!nest || weir_nl_put_addr(skb, WEIR_A_RANGE_FIRST, shape->family, &range->first))
			return -EMSGSIZE;
		last = range->first;
		weir_addr_add((u8 *)&last, len, range->n - 1);
		if (range->n > 1 && weir_nl_put_addr(skb, WEIR_A_RANGE_LAST, shape->family, &last))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

int weir_nl_fill_pool(struct sk_buff *skb, void *hdr, const struct weir_pool *pool)
{
	const struct weir_pool_shape *shape = &pool->shape;
	struct weir_pool_usage usage;
	struct nlattr *nest;

	lockdep_assert_held(&pool->wn->lock);

	weir_pool_usage(pool, &usage);
	nest = nla_nest_start(skb, WEIR_A_POOL);
	if (!nest ||
	    nla_put_u32(skb, WEIR_A_POOL_ID, pool->id) ||
	    nla_put_string(skb, WEIR_A_POOL_NAME, pool->name) ||
	    nla_put_u32(skb, WEIR_A_POOL_FAMILY, shape->family) ||
	    nla_put_string(skb, WEIR_A_POOL_OWNER, pool->owner) ||
	    put_ranges(skb, shape) ||
	    nla_put_be16(skb, WEIR_A_POOL_PORT, htons(shape->port_first)) ||
	    nla_put_be16(skb, WEIR_A_POOL_PORT_END, htons(shape->port_last)) ||
	    nla_put_u32(skb, WEIR_A_POOL_ADDRS, shape->naddrs) ||
	    nla_put_u32(skb, WEIR_A_POOL_SERVICES, weir_pool_services(pool)) ||
	    nla_put_u32(skb, WEIR_A_POOL_CONNS, usage.conns) ||
	    nla_put_u64_64bit(skb, WEIR_A_POOL_TAKEN, usage.taken, WEIR_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_POOL_REFUSED, usage.refused, WEIR_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, WEIR_A_POOL_HOST, usage.host, WEIR_A_POOL_PAD))
		goto err_cancel;
	nla_nest_end(skb, nest);
	if (nla_put_u32(skb, WEIR_A_GENERATION, pool->wn->generation))
		goto err_cancel;
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

int weir_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct nlattr *tb[WEIR_A_POOL_MAX + 1];
	struct weir_pool *pool;
	struct sk_buff *reply;
	int err = -EMSGSIZE;
	void *hdr;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&wn->lock);
	pool = pool_find(wn, info, tb);
	if (IS_ERR(pool)) {
		err = PTR_ERR(pool);
	} else {
		hdr = genlmsg_put_reply(reply, info, &weir_nl_family, 0, WEIR_CMD_POOL_GET);
		if (hdr)
			err = weir_nl_fill_pool(reply, hdr, pool);
	}
	mutex_unlock(&wn->lock);
	return weir_nl_reply(reply, info, err);
}

/* The cursor is the id of the last one that fitted: the list is in the order of ids. */
int weir_nl_pool_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weir_net *wn = weir_net(sock_net(skb->sk));
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	const struct weir_pool *pool;
	void *hdr;

	if (attrs[WEIR_A_POOL]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[WEIR_A_POOL],
				    "a dump lists every pool; ask for one without NLM_F_DUMP");
		return -EINVAL;
	}
	mutex_lock(&wn->lock);
	cb->seq = wn->generation;
	list_for_each_entry(pool, &wn->pools, list) {
		if (pool->id <= (u32)cb->args[0])
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &weir_nl_family, NLM_F_MULTI,
				  WEIR_CMD_POOL_GET);
		if (!hdr || weir_nl_fill_pool(skb, hdr, pool))
			break;
		genl_dump_check_consistent(cb, hdr);
		cb->args[0] = pool->id;
	}
	mutex_unlock(&wn->lock);
	return skb->len;
}
