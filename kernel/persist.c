// SPDX-License-Identifier: GPL-2.0
/*
 * persist: templates of persistence
 *
 * A template lives while connections that were made from it live, and persist_timeout beyond the last. It has a timer of its own:
 * unlike connections, templates are made and left seldom, and nothing touches the timer in between.
 */
#include <linux/inetdevice.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <net/ipv6.h>
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "persist.h"
#include "pkt.h"
#include "sched.h"
#include "server.h"
#include "service.h"

/* Templates that a walk looks at before it lets others run. */
#define WALK_BATCH	256

/* All bytes count: zero-initialise before filling. */
struct weir_persist_key {
	union nf_inet_addr	client;		/* masked by the service's prefix */
	union nf_inet_addr	virtual;	/* zero with a mark */
	u32			service_id;
	u32			l3dom;
	__be16			port;		/* virtual port, 0: every port of the service */
	u16			zero;
};

/**
 * struct weir_persist - a template
 * @node: in weir_net.persists
 * @key: immutable
 * @server: a reference; immutable
 * @wn: namespace
 * @lock: protects @conns, @dead, @expires and the arming of @timer; BH-safe
 * @dead: out of the table or about to be; whoever sets it takes it out; lookups skip it
 * @conns: connections that were made from it
 * @expires: jiffies when it ends, if @conns is 0
 * @timer: pending only while it is not @dead
 * @assured: see weir_persist_assure(); under weir_net.persist_lock
 * @unassured: in weir_net.persist_unassured, or empty
 * @refs: one for the table, one for each connection
 * @rcu: frees it
 */
struct weir_persist {
	struct rhash_head	node;
	struct weir_persist_key	key;
	struct weir_server	*server;
	struct weir_net		*wn;
	spinlock_t		lock;		/* @conns, @dead, @expires, arming of @timer */
	bool			dead;
	u32			conns;
	unsigned long		expires;
	struct timer_list	timer;
	bool			assured;
	struct list_head	unassured;
	refcount_t		refs;
	struct rcu_head		rcu;
};

static struct kmem_cache *persist_cache __read_mostly;

static u32 persist_hash(const void *data, u32 len, u32 seed)
{
	hsiphash_key_t key = weir_conn_key;

	/* Not the connections' hash of the same bytes. */
	key.key[1] = ~key.key[1];
	key.key[0] ^= seed;
	return hsiphash(data, sizeof(struct weir_persist_key), &key);
}

static int persist_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct weir_persist *persist = obj;

	return READ_ONCE(persist->dead) || memcmp(arg->key, &persist->key, sizeof(persist->key));
}

static const struct rhashtable_params persist_params = {
	.head_offset		= offsetof(struct weir_persist, node),
	.key_offset		= offsetof(struct weir_persist, key),
	.key_len		= sizeof(struct weir_persist_key),
	.hashfn			= persist_hash,
	.obj_cmpfn		= persist_cmp,
	.automatic_shrinking	= true,
};

static void persist_key(const struct weir_pkt *pkt, const struct weir_service *svc, struct weir_persist_key *key)
{
	u32 prefix = READ_ONCE(svc->config.persist_prefix);

	memset(key, 0, sizeof(*key));
	if (pkt->tuple.family == AF_INET6)
		ipv6_addr_prefix(&key->client.in6, &pkt->tuple.src.in6, min(prefix, 128U));
	else
		key->client.ip = pkt->tuple.src.ip & inet_make_mask(min(prefix, 32U));
	key->service_id = svc->id;
	key->l3dom = pkt->tuple.l3dom;
	if (svc->key.fwmark)
		return;
	key->virtual = pkt->tuple.dst;
	key->port = svc->key.port;
}

static unsigned long persist_timeout(const struct weir_persist *persist)
{
	return (unsigned long)READ_ONCE(persist->server->service->config.persist_timeout) * HZ;
}

static void persist_free(struct rcu_head *rcu)
{
	struct weir_persist *persist = container_of(rcu, struct weir_persist, rcu);

	weir_server_put(persist->server);
	kmem_cache_free(persist_cache, persist);
}

static void persist_unref(struct weir_persist *persist)
{
	if (refcount_dec_and_test(&persist->refs))
		call_rcu(&persist->rcu, persist_free);
}

/* Takes it out of the table; the connections that came from it go on. Once, after @dead was set, without the lock. */
static void persist_unlink(struct weir_persist *persist)
{
	struct weir_net *wn = persist->wn;

	rhashtable_remove_fast(&wn->persists, &persist->node, persist_params);
	spin_lock_bh(&wn->persist_lock);
	list_del_init(&persist->unassured);
	spin_unlock_bh(&wn->persist_lock);
	atomic_dec(&persist->server->persistent);
	pr_debug("persist %p destroyed\n", persist);
	persist_unref(persist);
}

static bool persist_set_dead(struct weir_persist *persist)
{
	bool was;

	spin_lock_bh(&persist->lock);
	was = persist->dead;
	WRITE_ONCE(persist->dead, true);
	/* A handler that runs already sees @dead; RCU keeps the memory for it, handlers being softirqs. */
	timer_delete(&persist->timer);
	spin_unlock_bh(&persist->lock);
	return !was;
}

