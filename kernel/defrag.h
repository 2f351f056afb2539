/* SPDX-License-Identifier: GPL-2.0 */
/* defrag: fragments become packets before weir looks at them */
#ifndef _WEIR_DEFRAG_H
#define _WEIR_DEFRAG_H

#include <linux/ip.h>
#include <linux/skbuff.h>

struct nf_hook_state;
struct weir_net;

/*
 * First and last IPv6 service of a namespace: reassembly of IPv6 by nf_defrag_ipv6, if the kernel has it. Without it fragments
 * are left to the host: a service on IPv6 then takes whole packets only. Process context, wn->lock held.
 */
void weir_defrag_get(struct weir_net *wn);
void weir_defrag_put(struct weir_net *wn);

/*
 * True: the skb is a whole IPv4 packet (again); may move the head. False: it was taken (NF_STOLEN). LOCAL_IN needs no
 * call, the stack reassembles before it.
 */
bool weir_defrag_ipv4(struct sk_buff *skb, const struct nf_hook_state *state);

#endif /* _WEIR_DEFRAG_H */
