// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "algo/range.h"
#include "express.h"
#include "hook.h"
#include "net.h"
#include "pkt.h"
#include "ports.h"
#include "sched.h"
#include "server.h"
#include "service.h"
#include "stats.h"

static struct kmem_cache *weir_service_cache;

static const struct rhashtable_params weir_service_params = {
	.head_offset		= offsetof(struct weir_service, node),
	.key_offset		= offsetof(struct weir_service, key),
	.key_len		= sizeof(struct weir_service_key),
	.automatic_shrinking	= true,
};

/* Services by mark and those that have no port of their own are counted, so that lookups can pass over them. */
static void weir_service_count(struct weir_service *svc, int by)
{
	struct weir_net *wn = svc->wn;

	wn->nservices += by;
	if (svc->key.fwmark)
		WRITE_ONCE(wn->nmarks, wn->nmarks + by);
	else if (!svc->key.port)
		WRITE_ONCE(wn->nranges, wn->nranges + by);
}

struct weir_service *weir_service_lookup(struct weir_net *wn, const struct weir_service_key *key, u16 port_first,
					 u16 port_last)
{
	struct rhlist_head *chain, *pos;
	struct weir_service *svc;

	lockdep_assert_held(&wn->lock);
	rcu_read_lock();
	chain = rhltable_lookup(&wn->services, key, weir_service_params);
	rhl_for_each_entry_rcu(svc, pos, chain, node) {
		if (svc->port_first == port_first && svc->port_last == port_last && !svc->doomed) {
			rcu_read_unlock();
			return svc;
		}
	}
	rcu_read_unlock();
	return NULL;
}

static bool weir_service_visible(const struct weir_service *svc)
{
	/* pairs with weir_service_show() */
	return !smp_load_acquire(&svc->hidden);
}

/* Data path: the first service of @key that packets may see. */
static struct weir_service *weir_service_find(struct weir_net *wn, const struct weir_service_key *key)
{
	struct rhlist_head *chain, *pos;
	struct weir_service *svc;

	chain = rhltable_lookup(&wn->services, key, weir_service_params);
	rhl_for_each_entry_rcu(svc, pos, chain, node)
		if (weir_service_visible(svc))
			return svc;
	return NULL;
}

/* Data path: the range that @port is in, else the service of all ports. */
static struct weir_service *weir_service_find_range(struct weir_net *wn, const struct weir_service_key *key, u16 port)
{
	struct weir_service *svc, *all = NULL;
	struct rhlist_head *chain, *pos;

	chain = rhltable_lookup(&wn->services, key, weir_service_params);
	rhl_for_each_entry_rcu(svc, pos, chain, node) {
		if (!weir_service_visible(svc))
			continue;
		if (!svc->port_first)
			all = svc;
		else if (weir_range_has(svc->port_first, svc->port_last, port))
			return svc;
	}
	return all;
}

struct weir_service *weir_service_lookup_pkt(const struct weir_pkt *pkt)
{
	struct weir_net *wn = pkt->wn;
	struct weir_service_key key = {};
	struct weir_service *svc;

	key.family = pkt->tuple.family;
	if (READ_ONCE(wn->nmarks) && pkt->skb->mark) {
		key.fwmark = pkt->skb->mark;
		svc = weir_service_find(wn, &key);
		if (svc)
			return svc;
		key.fwmark = 0;
	}
	key.addr = pkt->tuple.dst;
	key.port = pkt->tuple.dport;
	key.proto = pkt->tuple.proto;
	svc = weir_service_find(wn, &key);
	if (svc || !READ_ONCE(wn->nranges))
		return svc;
	key.port = 0;
	return weir_service_find_range(wn, &key, ntohs(pkt->tuple.dport));
}

/* Does a service stand in the way of a new one? */
static int weir_service_conflict(struct weir_net *wn, const struct weir_service_key *key, u16 port_first, u16 port_last,
				 struct netlink_ext_ack *extack)
{
	struct rhlist_head *chain, *pos;
	struct weir_service *svc;
	int err = 0;