static void persist_kill(struct weir_persist *persist)
{
	if (persist_set_dead(persist))
		persist_unlink(persist);
}

static void persist_fire(struct timer_list *timer)
{
	struct weir_persist *persist = container_of(timer, struct weir_persist, timer);
	bool end = false;

	spin_lock(&persist->lock);
	if (!persist->dead && !persist->conns) {
		/* Timers of many days come early. */
		end = time_after_eq(jiffies, persist->expires);
		if (end)
			WRITE_ONCE(persist->dead, true);
		else
			mod_timer(&persist->timer, persist->expires);
	}
	spin_unlock(&persist->lock);
	if (end)
		persist_unlink(persist);
}

/* Without a connection: it waits persist_timeout for its first, or its next. */
static void persist_rest(struct weir_persist *persist)
{
	lockdep_assert_held(&persist->lock);

	WRITE_ONCE(persist->expires, jiffies + persist_timeout(persist));
	mod_timer(&persist->timer, persist->expires);
}

bool weir_persist_get(struct weir_persist *persist)
{
	bool alive;

	spin_lock_bh(&persist->lock);
	alive = !persist->dead;
	if (alive) {
		WRITE_ONCE(persist->conns, persist->conns + 1);
		refcount_inc(&persist->refs);
	}
	spin_unlock_bh(&persist->lock);
	return alive;
}

void weir_persist_put(struct weir_persist *persist)
{
	spin_lock_bh(&persist->lock);
	WRITE_ONCE(persist->conns, persist->conns - 1);
	if (!persist->conns && !persist->dead)
		persist_rest(persist);
	spin_unlock_bh(&persist->lock);
	persist_unref(persist);
}

struct weir_server *weir_persist_server(const struct weir_persist *persist)
{
	return persist->server;
}

static bool persist_usable(const struct weir_persist *persist)
{
	const struct weir_server *server = persist->server;
	unsigned long bad = BIT(WEIR_SERVER_GONE) | BIT(WEIR_SERVER_OVERLOADED) | BIT(WEIR_SERVER_DRAINING);

	if (READ_ONCE(server->state) & bad)
		return false;
	return READ_ONCE(server->weight) || !READ_ONCE(persist->wn->config.expire_quiescent);
}

void weir_persist_assure(struct weir_persist *persist)
{
	struct weir_net *wn = persist->wn;

	if (READ_ONCE(persist->assured))
		return;
	spin_lock(&wn->persist_lock);
	WRITE_ONCE(persist->assured, true);
	list_del_init(&persist->unassured);
	spin_unlock(&wn->persist_lock);
}

/* It can be found since a moment, and may have been assured meanwhile. */
static void persist_watch(struct weir_persist *persist)
{
	struct weir_net *wn = persist->wn;

	spin_lock(&wn->persist_lock);
	if (!persist->assured)
		list_add_tail(&persist->unassured, &wn->persist_unassured);
	spin_unlock(&wn->persist_lock);
}

/* A place for one more template: at the limit the oldest one gives its of which nothing came. RCU held. */
static bool persist_reserve(struct weir_net *wn)
{
	struct weir_persist *oldest;

	if (likely((u32)atomic_read(&wn->persists.nelems) < READ_ONCE(wn->config.conn_max)))
		return true;
	spin_lock(&wn->persist_lock);
	oldest = list_first_entry_or_null(&wn->persist_unassured, struct weir_persist, unassured);
	if (oldest)
		list_del_init(&oldest->unassured);
	spin_unlock(&wn->persist_lock);
	if (!oldest)
		return false;
	persist_kill(oldest);
	weir_count(wn, WEIR_CNT_CONN_EVICTED);
	return true;
}

static struct weir_persist *persist_create(const struct weir_pkt *pkt, struct weir_service *svc,
					   const struct weir_persist_key *key)
{
	struct weir_persist *persist, *other;
	struct weir_net *wn = pkt->wn;
	struct weir_server *server;

	server = weir_sched_pick(svc, pkt);
	if (!server)
		return ERR_PTR(-ENOENT);
	if (unlikely(!persist_reserve(wn)))
		return ERR_PTR(-ENOSPC);
	persist = kmem_cache_zalloc(persist_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!persist)
		return ERR_PTR(-ENOMEM);
	persist->key = *key;
	persist->wn = wn;
	persist->server = server;
	spin_lock_init(&persist->lock);
	INIT_LIST_HEAD(&persist->unassured);
	refcount_set(&persist->refs, 1);
	timer_setup(&persist->timer, persist_fire, 0);
	weir_server_get(server);
	atomic_inc(&server->persistent);

	/* Held from before it can be found until its timer runs. */
	spin_lock(&persist->lock);
	other = rhashtable_lookup_get_insert_fast(&wn->persists, &persist->node, persist_params);
	if (unlikely(other)) {
		spin_unlock(&persist->lock);
		atomic_dec(&server->persistent);
		weir_server_put(server);
		kmem_cache_free(persist_cache, persist);
		return IS_ERR(other) ? ERR_PTR(-ENOMEM) : other;
	}
	pr_debug("persist %p created\n", persist);
	WRITE_ONCE(wn->persist_used, true);
	persist_rest(persist);
	/* As long as the lock is held it cannot end. */
	persist_watch(persist);
	spin_unlock(&persist->lock);
	return persist;
}

