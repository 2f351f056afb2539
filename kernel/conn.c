// SPDX-License-Identifier: GPL-2.0
/* conn: connections are made, found, moved through their states and forgotten */
#include <linux/in.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "conn.h"
#include "counter.h"
#include "express.h"
#include "filter.h"
#include "fullnat.h"
#include "persist.h"
#include "ports.h"
#include "proto.h"
#include "proxy.h"
#include "retry.h"
#include "server.h"
#include "service.h"
#include "toa.h"
#include "trace.h"

/* Connections that a walk looks at before it lets others run. */
#define WALK_BATCH	256
/* Local ends that turn out to be in use before a connection is refused. */
#define LOCAL_TRIES	64
/* jiffies without a packet: a handshake is over by then */
#define RECLAIM_SILENCE	HZ
/* Seconds for which the table must have been too large before it shrinks. */
#define SHRINK_SECONDS	60

hsiphash_key_t weir_conn_key __read_mostly;
static struct kmem_cache *conn_cache __read_mostly;

/*
 * The port of the server that a connection goes to. A persistent service on all ports or a mark keeps the client's port, whatever
 * the server's is: the client's services are tied together there (IPVS: ip_vs_sched_persist()).
 */
static __be16 server_port(const struct weir_pkt *pkt, const struct weir_service *svc, const struct weir_server *server,
			  const struct weir_persist *persist)
{
	if (!server->port || (persist && !svc->key.port && (svc->key.fwmark || svc->port_last == U16_MAX)))
		return pkt->tuple.dport;
	return server->port;
}

static enum weir_state conn_next(const struct weir_conn *conn, u8 state, const struct weir_pkt *pkt, enum weir_dir dir)
{
	bool one_way = test_bit(WEIR_CONN_ONE_WAY, &conn->flags);

	if (conn->original.tuple.proto == IPPROTO_TCP)
		return weir_tcp_next(state, dir, pkt->tcp_flags, one_way);
	return weir_udp_next(state, dir, one_way);
}

/* Both ends are there, as far as can be seen: the template that it came from is worth its place. */
static bool conn_assures(u8 state)
{
	return state == WEIR_STATE_TCP_ESTABLISHED || state == WEIR_STATE_UDP;
}

static u32 conn_timeout(const struct weir_conn *conn, u8 state)
{
	return min_t(unsigned long, weir_service_timeout(conn->server->service, state), U32_MAX);
}

/* A connection in no table and on no list yet, counted in its server. */
static struct weir_conn *conn_alloc(const struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server,
				    struct weir_persist *persist)
{
	struct weir_conn *conn;

