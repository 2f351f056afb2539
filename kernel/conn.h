/* SPDX-License-Identifier: GPL-2.0 */
/* conn: a connection, its table and its end */
#ifndef _WEIR_CONN_H
#define _WEIR_CONN_H

#include <linux/cache.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <uapi/linux/weir.h>
#include "net.h"
#include "pkt.h"
#include "stats.h"
#include "tuple.h"

struct weir_path;
struct weir_persist;
struct weir_ports;
struct weir_retry;
struct weir_server;
struct weir_service;

/**
 * struct weir_tuple_node - one direction of a connection in the table; one cache line
 * @node: in weir_net.conns
 * @tuple: key
 * @hash: its weir_tuple_hash(), so that it is hashed once in its life
 * @dir: enum weir_dir; tells which member of weir_conn this is
 * @seq_next: sequence number after the last segment of this direction, host order; with WEIR_CONN_DRAINING and its SEQ bit, and
 *	the client's with WEIR_CONN_PROXY_SENT; under weir_conn.lock
 * @seq_ack: what this direction acknowledged last, as the other end counts; with WEIR_CONN_DRAINING and its SEQ bit; the client's
 *	without these, with WEIR_CONN_SYN_AGAIN: something else
 */
struct weir_tuple_node {
	struct rhash_head	node;
	struct weir_tuple	tuple;
	u32			hash : 31;
	u32			dir : 1;
	u32			seq_next;
	u32			seq_ack;
};

/* Bits of weir_conn.flags; set_bit() and friends. */
enum weir_conn_bit {
	WEIR_CONN_DEAD,			/* whoever sets it unlinks; lookups skip it */
	WEIR_CONN_HASHED_REPLY,		/* the reply tuple is in the table too */
	WEIR_CONN_ACTIVE,		/* counted in server->active, else in ->inactive; under lock */
	WEIR_CONN_ONE_WAY,		/* replies do not pass here: dr, local, tun */
	WEIR_CONN_ONE_PACKET,		/* never in the table */
	WEIR_CONN_CONNTRACK,		/* leave nf_conntrack alone */
	WEIR_CONN_REPLIED,		/* the server was heard */
	WEIR_CONN_SEEN_ORIGINAL,	/* a packet of this direction passed the admission path: it may become express */
	WEIR_CONN_SEEN_REPLY,
	WEIR_CONN_DRAINING,		/* its server drains: not express, sequence numbers are recorded */
	WEIR_CONN_DOOMED,		/* to be reset, exactly, by the next segment of either end, and then forgotten */
	WEIR_CONN_SEQ_ORIGINAL,		/* seq_next, seq_ack of this direction are valid; under lock */
	WEIR_CONN_SEQ_REPLY,
	WEIR_CONN_TOA,			/* fullnat, the server has not acknowledged data yet: not express, see toa.c */
	WEIR_CONN_TOA_SEND,		/* the server is told the client's address */
	WEIR_CONN_PROXY,		/* PROXY protocol, the server has not acknowledged the header yet: not express, see proxy.c */
	WEIR_CONN_PROXY_V2,		/* its header is of version 2 */
	WEIR_CONN_PROXY_SENT,		/* it was sent since the handshake; under lock */
	WEIR_CONN_SYN_AGAIN,		/* fullnat, while established: original.seq_ack is the number after it, see toa.c; under lock */
	WEIR_CONN_XLAT,			/* fullnat, client and server are of different families; immutable */
};

