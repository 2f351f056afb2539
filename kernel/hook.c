// SPDX-License-Identifier: GPL-2.0
/*
 * hook: where weir stands in netfilter.
 *
 *	PRE_ROUTING	before conntrack	mark packets of known connections untracked (where others hook too, see below)
 *	LOCAL_OUT	before conntrack	likewise
 *	LOCAL_IN	before filter		known connections: forward
 *	LOCAL_IN	before source NAT	whatever filter let pass: open connections, forward
 *	LOCAL_OUT	after destination NAT	clients and servers on the director itself
 *	FORWARD		before filter		replies of known connections: give back to the client (where a server uses nat)
 *
 * The places of ip_vs, but for one thing. The rules of filter chains decide about packets that open a connection. What follows
 * is taken before filter (0), with conntrack what `ct state established accept` would have let pass. Left to filter it would be
 * dropped by any firewall whose policy is drop: it is untracked, neither established nor new. Chains before filter (raw,
 * mangle, anything at priority -2 and less) see every packet. docs/firewall.md tells operators.
 *
 * A hook costs every packet of the machine, weir's or not. So FORWARD is hooked with the first server whose replies come that way,
 * and PRE_ROUTING when somebody else, who may be conntrack, hooks it: the express path's hook at ingress marks whole packets of
 * TCP and UDP itself, which leaves ICMP errors, fragments and devices that it does not stand at. It notices others with the first
 * packet that it leaves to the stack, the estimator within two seconds. Both stay until the family's last service goes. With the
 * express path off there is nobody to notice: PRE_ROUTING is hooked at once, and its hook looks for others itself, packet by packet.
 * The estimator also notices that IPv6 is no longer forwarded.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ipv6.h>
#include "admit.h"
#include "counter.h"
#include "defrag.h"
#include "express.h"
#include "filter.h"
#include "hook.h"
#include "icmp.h"
#include "net.h"
#include "path.h"
#include "pkt.h"
#include "refuse.h"
#include "untrack.h"
#include "xmit.h"

/* Do others than @own hooks stand there? RCU held. */
static bool hook_others(const struct weir_net *wn, int six, unsigned int hooknum, unsigned int own)
{
	const struct netns_nf *nf = &wn->net->nf;
	const struct nf_hook_entries *entries;

	entries = rcu_dereference(*(six ? &nf->hooks_ipv6[hooknum] : &nf->hooks_ipv4[hooknum]));
	return entries && entries->num_hook_entries > own;
}

/* PRE_ROUTING's hooks of weir's: nf_defrag_ipv6, which it asked for, and its own. */
static bool hook_others_prerouting(const struct weir_net *wn, int six, bool marking)
{
	return hook_others(wn, six, NF_INET_PRE_ROUTING, (six && READ_ONCE(wn->defrag6)) + marking);
}

static unsigned int hook_mark(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct weir_net *wn;
	struct weir_pkt pkt;

	if (!weir_untrack_wanted(skb) || weir_xmit_is_own(state))
		return NF_ACCEPT;
	wn = weir_net(state->net);
	/* Conntrack would be one of them. */
	if (state->hook == NF_INET_PRE_ROUTING && !hook_others_prerouting(wn, state->pf == NFPROTO_IPV6, true))
		return NF_ACCEPT;
	if (!weir_filter_pkt(wn, skb, state->pf))
		return NF_ACCEPT;
	/* Fragments, before conntrack's own reassembly or without it, are not looked at: weir_pkt_parse() calls them OTHER. */
	switch (weir_pkt_parse(&pkt, skb, state)) {
	case WEIR_PARSE_OK:
	case WEIR_PARSE_ICMP:
		local_bh_disable();
		weir_untrack_pkt(&pkt);
		local_bh_enable();
		break;
	case WEIR_PARSE_OTHER:
	case WEIR_PARSE_BAD:
		break;
	}
	return NF_ACCEPT;
}

/* Malformed packets are counted and left to the stack, which drops them if they are for this machine. */
static unsigned int hook_handle(struct weir_pkt *pkt, struct sk_buff *skb, const struct nf_hook_state *state,
				unsigned int (*admit)(struct weir_pkt *pkt))
{
	switch (weir_pkt_parse(pkt, skb, state)) {
	case WEIR_PARSE_OK:
		return admit(pkt);
	case WEIR_PARSE_ICMP:
		return weir_icmp(pkt);
	case WEIR_PARSE_BAD:
		weir_count(pkt->wn, WEIR_CNT_MALFORMED);
		break;
	case WEIR_PARSE_OTHER:
		break;
	}
	return NF_ACCEPT;
}

