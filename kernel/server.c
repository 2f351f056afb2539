// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include "conn.h"
#include "express.h"
#include "hook.h"
#include "net.h"
#include "nl.h"
#include "persist.h"
#include "ports.h"
#include "route.h"
#include "server.h"
#include "service.h"
#include "stats.h"

/* Changes in the data path are told together. */
#define WEIR_NOTIFY_DELAY	(HZ / 20)

static struct kmem_cache *weir_server_cache;

static bool weir_server_is(const struct weir_server *server, u8 family, const union nf_inet_addr *addr, __be16 port)
{
	return server->family == family && server->port == port && nf_inet_addr_cmp(&server->addr, addr);
}

struct weir_server *weir_server_lookup(const struct weir_service *svc, u8 family, const union nf_inet_addr *addr,
				       __be16 port)
{
	struct weir_server *server;

	lockdep_assert_held(&svc->wn->lock);
	list_for_each_entry(server, &svc->servers, list)
		if (weir_server_is(server, family, addr, port))
			return server;
	return NULL;
}

/* A server that was deleted and still has connections; returns a reference, or NULL. */
static struct weir_server *weir_server_lookup_gone(struct weir_service *svc, u8 family, const union nf_inet_addr *addr,
						   __be16 port)
{
	struct weir_server *server, *found = NULL;

	spin_lock_bh(&svc->gone_lock);
	list_for_each_entry(server, &svc->gone, list) {
		if (weir_server_is(server, family, addr, port) && refcount_inc_not_zero(&server->refs)) {
			found = server;
			break;
		}
	}
	spin_unlock_bh(&svc->gone_lock);
	return found;
}

static struct weir_server *weir_server_alloc(struct weir_service *svc, u8 family, const union nf_inet_addr *addr,
					     __be16 port)
{
	struct weir_server *server;
	int cpu;

	server = kmem_cache_zalloc(weir_server_cache, GFP_KERNEL);
	if (!server)
		return NULL;
	server->stats = alloc_percpu_gfp(struct weir_stats_cpu, GFP_KERNEL_ACCOUNT);
	if (!server->stats)
		goto err_free;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(server->stats, cpu)->syncp);

	server->addr = *addr;
	server->port = port;
	server->family = family;
	server->id = ++svc->wn->last_id;
	refcount_set(&server->refs, 1);
	INIT_LIST_HEAD(&server->list);
	weir_server_drain_init(server);
	weir_service_get(svc);
	server->service = svc;
	pr_debug("server %u created\n", server->id);
	return server;

err_free:
	kmem_cache_free(weir_server_cache, server);
	return NULL;
}

static void weir_server_store(struct weir_server *server, const struct weir_server_config *config)
{
	if (server->config.method != config->method)
		weir_route_drop(server);
	if (!weir_tunnel_equal(server->config.tunnel, config->tunnel)) {
		WRITE_ONCE(server->config.tunnel, config->tunnel);
		/* Connections that take the express path through the old tunnel find the new one. */
		if (atomic_read(&server->active) || atomic_read(&server->inactive))
			weir_express_reconsider(server->service->wn);
	}
	WRITE_ONCE(server->config.weight, config->weight);
	WRITE_ONCE(server->config.upper, config->upper);
	WRITE_ONCE(server->config.lower, config->lower);
	/* There are ports while the method wants them, but for packets that find one new and one old. */
	if (config->method == WEIR_METHOD_FULLNAT)
		weir_ports_commit(server);
	WRITE_ONCE(server->config.method, config->method);
	weir_ports_commit(server);
}

struct weir_server *weir_server_create(struct weir_service *svc, u8 family, const union nf_inet_addr *addr, __be16 port,
				       const struct weir_server_config *config, struct netlink_ext_ack *extack)
{
	struct weir_server *server;
	int err;

	lockdep_assert_held(&svc->wn->lock);
	err = weir_server_config_check(svc, family, addr, port, config, extack);
	if (!err)
		err = weir_hook_serve(svc->wn, family, config->method, extack);
	if (!err && family != svc->key.family)
		err = weir_service_hook_both(svc, extack);
	if (err)
		return ERR_PTR(err);

	server = weir_server_lookup_gone(svc, family, addr, port);
	if (server)
		weir_stats_revive(server);
	else
		server = weir_server_alloc(svc, family, addr, port);
	if (!server) {
		NL_SET_ERR_MSG(extack, "server: no memory");
		return ERR_PTR(-ENOMEM);
	}
	err = weir_ports_prepare(server, svc->next ?: &svc->config, config->method, extack);
	if (err) {
		weir_server_put(server);
		return ERR_PTR(err);
	}
	/* a server that comes back is itself again: what an operator did to it before is forgotten; it is still hidden by GONE */
	server->override = -1;
	weir_server_store(server, config);
	WRITE_ONCE(server->weight, 0);
	server->next_weight = config->weight;
	if (config->weight)
		weir_server_warm(server);
	return server;
}

static void weir_server_overload_update(struct weir_server *server);