/**
 * struct weir_conn - a connection
 *
 * Four cache lines: original tuple, hot, reply tuple, cold. An established packet reads its own direction's tuple and the
 * hot line; it writes nothing but @last_seen, and that only when the tick changed.
 *
 * @original: tuple from the client
 * @server: a reference; immutable (a retried SYN makes a new conn)
 * @stats: server->stats, to spare a cache line
 * @path: per direction, the express path's; RCU
 * @in_ifindex: per direction, device that the admitted packets came in by; 0: none yet
 * @last_seen: jiffies (low 32 bits) of the last packet, WEIR_CONN_TICK coarse; WRITE_ONCE/READ_ONCE
 * @timeout: jiffies, of the present state; WRITE_ONCE under @lock
 * @flags: enum weir_conn_bit
 * @state: enum weir_state; WRITE_ONCE under @lock
 * @method: enum weir_method; immutable
 * @ts_shift: fullnat: what the client's TCP timestamps are moved by, see fullnat.c; immutable
 * @proxy_len: fullnat with PROXY protocol: bytes of the header, which the server counts and the client does not; 0: there is none.
 *	TCP: from the handshake on; READ_ONCE/WRITE_ONCE
 * @proxy_wscale: the server's window scale, likewise
 * @reply: for nat {server, client}, for fullnat {server, local}; for one-way methods it is kept for listings and not hashed
 * @lock: state changes, sequence numbers, place on the wheel; BH-safe
 * @fwmark: of the service, else 0
 * @wheel_tick: second (of conn_gc.c's clock) at which the wheel looks at it; under @lock
 * @toa_seq: fullnat: sequence number of the client's first byte, host order; valid from its SYN on; READ_ONCE/WRITE_ONCE
 * @wheel: in that second's list; empty when it stands on no list; under @lock and the slot's lock
 * @persist: template that it was made from, a reference, or NULL
 * @retry: what is needed to schedule an unanswered SYN again, or NULL; see retry.c
 * @ports: where the local end was taken from, a reference; NULL but for fullnat
 * @wn: namespace
 * @rcu: frees it, when it has left the wheel
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
	u32			ts_shift;
	u8			state;
	u8			method;
	u8			proxy_len;
	u8			proxy_wscale;

	struct weir_tuple_node	reply ____cacheline_aligned;

	/* cold */
	spinlock_t		lock ____cacheline_aligned;	/* state changes, sequence numbers, @wheel, @wheel_tick */
	u32			fwmark;
	u32			wheel_tick;
	u32			toa_seq;
	union {
		struct list_head	wheel;
		struct rcu_head		rcu;
	};
	struct weir_persist	*persist;
	struct weir_retry	*retry;
	struct weir_ports	*ports;
	struct weir_net		*wn;
};

/* The layout that the cost of a packet is counted by. */
static_assert(sizeof(struct weir_tuple_node) <= SMP_CACHE_BYTES);
static_assert(offsetof(struct weir_conn, original) == 0);
static_assert(offsetof(struct weir_conn, server) % SMP_CACHE_BYTES == 0);
static_assert(offsetof(struct weir_conn, server) / SMP_CACHE_BYTES ==
	      (offsetofend(struct weir_conn, proxy_wscale) - 1) / SMP_CACHE_BYTES);
static_assert(offsetof(struct weir_conn, reply) % SMP_CACHE_BYTES == 0);
static_assert(offsetof(struct weir_conn, lock) % SMP_CACHE_BYTES == 0);
#if !defined(CONFIG_DEBUG_SPINLOCK) && !defined(CONFIG_LOCKDEP)
static_assert(sizeof(struct weir_conn) == 4 * SMP_CACHE_BYTES);
#endif

/* last_seen is written this seldom; a connection may end so much too early, never as much too late as a second. */
#define WEIR_CONN_TICK	(HZ / 4)

extern hsiphash_key_t weir_conn_key;

/* 31 bits. The key is secret and no table's seed goes in: a chain too long to be chance cannot be made from outside. */
static inline u32 weir_tuple_hash(const struct weir_tuple *tuple)
{
	u32 hash;

	if (tuple->family == AF_INET)
		hash = hsiphash_4u32((__force u32)tuple->src.ip, (__force u32)tuple->dst.ip,
				     (__force u32)tuple->sport << 16 | (__force u32)tuple->dport,
				     tuple->l3dom << 8 | tuple->proto, &weir_conn_key);
	else
		hash = hsiphash(tuple, sizeof(*tuple), &weir_conn_key);
	return hash >> 1;
}

