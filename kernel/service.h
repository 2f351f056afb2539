/* SPDX-License-Identifier: GPL-2.0 */
/* service: a virtual service, what clients address */
#ifndef _WEIR_SERVICE_H
#define _WEIR_SERVICE_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/netfilter.h>
#include <uapi/linux/weir.h>
#include "stats.h"

struct netlink_ext_ack;
struct weir_net;
struct weir_pkt;
struct weir_scheduler;
struct weir_server;
struct weir_server_set;

/**
 * struct weir_service_key - what the services' table hashes
 * @addr: virtual address; zero with a mark
 * @fwmark: firewall mark, 0 without one
 * @port: the port; 0 for ranges and for all ports, which share one chain per address
 * @family: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP or IPPROTO_UDP; 0 with a mark
 */
struct weir_service_key {
	union nf_inet_addr	addr;
	u32			fwmark;
	__be16			port;
	u8			family;
	u8			proto;
};

/**
 * struct weir_service_config - what an operator sets of a service
 *
 * In struct weir_service: written under weir_net.lock with WRITE_ONCE, read by the data path with READ_ONCE.
 */
struct weir_service_config {
	const struct weir_scheduler	*sched;
	u32				flags;		/* enum weir_service_flags */
	u32				persist_timeout;/* seconds */
	u32				persist_prefix;	/* bits */
	u32				slow_start;	/* seconds */
	u32				syn_retry;
	u32				on_gone;	/* enum weir_on_gone */
	u32				mh_size;
	bool				has_seed;
	u8				seed[WEIR_SEED_LEN];
	u32				timeouts[__WEIR_STATE_MAX]; /* seconds, 0: the namespace's */
	u32				proxy_protocol;	/* enum weir_proxy_protocol */
	char				pool[WEIR_POOL_NAME_MAX + 1]; /* of its fullnat servers; empty: none. Data path: whether */
};

/**
 * struct weir_service - a virtual service
 * @node: in weir_net.services
 * @key: immutable
 * @port_first: first port, host order; 0 with @port_last 65535: all ports (port 0 as ipvsadm has it); immutable
 * @port_last: last port, host order; immutable
 * @wn: its namespace
 * @config: settings
 * @next: settings that a transaction is about to give it, or NULL; under weir_net.lock
 * @set: snapshot of its servers; replaced under weir_net.lock, read under RCU; NULL before the first and after removal
 * @cursor: position of rr and wrr, outlives snapshots
 * @id: unique in the namespace
 * @owner: who keeps it; immutable
 * @list: in weir_net.service_list
 * @servers: its servers (weir_server.list) in order of creation; under weir_net.lock
 * @nservers: their number
 * @gone: servers that were deleted and still have connections (weir_server.list); under @gone_lock
 * @gone_lock: protects @gone and @retired; BH-safe, taken from RCU callbacks
 * @retired: statistics of servers that no longer exist
 * @zero: statistics at the last zeroing
 * @rates: of the estimator; written by its work only
 * @refs: the table, and one for each server that exists
 * @hidden: packets do not find it yet; READ_ONCE/WRITE_ONCE
 * @both: it holds the hooks of both families; under weir_net.lock
 * @doomed: a transaction is about to delete it: neither conflicts nor counts; under weir_net.lock
 * @dead: unlinked; nothing is scheduled by it any more; READ_ONCE/WRITE_ONCE
 * @rcu: frees it
 */
struct weir_service {
	struct rhlist_head		node;
	struct weir_service_key		key;
	u16				port_first;
	u16				port_last;
	struct weir_net			*wn;
	struct weir_service_config	config;
	const struct weir_service_config *next;
	struct weir_server_set __rcu	*set;
	atomic64_t			cursor;

	u32				id;
	char				owner[WEIR_OWNER_MAX + 1];
	struct list_head		list;
	struct list_head		servers;
	u32				nservers;
	struct list_head		gone;
	spinlock_t			gone_lock;	/* @gone, @retired */
	struct weir_stats		retired;
	struct weir_stats		zero;
	struct weir_rates		rates;
	struct weir_stats		last;		/* the estimator's */
	refcount_t			refs;
	bool				hidden;
	bool				doomed;
	bool				both;
	bool				dead;
	struct rcu_head			rcu;
};

/*
 * Data path: the service that takes a packet that belongs to no connection, or NULL. Order: firewall mark, exact port,
 * range, all ports. RCU held; borrowed.
 */
struct weir_service *weir_service_lookup_pkt(const struct weir_pkt *pkt);

/* Control path: the service of exactly this key and range, or NULL. wn->lock held; borrowed. */
struct weir_service *weir_service_lookup(struct weir_net *wn, const struct weir_service_key *key, u16 port_first,
					 u16 port_last);

/*
 * Control path, wn->lock held. Every failure sets @extack. weir_service_add() checks limits, overlapping ranges and the
 * combination of settings, registers the family's hooks with the first service, publishes last. weir_service_config_check()
 * is the check alone, for staging.
 */
int weir_service_config_check(const struct weir_service_key *key, u16 port_first, u16 port_last,
			      const struct weir_service_config *config, struct netlink_ext_ack *extack);
/* Do the servers that @svc has fit @config? */
int weir_service_servers_check(const struct weir_service *svc, const struct weir_service_config *config,
			       struct netlink_ext_ack *extack);
struct weir_service *weir_service_add(struct weir_net *wn, const struct weir_service_key *key, u16 port_first,
				      u16 port_last, const char *owner, const struct weir_service_config *config,
				      struct netlink_ext_ack *extack);
/*
 * weir_service_add() in two halves for transactions: weir_service_create() does all of it but leaves the service hidden from
 * packets and without a snapshot; after weir_server_set_publish() weir_service_show() cannot fail.
 */
struct weir_service *weir_service_create(struct weir_net *wn, const struct weir_service_key *key, u16 port_first,
					 u16 port_last, const char *owner, const struct weir_service_config *config,
					 struct netlink_ext_ack *extack);
void weir_service_show(struct weir_service *svc);
/*
 * Errors about the packets of a tunnel to a server of the other family come by the hooks of that family: they stay registered until the
 * service is deleted. weir_net.lock held; a failure sets @extack.
 */
int weir_service_hook_both(struct weir_service *svc, struct netlink_ext_ack *extack);
/* Stores @config, which was checked, and cannot fail; the snapshot is the caller's matter. */
void weir_service_set_config(struct weir_service *svc, const struct weir_service_config *config);
/* Checks, stores and, where schedulers need it, rebuilds. */
int weir_service_set(struct weir_service *svc, const struct weir_service_config *config,
		     struct netlink_ext_ack *extack);
/* Unlinks @svc and its servers; what their connections do next is config.on_gone's matter. */
void weir_service_del(struct weir_service *svc);

/* Builds the snapshot of the service's servers anew and publishes it. wn->lock held. */
int weir_service_rebuild(struct weir_service *svc, struct netlink_ext_ack *extack);

/* Time-out of @state in jiffies, the service's own or the namespace's. Data path. */
unsigned long weir_service_timeout(const struct weir_service *svc, enum weir_state state);

void weir_service_get(struct weir_service *svc);
void weir_service_put(struct weir_service *svc);

int weir_service_init(void);	/* slab cache */
void weir_service_exit(void);	/* rcu_barrier() has been called */
int weir_service_net_init(struct weir_net *wn);
/* Deletes all services; hooks are gone afterwards. Process context. */
void weir_service_net_pre_exit(struct weir_net *wn);
/* A grace period has passed since. */
void weir_service_net_exit(struct weir_net *wn);

#endif /* _WEIR_SERVICE_H */
