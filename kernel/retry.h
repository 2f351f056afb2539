/* SPDX-License-Identifier: GPL-2.0 */
/* retry: a SYN that its server refused or left unanswered is scheduled again on another server (config.syn_retry) */
#ifndef _WEIR_RETRY_H
#define _WEIR_RETRY_H

#include <linux/types.h>

struct weir_conn;
struct weir_pkt;
struct weir_server;
struct weir_service;

/*
 * A new connection of a service with syn_retry: keeps a copy of its SYN, to be scheduled again @left times. Failure to allocate
 * only means no retry. RCU held, BH disabled, as for all but weir_retry_disarm().
 */
void weir_retry_arm(struct weir_conn *conn, const struct weir_pkt *pkt, u32 left);
/* The server answered, or the connection ends: forgets the copy. Any context. */
void weir_retry_disarm(struct weir_conn *conn);
/* The server sent RST to a SYN: true if the SYN went to another server and the RST is to be swallowed. */
bool weir_retry_refused(struct weir_conn *conn, const struct weir_pkt *rst);
/*
 * The client repeats its SYN and nothing was heard: the server to open a new connection to, borrowed, and in @left what
 * retries it has; @conn was killed. NULL: there is no other server or no retry left, the SYN goes where it went.
 */
struct weir_server *weir_retry_unanswered(struct weir_conn *conn, const struct weir_pkt *syn, u32 *left);

/*
 * Another server than the @n that were @tried: the scheduler's choice if it has another one to offer, else the next that is usable.
 * Borrowed; NULL: there is none.
 */
struct weir_server *weir_retry_other(const struct weir_service *svc, const struct weir_pkt *pkt,
				     const struct weir_server *const *tried, int n);

#endif /* _WEIR_RETRY_H */
