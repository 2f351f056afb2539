/* SPDX-License-Identifier: GPL-2.0 */
/* net: all that weir keeps of one network namespace */
#ifndef _WEIR_NET_H
#define _WEIR_NET_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/if.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <uapi/linux/weir.h>
#include "tuple.h"

/* Bits of weir_net.filter[], as a power of two. */
#define WEIR_FILTER_ORDER	11

struct weir_counters;
struct weir_wheel;
struct weir_transaction;

/**
 * struct weir_config - settings of a namespace
 *
 * Written under weir_net.lock with WRITE_ONCE, read by the data path with READ_ONCE.
 *
 * @timeouts: seconds by state; defaults are IPVS's (ip_vs_proto_tcp.c, ip_vs_proto_udp.c)
 * @conn_max: connections at most
 * @service_max: services at most
 * @staged_max: bytes that a transaction may stage
 * @express: the express path may be taken
 * @express_devices: names of the devices that it may stand at, up to the first empty one; none: at all
 * @sloppy_tcp: any segment but RST may open a connection
 * @expire_quiescent: templates of servers of weight 0 end
 */
struct weir_config {
	u32	timeouts[__WEIR_STATE_MAX];
	u32	conn_max;
	u32	service_max;
	u32	staged_max;
	bool	express;
	bool	sloppy_tcp;
	bool	expire_quiescent;
	char	express_devices[WEIR_EXPRESS_DEVICES_MAX][IFNAMSIZ];
};

/**
 * struct weir_net - one network namespace
 * @net: the namespace
 * @lock: serialises every change of configuration: services, servers, snapshots, settings, transactions, hooks
 * @generation: number of the last change, never 0; written under @lock
 * @last_id: last id given to a service or server; under @lock
 * @config: settings
 * @services: services by key (rhltable: port ranges of an address share a key); changed under @lock, read under RCU
 * @service_list: services in the order of their ids; under @lock
 * @nservices: their number; under @lock
 * @hooked: services of IPv4 [0] and IPv6 [1] that keep the hooks registered; under @lock
 * @marking: the hook of PRE_ROUTING is registered, by family; written under @lock
 * @forwarding: that of FORWARD; under @lock
 * @routed6: IPv6 was forwarded when last looked at; under @lock
 * @hook_work: registers what is missing, see weir_hook_look()
 * @nmarks: services by mark; written under @lock, READ_ONCE by lookups, which pass over what there is none of
 * @nranges: services of a port range or of all ports; likewise
 * @defrag6: nf_defrag_ipv6 is enabled, see defrag.c; under @lock
 * @hash_key: secret key of the tables of this namespace
 * @conns: connections by tuple, see conn.h
 * @conns_large: seconds for which that table has been too large; weir_conn_table_fit()'s
 * @conn_count: connections in existence
 * @wheel: expiry of connections, see conn_gc.c
 * @gc: runs the wheel
 * @persists: templates of persistence, see persist.h
 * @persist_used: there has been a template
 * @persist_lock: protects @persist_unassured; BH-safe
 * @persist_unassured: templates of which no connection has got beyond its first packet, oldest first
 * @paths: ways out of the express path, see path.h
 * @express_devs: devices that it stands at, under RTNL; see express_dev.c
 * @express_on: devices are to be hooked; written under RTNL, with @lock held
 * @filter: addresses that connections are about, by direction, see filter.h
 * @counters: per CPU, see counter.h
 * @estimator: folds rates, see stats.c
 * @estimated: jiffies of its last run; its own
 * @slow_start: once a second while a server is within its slow start, see slow_start.c
 * @tidy: once a minute while a service has a scheduler that remembers, see locality.c
 * @reaper: ends the connections of servers that were deleted, see server.c
 * @notify: servers that changed in the data path; @notifier tells of them, see server.c
 * @notifier: takes @notify
 * @pools: struct weir_pool in the order of their ids; under @lock
 * @pool_teller: tells of pools that had nothing left, see pool.c
 * @transactions: open transactions; under @lock
 * @dying: the namespace or the module goes away: nothing is to be queued again
 * @express_devices: those of @config; written under RTNL, with @lock held
 */
struct weir_net {
	struct net			*net;
	struct mutex			lock;	/* of the configuration: see above */
	u32				generation;
	u32				last_id;
	struct weir_config		config;

	struct rhltable			services;
	struct list_head		service_list;
	u32				nservices;
	u32				hooked[2];
	bool				marking[2];
	bool				forwarding[2];
	bool				routed6;
	struct work_struct		hook_work;
	bool				defrag6;
	u32				nmarks;
	u32				nranges;

	siphash_key_t			hash_key;
	struct weir_counters __percpu	*counters ____cacheline_aligned;	/* one line with the table */
	struct rhashtable		conns;
	atomic_t			conn_count;
	u32				conns_large;
	struct weir_wheel		*wheel;
	struct delayed_work		gc;
	struct rhashtable		persists;
	bool				persist_used;
	spinlock_t			persist_lock;	/* @persist_unassured */
	struct list_head		persist_unassured;

	struct rhashtable		paths;
	struct list_head		express_devs;
	bool				express_on;
	unsigned long			filter[WEIR_DIR_MAX][BITS_TO_LONGS(1 << WEIR_FILTER_ORDER)];

	struct delayed_work		estimator;
	unsigned long			estimated;
	struct delayed_work		slow_start;
	struct delayed_work		tidy;
	struct work_struct		reaper;
	struct llist_head		notify;
	struct delayed_work		notifier;
	struct list_head		pools;
	struct delayed_work		pool_teller;
	struct list_head		transactions;
	bool				dying;
	char				express_devices[WEIR_EXPRESS_DEVICES_MAX][IFNAMSIZ];
};

/* Borrowed: valid as long as the namespace is. */
struct weir_net *weir_net(const struct net *net);

/* The defaults of a new namespace. */
void weir_net_defaults(struct weir_config *config);
/* Stores settings; they were checked. Caller holds wn->lock. */
void weir_net_configure(struct weir_net *wn, const struct weir_config *config);
/* Size of the connection table. Process context. */
u32 weir_net_buckets(struct weir_net *wn);

/* Module-wide: registers the pernet operations. */
int weir_net_init(void);
void weir_net_exit(void);

/* A configuration change was made: moves the generation on. Caller holds wn->lock. */
u32 weir_net_bump(struct weir_net *wn);

#endif /* _WEIR_NET_H */
