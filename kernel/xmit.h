/* SPDX-License-Identifier: GPL-2.0 */
/* xmit: the forwarding methods (xmit_*.c) on the admission path */
#ifndef _WEIR_XMIT_H
#define _WEIR_XMIT_H

#include "tuple.h"

struct weir_conn;
struct weir_pkt;

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
extern const struct weir_xmit weir_xmit_local;

/* By enum weir_method; never NULL for a method that the control path admits. */
const struct weir_xmit *weir_xmit_of(u8 method);

#endif /* _WEIR_XMIT_H */
