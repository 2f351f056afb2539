// SPDX-License-Identifier: GPL-2.0
/*
 * commit: a transaction becomes the owner's configuration.
 *
 *	plan	which services are new, stay or go; what of another owner is in the way
 *	prepare	everything that can fail: new services, hidden from packets; new servers, on no list; snapshots, not published
 *	apply	cannot fail: each service that stays changes by the swap of one pointer, new ones show, others go
 *
 * What does not change is not touched at all. All of it under weir_net.lock.
 */
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "hook.h"
#include "net.h"
#include "nl.h"
#include "ports.h"
#include "refuse.h"
#include "sched.h"
#include "transaction.h"

/* Names the staged message that a refusal is about; counted from 0. */
static void blame(struct netlink_ext_ack *extack, u32 index)
{
	BUILD_BUG_ON(sizeof(index) > sizeof(extack->cookie));
	memcpy(extack->cookie, &index, sizeof(index));
	extack->cookie_len = sizeof(index);
}

static bool same_service(const struct weir_service_config *a, const struct weir_service_config *b)
{
	return a->sched == b->sched && a->flags == b->flags && a->persist_timeout == b->persist_timeout &&
	       a->persist_prefix == b->persist_prefix && a->slow_start == b->slow_start &&
	       a->syn_retry == b->syn_retry && a->on_gone == b->on_gone && a->mh_size == b->mh_size &&
	       a->has_seed == b->has_seed && !memcmp(a->seed, b->seed, sizeof(a->seed)) &&
	       !memcmp(a->timeouts, b->timeouts, sizeof(a->timeouts)) && a->proxy_protocol == b->proxy_protocol &&
	       !strcmp(a->pool, b->pool);
}

static bool same_server(const struct weir_server_config *a, const struct weir_server_config *b)
{
	return a->weight == b->weight && a->upper == b->upper && a->lower == b->lower && a->method == b->method &&
	       weir_tunnel_equal(a->tunnel, b->tunnel);
}

static int check(const struct weir_transaction *tx, u32 staged, struct netlink_ext_ack *extack)
{
	if (tx->failed) {
		NL_SET_ERR_MSG(extack, "a message of the transaction was refused: nothing is changed");
		return -ECANCELED;
	}
	if (tx->messages != staged) {
		NL_SET_ERR_MSG(extack, "the transaction holds another number of messages: nothing is changed");
		return -ECANCELED;
	}
	if (tx->base && tx->base != tx->wn->generation) {
		NL_SET_ERR_MSG(extack, "the configuration has changed since the generation that the transaction builds on");
		return -ESTALE;
	}
	return 0;
}

static int plan_pools(struct weir_transaction *tx, struct netlink_ext_ack *extack)
{
	struct weir_staged_pool *staged;
	struct weir_pool *pool;

	list_for_each_entry(staged, &tx->pools, list) {
		pool = weir_pool_lookup(tx->wn, staged->spec.name);
		if (pool && strcmp(pool->owner, tx->owner)) {
			NL_SET_ERR_MSG(extack, "a pool exists and is another owner's: nothing is changed");
			blame(extack, staged->index);
			return -EEXIST;
		}
		staged->pool = pool;
		staged->fresh = !pool;
		staged->changed = pool && memcmp(&pool->shape, &staged->spec.shape, sizeof(pool->shape));
	}
	if (tx->mode != WEIR_TRANSACTION_REPLACE)
		return 0;
	list_for_each_entry(pool, &tx->wn->pools, list)
		pool->doomed = !strcmp(pool->owner, tx->owner);
	list_for_each_entry(staged, &tx->pools, list)
		if (staged->pool)
			staged->pool->doomed = false;
	return 0;
}

