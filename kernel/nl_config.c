// SPDX-License-Identifier: GPL-2.0
/* nl_config: settings of a namespace, and transactions, over netlink */
#include <linux/capability.h>
#include "net.h"
#include "nl.h"
#include "transaction.h"

static const struct nla_policy config_set_policy[WEIR_A_CONFIG_EXPRESS_DEVICE + 1] = {
	[WEIR_A_CONFIG_TIMEOUT]		= NLA_POLICY_NESTED(weir_nl_timeout_policy),
	[WEIR_A_CONFIG_CONN_MAX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[WEIR_A_CONFIG_SERVICE_MAX]	= { .type = NLA_U32 },
	[WEIR_A_CONFIG_STAGED_MAX]	= { .type = NLA_U32 },
	[WEIR_A_CONFIG_EXPRESS]		= NLA_POLICY_MAX(NLA_U32, 1),
	[WEIR_A_CONFIG_SLOPPY_TCP]	= NLA_POLICY_MAX(NLA_U32, 1),
	[WEIR_A_CONFIG_EXPIRE_QUIESCENT] = NLA_POLICY_MAX(NLA_U32, 1),
	[WEIR_A_CONFIG_CONN_COUNT ... WEIR_A_CONFIG_SERVICE_COUNT] = { .type = NLA_REJECT },
	[WEIR_A_CONFIG_EXPRESS_DEVICE]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

const struct nla_policy weir_nl_config_set_attrs[WEIR_A_CONFIG + 1] = {
	[WEIR_A_CONFIG]			= NLA_POLICY_NESTED(config_set_policy),
};

const struct nla_policy weir_nl_config_begin_attrs[WEIR_A_TRANSACTION_MODE + 1] = {
	[WEIR_A_OWNER]			= { .type = NLA_NUL_STRING, .len = WEIR_OWNER_MAX },
	[WEIR_A_GENERATION]		= NLA_POLICY_MIN(NLA_U32, 1),
	[WEIR_A_TRANSACTION_MODE]	= NLA_POLICY_MAX(NLA_U32, WEIR_TRANSACTION_MERGE),
};

const struct nla_policy weir_nl_config_commit_attrs[WEIR_A_STAGED + 1] = {
	[WEIR_A_STAGED]			= { .type = NLA_U32 },
};

int weir_nl_no_transaction(struct weir_net *wn, struct genl_info *info)
{
	lockdep_assert_held(&wn->lock);

	if (!weir_transaction_lookup(wn, info->snd_portid))
		return 0;
	NL_SET_ERR_MSG(info->extack, "this socket has a transaction open: only additions, commit and abort are possible");
	return -EBUSY;
}

static int fill_devices(struct sk_buff *skb, const struct weir_config *config)
{
	int i, err = 0;

	for (i = 0; i < WEIR_EXPRESS_DEVICES_MAX && *config->express_devices[i] && !err; i++)
		err = nla_put_string(skb, WEIR_A_CONFIG_EXPRESS_DEVICE, config->express_devices[i]);
	return err;
}

int weir_nl_fill_config(struct sk_buff *skb, void *hdr, struct weir_net *wn)
{
	const struct weir_config *config = &wn->config;
	struct nlattr *nest;

	lockdep_assert_held(&wn->lock);

	nest = nla_nest_start(skb, WEIR_A_CONFIG);
	if (!nest ||
	    weir_nl_put_timeouts(skb, WEIR_A_CONFIG_TIMEOUT, config->timeouts) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_CONN_MAX, config->conn_max) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_SERVICE_MAX, config->service_max) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_STAGED_MAX, config->staged_max) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_EXPRESS, config->express) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_SLOPPY_TCP, config->sloppy_tcp) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_EXPIRE_QUIESCENT, config->expire_quiescent) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_CONN_COUNT, atomic_read(&wn->conn_count)) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_CONN_BUCKETS, weir_net_buckets(wn)) ||
	    nla_put_u32(skb, WEIR_A_CONFIG_SERVICE_COUNT, wn->nservices) ||
	    fill_devices(skb, config))
		goto err_cancel;
	nla_nest_end(skb, nest);
	if (nla_put_u32(skb, WEIR_A_GENERATION, wn->generation))
		goto err_cancel;
	genlmsg_end(skb, hdr);
	return 0;