	conn = kmem_cache_zalloc(conn_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!conn))
		return NULL;
	spin_lock_init(&conn->lock);
	INIT_LIST_HEAD(&conn->wheel);
	conn->wn = pkt->wn;
	conn->original.tuple = pkt->tuple;
	conn->original.hash = pkt->hash;
	conn->original.dir = WEIR_DIR_ORIGINAL;
	conn->reply.dir = WEIR_DIR_REPLY;
	conn->reply.tuple.src = server->addr;
	conn->reply.tuple.sport = server_port(pkt, svc, server, persist);
	conn->reply.tuple.family = server->family;
	conn->reply.tuple.proto = pkt->tuple.proto;
	conn->reply.tuple.l3dom = pkt->tuple.l3dom;
	weir_filter_add(pkt->wn, WEIR_DIR_ORIGINAL, conn->original.tuple.family, &conn->original.tuple.dst);
	conn->fwmark = svc->key.fwmark;
	conn->method = READ_ONCE(server->config.method);
	if (conn->method == WEIR_METHOD_FULLNAT) {
		/* The local end is taken when the reply tuple goes into the table. */
		conn->ports = weir_ports_get(server);
		conn->ts_shift = weir_fullnat_ts_shift(pkt);
		if (server->family != pkt->tuple.family)
			__set_bit(WEIR_CONN_XLAT, &conn->flags);
	} else {
		conn->reply.tuple.dst = pkt->tuple.src;
		conn->reply.tuple.dport = pkt->tuple.sport;
	}
	if (conn->method != WEIR_METHOD_NAT && conn->method != WEIR_METHOD_FULLNAT)
		__set_bit(WEIR_CONN_ONE_WAY, &conn->flags);
	else
		weir_filter_add(pkt->wn, WEIR_DIR_REPLY, conn->reply.tuple.family, &conn->reply.tuple.src);
	/* The flag may be newer than the server that was picked, which it does not go with (weir_ports_check()). */
	if (READ_ONCE(svc->config.flags) & WEIR_SERVICE_F_CONNTRACK && !test_bit(WEIR_CONN_XLAT, &conn->flags))
		__set_bit(WEIR_CONN_CONNTRACK, &conn->flags);
	weir_server_get(server);
	conn->server = server;
	conn->stats = server->stats;
	if (conn->method == WEIR_METHOD_FULLNAT) {
		weir_toa_begin(conn, pkt);
		weir_proxy_begin(conn, pkt);
	}
	conn->last_seen = (u32)jiffies;
	conn->state = conn_next(conn, WEIR_STATE_NONE, pkt, WEIR_DIR_ORIGINAL);
	conn->timeout = conn_timeout(conn, conn->state);
	if (weir_state_active(conn->state))
		__set_bit(WEIR_CONN_ACTIVE, &conn->flags);
	weir_server_conn_add(server, test_bit(WEIR_CONN_ACTIVE, &conn->flags));
	if (persist && weir_persist_get(persist)) {
		conn->persist = persist;
		if (conn_assures(conn->state))
			weir_persist_assure(persist);
	}
	trace_weir_conn_create(conn);
	pr_debug("conn %p created\n", conn);
	return conn;
}

static void conn_free(struct weir_conn *conn)
{
	weir_express_forget(conn);
	/* A kill that came before weir_retry_arm() found nothing to disarm. */
	if (unlikely(conn->retry))
		weir_retry_disarm(conn);
	weir_server_put(conn->server);
	kmem_cache_free(conn_cache, conn);
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	conn_free(container_of(rcu, struct weir_conn, rcu));
}

/* A place for one more connection is taken; at the limit the oldest half-open one gives its. */
static bool conn_reserve(struct weir_net *wn)
{
	int n = atomic_inc_return(&wn->conn_count);

	if (unlikely((u32)n > READ_ONCE(wn->config.conn_max)) && !weir_conn_gc_evict(wn)) {
		atomic_dec(&wn->conn_count);
		return false;
	}
	if (n == 1)
		weir_conn_gc_arm(wn);
	return true;
}

static int conn_insert(struct weir_conn *conn, struct weir_tuple_node *node)
{
	const struct weir_tuple_key key = { &node->tuple, node->hash };
	struct weir_tuple_node *other;

	other = rhashtable_lookup_get_insert_key(&conn->wn->conns, &key, &node->node, weir_conn_params);
	if (IS_ERR(other))
		return -ENOMEM;
	return other ? -EEXIST : 0;
}

static bool conn_ended(const struct weir_conn *conn)
{
	u8 state = READ_ONCE(conn->state);

	return state == WEIR_STATE_TCP_TIME_WAIT || state == WEIR_STATE_TCP_CLOSE;
}

/* The reply tuple. A connection that has ended need not keep its server's port, or its local end, from this one. */
static int conn_insert_over(struct weir_conn *conn)
{
	struct weir_conn *other;
	enum weir_dir dir;
	int err;

	conn->reply.hash = weir_tuple_hash(&conn->reply.tuple);
	err = conn_insert(conn, &conn->reply);
	if (likely(err != -EEXIST))
		return err;
	other = weir_conn_lookup_hash(conn->wn, &conn->reply.tuple, conn->reply.hash, &dir);
	if (!other || conn_ended(other)) {
		if (other)
			weir_conn_kill(other);
		err = conn_insert(conn, &conn->reply);
	}
	return err == -EEXIST ? -EADDRINUSE : err;
}