static int plan(struct weir_transaction *tx, struct netlink_ext_ack *extack)
{
	struct weir_staged_service *staged;
	struct weir_service *svc;
	int err;

	/* Last of all that may be refused: it marks what goes. */
	list_for_each_entry(staged, &tx->services, list) {
		svc = weir_service_lookup(tx->wn, &staged->spec.key, staged->spec.port_first, staged->spec.port_last);
		if (svc && strcmp(svc->owner, tx->owner)) {
			NL_SET_ERR_MSG(extack, "a service exists and is another owner's: nothing is changed");
			blame(extack, staged->index);
			return -EEXIST;
		}
		staged->svc = svc;
		staged->fresh = !svc;
	}
	err = plan_pools(tx, extack);
	if (err || tx->mode != WEIR_TRANSACTION_REPLACE)
		return err;
	list_for_each_entry(svc, &tx->wn->service_list, list)
		svc->doomed = !strcmp(svc->owner, tx->owner);
	list_for_each_entry(staged, &tx->services, list)
		if (staged->svc)
			staged->svc->doomed = false;
	return 0;
}

static int prepare_fresh(struct weir_transaction *tx, struct weir_staged_service *staged,
			 struct netlink_ext_ack *extack)
{
	const struct weir_service_spec *spec = &staged->spec;
	struct weir_staged_server *want;
	struct weir_server *server;
	struct weir_service *svc;

	svc = weir_service_create(tx->wn, &spec->key, spec->port_first, spec->port_last, tx->owner, &spec->config,
				  extack);
	if (IS_ERR(svc)) {
		blame(extack, staged->index);
		return PTR_ERR(svc);
	}
	staged->svc = svc;
	list_for_each_entry(want, &staged->servers, list) {
		server = weir_server_create(svc, want->key.family, &want->key.addr, want->key.port, &want->config,
					    extack);
		if (IS_ERR(server)) {
			blame(extack, want->index);
			return PTR_ERR(server);
		}
		/* Nobody sees the service yet, and it takes its servers with it. */
		weir_server_link(server);
	}
	return weir_service_rebuild(svc, extack);
}

/* Which of the present servers stay, change or go. True if anything is to be done about them. */
static bool match_servers(struct weir_transaction *tx, struct weir_staged_service *staged)
{
	struct weir_staged_server *want;
	struct weir_server *server;
	bool changed = false;

	list_for_each_entry(server, &staged->svc->servers, list) {
		want = weir_transaction_find_server(tx, staged, server->family, &server->addr, server->port);
		if (want) {
			want->server = server;
			want->changed = !same_server(&want->config, &server->config);
			changed |= want->changed;
			server->next_weight = weir_server_effective(server, &want->config);
		} else if (tx->mode == WEIR_TRANSACTION_REPLACE) {
			staged->removed[staged->nremoved++] = server;
			changed = true;
		}
	}
	return changed;
}

/* What weir_server_set() needs of the hooks is there when packets are to see the change: it cannot fail then. */
static int reserve_hooks(struct weir_staged_service *staged, struct netlink_ext_ack *extack)
{
	struct weir_staged_server *want;
	int err;

	list_for_each_entry(want, &staged->servers, list) {
		if (!want->changed)
			continue;
		err = weir_hook_serve(staged->svc->wn, want->key.family, want->config.method, extack);
		if (err) {
			blame(extack, want->index);
			return err;
		}
	}
	return 0;
}

/* Staging has looked at the servers that the transaction names; others of the service may stay, too. */
static int check_others(struct weir_transaction *tx, struct weir_staged_service *staged,
			struct netlink_ext_ack *extack)
{
	const struct weir_server *server;

	if (!staged->spec.config.proxy_protocol || tx->mode == WEIR_TRANSACTION_REPLACE)
		return 0;
	list_for_each_entry(server, &staged->svc->servers, list) {
		if (server->config.method == WEIR_METHOD_FULLNAT ||
		    weir_transaction_find_server(tx, staged, server->family, &server->addr, server->port))
			continue;
		blame(extack, staged->index);
		return weir_refuse(extack, -EINVAL,
				   "proxy_protocol: a server of the service that stays is of another method than fullnat");
	}
	return 0;
}

/* Of the servers that stay. */
static int prepare_ports(struct weir_transaction *tx, struct weir_staged_service *staged,
			 struct netlink_ext_ack *extack)
{
	const struct weir_staged_server *want;
	struct weir_server *server;
	u8 method;
	int err;

