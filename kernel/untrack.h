/* SPDX-License-Identifier: GPL-2.0 */
/* untrack: keeps nf_conntrack out of weir's connections */
#ifndef _WEIR_UNTRACK_H
#define _WEIR_UNTRACK_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/skbuff.h>
#include "conn.h"
#include "tuple.h"

struct weir_pkt;

/*
 * Does nf_conntrack follow the connection? Where its service asks for it, and always for servers on the director itself, whose
 * connections look to conntrack like any other.
 */
static inline bool weir_conn_tracked(const struct weir_conn *conn)
{
	return test_bit(WEIR_CONN_CONNTRACK, &conn->flags) || conn->method == WEIR_METHOD_LOCAL;
}

/*
 * Takes the packet from conntrack. An entry that it began (of a SYN: not confirmed yet) goes with the reference. Inline helpers
 * and vmlinux's nf_conntrack_destroy() only.
 */
static inline void weir_untrack(struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	if ((skb_get_nfct(skb) & NFCT_INFOMASK) == IP_CT_UNTRACKED)
		return;
	nf_conntrack_put(skb_nfct(skb));
	skb_set_nfct(skb, IP_CT_UNTRACKED);
#endif
}

/* Has conntrack, if it is there at all, still to see the packet? */
static inline bool weir_untrack_wanted(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	return rcu_access_pointer(nf_ct_hook) && !skb_get_nfct(skb);
#else
	return false;
#endif
}

/* Before conntrack: marks the packet if it belongs to a connection that conntrack is not to follow. */
void weir_untrack_pkt(const struct weir_pkt *pkt);
/* The same of a packet of direction @dir of @conn. */
void weir_untrack_known(const struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir);

#endif /* _WEIR_UNTRACK_H */
