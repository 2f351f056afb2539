/* SPDX-License-Identifier: GPL-2.0 */
/* pool: local addresses and ports from which the connections of method fullnat go to their servers */
#ifndef _WEIR_POOL_H
#define _WEIR_POOL_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <uapi/linux/weir.h>

struct netlink_ext_ack;
struct nlattr;
struct weir_net;
struct weir_service;
struct weir_service_config;

/* Pools of a namespace, ranges of a pool, pairs of an address and a port in it. What a server keeps of a pool is a bit a pair. */
#define WEIR_POOLS_MAX		1024
#define WEIR_POOL_RANGES_MAX	16
#define WEIR_POOL_NUMBERS_MAX	1048576U

/* @n addresses from @first on. */
struct weir_pool_range {
	union nf_inet_addr	first;
	u32			n;
};

/**
 * struct weir_pool_shape - which pairs of an address and a port a pool has; all of it is compared
 * @ranges: addresses; no one twice
 * @nranges: their number
 * @naddrs: addresses
 * @family: AF_INET or AF_INET6
 * @port_first: first port, host order, 1 and above
 * @port_last: last one
 */
struct weir_pool_shape {
	struct weir_pool_range	ranges[WEIR_POOL_RANGES_MAX];
	u32			nranges;
	u32			naddrs;
	u16			family;
	u16			port_first;
	u16			port_last;
	u16			zero;
};

static inline u64 weir_pool_shape_numbers(const struct weir_pool_shape *shape)
{
	return (u64)shape->naddrs * (shape->port_last - shape->port_first + 1U);
}

/* The @i-th address, below @naddrs; the number of an address, @naddrs where it is not the pool's. */
void weir_pool_shape_addr(const struct weir_pool_shape *shape, u32 i, union nf_inet_addr *addr);
u32 weir_pool_shape_find(const struct weir_pool_shape *shape, const union nf_inet_addr *addr);

/* What one CPU counted; connections of a pool are what was taken and not given back. */
struct weir_pool_cpu {
	unsigned long	taken;
	unsigned long	given;
	unsigned long	refused;
	unsigned long	host;
};

/* Bits of weir_pool.state. */
enum weir_pool_state {
	WEIR_POOL_TELL_FULL,	/* listeners are to hear that a connection was refused */
};

/**
 * struct weir_pool - a pool
 * @list: in weir_net.pools, in the order of ids
 * @wn: namespace
 * @id: unique in the namespace
 * @name: what services call it by; immutable
 * @owner: who keeps it; immutable
 * @shape: its addresses and ports; under weir_net.lock. The data path reads what struct weir_ports copied
 * @next: shape that a transaction is about to give it, or NULL; under weir_net.lock
 * @doomed: a transaction is about to delete it: it is not found; under weir_net.lock
 * @state: bits of enum weir_pool_state
 * @cpu: counters
 * @refs: the list, each struct weir_ports that was made of it
 */
struct weir_pool {
	struct list_head		list;
	struct weir_net			*wn;
	u32				id;
	char				name[WEIR_POOL_NAME_MAX + 1];
	char				owner[WEIR_OWNER_MAX + 1];
	struct weir_pool_shape		shape;
	const struct weir_pool_shape	*next;
	bool				doomed;
	unsigned long			state;
	struct weir_pool_cpu __percpu	*cpu;
	refcount_t			refs;
};

/* A pool as a message describes it. */
struct weir_pool_spec {
	char			name[WEIR_POOL_NAME_MAX + 1];
	struct weir_pool_shape	shape;
};

struct weir_pool_usage {
	u64	taken;
	u64	refused;
	u64	host;
	u32	conns;
};

/* Control path, weir_net.lock held; failures set @extack as "field: reason". */
int weir_pool_shape_check(const struct weir_pool_shape *shape, struct netlink_ext_ack *extack);
/* Borrowed, or NULL. */
struct weir_pool *weir_pool_lookup(const struct weir_net *wn, const char *name);
/* The shape that servers are to be prepared for. */
static inline const struct weir_pool_shape *weir_pool_shape_of(const struct weir_pool *pool)
{
	return pool->next ?: &pool->shape;
}

/* Made and in the list: borrowed, or ERR_PTR. */
struct weir_pool *weir_pool_add(struct weir_net *wn, const struct weir_pool_spec *spec, const char *owner,
				struct netlink_ext_ack *extack);
/* Gives it another shape, its servers too: all of it or nothing. */
int weir_pool_set(struct weir_pool *pool, const struct weir_pool_shape *shape, struct netlink_ext_ack *extack);
/* -EBUSY while a service names it. */
int weir_pool_deletable(const struct weir_pool *pool, struct netlink_ext_ack *extack);
/* It is found no more. Connections keep their numbers. */
void weir_pool_unlink(struct weir_pool *pool);
/* Services that name it. */
u32 weir_pool_services(const struct weir_pool *pool);
void weir_pool_usage(const struct weir_pool *pool, struct weir_pool_usage *usage);

/* Any context. */
void weir_pool_get(struct weir_pool *pool);
void weir_pool_put(struct weir_pool *pool);

/* Data path: nothing was left for a connection. Counts, and listeners hear of it soon. */
void weir_pool_refused(struct weir_pool *pool);

void weir_pool_net_init(struct weir_net *wn);
/* weir_net.dying is set, packets have come to an end; servers and connections hold what they still need. */
void weir_pool_net_exit(struct weir_net *wn);

#endif /* _WEIR_POOL_H */