	rcu_read_lock();
	chain = rhltable_lookup(&wn->services, key, weir_service_params);
	rhl_for_each_entry_rcu(svc, pos, chain, node) {
		if (svc->doomed)
			continue;
		if (svc->port_first == port_first && svc->port_last == port_last) {
			NL_SET_ERR_MSG(extack, "service: it exists already");
			err = -EEXIST;
		} else if (weir_range_conflict(svc->port_first, svc->port_last, port_first, port_last)) {
			NL_SET_ERR_MSG(extack,
				       "port: the range overlaps another service's of this address and protocol");
			err = -EEXIST;
		}
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

/* Services that a transaction is about to delete make room. */
static bool weir_service_full(struct weir_net *wn)
{
	struct weir_service *svc;
	u32 doomed = 0;

	if (wn->nservices < wn->config.service_max)
		return false;
	list_for_each_entry(svc, &wn->service_list, list)
		doomed += svc->doomed;
	return wn->nservices - doomed >= wn->config.service_max;
}

static void weir_service_store(struct weir_service *svc, const struct weir_service_config *config)
{
	const u32 on_gone = svc->config.on_gone;
	const u32 flags = svc->config.flags;
	u32 prefix = config->persist_prefix;
	int state;

	if (!prefix)
		prefix = svc->key.family == AF_INET ? 32 : 128;
	WRITE_ONCE(svc->config.sched, config->sched);
	WRITE_ONCE(svc->config.flags, config->flags);
	WRITE_ONCE(svc->config.persist_timeout, config->persist_timeout);
	WRITE_ONCE(svc->config.persist_prefix, prefix);
	WRITE_ONCE(svc->config.slow_start, config->slow_start);
	WRITE_ONCE(svc->config.syn_retry, config->syn_retry);
	WRITE_ONCE(svc->config.on_gone, config->on_gone);
	WRITE_ONCE(svc->config.mh_size, config->mh_size);
	WRITE_ONCE(svc->config.has_seed, config->has_seed);
	memcpy(svc->config.seed, config->seed, sizeof(svc->config.seed));
	for (state = 0; state < __WEIR_STATE_MAX; state++)
		WRITE_ONCE(svc->config.timeouts[state], config->timeouts[state]);
	WRITE_ONCE(svc->config.proxy_protocol, config->proxy_protocol);
	strscpy(svc->config.pool, config->pool, sizeof(svc->config.pool));
	/* Connections of servers that were deleted before are to meet the new word, too. */
	if ((flags ^ config->flags) & WEIR_SERVICE_F_NO_EXPRESS || on_gone != config->on_gone)
		weir_express_reconsider(svc->wn);
}

struct weir_service *weir_service_create(struct weir_net *wn, const struct weir_service_key *key, u16 port_first,
					 u16 port_last, const char *owner, const struct weir_service_config *config,
					 struct netlink_ext_ack *extack)
{
	struct weir_service *svc;
	int err;

	lockdep_assert_held(&wn->lock);
	err = weir_service_config_check(key, port_first, port_last, config, extack);
	if (err)
		return ERR_PTR(err);
	err = weir_service_conflict(wn, key, port_first, port_last, extack);
	if (err)
		return ERR_PTR(err);
	if (weir_service_full(wn)) {
		NL_SET_ERR_MSG(extack, "service: the namespace has as many as its limit (service_max) allows");
		return ERR_PTR(-ENOSPC);
	}

	svc = kmem_cache_zalloc(weir_service_cache, GFP_KERNEL);
	if (!svc) {
		NL_SET_ERR_MSG(extack, "service: no memory");
		return ERR_PTR(-ENOMEM);
	}
	svc->key = *key;
	svc->port_first = port_first;
	svc->port_last = port_last;
	svc->wn = wn;
	svc->hidden = true;
	atomic64_set(&svc->cursor, 0);
	strscpy(svc->owner, owner, sizeof(svc->owner));
	INIT_LIST_HEAD(&svc->servers);
	INIT_LIST_HEAD(&svc->gone);
	spin_lock_init(&svc->gone_lock);
	refcount_set(&svc->refs, 1);
	weir_service_store(svc, config);

	err = weir_ports_prepare_service(svc, config, extack);
	if (err)
		goto err_free;
	err = weir_hook_get(wn, key->family);
	if (err) {
		NL_SET_ERR_MSG(extack, "service: the netfilter hooks could not be registered");
		goto err_free;
	}
	err = rhltable_insert(&wn->services, &svc->node, weir_service_params);
	if (err) {
		NL_SET_ERR_MSG(extack, "service: no memory for the table");
		goto err_hook;
	}
	svc->id = ++wn->last_id;
	list_add_tail(&svc->list, &wn->service_list);
	weir_service_count(svc, 1);
	weir_stats_start(wn);
	pr_debug("service %u created\n", svc->id);
	return svc;

err_hook:
	weir_hook_put(wn, key->family);
err_free:
	kmem_cache_free(weir_service_cache, svc);
	return ERR_PTR(err);
}

static u8 weir_service_other_family(const struct weir_service *svc)
{
	return svc->key.family == AF_INET ? AF_INET6 : AF_INET;
}

int weir_service_hook_both(struct weir_service *svc, struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&svc->wn->lock);
	if (svc->both)
		return 0;
	err = weir_hook_get(svc->wn, weir_service_other_family(svc));
	if (err) {
		NL_SET_ERR_MSG(extack, "family: the netfilter hooks of the server's family could not be registered");
		return err;
	}
	svc->both = true;
	return 0;
}

void weir_service_show(struct weir_service *svc)
{
	lockdep_assert_held(&svc->wn->lock);
	/* after the snapshot: pairs with weir_service_visible() */
	smp_store_release(&svc->hidden, false);
}

struct weir_service *weir_service_add(struct weir_net *wn, const struct weir_service_key *key, u16 port_first,
				      u16 port_last, const char *owner, const struct weir_service_config *config,
				      struct netlink_ext_ack *extack)
{
	struct weir_service *svc;
	int err;

