/* SPDX-License-Identifier: GPL-2.0 */
/* server: a real server of a service, and the snapshot of all of them that schedulers pick from */
#ifndef _WEIR_SERVER_H
#define _WEIR_SERVER_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <uapi/linux/weir.h>
#include "stats.h"
#include "tun.h"

struct netlink_ext_ack;
struct weir_net;
struct weir_ports;
struct weir_route;
struct weir_scheduler;
struct weir_service;
struct weir_service_config;
struct weir_service_key;

/* Bits of weir_server.state; set_bit() and friends, read by the data path. */
enum weir_server_state {
	WEIR_SERVER_OVERLOADED,		/* at its upper threshold */
	WEIR_SERVER_GONE,		/* deleted; exists while connections point to it */
	WEIR_SERVER_DRAINING,		/* its connections leave the express path and record sequence numbers */
	WEIR_SERVER_DRAINED,		/* the deadline passed: connections are reset when they speak */
	WEIR_SERVER_WARMING,		/* within its slow start */
	WEIR_SERVER_NOTIFY,		/* queued for a notification */
};

/* What an operator sets. Written under weir_net.lock with WRITE_ONCE. */
struct weir_server_config {
	u32	weight;
	u32	upper;
	u32	lower;
	u8	method;			/* enum weir_method */
	struct weir_tunnel tunnel;	/* zero but for method tun */
};

/**
 * struct weir_server - a real server
 * @service: its service; a reference
 * @addr: address
 * @port: port, 0: the port that the client asked for
 * @family: AF_INET or AF_INET6
 * @weight: what schedulers use: the configured weight, or the operator's override, or 0 while draining; WRITE_ONCE/READ_ONCE
 * @next_weight: what schedulers build from: @weight, except while a transaction prepares; under weir_net.lock
 * @last_weight: the last @weight that was not 0; under weir_net.lock
 * @state: bits of enum weir_server_state
 * @active: active connections, changed with states of connections only
 * @inactive: the others
 * @persistent: templates
 * @stats: per CPU
 * @route: cached route of the admission path, see route.h; RCU
 * @ports: with method fullnat, which local addresses and ports are in use towards it, a reference; RCU, replaced under weir_net.lock
 * @next_ports: what is prepared to take that place, with @ports_staged; a reference; under weir_net.lock
 * @ports_staged: something is, be it NULL; under weir_net.lock
 * @born: jiffies when it appeared with a weight; valid with WARMING
 * @config: settings
 * @override: operator's weight, -1: none; under weir_net.lock
 * @drain_deadline: jiffies, valid with DRAINING and @drain_limited
 * @drain: fires at the deadline
 * @rates: the estimator's
 * @last: statistics at the estimator's last visit
 * @zero: statistics at the last zeroing; under weir_net.lock
 * @id: unique in the namespace
 * @notify: in weir_net.notify, with NOTIFY
 * @refs: its service's list, snapshots, connections, templates
 * @list: in weir_service.servers (under weir_net.lock) or .gone (under weir_service.gone_lock)
 * @rcu: frees it
 */
struct weir_server {
	struct weir_service		*service;
	union nf_inet_addr		addr;
	__be16				port;
	u8				family;
	u32				weight;
	u32				next_weight;
	u32				last_weight;
	unsigned long			state;
	atomic_t			active;
	atomic_t			inactive;
	atomic_t			persistent;
	struct weir_stats_cpu __percpu	*stats;
	struct weir_route __rcu		*route;
	struct weir_ports __rcu		*ports;
	unsigned long			born;

	struct weir_server_config	config;
	struct weir_ports		*next_ports;
	bool				ports_staged;
	int				override;
	bool				drain_limited;
	unsigned long			drain_deadline;
	struct delayed_work		drain;
	struct weir_rates		rates;
	struct weir_stats		last;
	struct weir_stats		zero;
	u32				id;
	refcount_t			refs;
	struct llist_node		notify;
	struct list_head		list;
	struct rcu_head			rcu;
};

/* Servers of one service at most. */
#define WEIR_SERVERS_MAX	65535

/**
 * struct weir_server_set - immutable snapshot of a service's servers
 * @sched: scheduler that built @priv
 * @svc: the service
 * @priv: the scheduler's table
 * @flags: of the service, enum weir_service_flags
 * @slow_start: of the service, seconds
 * @rcu: frees it
 * @n: number of servers
 * @servers: all of them, the newest first, as IPVS keeps its list; a reference each
 */
struct weir_server_set {
	const struct weir_scheduler	*sched;
	struct weir_service		*svc;
	void				*priv;
	u32				flags;
	u32				slow_start;
	struct rcu_head			rcu;
	u32				n;
	struct weir_server		*servers[];
};

/* May the scheduler give it a new connection? Data path. */
static inline bool weir_server_usable(const struct weir_server *server)
{
	return READ_ONCE(server->weight) && !test_bit(WEIR_SERVER_OVERLOADED, &server->state);
}

