/* SPDX-License-Identifier: GPL-2.0 */
/* admit: the admission path: whose packet it is, and what becomes of it */
#ifndef _WEIR_ADMIT_H
#define _WEIR_ADMIT_H

#include "tuple.h"

struct weir_conn;
struct weir_persist;
struct weir_pkt;
struct weir_server;
struct weir_service;

/* All answer with a verdict. RCU held, BH disabled. */

/*
 * Before filter chains: forwards packets of known connections. What opens a connection, and what conntrack follows,
 * passes on to filter and to weir_admit(). In FORWARD: replies only.
 */
unsigned int weir_admit_known(struct weir_pkt *pkt);

/* Packets that filter chains let pass: forwards those of connections, opens connections of services. */
unsigned int weir_admit(struct weir_pkt *pkt);

/*
 * Opens a connection to @server for a packet that no connection has, forwards it. @retries: how often its SYN may be
 * scheduled again.
 */
unsigned int weir_admit_open(struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server,
			     struct weir_persist *persist, u32 retries);

/* May @server have @pkt's client? */
bool weir_admit_method_fits(const struct weir_pkt *pkt, const struct weir_server *server);

/* Is the checksum of a packet that would open a connection right, as far as it can be told? */
bool weir_admit_intact(const struct weir_pkt *pkt);

/* @pkt is of @conn and of direction @dir: when it leaves, the express path learns from it. */
void weir_admit_seen(struct weir_conn *conn, struct weir_pkt *pkt, enum weir_dir dir);

#endif /* _WEIR_ADMIT_H */