	svc = weir_service_create(wn, key, port_first, port_last, owner, config, extack);
	if (IS_ERR(svc))
		return svc;
	err = weir_service_rebuild(svc, extack);
	if (err) {
		weir_service_del(svc);
		return ERR_PTR(err);
	}
	weir_service_show(svc);
	return svc;
}

void weir_service_set_config(struct weir_service *svc, const struct weir_service_config *config)
{
	lockdep_assert_held(&svc->wn->lock);
	weir_service_store(svc, config);
}

int weir_service_set(struct weir_service *svc, const struct weir_service_config *config,
		     struct netlink_ext_ack *extack)
{
	struct weir_service_config new = *config;
	struct weir_server_set *set;
	struct weir_server *server;
	struct weir_server **servers;
	u32 n = 0;
	int err;

	lockdep_assert_held(&svc->wn->lock);
	/* what only the scheduler of before knew goes with it, unless the caller names it anew */
	if (new.sched != svc->config.sched) {
		if (new.mh_size == svc->config.mh_size)
			new.mh_size = 0;
		if (svc->config.has_seed && !memcmp(new.seed, svc->config.seed, sizeof(new.seed))) {
			memset(new.seed, 0, sizeof(new.seed));
			new.has_seed = false;
		}
		if (new.flags == svc->config.flags)
			new.flags &= ~(svc->config.sched->flags & ~new.sched->flags);
		if (new.slow_start == svc->config.slow_start && !new.sched->slow_start)
			new.slow_start = 0;
	}
	err = weir_service_config_check(&svc->key, svc->port_first, svc->port_last, &new, extack);
	if (!err)
		err = weir_service_servers_check(svc, &new, extack);
	if (err)
		return err;