/*
 * May its local end be another's when none is free? One that never got further than its first packet must not keep others out; and an
 * RST that neither end believes ends a connection here alone, which goes on then.
 */
static bool conn_dispensable(const struct weir_conn *conn)
{
	const u8 state = READ_ONCE(conn->state);

	if (state == WEIR_STATE_TCP_TIME_WAIT)
		return true;
	return (state == WEIR_STATE_TCP_CLOSE || weir_state_half_open(state)) &&
	       (u32)jiffies - READ_ONCE(conn->last_seen) >= RECLAIM_SILENCE;
}

/* All local ends are in use: one is taken away. False: of the connections looked at none can do without. */
static bool conn_reclaim(struct weir_conn *conn)
{
	const unsigned int looks = weir_ports_looks(conn->ports);
	struct weir_tuple tuple = conn->reply.tuple;
	struct weir_conn *other;
	enum weir_dir dir;
	unsigned int i;
	bool ended;

	for (i = 0; i < looks; i++) {
		weir_ports_peek(conn->ports, &tuple);
		other = weir_conn_lookup(conn->wn, &tuple, &dir);
		if (!other || !conn_dispensable(other))
			continue;
		ended = conn_ended(other);
		if (weir_conn_kill(other)) {
			weir_count(conn->wn, ended ? WEIR_CNT_CONN_REUSED : WEIR_CNT_CONN_EVICTED);
			return true;
		}
	}
	weir_ports_barren(conn->ports);
	return false;
}

/*
 * fullnat: the reply tuple in the table is what makes a local end this connection's. It is in use there although it was free among
 * the ports where two pools share an address, or one was changed. It goes in before the original tuple: who finds the connection by that finds it whole.
 */
static int conn_insert_local(struct weir_conn *conn)
{
	struct weir_ports *ports = conn->ports;
	int err, tries;

	if (unlikely(!ports))
		return -EADDRNOTAVAIL;
	/* A forged answer may find it at once and lead to its end, which looks for this. */
	__set_bit(WEIR_CONN_HASHED_REPLY, &conn->flags);
	for (tries = 0; tries < LOCAL_TRIES; tries++) {
		err = weir_ports_take(ports, conn->wn->net, &conn->reply.tuple);
		if (unlikely(err) && conn_reclaim(conn))
			err = weir_ports_take(ports, conn->wn->net, &conn->reply.tuple);
		if (unlikely(err))
			break;
		err = conn_insert_over(conn);
		if (likely(!err))
			return 0;
		weir_ports_give(ports, &conn->reply.tuple);
		if (err != -EADDRINUSE)
			break;
	}
	/* Nobody has seen it. */
	__clear_bit(WEIR_CONN_HASHED_REPLY, &conn->flags);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}

/*
 * After the original tuple, lest two CPUs that meet the same new flow each get half of it. The server cannot have answered what
 * it has not been sent.
 */
static int conn_insert_reply(struct weir_conn *conn)
{
	int err;

	if (test_bit(WEIR_CONN_ONE_WAY, &conn->flags))
		return 0;
	err = conn_insert_over(conn);
	if (likely(!err)) {
		set_bit(WEIR_CONN_HASHED_REPLY, &conn->flags);
		/* Pairs with weir_conn_kill(): it sets DEAD, then looks for HASHED_REPLY. One of the two takes the node out. */
		smp_mb__after_atomic();
		if (unlikely(test_bit(WEIR_CONN_DEAD, &conn->flags)))
			rhashtable_remove_fast(&conn->wn->conns, &conn->reply.node, weir_conn_params);
	}
	return err;
}

