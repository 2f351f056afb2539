// SPDX-License-Identifier: GPL-2.0
/* net: all that weir keeps of one network namespace, made and unmade with it */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "conn.h"
#include "counter.h"
#include "express.h"
#include "hook.h"
#include "locality.h"
#include "net.h"
#include "path.h"
#include "persist.h"
#include "pool.h"
#include "proto.h"
#include "route.h"
#include "server.h"
#include "service.h"
#include "stats.h"
#include "transaction.h"

#define WEIR_CONN_MAX_FLOOR	4096U
#define WEIR_CONN_MAX_CEILING	(1024U << 20)
#define WEIR_SERVICE_MAX	65536U
#define WEIR_STAGED_MAX		(64U << 20)

static unsigned int weir_net_id;

struct weir_net *weir_net(const struct net *net)
{
	return net_generic(net, weir_net_id);
}

u32 weir_net_bump(struct weir_net *wn)
{
	u32 generation;

	lockdep_assert_held(&wn->lock);

	generation = wn->generation + 1;
	if (!generation)
		generation = 1;
	WRITE_ONCE(wn->generation, generation);
	return generation;
}

/*
 * As many connections as a quarter of the memory holds, each with its table's share: one bucket pointer a tuple at the
 * table's widest. At 16 GiB these are some 8 million.
 */
static u32 conn_max_default(void)
{
	struct sysinfo si;
	u64 bytes;

	si_meminfo(&si);
	bytes = (u64)si.totalram * si.mem_unit;
	return clamp_t(u64, div_u64(bytes / 4, sizeof(struct weir_conn) + WEIR_DIR_MAX * 2 * sizeof(void *)),
		       WEIR_CONN_MAX_FLOOR, WEIR_CONN_MAX_CEILING);
}

void weir_net_defaults(struct weir_config *config)
{
	memset(config, 0, sizeof(*config));
	memcpy(config->timeouts, weir_state_timeouts, sizeof(config->timeouts));
	config->conn_max = conn_max_default();
	config->service_max = WEIR_SERVICE_MAX;
	config->staged_max = WEIR_STAGED_MAX;
	config->express = true;
}

void weir_net_configure(struct weir_net *wn, const struct weir_config *config)
{
	int state;

	lockdep_assert_held(&wn->lock);

	for (state = 0; state < __WEIR_STATE_MAX; state++)
		WRITE_ONCE(wn->config.timeouts[state], config->timeouts[state]);
	WRITE_ONCE(wn->config.conn_max, config->conn_max);
	WRITE_ONCE(wn->config.service_max, config->service_max);
	WRITE_ONCE(wn->config.staged_max, config->staged_max);
	WRITE_ONCE(wn->config.express, config->express);
	WRITE_ONCE(wn->config.sloppy_tcp, config->sloppy_tcp);
	WRITE_ONCE(wn->config.expire_quiescent, config->expire_quiescent);
	memcpy(wn->config.express_devices, config->express_devices, sizeof(wn->config.express_devices));
	weir_express_update(wn);
	weir_hook_update(wn);
}

u32 weir_net_buckets(struct weir_net *wn)
{
	u32 size;

	rcu_read_lock();
	size = rht_dereference_rcu(wn->conns.tbl, &wn->conns)->size;
	rcu_read_unlock();
	return size;
}

static int __net_init weir_pernet_init(struct net *net)
{
	struct weir_net *wn = weir_net(net);
	int err;

	wn->net = net;
	mutex_init(&wn->lock);
	wn->generation = 1;
	get_random_bytes(&wn->hash_key, sizeof(wn->hash_key));
	weir_net_defaults(&wn->config);
	weir_transaction_net_init(wn);
	weir_pool_net_init(wn);
	wn->counters = alloc_percpu_gfp(struct weir_counters, GFP_KERNEL_ACCOUNT);
	if (!wn->counters)
		return -ENOMEM;
	weir_hook_net_init(wn);
	weir_locality_net_init(wn);
	weir_express_net_init(wn);
	err = weir_path_net_init(wn);
	if (err)
		goto err_counters;
	err = weir_persist_net_init(wn);
	if (err)
		goto err_path;
	err = weir_conn_net_init(wn);
	if (err)
		goto err_persist;
	err = weir_service_net_init(wn);
	if (err)
		goto err_conn;
	err = weir_server_net_init(wn);
	if (err)
		goto err_service;
	err = weir_stats_net_init(wn);
	if (err)
		goto err_server;
	return 0;

err_server:
	weir_server_net_exit(wn);
err_service:
	weir_service_net_exit(wn);
err_conn:
	weir_conn_net_exit(wn);
err_persist:
	weir_persist_net_exit(wn);
err_path:
	weir_path_net_exit(wn);
err_counters:
	free_percpu(wn->counters);
	return err;
}

/*
 * First half: nothing new comes in. The services go and with the last one of a family its hooks. Between the halves every
 * namespace that dies at the same time shares one grace period.
 */
static void __net_exit weir_pernet_pre_exit(struct net *net)
{
	struct weir_net *wn = weir_net(net);

	mutex_lock(&wn->lock);
	WRITE_ONCE(wn->dying, true);
	mutex_unlock(&wn->lock);
	weir_transaction_net_exit(wn);
	weir_stats_net_exit(wn);
	weir_service_net_pre_exit(wn);
	weir_hook_net_exit(wn);
	weir_server_net_pre_exit(wn);
	weir_locality_net_exit(wn);
	/* Connections live on until the second half: what they keep must not keep devices, whether or not the notifier is there. */
	weir_path_flush(wn, NULL);
	weir_route_flush_net(wn);
}

/* Second half: no packet is under way through the hooks any more. */
static void __net_exit weir_pernet_exit(struct net *net)
{
	struct weir_net *wn = weir_net(net);

	weir_service_net_exit(wn);
	weir_conn_net_exit(wn);
	weir_server_net_exit(wn);
	weir_persist_net_exit(wn);
	weir_path_net_exit(wn);
	weir_pool_net_exit(wn);
	free_percpu(wn->counters);
}

static struct pernet_operations weir_pernet_ops = {
	.init		= weir_pernet_init,
	.pre_exit	= weir_pernet_pre_exit,
	.exit		= weir_pernet_exit,
	.id		= &weir_net_id,
	.size		= sizeof(struct weir_net),
};

int __init weir_net_init(void)
{
	return register_pernet_subsys(&weir_pernet_ops);
}

void weir_net_exit(void)
{
	unregister_pernet_subsys(&weir_pernet_ops);
}