void weir_server_link(struct weir_server *server)
{
	struct weir_service *svc = server->service;

	lockdep_assert_held(&svc->wn->lock);
	if (test_bit(WEIR_SERVER_DRAINING, &server->state))
		weir_server_undrain(server);
	spin_lock_bh(&svc->gone_lock);
	list_move_tail(&server->list, &svc->servers);
	spin_unlock_bh(&svc->gone_lock);
	svc->nservers++;
	clear_bit(WEIR_SERVER_GONE, &server->state);
	weir_server_reweigh(server);
	weir_server_overload_update(server);
}

struct weir_server *weir_server_add(struct weir_service *svc, u8 family, const union nf_inet_addr *addr, __be16 port,
				    const struct weir_server_config *config, struct netlink_ext_ack *extack)
{
	struct weir_server *server;

	if (weir_server_lookup(svc, family, addr, port)) {
		NL_SET_ERR_MSG(extack, "server: it exists already");
		return ERR_PTR(-EEXIST);
	}
	if (svc->nservers >= WEIR_SERVERS_MAX) {
		NL_SET_ERR_MSG(extack, "server: a service has 65535 at most");
		return ERR_PTR(-ENOSPC);
	}
	server = weir_server_create(svc, family, addr, port, config, extack);
	if (!IS_ERR(server))
		weir_server_link(server);
	return server;
}

int weir_server_set(struct weir_server *server, const struct weir_server_config *config,
		    struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&server->service->wn->lock);
	err = weir_server_config_check(server->service, server->family, &server->addr, server->port, config, extack);
	if (!err)
		err = weir_hook_serve(server->service->wn, server->family, config->method, extack);
	if (!err)
		err = weir_ports_prepare(server, &server->service->config, config->method, extack);
	if (err)
		return err;
	weir_server_store(server, config);
	weir_server_reweigh(server);
	weir_server_overload_update(server);
	return 0;
}

void weir_server_del(struct weir_server *server)
{
	struct weir_service *svc = server->service;
	struct weir_net *wn = svc->wn;

	lockdep_assert_held(&wn->lock);
	set_bit(WEIR_SERVER_GONE, &server->state);
	WRITE_ONCE(server->weight, 0);
	server->next_weight = 0;
	clear_bit(WEIR_SERVER_WARMING, &server->state);
	spin_lock_bh(&svc->gone_lock);
	list_move_tail(&server->list, &svc->gone);
	spin_unlock_bh(&svc->gone_lock);
	svc->nservers--;
	weir_server_drain_cancel(server);
	/* in one walk for all that are deleted now; what is made from the old snapshot later meets GONE with its next packet */
	if (!wn->dying && (atomic_read(&server->persistent) ||
			   (svc->config.on_gone != WEIR_ON_GONE_KEEP &&
			    (atomic_read(&server->active) || atomic_read(&server->inactive)))))
		queue_work(system_unbound_wq, &wn->reaper);
	weir_server_put(server);
}

void weir_server_override(struct weir_server *server, int weight)
{
	lockdep_assert_held(&server->service->wn->lock);
	server->override = weight;
	weir_server_reweigh(server);
}

u32 weir_server_effective(const struct weir_server *server, const struct weir_server_config *config)
{
	if (test_bit(WEIR_SERVER_DRAINING, &server->state))
		return 0;
	return server->override >= 0 ? server->override : config->weight;
}

void weir_server_reweigh(struct weir_server *server)
{
	u32 weight = weir_server_effective(server, &server->config);

	lockdep_assert_held(&server->service->wn->lock);
	/* a server that was deleted keeps none, however its drain goes on */
	if (test_bit(WEIR_SERVER_GONE, &server->state))
		weight = 0;
	if (weight && !server->weight && !test_bit(WEIR_SERVER_WARMING, &server->state))
		weir_server_warm(server);
	if (!weight)
		clear_bit(WEIR_SERVER_WARMING, &server->state);
	else
		server->last_weight = weight;
	server->next_weight = weight;
	WRITE_ONCE(server->weight, weight);
}

u32 weir_server_flags(const struct weir_server *server)
{
	u32 flags = 0;

	if (test_bit(WEIR_SERVER_OVERLOADED, &server->state))
		flags |= WEIR_SERVER_F_OVERLOADED;
	if (test_bit(WEIR_SERVER_DRAINING, &server->state))
		flags |= WEIR_SERVER_F_DRAINING;
	if (test_bit(WEIR_SERVER_WARMING, &server->state))
		flags |= WEIR_SERVER_F_SLOW_START;
	return flags;
}

void weir_server_get(struct weir_server *server)
{
	refcount_inc(&server->refs);
}

static void weir_server_free_rcu(struct rcu_head *rcu)
{
	struct weir_server *server = container_of(rcu, struct weir_server, rcu);

	pr_debug("server %u destroyed\n", server->id);
	weir_route_drop(server);
	weir_ports_discard(server);
	weir_ports_put(rcu_dereference_protected(server->ports, true));	/* the last reference */
	free_percpu(server->stats);
	kmem_cache_free(weir_server_cache, server);
}

