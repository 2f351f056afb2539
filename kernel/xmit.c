// SPDX-License-Identifier: GPL-2.0
/* xmit: the table of forwarding methods, and how a packet leaves */
#include <linux/skbuff.h>
#include <net/dst.h>
#include <uapi/linux/weir.h>
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

unsigned int weir_xmit_send(struct weir_pkt *pkt, bool tracked)
{
	struct sk_buff *skb = pkt->skb;
	const u8 pf = skb->protocol == htons(ETH_P_IPV6) ? NFPROTO_IPV6 : NFPROTO_IPV4;

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