/*
 * Datagrams that are scheduled one by one make no connection that would keep the template: each begins its rest anew, once a
 * second at the most.
 */
static void persist_touch(struct weir_persist *persist)
{
	unsigned long expires = READ_ONCE(persist->expires);

	if (READ_ONCE(persist->conns) || time_before(jiffies + persist_timeout(persist), expires + HZ))
		return;
	spin_lock(&persist->lock);
	if (!persist->conns && !persist->dead)
		persist_rest(persist);
	spin_unlock(&persist->lock);
}

struct weir_persist *weir_persist_find(const struct weir_pkt *pkt, struct weir_service *svc)
{
	struct weir_persist_key key;
	struct weir_persist *persist;

	persist_key(pkt, svc, &key);
	persist = rhashtable_lookup(&pkt->wn->persists, &key, persist_params);
	if (likely(persist && persist_usable(persist))) {
		persist_touch(persist);
		return persist;
	}
	if (persist)
		persist_kill(persist);
	return persist_create(pkt, svc, &key);
}

void weir_persist_info_get(const struct weir_persist *persist, struct weir_persist_info *info)
{
	const struct weir_server *server = persist->server;
	const struct weir_service *svc = server->service;
	unsigned long expires = READ_ONCE(persist->expires);
	unsigned long now = jiffies;

	memset(info, 0, sizeof(*info));
	info->client = persist->key.client;
	info->virtual = persist->key.virtual;
	info->virtual_port = persist->key.port;
	info->server = server->addr;
	info->server_port = persist->key.port ? (server->port ? server->port : persist->key.port) : 0;
	info->fwmark = svc->key.fwmark;
	info->family = svc->key.family;
	info->server_family = server->family;
	info->proto = svc->key.proto;
	info->method = READ_ONCE(server->config.method);
	info->service_id = svc->id;
	info->server_id = server->id;
	if (READ_ONCE(persist->conns))
		info->expires = jiffies_to_msecs(persist_timeout(persist));
	else if (time_before(now, expires))
		info->expires = jiffies_to_msecs(expires - now);
}

static int persist_walk(struct weir_net *wn, int (*fn)(struct weir_persist *persist, void *arg), void *arg)
{
	struct weir_persist *persist;
	struct rhashtable_iter iter;
	bool more = true;
	int err = 0;
	int n;

	rhashtable_walk_enter(&wn->persists, &iter);
	while (more && !err) {
		rhashtable_walk_start(&iter);
		for (n = 0; n < WALK_BATCH && !err; n++) {
			persist = rhashtable_walk_next(&iter);
			if (!persist) {
				more = false;
				break;
			}
			if (!IS_ERR(persist) && !READ_ONCE(persist->dead))
				err = fn(persist, arg);
		}
		rhashtable_walk_stop(&iter);
		cond_resched();
	}
	rhashtable_walk_exit(&iter);
	return err;
}

struct foreach_arg {
	int (*fn)(const struct weir_persist_info *info, void *arg);
	void *arg;
};

static int foreach_one(struct weir_persist *persist, void *arg)
{
	struct weir_persist_info info;
	struct foreach_arg *each = arg;

	weir_persist_info_get(persist, &info);
	return each->fn(&info, each->arg);
}

int weir_persist_foreach(struct weir_net *wn, int (*fn)(const struct weir_persist_info *info, void *arg), void *arg)
{
	struct foreach_arg each = { .fn = fn, .arg = arg };

	return persist_walk(wn, foreach_one, &each);
}

static int flush_one(struct weir_persist *persist, void *arg)
{
	persist_kill(persist);
	return 0;
}

static int flush_one_gone(struct weir_persist *persist, void *arg)
{
	if (test_bit(WEIR_SERVER_GONE, &persist->server->state))
		persist_kill(persist);
	return 0;
}

void weir_persist_flush_gone(struct weir_net *wn)
{
	/* A namespace that dies drops them all at once. */
	if (READ_ONCE(wn->persist_used) && !READ_ONCE(wn->dying))
		persist_walk(wn, flush_one_gone, NULL);
}

int weir_persist_net_init(struct weir_net *wn)
{
	spin_lock_init(&wn->persist_lock);
	INIT_LIST_HEAD(&wn->persist_unassured);
	return rhashtable_init(&wn->persists, &persist_params);
}

void weir_persist_net_exit(struct weir_net *wn)
{
	if (wn->persist_used) {
		persist_walk(wn, flush_one, NULL);
		/* Timers' handlers that were first may still be at the table. */
		synchronize_rcu();
	}
	rhashtable_destroy(&wn->persists);
}

int weir_persist_init(void)
{
	persist_cache = KMEM_CACHE(weir_persist, SLAB_ACCOUNT);
	return persist_cache ? 0 : -ENOMEM;
}

void weir_persist_exit(void)
{
	kmem_cache_destroy(persist_cache);
}