	/* Without a pool it has no fullnat server: staging has looked at those that are new. */
	if (!staged->spec.config.pool[0] && !staged->svc->config.pool[0])
		return 0;
	list_for_each_entry(server, &staged->svc->servers, list) {
		want = weir_transaction_find_server(tx, staged, server->family, &server->addr, server->port);
		method = want ? want->config.method : server->config.method;
		if (method != WEIR_METHOD_FULLNAT && server->config.method != WEIR_METHOD_FULLNAT)
			continue;
		if (!want && tx->mode == WEIR_TRANSACTION_REPLACE)
			continue;
		err = weir_ports_prepare(server, &staged->spec.config, method, extack);
		if (err) {
			blame(extack, want ? want->index : staged->index);
			return err;
		}
	}
	return 0;
}

static int create_servers(struct weir_staged_service *staged, bool *changed, struct netlink_ext_ack *extack)
{
	struct weir_staged_server *want;
	struct weir_server *server;

	list_for_each_entry(want, &staged->servers, list) {
		if (want->server)
			continue;
		server = weir_server_create(staged->svc, want->key.family, &want->key.addr, want->key.port,
					    &want->config, extack);
		if (IS_ERR(server)) {
			blame(extack, want->index);
			return PTR_ERR(server);
		}
		want->server = server;
		want->fresh = true;
		*changed = true;
	}
	return 0;
}

/* The servers of the new snapshot in order of creation: those that stay, then the new ones; their number. */
static u32 collect(const struct weir_staged_service *staged, struct weir_server **servers)
{
	const struct weir_staged_server *want;
	struct weir_server *server;
	u32 n = 0, removed = 0;

	list_for_each_entry(server, &staged->svc->servers, list) {
		if (removed < staged->nremoved && staged->removed[removed] == server)
			removed++;
		else
			servers[n++] = server;
	}
	list_for_each_entry(want, &staged->servers, list)
		if (want->fresh)
			servers[n++] = want->server;
	return n;
}

static int prepare_present(struct weir_transaction *tx, struct weir_staged_service *staged,
			   struct netlink_ext_ack *extack)
{
	struct weir_service *svc = staged->svc;
	struct weir_server **servers;
	struct weir_server_set *set;
	bool changed;
	int err;
	u32 n;

	staged->removed = kvmalloc_array(svc->nservers + 1, sizeof(*staged->removed), GFP_KERNEL_ACCOUNT);
	if (!staged->removed)
		return -ENOMEM;
	svc->next = &staged->spec.config;
	staged->changed = !same_service(&staged->spec.config, &svc->config);
	if (staged->spec.config.pool[0] && !weir_pool_lookup(tx->wn, staged->spec.config.pool)) {
		blame(extack, staged->index);
		return weir_refuse(extack, -ENOENT, "pool: there is no pool of this name");
	}
	changed = match_servers(tx, staged);
	err = check_others(tx, staged, extack) ?: reserve_hooks(staged, extack) ?: prepare_ports(tx, staged, extack) ?:
	      create_servers(staged, &changed, extack);
	if (err || (!changed && !staged->changed))
		return err;
	servers = kvmalloc_array(svc->nservers + staged->nservers + 1, sizeof(*servers), GFP_KERNEL_ACCOUNT);
	if (!servers)
		return -ENOMEM;
	n = collect(staged, servers);
	set = weir_server_set_build(svc, &staged->spec.config, servers, n, extack);
	kvfree(servers);
	if (IS_ERR(set)) {
		blame(extack, staged->index);
		return PTR_ERR(set);
	}
	staged->set = set;
	return 0;
}

/* What all of it was marked with while it was prepared. */
static void unmark(struct weir_net *wn)
{
	struct weir_service *svc;
	struct weir_pool *pool;

	list_for_each_entry(svc, &wn->service_list, list) {
		svc->doomed = false;
		svc->next = NULL;
		weir_ports_discard_service(svc);
	}
	list_for_each_entry(pool, &wn->pools, list) {
		pool->doomed = false;
		pool->next = NULL;
	}
}