err_cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

int weir_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct sk_buff *reply;
	int err = -EMSGSIZE;
	void *hdr;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &weir_nl_family, 0, WEIR_CMD_CONFIG_GET);
	if (hdr) {
		mutex_lock(&wn->lock);
		err = weir_nl_fill_config(reply, hdr, wn);
		mutex_unlock(&wn->lock);
	}
	return weir_nl_reply(reply, info, err);
}

static int parse_timeouts(struct nlattr *nest, u32 *timeouts, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_TIMEOUT_MAX + 1], *attr;
	u32 seconds;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != WEIR_A_CONFIG_TIMEOUT)
			continue;
		nla_parse_nested(tb, WEIR_A_TIMEOUT_MAX, attr, NULL, NULL);
		if (weir_nl_missing(extack, attr, tb, WEIR_A_TIMEOUT_STATE, "a time-out needs a state") ||
		    weir_nl_missing(extack, attr, tb, WEIR_A_TIMEOUT_SECONDS, "a time-out needs its seconds"))
			return -EINVAL;
		seconds = nla_get_u32(tb[WEIR_A_TIMEOUT_SECONDS]);
		if (!seconds) {
			NL_SET_ERR_MSG_ATTR(extack, tb[WEIR_A_TIMEOUT_SECONDS],
					    "a time-out of the namespace is 1 second at least");
			return -ERANGE;
		}
		timeouts[nla_get_u32(tb[WEIR_A_TIMEOUT_STATE])] = seconds;
	}
	return 0;
}

/* All that the message names, in the place of those that are set; an empty name alone: none. */
static int parse_devices(const struct nlattr *nest, struct weir_config *config, struct netlink_ext_ack *extack)
{
	char (*devices)[IFNAMSIZ] = config->express_devices;
	const struct nlattr *attr;
	const char *name;
	int n = 0, i, rem;

	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != WEIR_A_CONFIG_EXPRESS_DEVICE)
			continue;
		if (!n)
			memset(config->express_devices, 0, sizeof(config->express_devices));
		name = nla_data(attr);
		if (n == WEIR_EXPRESS_DEVICES_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "there are more devices than " __stringify(WEIR_EXPRESS_DEVICES_MAX));
			return -E2BIG;
		}
		if (n ? !*devices[0] || !dev_valid_name(name) : *name && !dev_valid_name(name)) {
			NL_SET_ERR_MSG_ATTR(extack, attr, "that cannot be a device's name");
			return -EINVAL;
		}
		for (i = 0; i < n; i++) {
			if (!strcmp(devices[i], name)) {
				NL_SET_ERR_MSG_ATTR(extack, attr, "the device is named twice");
				return -EEXIST;
			}
		}
		strscpy(devices[n++], name, IFNAMSIZ);
	}
	return 0;
}

/*
 * The limits guard the machine's memory, which is not the user namespace's: there they can be lowered, and raised again to
 * the default, but not beyond.
 */
static int parse_limit(struct sk_buff *request, const struct nlattr *attr, u32 limit, u32 *value,
		       struct netlink_ext_ack *extack)
{
	u32 wanted;

	if (!attr)
		return 0;
	wanted = nla_get_u32(attr);
	if (wanted > max(limit, *value) && !netlink_capable(request, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "above its default a limit can only be raised from the initial user namespace");
		return -EPERM;
	}
	*value = wanted;
	return 0;
}

