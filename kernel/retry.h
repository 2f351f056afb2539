/* SPDX-License-Identifier: GPL-2.0 */
/* retry: a SYN that its server refused or left unanswered is scheduled again on another server (config.syn_retry) */
#ifndef _WEIR_RETRY_H
#define _WEIR_RETRY_H

#include <linux/types.h>

struct weir_conn;
struct weir_pkt;
struct weir_server;

/* A new connection of a service with syn_retry: keeps a copy of its SYN. Failure to allocate only means no retry. */
void weir_retry_arm(struct weir_conn *conn, const struct weir_pkt *pkt, u32 left);
/* The server answered, or the connection ends: forgets the copy. Any context. */
void weir_retry_disarm(struct weir_conn *conn);
/* The server sent RST to a SYN: true if the SYN went to another server and the RST is to be swallowed. */
bool weir_retry_refused(struct weir_conn *conn, const struct weir_pkt *rst);
/* The client repeats its SYN and nothing was heard: true if @conn was killed and the SYN is to be scheduled anew. */
bool weir_retry_unanswered(struct weir_conn *conn, const struct weir_pkt *syn);

#endif /* _WEIR_RETRY_H */