static inline struct weir_conn *weir_conn_of(const struct weir_tuple_node *node)
{
	if (node->dir == WEIR_DIR_ORIGINAL)
		return container_of(node, struct weir_conn, original);
	return container_of(node, struct weir_conn, reply);
}

/* Of the flow, for tunnels that have a source port: the bits of the hash that tell a small table's bucket stay secret. */
static inline u16 weir_conn_entropy(const struct weir_conn *conn)
{
	return conn->original.hash >> 15;
}

static inline struct weir_tuple_node *weir_conn_node(struct weir_conn *conn, enum weir_dir dir)
{
	return dir == WEIR_DIR_ORIGINAL ? &conn->original : &conn->reply;
}

/* Are seq_next and seq_ack of this direction recorded? conn->lock held. */
static inline bool weir_conn_seq_known(const struct weir_conn *conn, enum weir_dir dir)
{
	return test_bit(dir == WEIR_DIR_ORIGINAL ? WEIR_CONN_SEQ_ORIGINAL : WEIR_CONN_SEQ_REPLY, &conn->flags);
}

/* What the table is asked for. */
struct weir_tuple_key {
	const struct weir_tuple	*tuple;
	u32			hash;
};

static inline u32 weir_tuple_key_hash(const void *key, u32 len, u32 seed)
{
	return ((const struct weir_tuple_key *)key)->hash;
}

static inline u32 weir_tuple_node_hash(const void *node, u32 len, u32 seed)
{
	return ((const struct weir_tuple_node *)node)->hash;
}

/* A dead connection differs from everything: a new one of the same tuple may stand beside it until it is out of the table. */
static inline int weir_tuple_key_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct weir_tuple_key *key = arg->key;
	const struct weir_tuple_node *node = obj;

	return !weir_tuple_equal(key->tuple, &node->tuple) || test_bit(WEIR_CONN_DEAD, &weir_conn_of(node)->flags);
}

static const struct rhashtable_params weir_conn_params = {
	.head_offset		= offsetof(struct weir_tuple_node, node),
	.key_len		= sizeof(struct weir_tuple_key),
	.hashfn			= weir_tuple_key_hash,
	.obj_hashfn		= weir_tuple_node_hash,
	.obj_cmpfn		= weir_tuple_key_cmp,
	.min_size		= 64,	/* as it begins; automatic_shrinking: see weir_conn_table_fit() */
};

int weir_conn_init(void);	/* slab cache, key of the hash */
void weir_conn_exit(void);	/* rcu_barrier() has been called */
int weir_conn_net_init(struct weir_net *wn);	/* table and wheel */
/* Ends every connection; hooks are unregistered, a grace period has passed, no server drains. Process context. */
void weir_conn_net_exit(struct weir_net *wn);

/* The live connection that a packet of this tuple belongs to, and which direction it is; NULL. RCU held; borrowed. */
static inline struct weir_conn *weir_conn_lookup_hash(struct weir_net *wn, const struct weir_tuple *tuple, u32 hash,
						      enum weir_dir *dir)
{
	const struct weir_tuple_key key = { tuple, hash };
	const struct weir_tuple_node *node;

	node = rhashtable_lookup(&wn->conns, &key, weir_conn_params);
	if (!node)
		return NULL;
	*dir = node->dir;
	return weir_conn_of(node);
}

static inline struct weir_conn *weir_conn_lookup(struct weir_net *wn, const struct weir_tuple *tuple,
						 enum weir_dir *dir)
{
	return weir_conn_lookup_hash(wn, tuple, weir_tuple_hash(tuple), dir);
}

