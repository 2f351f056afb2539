// SPDX-License-Identifier: GPL-2.0
/* xmit: the table of forwarding methods, and how a packet leaves */
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/xfrm.h>
#include <uapi/linux/weir.h>
#include "counter.h"
#include "express.h"
#include "net.h"
#include "pkt.h"
#include "untrack.h"
#include "xmit.h"

static const struct weir_xmit *const xmit_table[] = {
	[WEIR_METHOD_NAT]	= &weir_xmit_nat,
	[WEIR_METHOD_LOCAL]	= &weir_xmit_local,
	[WEIR_METHOD_TUN]	= &weir_xmit_tun,
	[WEIR_METHOD_DR]	= &weir_xmit_dr,
	[WEIR_METHOD_FULLNAT]	= &weir_xmit_fullnat,
};

const struct weir_xmit *weir_xmit_of(u8 method)
{
	return method < ARRAY_SIZE(xmit_table) ? xmit_table[method] : NULL;
}

int weir_xmit_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return dst_output(net, sk, skb);
}

/* As ip_forward() asks. A route that was looked up by a policy's terms already has what it says. */
static bool xmit_permitted(struct weir_pkt *pkt, u8 pf)
{
	struct sk_buff *skb = pkt->skb;

	if (likely(!weir_xmit_policies(pkt->wn->net)) || dst_xfrm(skb_dst(skb)))
		return true;
	/* What this machine sends has no device yet. */
	if (!skb->dev)
		skb->dev = skb_dst(skb)->dev;
	return xfrm_route_forward(skb, pf);	/* NFPROTO_* have the numbers of AF_* */
}

unsigned int weir_xmit_send(struct weir_pkt *pkt, bool tracked)
{
	struct sk_buff *skb = pkt->skb;
	const u8 pf = skb->protocol == htons(ETH_P_IPV6) ? NFPROTO_IPV6 : NFPROTO_IPV4;

	if (unlikely(!xmit_permitted(pkt, pf)))
		return weir_drop(pkt, WEIR_CNT_DROP_POLICY);
	if (!tracked)
		weir_untrack(skb);
	/*
	 * What came in may carry the socket that early demultiplexing found, the receiver's checksum and the time of its
	 * arrival: none of them is to leave with it. What this machine sends keeps its socket, for the memory that it accounts.
	 */
	if (!weir_pkt_local_out(pkt)) {
		skb_orphan(skb);
		skb_forward_csum(skb);
		skb_clear_tstamp(skb);
	}
	if (nf_hook(pf, NF_INET_LOCAL_OUT, pkt->wn->net, NULL, skb, NULL, skb_dst(skb)->dev, weir_xmit_output) == 1) {
		weir_express_learn(pkt);
		weir_xmit_output(pkt->wn->net, NULL, skb);
	}
	return NF_STOLEN;
}

unsigned int weir_xmit_continue(struct weir_pkt *pkt)
{
	const struct nf_hook_state *state = pkt->state;

	weir_untrack(pkt->skb);
	/* A socket found by the addresses before they were rewritten is not the packet's. */
	if (state->hook == NF_INET_LOCAL_IN)
		skb_orphan(pkt->skb);
	weir_express_learn(pkt);
	state->okfn(state->net, state->sk, pkt->skb);
	return NF_STOLEN;
}