static int parse_config(struct sk_buff *request, struct nlattr *nest, struct weir_config *config,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_CONFIG_MAX + 1];
	struct weir_config defaults;
	int err;

	nla_parse_nested(tb, WEIR_A_CONFIG_MAX, nest, NULL, NULL);
	weir_net_defaults(&defaults);
	err = parse_timeouts(nest, config->timeouts, extack);
	if (!err)
		err = parse_devices(nest, config, extack);
	if (!err)
		err = parse_limit(request, tb[WEIR_A_CONFIG_CONN_MAX], defaults.conn_max, &config->conn_max, extack);
	if (!err)
		err = parse_limit(request, tb[WEIR_A_CONFIG_SERVICE_MAX], defaults.service_max, &config->service_max,
				  extack);
	if (!err)
		err = parse_limit(request, tb[WEIR_A_CONFIG_STAGED_MAX], defaults.staged_max, &config->staged_max,
				  extack);
	if (err)
		return err;
	if (tb[WEIR_A_CONFIG_EXPRESS])
		config->express = nla_get_u32(tb[WEIR_A_CONFIG_EXPRESS]);
	if (tb[WEIR_A_CONFIG_SLOPPY_TCP])
		config->sloppy_tcp = nla_get_u32(tb[WEIR_A_CONFIG_SLOPPY_TCP]);
	if (tb[WEIR_A_CONFIG_EXPIRE_QUIESCENT])
		config->expire_quiescent = nla_get_u32(tb[WEIR_A_CONFIG_EXPIRE_QUIESCENT]);
	return 0;
}

int weir_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_config config;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_CONFIG)) {
		NL_SET_ERR_MSG(info->extack, "the message names no setting");
		return -EINVAL;
	}
	mutex_lock(&wn->lock);
	err = weir_nl_no_transaction(wn, info);
	if (err)
		goto out;
	config = wn->config;
	err = parse_config(skb, info->attrs[WEIR_A_CONFIG], &config, info->extack);
	if (err)
		goto out;
	weir_net_configure(wn, &config);
	weir_net_bump(wn);
	weir_nl_notify_config(wn, NULL);
out:
	mutex_unlock(&wn->lock);
	return err;
}

int weir_nl_config_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	u32 mode = WEIR_TRANSACTION_REPLACE, base = 0;
	const char *owner;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_OWNER)) {
		NL_SET_ERR_MSG(info->extack, "a transaction needs an owner");
		return -EINVAL;
	}
	err = weir_nl_owner(info->attrs[WEIR_A_OWNER], &owner, info->extack);
	if (err)
		return err;
	if (info->attrs[WEIR_A_GENERATION])
		base = nla_get_u32(info->attrs[WEIR_A_GENERATION]);
	if (info->attrs[WEIR_A_TRANSACTION_MODE])
		mode = nla_get_u32(info->attrs[WEIR_A_TRANSACTION_MODE]);
	mutex_lock(&wn->lock);
	err = weir_transaction_begin(wn, info->snd_portid, owner, base, mode, info->extack);
	mutex_unlock(&wn->lock);
	return err;
}

/* wn->lock held. */
static int commit(struct weir_net *wn, struct sk_buff *reply, void *hdr, struct genl_info *info)
{
	struct weir_transaction *tx = weir_transaction_lookup(wn, info->snd_portid);
	u32 changed;
	int err;

	if (!tx) {
		NL_SET_ERR_MSG(info->extack, "this socket has no transaction open");
		return -ENOENT;
	}
	err = weir_transaction_commit(tx, nla_get_u32(info->attrs[WEIR_A_STAGED]), &changed, info->extack);
	weir_transaction_release(tx);
	if (err)
		return err;
	/* Two numbers fit into any message. */
	nla_put_u32(reply, WEIR_A_GENERATION, wn->generation);
	nla_put_u32(reply, WEIR_A_CHANGED, changed);
	genlmsg_end(reply, hdr);
	return 0;
}

int weir_nl_config_commit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_STAGED)) {
		NL_SET_ERR_MSG(info->extack, "a commit needs the number of messages that were staged");
		return -EINVAL;
	}
	/* Before anything changes: afterwards nothing may fail. */
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &weir_nl_family, 0, WEIR_CMD_CONFIG_COMMIT);
	if (!hdr) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	mutex_lock(&wn->lock);
	err = commit(wn, reply, hdr, info);
	mutex_unlock(&wn->lock);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	/* A reader that is gone or full misses the answer; what it asked for is done. */
	genlmsg_reply(reply, info);
	return 0;
}

int weir_nl_config_abort_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_transaction *tx;
	int err = 0;

	mutex_lock(&wn->lock);
	tx = weir_transaction_lookup(wn, info->snd_portid);
	if (tx) {
		weir_transaction_release(tx);
	} else {
		NL_SET_ERR_MSG(info->extack, "this socket has no transaction open");
		err = -ENOENT;
	}
	mutex_unlock(&wn->lock);
	return err;
}