	err = weir_ports_prepare_service(svc, &new, extack);
	if (err)
		return err;
	servers = kvmalloc_array(svc->nservers + 1, sizeof(*servers), GFP_KERNEL);
	if (!servers) {
		NL_SET_ERR_MSG(extack, "service: no memory");
		err = -ENOMEM;
		goto err_ports;
	}
	list_for_each_entry(server, &svc->servers, list)
		servers[n++] = server;
	set = weir_server_set_build(svc, &new, servers, n, extack);
	kvfree(servers);
	if (IS_ERR(set)) {
		err = PTR_ERR(set);
		goto err_ports;
	}
	weir_service_store(svc, &new);
	weir_ports_commit_service(svc);
	weir_server_set_publish(svc, set);
	return 0;

err_ports:
	weir_ports_discard_service(svc);
	return err;
}

void weir_service_del(struct weir_service *svc)
{
	struct weir_server *server, *next;
	struct weir_net *wn = svc->wn;

	lockdep_assert_held(&wn->lock);
	WRITE_ONCE(svc->dead, true);
	rhltable_remove(&wn->services, &svc->node, weir_service_params);
	list_del(&svc->list);
	weir_service_count(svc, -1);
	weir_server_set_publish(svc, NULL);
	list_for_each_entry_safe(server, next, &svc->servers, list)
		weir_server_del(server);
	if (svc->both)
		weir_hook_put(wn, weir_service_other_family(svc));
	weir_hook_put(wn, svc->key.family);
	/* the table's reference; readers may hold the service until the grace period ends */
	weir_service_put(svc);
}

int weir_service_rebuild(struct weir_service *svc, struct netlink_ext_ack *extack)
{
	struct weir_server_set *set;
	struct weir_server **servers, *server;
	u32 n = 0;

	lockdep_assert_held(&svc->wn->lock);
	servers = kvmalloc_array(svc->nservers + 1, sizeof(*servers), GFP_KERNEL);
	if (!servers) {
		NL_SET_ERR_MSG(extack, "service: no memory for its servers");
		return -ENOMEM;
	}
	list_for_each_entry(server, &svc->servers, list)
		servers[n++] = server;
	set = weir_server_set_build(svc, &svc->config, servers, n, extack);
	kvfree(servers);
	if (IS_ERR(set))
		return PTR_ERR(set);
	weir_server_set_publish(svc, set);
	return 0;
}

unsigned long weir_service_timeout(const struct weir_service *svc, enum weir_state state)
{
	u32 seconds = READ_ONCE(svc->config.timeouts[state]);

	if (!seconds)
		seconds = READ_ONCE(svc->wn->config.timeouts[state]);
	return (unsigned long)seconds * HZ;
}

void weir_service_get(struct weir_service *svc)
{
	refcount_inc(&svc->refs);
}

static void weir_service_free_rcu(struct rcu_head *rcu)
{
	struct weir_service *svc = container_of(rcu, struct weir_service, rcu);

	pr_debug("service %u destroyed\n", svc->id);
	kmem_cache_free(weir_service_cache, svc);
}

void weir_service_put(struct weir_service *svc)
{
	if (refcount_dec_and_test(&svc->refs))
		call_rcu(&svc->rcu, weir_service_free_rcu);
}

int weir_service_net_init(struct weir_net *wn)
{
	INIT_LIST_HEAD(&wn->service_list);
	return rhltable_init(&wn->services, &weir_service_params);
}

void weir_service_net_pre_exit(struct weir_net *wn)
{
	struct weir_service *svc, *next;

	mutex_lock(&wn->lock);
	list_for_each_entry_safe(svc, next, &wn->service_list, list)
		weir_service_del(svc);
	mutex_unlock(&wn->lock);
}

void weir_service_net_exit(struct weir_net *wn)
{
	rhltable_destroy(&wn->services);
}

int weir_service_init(void)
{
	weir_service_cache = KMEM_CACHE(weir_service, SLAB_ACCOUNT);
	return weir_service_cache ? 0 : -ENOMEM;
}

void weir_service_exit(void)
{
	kmem_cache_destroy(weir_service_cache);
}