/* 0, or an error with one of the tuples in the table or none. */
static int conn_insert_both(struct weir_conn *conn)
{
	int err;

	if (conn->method != WEIR_METHOD_FULLNAT)
		return conn_insert(conn, &conn->original) ?: conn_insert_reply(conn);
	err = conn_insert_local(conn) ?: conn_insert(conn, &conn->original);
	/* Pairs with weir_conn_kill(), which a forged answer may have led to meanwhile: one of the two takes the node out. */
	smp_mb();
	if (unlikely(!err && test_bit(WEIR_CONN_DEAD, &conn->flags))) {
		rhashtable_remove_fast(&conn->wn->conns, &conn->original.node, weir_conn_params);
		err = -ENOMEM;
	}
	return err;
}

/* Once, by whoever set DEAD, when the connection is off the wheel: takes back all that it was counted in. */
static void conn_unaccount(struct weir_conn *conn)
{
	struct weir_persist *persist = conn->persist;

	trace_weir_conn_destroy(conn);
	pr_debug("conn %p destroyed\n", conn);
	if (conn->retry)
		weir_retry_disarm(conn);
	weir_server_conn_del(conn->server, test_bit(WEIR_CONN_ACTIVE, &conn->flags));
	if (persist)
		weir_persist_put(persist);
	weir_ports_put(conn->ports);
}

void weir_conn_finish(struct weir_conn *conn)
{
	struct rhashtable *ht = &conn->wn->conns;

	if (test_bit(WEIR_CONN_HASHED_REPLY, &conn->flags)) {
		rhashtable_remove_fast(ht, &conn->reply.node, weir_conn_params);
		if (conn->ports)
			weir_ports_give(conn->ports, &conn->reply.tuple);
	}
	rhashtable_remove_fast(ht, &conn->original.node, weir_conn_params);
	conn_unaccount(conn);
	atomic_dec(&conn->wn->conn_count);
	call_rcu(&conn->rcu, conn_free_rcu);
}

bool weir_conn_kill(struct weir_conn *conn)
{
	if (test_bit(WEIR_CONN_ONE_PACKET, &conn->flags)) {
		conn_unaccount(conn);
		conn_free(conn);
		return true;
	}
	if (test_and_set_bit(WEIR_CONN_DEAD, &conn->flags))
		return false;
	local_bh_disable();
	spin_lock(&conn->lock);
	weir_conn_gc_del(conn);
	spin_unlock(&conn->lock);
	weir_conn_finish(conn);
	local_bh_enable();
	return true;
}

struct weir_conn *weir_conn_create(const struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server,
				   struct weir_persist *persist)
{
	struct weir_net *wn = pkt->wn;
	struct weir_conn *conn;
	int err;

	if (unlikely(!conn_reserve(wn)))
		return ERR_PTR(-ENOSPC);
	conn = conn_alloc(pkt, svc, server, persist);
	if (unlikely(!conn)) {
		atomic_dec(&wn->conn_count);
		return ERR_PTR(-ENOMEM);
	}
	err = conn_insert_both(conn);
	if (unlikely(err)) {
		weir_conn_kill(conn);
		return ERR_PTR(err);
	}

	/* A kill sets DEAD, then takes it off the wheel under this lock: it comes before, and is seen, or after. */
	spin_lock(&conn->lock);
	if (likely(!test_bit(WEIR_CONN_DEAD, &conn->flags)))
		weir_conn_gc_add(conn);
	spin_unlock(&conn->lock);

	/* Pairs with weir_server_drain(): it walks the table after it has set the server's bit. */
	smp_mb();
	if (unlikely(test_bit(WEIR_SERVER_DRAINING, &server->state)))
		set_bit(WEIR_CONN_DRAINING, &conn->flags);
	weir_stats_conn(conn->stats);
	weir_count(wn, WEIR_CNT_CONN_CREATED);
	return conn;
}