/* With a struct weir_pkt, which is cleared: not for packets that the filter turns away. */
static noinline unsigned int local_in_known(struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct weir_pkt pkt;

	switch (weir_pkt_parse(&pkt, skb, state)) {
	case WEIR_PARSE_OK:
		return weir_admit_known(&pkt);
	case WEIR_PARSE_ICMP:
		return weir_icmp(&pkt);
	case WEIR_PARSE_OTHER:
	case WEIR_PARSE_BAD:
		/* Counted, if at all, at the second visit. */
		break;
	}
	return NF_ACCEPT;
}

static unsigned int hook_local_in_known(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (!weir_filter_pkt(weir_net(state->net), skb, state->pf))
		return NF_ACCEPT;
	return local_in_known(skb, state);
}

static unsigned int hook_local_in(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct weir_pkt pkt;

	return hook_handle(&pkt, skb, state, weir_admit);
}

/* Hooks of LOCAL_OUT may run in process context with bottom halves enabled; all behind them is written for softirq. */
static unsigned int hook_local_out(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int verdict;
	struct weir_pkt pkt;

	if (weir_xmit_is_own(state))
		return NF_ACCEPT;

	local_bh_disable();
	if (state->pf == NFPROTO_IPV4 && !weir_defrag_ipv4(skb, state))
		verdict = NF_STOLEN;
	else
		verdict = hook_handle(&pkt, skb, state, weir_admit);
	local_bh_enable();
	return verdict;
}

/* A frame that a bridge passes on (br_netfilter) is not routed and none of weir's business. */
static bool hook_bridged(const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	return !dst || dst->flags & DST_FAKE_RTABLE;
}

/* As local_in_known(). */
static noinline unsigned int forward_known(struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct weir_pkt pkt;

	if (state->pf == NFPROTO_IPV4 && !weir_defrag_ipv4(skb, state))
		return NF_STOLEN;
	return hook_handle(&pkt, skb, state, weir_admit_known);
}

static unsigned int hook_forward(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (!weir_filter_pkt(weir_net(state->net), skb, state->pf) || hook_bridged(skb))
		return NF_ACCEPT;
	return forward_known(skb, state);
}

/* What weir itself has in a chain: hook_admit_ops and hook_mark_op. */
#define WEIR_HOOKS_LOCAL_IN	2
#define WEIR_HOOKS_LOCAL_OUT	2

#define WEIR_HOOK(_pf, _hooknum, _priority, _hook)	\
	{						\
		.hook		= (_hook),		\
		.pf		= (_pf),		\
		.hooknum	= (_hooknum),		\
		.priority	= (_priority),		\
	}

/* Priorities of IPv6 are those of IPv4. */
static_assert((int)NF_IP_PRI_CONNTRACK == (int)NF_IP6_PRI_CONNTRACK);
static_assert((int)NF_IP_PRI_FILTER == (int)NF_IP6_PRI_FILTER);
static_assert((int)NF_IP_PRI_NAT_SRC == (int)NF_IP6_PRI_NAT_SRC);
static_assert((int)NF_IP_PRI_NAT_DST == (int)NF_IP6_PRI_NAT_DST);

/* First element IPv4, second IPv6, in all of them. */
static const struct nf_hook_ops hook_prerouting_op[2] = {
	WEIR_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK - 1, hook_mark),
	WEIR_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK - 1, hook_mark),
};

static const struct nf_hook_ops hook_mark_op[2] = {
	WEIR_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK - 1, hook_mark),
	WEIR_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK - 1, hook_mark),
};

static const struct nf_hook_ops hook_forward_op[2] = {
	WEIR_HOOK(NFPROTO_IPV4, NF_INET_FORWARD, NF_IP_PRI_FILTER - 1, hook_forward),
	WEIR_HOOK(NFPROTO_IPV6, NF_INET_FORWARD, NF_IP_PRI_FILTER - 1, hook_forward),
};

static const struct nf_hook_ops hook_admit_ops[2][3] = {
	{
		WEIR_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_IP_PRI_FILTER - 1, hook_local_in_known),
		WEIR_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC - 1, hook_local_in),
		WEIR_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST + 2, hook_local_out),
	},
	{
		WEIR_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, NF_IP_PRI_FILTER - 1, hook_local_in_known),
		WEIR_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC - 1, hook_local_in),
		WEIR_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST + 2, hook_local_out),
	},
};

/* nf_defrag_ipv6 stands in LOCAL_OUT, too. */
bool weir_hook_alone(const struct weir_net *wn, u8 family)
{
	const int six = family == AF_INET6;
	const unsigned int defrag = six && READ_ONCE(wn->defrag6);

	return !hook_others_prerouting(wn, six, READ_ONCE(wn->marking[six])) &&
	       !hook_others(wn, six, NF_INET_LOCAL_IN, WEIR_HOOKS_LOCAL_IN) &&
	       !hook_others(wn, six, NF_INET_LOCAL_OUT, defrag + WEIR_HOOKS_LOCAL_OUT);
}

