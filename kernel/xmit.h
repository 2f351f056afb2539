/* SPDX-License-Identifier: GPL-2.0 */
/* xmit: the forwarding methods (xmit_*.c) on the admission path */
#ifndef _WEIR_XMIT_H
#define _WEIR_XMIT_H

#include <linux/netfilter.h>
#include <linux/xfrm.h>
#include <net/net_namespace.h>
#include "tuple.h"

struct dst_entry;
struct weir_conn;
struct weir_pkt;
struct weir_server;
struct weir_tun;

/**
 * struct weir_xmit - a forwarding method
 * @request: sends a client's packet to the server: a verdict. Counts nothing of statistics: the caller did
 * @reply: gives a server's packet back to the client; NULL for one-way methods
 * @icmp: forwards an ICMP error about a packet of direction @dir's opposite; rewrites outer and embedded headers
 *
 * Each takes the skb over: NF_STOLEN (sent or queued), NF_DROP by weir_drop(), or NF_ACCEPT (local delivery or the stack's own
 * forwarding goes on). RCU held, BH disabled.
 */
struct weir_xmit {
	unsigned int (*request)(struct weir_pkt *pkt, struct weir_conn *conn);
	unsigned int (*reply)(struct weir_pkt *pkt, struct weir_conn *conn);
	unsigned int (*icmp)(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir);
};

extern const struct weir_xmit weir_xmit_dr;
extern const struct weir_xmit weir_xmit_nat;
extern const struct weir_xmit weir_xmit_fullnat;
extern const struct weir_xmit weir_xmit_local;
extern const struct weir_xmit weir_xmit_tun;

/* By enum weir_method; never NULL for a method that the control path admits. */
const struct weir_xmit *weir_xmit_of(u8 method);

/* xmit.c: how a packet leaves */

/* Last step of packets that weir sends through LOCAL_OUT; its address in a hook's state tells them from all others. */
int weir_xmit_output(struct net *net, struct sock *sk, struct sk_buff *skb);

/* Is it a packet that weir itself is sending, seen again in LOCAL_OUT? */
static inline bool weir_xmit_is_own(const struct nf_hook_state *state)
{
	return state->okfn == weir_xmit_output;
}

/* Are there policies of IPsec about what comes to this machine or leaves it? */
static inline bool weir_xmit_policies(const struct net *net)
{
#ifdef CONFIG_XFRM
	return READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_IN]) ||
	       READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]) ||
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_IN]) != XFRM_USERPOLICY_ACCEPT ||
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_OUT]) != XFRM_USERPOLICY_ACCEPT;
#else
	return false;
#endif
}

/*
 * The packet's dst is set: by the policies of IPsec for what it has become, through LOCAL_OUT and out, as ip_vs sends (which asks no
 * policy). @tracked: conntrack keeps what it knows of the packet; else it is marked untracked. NF_STOLEN, or NF_DROP by a policy.
 */
unsigned int weir_xmit_send(struct weir_pkt *pkt, bool tracked);

/* The stack goes on with the packet as with one that the rest of this hook's chain let pass. NF_STOLEN. */
unsigned int weir_xmit_continue(struct weir_pkt *pkt);

/* xmit_route.c: where a packet goes */

/*
 * The route to @server, cached there; a reference that the caller gives to weir_route_set() or releases. @local: the address is
 * the director's own. ERR_PTR where there is none, or where a packet of a loopback address would leave the machine. With @tun the
 * route through the server's tunnel, whose headers go there.
 */
struct dst_entry *weir_route_server(const struct weir_pkt *pkt, struct weir_server *server, struct weir_tun *tun,
				    bool *local);

/* There is none: the client, unless it is this machine, is told. NF_DROP. */
unsigned int weir_route_missing(struct weir_pkt *pkt);

/*
 * The route to the server of a one-way connection. NULL: the verdict stands already, for there is no route, or the server is the
 * director itself and its socket takes the packet, which conntrack sees as it would without weir.
 */
struct dst_entry *weir_route_one_way(struct weir_pkt *pkt, struct weir_conn *conn, struct weir_tun *tun,
				     unsigned int *verdict);

/*
 * May the packet, not rewritten yet, take a way of this @mtu: TTL and size? NF_ACCEPT, its TTL decremented; else its sender
 * was told and the verdict is a drop. May move the head.
 */
unsigned int weir_route_fit(struct weir_pkt *pkt, unsigned int mtu);

/*
 * A router said that no more than @mtu bytes pass on the way of the packet at skb->data, IP header first, which this machine sent.
 * @l3dom: a VRF's routes are found by its device.
 */
void weir_route_learn_mtu(struct sk_buff *skb, struct net *net, u8 family, u32 l3dom, u32 mtu);

/* Takes the reference over. */
void weir_route_set(struct weir_pkt *pkt, struct dst_entry *dst);

/* Does the route lead to this machine itself? */
bool weir_route_is_local(const struct dst_entry *dst, u8 family);

/* The route of a packet of @tuple, whose source may be anybody's: a reference, or ERR_PTR. */
struct dst_entry *weir_route_tuple(struct net *net, const struct weir_tuple *tuple, u32 mark);

/* Routes the packet, rewritten, by its own addresses, as one that this machine sends: 0 or -errno. May move the head. */
int weir_route_reply(struct weir_pkt *pkt);

#endif /* _WEIR_XMIT_H */
