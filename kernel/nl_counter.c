// SPDX-License-Identifier: GPL-2.0
/* nl_counter: counters of a namespace over netlink */
#include "counter.h"
#include "net.h"
#include "nl.h"

static int fill_counter(struct sk_buff *skb, struct netlink_callback *cb, const struct weir_net *wn,
			enum weir_counter cnt)
{
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &weir_nl_family, NLM_F_MULTI,
			  WEIR_CMD_COUNTER_GET);
	if (!hdr)
		return -EMSGSIZE;
	nest = nla_nest_start(skb, WEIR_A_COUNTER);
	if (!nest ||
	    nla_put_string(skb, WEIR_A_COUNTER_NAME, weir_counter_name(cnt)) ||
	    nla_put_u64_64bit(skb, WEIR_A_COUNTER_VALUE, weir_counter_fold(wn, cnt), WEIR_A_COUNTER_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return 0;
}

/* The counters are a constant set: their number is the cursor. */
int weir_nl_counter_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct weir_net *wn = weir_net(sock_net(skb->sk));

	while (cb->args[0] < WEIR_CNT_MAX && !fill_counter(skb, cb, wn, cb->args[0]))
		cb->args[0]++;
	return skb->len;
}