int weir_server_init(void);	/* slab cache */
void weir_server_exit(void);	/* rcu_barrier() has been called */

/*
 * Control path, weir_net.lock held; every failure sets @extack. After a batch of add/set/del the caller calls
 * weir_service_rebuild() once: until then packets see the old snapshot. weir_server_add() revives a server of the same
 * address and port that is gone but still has connections.
 */
int weir_server_config_check(const struct weir_service *svc, u8 family, const union nf_inet_addr *addr, __be16 port,
			     const struct weir_server_config *config, struct netlink_ext_ack *extack);
/* The same before there is a service: @key and @port_first tell it. */
int weir_server_config_check_key(const struct weir_service_key *key, u16 port_first, u16 port_last, u8 family,
				 const union nf_inet_addr *addr, __be16 port, const struct weir_server_config *config,
				 struct netlink_ext_ack *extack);
struct weir_server *weir_server_lookup(const struct weir_service *svc, u8 family, const union nf_inet_addr *addr,
				       __be16 port);
struct weir_server *weir_server_add(struct weir_service *svc, u8 family, const union nf_inet_addr *addr, __be16 port,
				    const struct weir_server_config *config, struct netlink_ext_ack *extack);
/*
 * weir_server_add() in two halves for transactions: weir_server_create() checks and takes a gone server of this address and port,
 * or makes one, on no list of the service; weir_server_link() makes it a server of the service and cannot fail;
 * weir_server_put() undoes a create that was not linked.
 */
struct weir_server *weir_server_create(struct weir_service *svc, u8 family, const union nf_inet_addr *addr, __be16 port,
				       const struct weir_server_config *config, struct netlink_ext_ack *extack);
void weir_server_link(struct weir_server *server);
int weir_server_set(struct weir_server *server, const struct weir_server_config *config,
		    struct netlink_ext_ack *extack);
void weir_server_del(struct weir_server *server);
/* -1 takes the override away. */
void weir_server_override(struct weir_server *server, int weight);
/* The weight that @server has with @config: 0 while it drains, else the operator's override, else the configured weight. */
u32 weir_server_effective(const struct weir_server *server, const struct weir_server_config *config);
/* Brings weight and next_weight to weir_server_effective() of its own settings. */
void weir_server_reweigh(struct weir_server *server);
/* Starts a drain; @deadline seconds, 0: none. weir_server_undrain() ends it. See drain.c. */
void weir_server_drain(struct weir_server *server, u32 deadline);
void weir_server_undrain(struct weir_server *server);
/* A new server: @drain and its fields. */
void weir_server_drain_init(struct weir_server *server);
/* For weir_server_create() and, in process context, weir_server_del(): after it no deadline fires. */
void weir_server_drain_init(struct weir_server *server);
void weir_server_drain_cancel(struct weir_server *server);
/* Seconds left until the deadline, 0 without one. */
u32 weir_server_drain_left(const struct weir_server *server);
/* enum weir_server_flags for listings. */
u32 weir_server_flags(const struct weir_server *server);

/*
 * Snapshots, server_set.c; weir_net.lock held. Build takes references to the @n servers, in order of creation, and runs the
 * scheduler's build; it changes nothing that packets see and may fail (ERR_PTR, @extack set). Publish swaps and cannot fail.
 * Discard frees one that was not published.
 */
struct weir_server_set *weir_server_set_build(struct weir_service *svc, const struct weir_service_config *config,
					      struct weir_server **servers, u32 n, struct netlink_ext_ack *extack);
void weir_server_set_publish(struct weir_service *svc, struct weir_server_set *set);
void weir_server_set_discard(struct weir_server_set *set);

void weir_server_get(struct weir_server *server);
/* Any context; the last reference folds its statistics into the service and frees it by call_rcu(). */
void weir_server_put(struct weir_server *server);

/* A connection came, changed between active and inactive, or went: counts, sets and clears OVERLOADED. Any context. */
void weir_server_conn_add(struct weir_server *server, bool active);
void weir_server_conn_move(struct weir_server *server, bool active);
void weir_server_conn_del(struct weir_server *server, bool active);

/* Slow start, slow_start.c: @server begins one if its service has it; weir_net.lock held. */
void weir_server_warm(struct weir_server *server);
void weir_slow_start_net_init(struct weir_net *wn);
void weir_slow_start_net_exit(struct weir_net *wn);

/* Tells listeners of a change that was made where weir_net.lock cannot be taken. Any context. */
void weir_server_notify_later(struct weir_server *server);
int weir_server_net_init(struct weir_net *wn);
/* weir_net.dying is set; process context: no walk of connections, no slow start any more. */
void weir_server_net_pre_exit(struct weir_net *wn);
/* A grace period has passed since, the connections are gone: what they still queued is dropped. */
void weir_server_net_exit(struct weir_net *wn);

#endif /* _WEIR_SERVER_H */