struct weir_conn *weir_conn_create_one_packet(const struct weir_pkt *pkt, struct weir_service *svc,
					      struct weir_server *server)
{
	struct weir_conn *conn;

	conn = conn_alloc(pkt, svc, server, NULL);
	if (unlikely(!conn))
		return ERR_PTR(-ENOMEM);
	__set_bit(WEIR_CONN_ONE_PACKET, &conn->flags);
	weir_stats_conn(conn->stats);
	return conn;
}

/* The state's time-out as it is now: service or namespace may have been given another. conn->lock held. */
static void conn_set_timeout(struct weir_conn *conn, u32 timeout)
{
	bool sooner = timeout < conn->timeout;

	lockdep_assert_held(&conn->lock);

	WRITE_ONCE(conn->timeout, timeout);
	if (sooner)
		weir_conn_gc_sooner(conn);
}

void weir_conn_touch_slow(struct weir_conn *conn, u32 now)
{
	WRITE_ONCE(conn->last_seen, now);
	if (likely(conn_timeout(conn, READ_ONCE(conn->state)) == READ_ONCE(conn->timeout)))
		return;
	spin_lock(&conn->lock);
	if (!test_bit(WEIR_CONN_DEAD, &conn->flags))
		conn_set_timeout(conn, conn_timeout(conn, conn->state));
	spin_unlock(&conn->lock);
}

static void conn_set_state(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir)
{
	enum weir_state next;
	bool active;

	spin_lock(&conn->lock);
	next = conn_next(conn, conn->state, pkt, dir);
	if (next == conn->state || test_bit(WEIR_CONN_DEAD, &conn->flags))
		goto out;
	WRITE_ONCE(conn->state, next);
	if (conn->persist && conn_assures(next))
		weir_persist_assure(conn->persist);
	active = weir_state_active(next);
	if (active != test_bit(WEIR_CONN_ACTIVE, &conn->flags)) {
		change_bit(WEIR_CONN_ACTIVE, &conn->flags);
		weir_server_conn_move(conn->server, active);
	}
	WRITE_ONCE(conn->last_seen, (u32)jiffies);
	conn_set_timeout(conn, conn_timeout(conn, next));
out:
	spin_unlock(&conn->lock);
}

void weir_conn_advance(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir)
{
	u8 state = READ_ONCE(conn->state);

	if (unlikely(pkt->icmp || test_bit(WEIR_CONN_DOOMED, &conn->flags)))
		return;
	if (dir == WEIR_DIR_REPLY && !test_bit(WEIR_CONN_REPLIED, &conn->flags))
		set_bit(WEIR_CONN_REPLIED, &conn->flags);
	if (unlikely(test_bit(WEIR_CONN_DRAINING, &conn->flags)))
		weir_conn_record(conn, pkt, dir);
	if (conn_next(conn, state, pkt, dir) != state)
		conn_set_state(conn, pkt, dir);
	weir_conn_touch(conn);
}

bool weir_conn_reusable(const struct weir_conn *conn, const struct weir_pkt *pkt)
{
	unsigned long gone = BIT(WEIR_SERVER_GONE) | BIT(WEIR_SERVER_DRAINED);

	if (pkt->tuple.proto != IPPROTO_TCP || pkt->icmp ||
	    (pkt->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) != WEIR_TCP_SYN)
		return false;
	switch (READ_ONCE(conn->state)) {
	case WEIR_STATE_TCP_TIME_WAIT:
	case WEIR_STATE_TCP_CLOSE:
		return true;
	case WEIR_STATE_TCP_FIN_WAIT:
		if (test_bit(WEIR_CONN_ONE_WAY, &conn->flags))
			return true;
		break;
	}
	return (READ_ONCE(conn->server->state) & gone) || test_bit(WEIR_CONN_DOOMED, &conn->flags);
}

u32 weir_conn_expires(const struct weir_conn *conn)
{
	return jiffies_to_msecs(weir_conn_left(conn));
}

