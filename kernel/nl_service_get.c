// SPDX-License-Identifier: GPL-2.0
/* nl_service_get: listings of services */
#include <linux/slab.h>
#include "net.h"
#include "nl.h"
#include "sched.h"
#include "service.h"
#include "stats.h"

const struct nla_policy weir_nl_service_get_attrs[WEIR_A_OWNER + 1] = {
	[WEIR_A_SERVICE]	= NLA_POLICY_NESTED(weir_nl_service_key_policy),
	[WEIR_A_OWNER]		= { .type = NLA_NUL_STRING, .len = WEIR_OWNER_MAX },
};

int weir_nl_put_service_key(struct sk_buff *skb, const struct weir_service *svc)
{
	const struct weir_service_key *key = &svc->key;

	if (nla_put_u32(skb, WEIR_A_SERVICE_ID, svc->id) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_FAMILY, key->family))
		return -EMSGSIZE;
	if (key->fwmark)
		return nla_put_u32(skb, WEIR_A_SERVICE_FWMARK, key->fwmark);
	if (nla_put_u32(skb, WEIR_A_SERVICE_PROTOCOL, key->proto) ||
	    weir_nl_put_addr(skb, WEIR_A_SERVICE_ADDR, key->family, &key->addr) ||
	    nla_put_be16(skb, WEIR_A_SERVICE_PORT, htons(svc->port_first)))
		return -EMSGSIZE;
	/* All ports are port 0 without an end. */
	if (svc->port_first && svc->port_last != svc->port_first)
		return nla_put_be16(skb, WEIR_A_SERVICE_PORT_END, htons(svc->port_last));
	return 0;
}

int weir_nl_put_timeouts(struct sk_buff *skb, int type, const u32 *timeouts)
{
	struct nlattr *nest;
	int state;

	for (state = 0; state < __WEIR_STATE_MAX; state++) {
		if (!timeouts[state])
			continue;
		nest = nla_nest_start(skb, type);
		if (!nest ||
		    nla_put_u32(skb, WEIR_A_TIMEOUT_STATE, state) ||
		    nla_put_u32(skb, WEIR_A_TIMEOUT_SECONDS, timeouts[state]))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_config(struct sk_buff *skb, const struct weir_service *svc, bool privileged)
{
	const struct weir_service_config *config = &svc->config;

	if (nla_put_string(skb, WEIR_A_SERVICE_OWNER, svc->owner) ||
	    nla_put_string(skb, WEIR_A_SERVICE_SCHEDULER, config->sched->name) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_FLAGS, config->flags) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_PERSIST_TIMEOUT, config->persist_timeout) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_PERSIST_PREFIX, config->persist_prefix) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_SLOW_START, config->slow_start) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_SYN_RETRY, config->syn_retry) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_ON_GONE, config->on_gone) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_MH_SIZE, config->mh_size) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_PROXY_PROTOCOL, config->proxy_protocol))
		return -EMSGSIZE;
	if (privileged && config->has_seed && nla_put(skb, WEIR_A_SERVICE_SEED, sizeof(config->seed), config->seed))
		return -EMSGSIZE;
	if (config->pool[0] && nla_put_string(skb, WEIR_A_SERVICE_POOL, config->pool))
		return -EMSGSIZE;
	return weir_nl_put_timeouts(skb, WEIR_A_SERVICE_TIMEOUT, config->timeouts);
}

int weir_nl_fill_service(struct sk_buff *skb, void *hdr, struct weir_service *svc, bool privileged)
{
	struct weir_stats stats;
	struct weir_rates rates;
	struct nlattr *nest;

	lockdep_assert_held(&svc->wn->lock);

	weir_stats_read_service(svc, &stats, &rates);
	nest = nla_nest_start(skb, WEIR_A_SERVICE);
	if (!nest ||
	    weir_nl_put_service_key(skb, svc) ||
	    put_config(skb, svc, privileged) ||
	    weir_nl_put_stats(skb, WEIR_A_SERVICE_STATS, &stats, &rates) ||
	    nla_put_u32(skb, WEIR_A_SERVICE_SERVERS, svc->nservers))
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

int weir_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_service *svc;
	struct sk_buff *reply;
	int err = -EMSGSIZE;
	void *hdr;

	if (info->attrs[WEIR_A_OWNER]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[WEIR_A_OWNER], "an owner selects services of a dump only");
		return -EINVAL;
	}
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&wn->lock);
	svc = weir_nl_service_find(wn, info->attrs, info->extack);
	if (IS_ERR(svc)) {
		err = PTR_ERR(svc);
	} else {
		hdr = genlmsg_put_reply(reply, info, &weir_nl_family, 0, WEIR_CMD_SERVICE_GET);
		if (hdr)
			err = weir_nl_fill_service(reply, hdr, svc, weir_nl_privileged(skb, wn));
	}
	mutex_unlock(&wn->lock);
	return weir_nl_reply(reply, info, err);
}

/*
 * Cursor of a dump: the id of the service that comes next, and a reference to it that spares the walk to it. The list is in
 * the order of ids.
 */
struct service_dump {
	const char		*owner;		/* in the request, which the dump holds */
	u32			next_id;
	struct weir_service	*next;
};

static int dump_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct service_dump *dump;
	int err = 0;

	if (attrs[WEIR_A_SERVICE]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[WEIR_A_SERVICE], "a dump lists every service; ask for one without NLM_F_DUMP");
		return -EINVAL;
	}
	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return -ENOMEM;
	if (attrs[WEIR_A_OWNER])
		err = weir_nl_owner(attrs[WEIR_A_OWNER], &dump->owner, cb->extack);
	if (err) {
		kfree(dump);
		return err;
	}
	cb->args[0] = (long)dump;
	return 0;
}

struct weir_service *weir_nl_service_resume(struct weir_net *wn, struct weir_service *hint, u32 id)
{
	struct weir_service *svc;

	lockdep_assert_held(&wn->lock);

	if (hint && !hint->dead)
		return hint;
	list_for_each_entry(svc, &wn->service_list, list)
		if (svc->id >= id)
			return svc;
	return NULL;
}

int weir_nl_service_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct weir_net *wn = weir_net(sock_net(skb->sk));
	bool privileged = weir_nl_privileged(cb->skb, wn);
	struct weir_service *svc, *held;
	struct service_dump *dump;
	void *hdr;
	int err;

	if (!cb->args[0]) {
		err = dump_start(cb);
		if (err)
			return err;
	}
	dump = (struct service_dump *)cb->args[0];
	held = dump->next;

	mutex_lock(&wn->lock);
	cb->seq = wn->generation;
	svc = weir_nl_service_resume(wn, held, dump->next_id);
	dump->next = NULL;
	if (!svc)
		goto out;
	list_for_each_entry_from(svc, &wn->service_list, list) {
		if (dump->owner && strcmp(dump->owner, svc->owner))
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &weir_nl_family, NLM_F_MULTI,
				  WEIR_CMD_SERVICE_GET);
		if (!hdr || weir_nl_fill_service(skb, hdr, svc, privileged)) {
			weir_service_get(svc);
			dump->next = svc;
			dump->next_id = svc->id;
			goto out;
		}
		genl_dump_check_consistent(cb, hdr);
	}
	dump->next_id = U32_MAX;
out:
	mutex_unlock(&wn->lock);
	if (held)
		weir_service_put(held);
	return skb->len;
}

int weir_nl_service_get_done(struct netlink_callback *cb)
{
	struct service_dump *dump = (struct service_dump *)cb->args[0];

	if (!dump)
		return 0;
	if (dump->next)
		weir_service_put(dump->next);
	kfree(dump);
	return 0;
}
