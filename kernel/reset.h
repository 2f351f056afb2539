/* SPDX-License-Identifier: GPL-2.0 */
/* reset: TCP segments that weir makes itself */
#ifndef _WEIR_RESET_H
#define _WEIR_RESET_H

#include <linux/types.h>
#include "tuple.h"

struct weir_conn;
struct weir_pkt;

/*
 * Sends RST to one end of a connection, as if from the other: @to WEIR_DIR_REPLY means to the client (source: virtual
 * address and port), WEIR_DIR_ORIGINAL to the server (nat: source client's; dr: to the server's MAC, destination
 * virtual address).
 * @seq is one that the receiver expects, as the client counts: a server that has got a header of PROXY protocol gets another. Any
 * context, RCU held.
 */
void weir_reset_send(struct weir_conn *conn, enum weir_dir to, u32 seq, u32 ack, bool has_ack);

/*
 * To a server that has not acknowledged the header of PROXY protocol: exact if it has not got it either, and else not heard.
 * weir_reset_send() does this by itself. RCU held.
 */
void weir_reset_unheard(struct weir_conn *conn, u32 ack, bool has_ack);

/* Resets both ends in answer to the segment in hand, exact by its own numbers (RFC 9293 3.5.2). */
void weir_reset_pkt(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir);

/* Refuses the connection that the segment in hand asks for. RCU held, BH disabled. */
void weir_reset_refuse(const struct weir_pkt *pkt);

#endif /* _WEIR_RESET_H */
