/* SPDX-License-Identifier: GPL-2.0 */
/* conn: a connection, its table and its end */
#ifndef _WEIR_CONN_H
#define _WEIR_CONN_H

#include <linux/cache.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <uapi/linux/weir.h>
#include "stats.h"
#include "tuple.h"

struct weir_net;
struct weir_path;
struct weir_persist;
struct weir_pkt;
struct weir_server;
struct weir_service;

/**
 * struct weir_tuple_node - one direction of a connection in the table; one cache line
 * @node: in weir_net.conns
 * @tuple: key
 * @dir: enum weir_dir; tells container_of which member of weir_conn.nodes this is
 */
struct weir_tuple_node {
	struct rhash_head	node;
	struct weir_tuple	tuple;
	u8			dir;
};

/* Bits of weir_conn.flags; set_bit() and friends. */
enum weir_conn_bit {
	WEIR_CONN_DEAD,			/* whoever sets it unlinks; lookups skip it */
	WEIR_CONN_HASHED_REPLY,		/* the reply tuple is in the table too */
	WEIR_CONN_ACTIVE,		/* counted in server->active, else in ->inactive */
	WEIR_CONN_ONE_WAY,		/* replies do not pass here: dr, local */
	WEIR_CONN_ONE_PACKET,		/* never in the table */
	WEIR_CONN_CONNTRACK,		/* leave nf_conntrack alone */
	WEIR_CONN_REPLIED,		/* the server was heard */
	WEIR_CONN_SEEN_ORIGINAL,	/* a packet of this direction passed the admission path: it may become express */
	WEIR_CONN_SEEN_REPLY,
};

/* Sequence numbers for an exact RST, recorded while the server drains; host order. */
struct weir_seq {
	u32	next;			/* seq + len of the last segment of this direction */
	u32	ack;			/* what this direction acknowledged last */
	bool	valid;
};

/**
 * struct weir_conn - a connection
 *
 * Four cache lines: original tuple, hot, reply tuple, cold. An established packet reads its own direction's tuple and the
 * hot line; it writes nothing but @last_seen, and that only when the tick changed.
 *
 * @nodes: the two tuples. For nat the reply tuple is {server, client}; for one-way methods it is kept for listings and not hashed
 * @server: a reference; immutable (a retried SYN makes a new conn)
 * @stats: server->stats, to spare a cache line
 * @path: per direction, the express path's; RCU
 * @in_ifindex: per direction, device that the admitted packets came in by; 0: none yet
 * @last_seen: jiffies (low 32 bits) of the last packet; WRITE_ONCE/READ_ONCE
 * @timeout: jiffies, of the present state; WRITE_ONCE under @lock
 * @flags: enum weir_conn_bit
 * @state: enum weir_state; written under @lock
 * @method: enum weir_method; immutable
 * @fwmark: of the service, else 0
 * @lock: state changes, @seq
 * @wheel_slot: slot of the wheel that it stands in, see conn_gc.c
 * @wheel: in that slot
 * @persist: template that it was made from, a reference, or NULL
 * @retry: what is needed to schedule an unanswered SYN again, or NULL; see retry.c
 * @seq: per direction
 * @wn: namespace
 * @rcu: frees it
 */
struct weir_conn {
	struct weir_tuple_node	original ____cacheline_aligned;

	/* hot */
	struct weir_server	*server ____cacheline_aligned;
	struct weir_stats_cpu __percpu *stats;
	struct weir_path __rcu	*path[WEIR_DIR_MAX];
	int			in_ifindex[WEIR_DIR_MAX];
	unsigned long		flags;
	u32			last_seen;
	u32			timeout;
	u8			state;
	u8			method;

	struct weir_tuple_node	reply ____cacheline_aligned;

	/* cold */
	spinlock_t		lock ____cacheline_aligned;	/* state changes, @seq */
	u32			fwmark;
	u32			wheel_slot;
	struct list_head	wheel;
	struct weir_persist	*persist;
	struct weir_retry	*retry;
	struct weir_net		*wn;
	struct weir_seq		seq[WEIR_DIR_MAX];
	struct rcu_head		rcu;
};

/* Client's end and virtual end: of the original tuple. Server's end: source of the reply tuple. */

int weir_conn_init(void);	/* slab cache */
void weir_conn_exit(void);	/* rcu_barrier() has been called */
int weir_conn_net_init(struct weir_net *wn);	/* table and wheel */
/* Ends every connection; hooks are unregistered, a grace period has passed. Process context. */
void weir_conn_net_exit(struct weir_net *wn);

/* The live connection that a packet of this tuple belongs to, and which direction it is; NULL. RCU held; borrowed. */
struct weir_conn *weir_conn_lookup(struct weir_net *wn, const struct weir_tuple *tuple, enum weir_dir *dir);

/*
 * A new connection of the packet's tuple to @server, counted, in the table and on the wheel; state NONE. RCU held, BH disabled;
 * borrowed. Makes room at the limit (oldest half-open first). ERR_PTR: -ENOMEM; -ENOSPC at the limit; -EEXIST: another CPU was
 * first (look it up). @persist may be NULL; a reference is taken.
 */
struct weir_conn *weir_conn_create(const struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server,
				   struct weir_persist *persist);
/* The same for one datagram, not in the table: the caller ends it with weir_conn_kill(). */
struct weir_conn *weir_conn_create_one_packet(const struct weir_pkt *pkt, struct weir_service *svc,
					      struct weir_server *server);

/* Takes it out of the table at once; true if this call did it. Any context, RCU held. */
bool weir_conn_kill(struct weir_conn *conn);

/* A packet passed: moves the state machine (proto_tcp.c, proto_udp.c), keeps the connection alive. RCU held, BH disabled. */
void weir_conn_update(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir);

/* May a SYN with this tuple begin anew (TIME_WAIT, CLOSE, one-way FIN_WAIT, server gone)? */
bool weir_conn_reusable(const struct weir_conn *conn, const struct weir_pkt *pkt);

/* Remaining life in milliseconds. */
u32 weir_conn_expires(const struct weir_conn *conn);

/* Calls @fn for each live connection under RCU; process context. A non-zero answer ends the walk and is returned. */
int weir_conn_foreach(struct weir_net *wn, int (*fn)(struct weir_conn *conn, void *arg), void *arg);

/* Connections of @server: RESET sends RST to both ends, MOVE forgets; see drain.c. Process context. */
void weir_conn_end_server(struct weir_server *server, enum weir_on_gone how);

/* conn_gc.c */
int weir_conn_gc_net_init(struct weir_net *wn);
void weir_conn_gc_net_exit(struct weir_net *wn);
void weir_conn_gc_add(struct weir_conn *conn);
void weir_conn_gc_del(struct weir_conn *conn);
/* The time-out became shorter: the wheel would fire too late. */
void weir_conn_gc_sooner(struct weir_conn *conn);
/* Ends the oldest half-open connection of the namespace; true if there was one. Bounded. */
bool weir_conn_gc_evict(struct weir_net *wn);

#endif /* _WEIR_CONN_H */