static bool hook_marking_wanted(const struct weir_net *wn, int six)
{
	bool wanted;

	if (!READ_ONCE(wn->express_on))
		return true;
	rcu_read_lock();
	wanted = hook_others_prerouting(wn, six, false);
	rcu_read_unlock();
	return wanted;
}

void weir_hook_look(struct weir_net *wn, u8 family)
{
	const int six = family == AF_INET6;

	if (!READ_ONCE(wn->marking[six]) && hook_marking_wanted(wn, six))
		queue_work(system_power_efficient_wq, &wn->hook_work);
}

/*
 * IPv4's paths end with any change of ip_forward, which makes all routes anew. IPv6's routes stay as they are when `forwarding` goes
 * off, but what is not for this machine is to be dropped.
 */
static void hook_look_forwarding(struct weir_net *wn)
{
#if IS_ENABLED(CONFIG_IPV6)
	const bool on = wn->hooked[1] && READ_ONCE(wn->net->ipv6.devconf_all->forwarding);

	if (wn->routed6 && !on)
		weir_path_flush(wn, NULL);
	wn->routed6 = on;
#endif
}

/* Without memory nothing is lost but marks; it is tried again. */
void weir_hook_update(struct weir_net *wn)
{
	int six;

	lockdep_assert_held(&wn->lock);

	hook_look_forwarding(wn);
	for (six = 0; six < 2; six++) {
		if (!wn->hooked[six] || wn->marking[six] || !hook_marking_wanted(wn, six))
			continue;
		if (!nf_register_net_hook(wn->net, &hook_prerouting_op[six]))
			WRITE_ONCE(wn->marking[six], true);
	}
}

static void hook_work(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, hook_work);

	mutex_lock(&wn->lock);
	weir_express_update(wn);
	weir_hook_update(wn);
	mutex_unlock(&wn->lock);
}

void weir_hook_again(struct weir_net *wn)
{
	queue_work(system_power_efficient_wq, &wn->hook_work);
}

int weir_hook_serve(struct weir_net *wn, u8 family, u8 method, struct netlink_ext_ack *extack)
{
	const int six = family == AF_INET6;
	int err;

	lockdep_assert_held(&wn->lock);

	if (method != WEIR_METHOD_NAT || wn->forwarding[six])
		return 0;
	err = nf_register_net_hook(wn->net, &hook_forward_op[six]);
	if (err)
		return weir_refuse(extack, err, "server: the netfilter hook for its replies could not be registered");
	wn->forwarding[six] = true;
	return 0;
}

int weir_hook_get(struct weir_net *wn, u8 family)
{
	const int six = family == AF_INET6;
	int err;

	lockdep_assert_held(&wn->lock);

	if (wn->hooked[six]) {
		wn->hooked[six]++;
		return 0;
	}
	if (six && !ipv6_mod_enabled())
		return -EAFNOSUPPORT;

	err = nf_register_net_hook(wn->net, &hook_mark_op[six]);
	if (err)
		return err;
	err = nf_register_net_hooks(wn->net, hook_admit_ops[six], ARRAY_SIZE(hook_admit_ops[six]));
	if (err)
		goto err_mark;

	if (six)
		weir_defrag_get(wn);
	wn->hooked[six] = 1;
	weir_express_update(wn);
	weir_hook_update(wn);
	return 0;

err_mark:
	nf_unregister_net_hook(wn->net, &hook_mark_op[six]);
	return err;
}

/*
 * A packet that weir sent and that a rule gave to NFQUEUE would go on into weir_xmit_output() when it comes back.
 * Unregistering a hook drops what is queued in the namespace, but a packet still in weir's hands may be queued right
 * after. So the hooks go in two steps with a grace period between them: the second one finds all that the first one
 * missed.
 */
void weir_hook_put(struct weir_net *wn, u8 family)
{
	const int six = family == AF_INET6;

	lockdep_assert_held(&wn->lock);

	if (WARN_ON_ONCE(!wn->hooked[six]) || --wn->hooked[six])
		return;
	weir_express_update(wn);
	if (six)
		weir_defrag_put(wn);
	if (wn->forwarding[six])
		nf_unregister_net_hook(wn->net, &hook_forward_op[six]);
	wn->forwarding[six] = false;
	nf_unregister_net_hooks(wn->net, hook_admit_ops[six], ARRAY_SIZE(hook_admit_ops[six]));
	synchronize_net();
	/* Nobody would see the end of the connections that are left: their packets go nowhere. The other family learns anew. */
	weir_path_flush(wn, NULL);
	if (wn->marking[six])
		nf_unregister_net_hook(wn->net, &hook_prerouting_op[six]);
	WRITE_ONCE(wn->marking[six], false);
	nf_unregister_net_hook(wn->net, &hook_mark_op[six]);
}

void weir_hook_net_init(struct weir_net *wn)
{
	INIT_WORK(&wn->hook_work, hook_work);
}

void weir_hook_net_exit(struct weir_net *wn)
{
	cancel_work_sync(&wn->hook_work);
}
