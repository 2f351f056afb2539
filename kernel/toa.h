/* SPDX-License-Identifier: GPL-2.0 */
/* toa: the client's address, as a TCP option in what fullnat sends to its server */
#ifndef _WEIR_TOA_H
#define _WEIR_TOA_H

#include "tuple.h"

struct dst_entry;
struct weir_conn;
struct weir_pkt;

/* Of a connection of method fullnat, which has its server: from its SYN on it is watched. Other packets change nothing. */
void weir_toa_begin(struct weir_conn *conn, const struct weir_pkt *pkt);

/* Bytes that segments to the server are longer than from the client. */
unsigned int weir_toa_longer(const struct weir_conn *conn);

/*
 * A packet of direction @dir, not rewritten yet, that goes out by @dst: until the server has acknowledged data options are put in and
 * taken out, and its headers may move. Called on the admission path only, which such connections do not leave. False: no memory, the packet
 * is as it was or has fewer options.
 */
bool weir_toa_pass(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, const struct dst_entry *dst);

#endif /* _WEIR_TOA_H */