/* Packets have seen nothing of what is undone here. */
static void undo(struct weir_transaction *tx)
{
	struct weir_staged_service *staged;
	struct weir_staged_pool *pool;
	struct weir_staged_server *want;

	list_for_each_entry(staged, &tx->services, list) {
		if (!staged->svc)
			continue;
		if (staged->fresh) {
			weir_service_del(staged->svc);
			continue;
		}
		if (staged->set)
			weir_server_set_discard(staged->set);
		list_for_each_entry(want, &staged->servers, list) {
			if (want->fresh)
				weir_server_put(want->server);
			else if (want->server)
				want->server->next_weight = want->server->weight;
		}
		kvfree(staged->removed);
		cond_resched();
	}
	list_for_each_entry(pool, &tx->pools, list)
		if (pool->fresh && pool->pool)
			weir_pool_unlink(pool->pool);
	unmark(tx->wn);
}

static int prepare_pools(struct weir_transaction *tx, struct netlink_ext_ack *extack)
{
	struct weir_staged_pool *staged;
	struct weir_pool *pool;

	list_for_each_entry(staged, &tx->pools, list) {
		if (staged->fresh) {
			pool = weir_pool_add(tx->wn, &staged->spec, tx->owner, extack);
			if (IS_ERR(pool)) {
				blame(extack, staged->index);
				return PTR_ERR(pool);
			}
			staged->pool = pool;
		} else if (staged->changed) {
			staged->pool->next = &staged->spec.shape;
		}
	}
	return 0;
}

/* Services that the transaction does not name may use its pools, too. */
static int prepare_others(struct weir_transaction *tx, struct netlink_ext_ack *extack)
{
	const struct weir_pool *pool;
	struct weir_service *svc;
	int err;

	list_for_each_entry(svc, &tx->wn->service_list, list) {
		if (svc->doomed || svc->next || !svc->config.pool[0])
			continue;
		pool = weir_pool_lookup(tx->wn, svc->config.pool);
		if (!pool) {
			NL_SET_ERR_MSG(extack, "a pool that would go is used by another owner's service: nothing is changed");
			return -EBUSY;
		}
		if (!pool->next)
			continue;
		err = weir_ports_prepare_service(svc, &svc->config, extack);
		if (err)
			return err;
	}
	return 0;
}

static int prepare(struct weir_transaction *tx, struct netlink_ext_ack *extack)
{
	struct weir_staged_service *staged;
	int err;

	err = prepare_pools(tx, extack);
	if (err)
		return err;
	list_for_each_entry(staged, &tx->services, list) {
		err = staged->fresh ? prepare_fresh(tx, staged, extack) : prepare_present(tx, staged, extack);
		if (err)
			return err;
		cond_resched();
	}
	return prepare_others(tx, extack);
}

/*
 * Packets read the servers' own weights, too: what is to serve does so before the swap, what is not stops after it, so
 * that there is always one that may be chosen.
 */
static void set_servers(struct weir_staged_service *staged, bool serving)
{
	struct weir_staged_server *want;

	list_for_each_entry(want, &staged->servers, list)
		if (want->changed && !!weir_server_effective(want->server, &want->config) == serving)
			/* These settings were checked when they were staged; the check depends on nothing else. */
			WARN_ON_ONCE(weir_server_set(want->server, &want->config, NULL));
}

static u32 apply_present(struct weir_staged_service *staged)
{
	struct weir_service *svc = staged->svc;
	struct weir_staged_server *want;
	u32 i, changed = 0;

	if (!staged->set)
		return 0;
	if (staged->changed) {
		weir_service_set_config(svc, &staged->spec.config);
		changed++;
	}
	list_for_each_entry(want, &staged->servers, list) {
		if (want->fresh)
			weir_server_link(want->server);
		changed += want->fresh || want->changed;
	}
	set_servers(staged, true);
	weir_server_set_publish(svc, staged->set);
	set_servers(staged, false);
	/* Who warms up from now on stands in the table with all of its weight. Without memory that serves for a second. */
	if (staged->set->sched->build && weir_sched_warming(staged->set))
		weir_service_rebuild(svc, NULL);
	if (staged->changed)
		weir_nl_notify_service(svc, WEIR_CMD_SERVICE_CHANGE_NTF);
	list_for_each_entry(want, &staged->servers, list) {
		if (want->fresh)
			weir_nl_notify_server(want->server, WEIR_CMD_SERVER_ADD_NTF);
		else if (want->changed)
			weir_nl_notify_server(want->server, WEIR_CMD_SERVER_CHANGE_NTF);
	}
	for (i = 0; i < staged->nremoved; i++) {
		weir_nl_notify_server(staged->removed[i], WEIR_CMD_SERVER_DEL_NTF);
		weir_server_del(staged->removed[i]);
	}
	return changed + staged->nremoved;
}