/* The same of the packet in hand, whose hash weir_conn_create() will want. */
static inline struct weir_conn *weir_conn_lookup_pkt(struct weir_pkt *pkt, enum weir_dir *dir)
{
	pkt->hash = weir_tuple_hash(&pkt->tuple);
	return weir_conn_lookup_hash(pkt->wn, &pkt->tuple, pkt->hash, dir);
}

/*
 * A new connection of the packet's tuple, which was looked up before (pkt->hash), to @server: counted, in the table and on the
 * wheel, in the state that this packet puts it in. RCU held, BH disabled; borrowed. Makes room at the limit (oldest half-open
 * first). ERR_PTR: -ENOMEM; -ENOSPC at the limit; -EEXIST: another CPU was first (look it up); -EADDRINUSE: the server's answers
 * would be taken for another connection's (the client uses one port towards two virtual services that chose the same server):
 * another server may do; -EADDRNOTAVAIL: fullnat, no local address and port is left towards that server, likewise. @persist may be NULL; a reference is taken.
 */
struct weir_conn *weir_conn_create(const struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server,
				   struct weir_persist *persist);
/* The same for one datagram, not in the table: the caller ends it with weir_conn_kill(). */
struct weir_conn *weir_conn_create_one_packet(const struct weir_pkt *pkt, struct weir_service *svc,
					      struct weir_server *server);

/* Takes it out of the table at once; true if this call did it. Any context but hard interrupts, RCU held. */
bool weir_conn_kill(struct weir_conn *conn);

/* One connection's part of weir_conn_end_server(): resets, dooms, or forgets it. Process context or BH disabled, RCU held. */
void weir_conn_end(struct weir_conn *conn, enum weir_on_gone how);

void weir_conn_touch_slow(struct weir_conn *conn, u32 now);
void weir_conn_advance(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir);

/* Keeps the connection alive. RCU held, BH disabled. */
static inline void weir_conn_touch(struct weir_conn *conn)
{
	u32 now = (u32)jiffies;

	if (unlikely(now - READ_ONCE(conn->last_seen) >= WEIR_CONN_TICK))
		weir_conn_touch_slow(conn, now);
}

/*
 * Does a segment with these flags leave @conn as it is, but for last_seen? What the express path asks; @but: and none of
 * these bits is set.
 */
static __always_inline bool weir_conn_steady_but(const struct weir_conn *conn, u8 tcp_flags, unsigned long but)
{
	const unsigned long stirred = BIT(WEIR_CONN_DRAINING) | BIT(WEIR_CONN_DOOMED) | BIT(WEIR_CONN_TOA) |
				      BIT(WEIR_CONN_PROXY);
	u8 state = READ_ONCE(conn->state);

	if (unlikely(READ_ONCE(conn->flags) & (stirred | but)))
		return false;
	if (state == WEIR_STATE_UDP)
		return true;
	return state == WEIR_STATE_TCP_ESTABLISHED &&
	       (tcp_flags & (WEIR_TCP_FIN | WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK)) == WEIR_TCP_ACK;
}

static inline bool weir_conn_steady(const struct weir_conn *conn, u8 tcp_flags)
{
	return weir_conn_steady_but(conn, tcp_flags, 0);
}

/*
 * A packet passed: moves the state machine (proto_tcp.c, proto_udp.c), keeps the connection alive. An ICMP error does neither.
 * RCU held, BH disabled.
 */
static inline void weir_conn_update(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir)
{
	if (likely(weir_conn_steady(conn, pkt->tcp_flags) && !pkt->icmp &&
		   (dir == WEIR_DIR_ORIGINAL || test_bit(WEIR_CONN_REPLIED, &conn->flags))))
		weir_conn_touch(conn);
	else
		weir_conn_advance(conn, pkt, dir);
}

/* May a SYN with this tuple begin anew (TIME_WAIT, CLOSE, one-way FIN_WAIT, server gone or drained, doomed)? */
bool weir_conn_reusable(const struct weir_conn *conn, const struct weir_pkt *pkt);