void weir_server_put(struct weir_server *server)
{
	struct weir_service *svc = server->service;
	struct weir_stats stats;

	if (!refcount_dec_and_test(&server->refs))
		return;
	weir_stats_fold(server, &stats);
	spin_lock_bh(&svc->gone_lock);
	list_del_init(&server->list);
	weir_stats_sum(&svc->retired, &stats);
	spin_unlock_bh(&svc->gone_lock);
	/* whoever still reads the server may read its service: both go after the same grace period or a later one */
	call_rcu(&server->rcu, weir_server_free_rcu);
	weir_service_put(svc);
}

/*
 * Thresholds. OVERLOADED is set when the connections reach the upper one and cleared when they fall below the lower one; between
 * them it stays as it is. The counts and the bit change apart, so whoever changes the bit looks at the counts once more: of two
 * CPUs that meet here the last one leaves the bit right.
 */
static noinline void overload_look(struct weir_server *server)
{
	u32 upper, lower, total;
	bool overloaded;

	for (;;) {
		upper = READ_ONCE(server->config.upper);
		overloaded = test_bit(WEIR_SERVER_OVERLOADED, &server->state);
		lower = READ_ONCE(server->config.lower) ?: upper - upper / 4;
		total = (u32)atomic_read(&server->active) + (u32)atomic_read(&server->inactive);
		if (!overloaded && upper && total >= upper)
			set_bit(WEIR_SERVER_OVERLOADED, &server->state);
		else if (overloaded && (!upper || total < lower))
			clear_bit(WEIR_SERVER_OVERLOADED, &server->state);
		else
			return;
		/* the bit before the count: pairs with weir_server_conn_*() */
		smp_mb__after_atomic();
		weir_server_notify_later(server);
	}
}

static void weir_server_overload_update(struct weir_server *server)
{
	if (READ_ONCE(server->config.upper) || test_bit(WEIR_SERVER_OVERLOADED, &server->state))
		overload_look(server);
}

void weir_server_conn_add(struct weir_server *server, bool active)
{
	atomic_inc(active ? &server->active : &server->inactive);
	/* the count before the bit */
	smp_mb__after_atomic();
	weir_server_overload_update(server);
}

void weir_server_conn_move(struct weir_server *server, bool active)
{
	/* down before up: a reader may see one connection too few, never one too many that would set OVERLOADED */
	atomic_dec(active ? &server->inactive : &server->active);
	/* keeps them in this order */
	smp_mb__after_atomic();
	atomic_inc(active ? &server->active : &server->inactive);
	/* the count before the bit */
	smp_mb__after_atomic();
	weir_server_overload_update(server);
}

void weir_server_conn_del(struct weir_server *server, bool active)
{
	atomic_dec(active ? &server->active : &server->inactive);
	/* the count before the bit */
	smp_mb__after_atomic();
	weir_server_overload_update(server);
}

void weir_server_notify_later(struct weir_server *server)
{
	struct weir_net *wn = server->service->wn;

	if (READ_ONCE(wn->dying) || test_and_set_bit(WEIR_SERVER_NOTIFY, &server->state))
		return;
	weir_server_get(server);
	llist_add(&server->notify, &wn->notify);
	queue_delayed_work(system_power_efficient_wq, &wn->notifier, WEIR_NOTIFY_DELAY);
}

static void weir_server_notify_all(struct weir_net *wn)
{
	struct weir_server *server, *next;
	struct llist_node *queue;

	queue = llist_reverse_order(llist_del_all(&wn->notify));
	llist_for_each_entry_safe(server, next, queue, notify) {
		clear_bit(WEIR_SERVER_NOTIFY, &server->state);
		/* before the message is made: what changes later queues it again */
		smp_mb__after_atomic();
		if (!wn->dying && !test_bit(WEIR_SERVER_GONE, &server->state))
			weir_nl_notify_server(server, WEIR_CMD_SERVER_CHANGE_NTF);
		weir_server_put(server);
	}
}

static void weir_server_notifier(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, notifier.work);

	mutex_lock(&wn->lock);
	weir_server_notify_all(wn);
	mutex_unlock(&wn->lock);
}

static void weir_server_reaper(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, reaper);

	weir_persist_flush_gone(wn);
	weir_conn_end_gone(wn);
}

int weir_server_net_init(struct weir_net *wn)
{
	INIT_WORK(&wn->reaper, weir_server_reaper);
	init_llist_head(&wn->notify);
	INIT_DELAYED_WORK(&wn->notifier, weir_server_notifier);
	weir_slow_start_net_init(wn);
	return 0;
}

void weir_server_net_pre_exit(struct weir_net *wn)
{
	weir_slow_start_net_exit(wn);
	cancel_work_sync(&wn->reaper);
}

void weir_server_net_exit(struct weir_net *wn)
{
	cancel_delayed_work_sync(&wn->notifier);
	mutex_lock(&wn->lock);
	weir_server_notify_all(wn);
	mutex_unlock(&wn->lock);
}

int weir_server_init(void)
{
	weir_server_cache = KMEM_CACHE(weir_server, SLAB_ACCOUNT);
	return weir_server_cache ? 0 : -ENOMEM;
}

void weir_server_exit(void)
{
	kmem_cache_destroy(weir_server_cache);
}