void weir_conn_walk_enter(struct weir_net *wn, struct weir_conn_walk *walk)
{
	rhashtable_walk_enter(&wn->conns, &walk->iter);
}

void weir_conn_walk_start(struct weir_conn_walk *walk)
	__acquires(RCU)
{
	rhashtable_walk_start(&walk->iter);
}

struct weir_conn *weir_conn_walk_next(struct weir_conn_walk *walk)
{
	struct weir_tuple_node *node;
	struct weir_conn *conn;

	while ((node = rhashtable_walk_next(&walk->iter))) {
		if (IS_ERR(node))
			return ERR_CAST(node);
		if (node->dir != WEIR_DIR_ORIGINAL)
			continue;
		conn = weir_conn_of(node);
		if (!(READ_ONCE(conn->flags) & (BIT(WEIR_CONN_DEAD) | BIT(WEIR_CONN_DOOMED))))
			return conn;
	}
	return NULL;
}

void weir_conn_walk_stop(struct weir_conn_walk *walk)
	__releases(RCU)
{
	rhashtable_walk_stop(&walk->iter);
}

void weir_conn_walk_exit(struct weir_conn_walk *walk)
{
	rhashtable_walk_exit(&walk->iter);
}

int weir_conn_foreach(struct weir_net *wn, int (*fn)(struct weir_conn *conn, void *arg), void *arg)
{
	struct weir_conn_walk walk;
	struct weir_conn *conn;
	bool more = true;
	int err = 0;
	int n;

	weir_conn_walk_enter(wn, &walk);
	while (more && !err) {
		weir_conn_walk_start(&walk);
		for (n = 0; n < WALK_BATCH && !err; n++) {
			conn = weir_conn_walk_next(&walk);
			if (!conn) {
				more = false;
				break;
			}
			if (!IS_ERR(conn))
				err = fn(conn, arg);
		}
		weir_conn_walk_stop(&walk);
		cond_resched();
	}
	weir_conn_walk_exit(&walk);
	return err;
}

bool weir_conn_table_fit(struct weir_net *wn)
{
	struct rhashtable *ht = &wn->conns;
	bool large;

	rcu_read_lock();
	large = rht_shrink_below_30(ht, rht_dereference_rcu(ht->tbl, ht));
	rcu_read_unlock();
	wn->conns_large = large ? wn->conns_large + 1 : 0;
	WRITE_ONCE(ht->p.automatic_shrinking, wn->conns_large >= SHRINK_SECONDS);
	if (wn->conns_large >= SHRINK_SECONDS)
		schedule_work(&ht->run_work);
	return large;
}

int weir_conn_net_init(struct weir_net *wn)
{
	int err;

	atomic_set(&wn->conn_count, 0);
	err = rhashtable_init(&wn->conns, &weir_conn_params);
	if (err)
		return err;
	err = weir_conn_gc_net_init(wn);
	if (err)
		rhashtable_destroy(&wn->conns);
	return err;
}

void weir_conn_net_exit(struct weir_net *wn)
{
	struct weir_conn *conn, *next;
	LIST_HEAD(conns);
	int n = 0;

	/* Every connection stands on the wheel, and nobody else knows of one: no grace period, and the table goes as a whole. */
	weir_conn_gc_net_exit(wn, &conns);
	rhashtable_destroy(&wn->conns);
	list_for_each_entry_safe(conn, next, &conns, wheel) {
		conn_unaccount(conn);
		conn_free(conn);
		if (++n % WALK_BATCH == 0)
			cond_resched();
	}
}

int weir_conn_init(void)
{
	get_random_bytes(&weir_conn_key, sizeof(weir_conn_key));
	conn_cache = KMEM_CACHE(weir_conn, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	return conn_cache ? 0 : -ENOMEM;
}

void weir_conn_exit(void)
{
	kmem_cache_destroy(conn_cache);
}