/* Remaining life in jiffies. */
static inline u32 weir_conn_left(const struct weir_conn *conn)
{
	u32 last_seen = READ_ONCE(conn->last_seen);
	u32 timeout = READ_ONCE(conn->timeout);
	u32 idle;

	/* Time-outs may exceed 2^31 jiffies, so idle is unsigned; jiffies is read last, lest a packet's be ahead of it. */
	smp_rmb();
	idle = (u32)jiffies - last_seen;
	return idle < timeout ? timeout - idle : 0;
}

/* Remaining life in milliseconds. */
u32 weir_conn_expires(const struct weir_conn *conn);

/*
 * A walk over the live, not doomed connections of a namespace that may be laid down and taken up again (dumps):
 * enter, {start, next..., stop}..., exit. RCU is held, and the connections are borrowed, between start and stop; keep that short.
 * Next answers NULL at the end, ERR_PTR(-EAGAIN) when a resize made the walk begin again: connections then come twice, none is
 * left out that was there all the time. Process context.
 */
struct weir_conn_walk {
	struct rhashtable_iter	iter;
};

void weir_conn_walk_enter(struct weir_net *wn, struct weir_conn_walk *walk);
void weir_conn_walk_start(struct weir_conn_walk *walk) __acquires(RCU);
struct weir_conn *weir_conn_walk_next(struct weir_conn_walk *walk);
void weir_conn_walk_stop(struct weir_conn_walk *walk) __releases(RCU);
void weir_conn_walk_exit(struct weir_conn_walk *walk);

/*
 * Calls @fn for each live, not doomed connection under RCU, in bounded pieces; process context. A non-zero answer ends the walk
 * and is returned. @fn may end the connection. While the table is resized it may see one twice.
 */
int weir_conn_foreach(struct weir_net *wn, int (*fn)(struct weir_conn *conn, void *arg), void *arg);

/*
 * What becomes of the connections of @server: RESET sends RST to both ends where the sequence numbers are known and dooms the
 * others, MOVE forgets; see drain.c. One walk over the table. Process context.
 */
void weir_conn_end_server(struct weir_server *server, enum weir_on_gone how);
/* The same for all servers of the namespace that are gone, each as its service's config.on_gone says, in one walk. */
void weir_conn_end_gone(struct weir_net *wn);

/*
 * Called once a second: lets the table shrink when it has been too large for a minute. True: it is too large now. rhashtable's own
 * bounds, 30 % and half of 75 %, are so close that a second's expiry would shrink it and the next second's connections make it grow.
 */
bool weir_conn_table_fit(struct weir_net *wn);

/* conn_gc.c; conn->lock held where a connection is given. */
int weir_conn_gc_net_init(struct weir_net *wn);
/* Stops the wheel and moves all its connections to @conns. */
void weir_conn_gc_net_exit(struct weir_net *wn, struct list_head *conns);
/* Starts the wheel: the namespace's first connection. */
void weir_conn_gc_arm(struct weir_net *wn);
void weir_conn_gc_add(struct weir_conn *conn);
void weir_conn_gc_del(struct weir_conn *conn);
/* The time-out became shorter: the wheel would fire too late. */
void weir_conn_gc_sooner(struct weir_conn *conn);
/* Ends the half-open connection of the namespace that is nearest to its end; true if there was one. Bounded. RCU, BH disabled. */
bool weir_conn_gc_evict(struct weir_net *wn);

/* conn.c, for conn_gc.c: second half of weir_conn_kill(): the caller set DEAD and took it off the wheel. RCU, BH disabled. */
void weir_conn_finish(struct weir_conn *conn);
/* drain.c, for weir_conn_advance(): keeps the sequence numbers of a segment while the server drains. */
void weir_conn_record(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir);

#endif /* _WEIR_CONN_H */