static u32 apply_fresh(struct weir_staged_service *staged)
{
	struct weir_server *server;

	weir_service_show(staged->svc);
	weir_nl_notify_service(staged->svc, WEIR_CMD_SERVICE_ADD_NTF);
	list_for_each_entry(server, &staged->svc->servers, list)
		weir_nl_notify_server(server, WEIR_CMD_SERVER_ADD_NTF);
	return 1 + staged->nservers;
}

/* Of the services that stay, those with something to do. */
static bool idle(const struct weir_transaction *tx)
{
	const struct weir_staged_service *staged;
	const struct weir_staged_pool *staged_pool;
	const struct weir_service *svc;
	const struct weir_pool *pool;

	list_for_each_entry(staged_pool, &tx->pools, list)
		if (staged_pool->fresh || staged_pool->changed)
			return false;
	list_for_each_entry(pool, &tx->wn->pools, list)
		if (pool->doomed)
			return false;
	list_for_each_entry(staged, &tx->services, list)
		if (staged->fresh || staged->set)
			return false;
	list_for_each_entry(svc, &tx->wn->service_list, list)
		if (svc->doomed)
			return false;
	return true;
}

static u32 apply_pools(struct weir_transaction *tx)
{
	struct weir_staged_pool *staged;
	u32 changed = 0;

	list_for_each_entry(staged, &tx->pools, list) {
		if (staged->fresh) {
			weir_nl_notify_pool(staged->pool, WEIR_CMD_POOL_ADD_NTF);
		} else if (staged->changed) {
			staged->pool->shape = staged->spec.shape;
			staged->pool->next = NULL;
			weir_nl_notify_pool(staged->pool, WEIR_CMD_POOL_CHANGE_NTF);
		}
		changed += staged->fresh || staged->changed;
	}
	return changed;
}

/* No service uses them any more. */
static u32 remove_pools(struct weir_net *wn)
{
	struct weir_pool *pool, *next;
	u32 removed = 0;

	list_for_each_entry_safe(pool, next, &wn->pools, list) {
		if (!pool->doomed)
			continue;
		weir_nl_notify_pool(pool, WEIR_CMD_POOL_DEL_NTF);
		weir_pool_unlink(pool);
		removed++;
	}
	return removed;
}

static u32 apply(struct weir_transaction *tx)
{
	struct weir_staged_service *staged;
	struct weir_service *svc, *next;
	u32 changed = apply_pools(tx);

	/* What comes shows before what goes has gone: a range that grew is served all the time. */
	list_for_each_entry(staged, &tx->services, list) {
		changed += staged->fresh ? apply_fresh(staged) : apply_present(staged);
		kvfree(staged->removed);
		cond_resched();
	}
	list_for_each_entry_safe(svc, next, &tx->wn->service_list, list) {
		svc->next = NULL;
		weir_ports_commit_service(svc);
		if (!svc->doomed)
			continue;
		changed += 1 + svc->nservers;
		weir_nl_service_remove(svc);
		cond_resched();
	}
	return changed + remove_pools(tx->wn);
}

int weir_transaction_commit(struct weir_transaction *tx, u32 staged, u32 *changed, struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&tx->wn->lock);

	err = check(tx, staged, extack);
	if (err)
		return err;
	err = plan(tx, extack) ?: prepare(tx, extack);
	if (err) {
		undo(tx);
		return err;
	}
	*changed = 0;
	if (idle(tx)) {
		undo(tx);
		return 0;
	}
	weir_net_bump(tx->wn);
	*changed = apply(tx);
	weir_nl_notify_config(tx->wn, tx->owner);
	return 0;
}
