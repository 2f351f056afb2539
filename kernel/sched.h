/* SPDX-License-Identifier: GPL-2.0 */
/* sched: the schedulers, one file each (sched_*.c) */
#ifndef _WEIR_SCHED_H
#define _WEIR_SCHED_H

#include <linux/types.h>
#include "server.h"

struct netlink_ext_ack;
struct weir_pkt;
struct weir_server;
struct weir_server_set;
struct weir_service;
struct weir_service_config;

/**
 * struct weir_scheduler - one way to choose a server
 * @name: as IPVS names it
 * @flags: bits of enum weir_service_flags that it understands
 * @slow_start: honours weir_service_config.slow_start
 * @build: fills @set->priv from the servers' next_weight and from @config; process context, weir_net.lock held, may sleep; sets
 *	@extack on failure. NULL: nothing to build
 * @release: frees @set->priv; any context. NULL: nothing to free
 * @tidy: forgets what nobody has asked for lately; process context, weir_net.lock held, may sleep. NULL: nothing to forget
 * @pick: chooses for a packet that opens a connection; RCU held, BH disabled, no lock, no allocation (but see locality.h);
 *	borrowed, NULL: none usable
 */
struct weir_scheduler {
	const char *name;
	u32 flags;
	bool slow_start;
	int (*build)(struct weir_server_set *set, const struct weir_service_config *config,
		     struct netlink_ext_ack *extack);
	void (*release)(struct weir_server_set *set);
	void (*tidy)(const struct weir_server_set *set);
	struct weir_server *(*pick)(const struct weir_server_set *set, const struct weir_pkt *pkt);
};

/* Never NULL-terminated by hand: sched.c holds the table. NULL where the name is unknown. */
const struct weir_scheduler *weir_sched_lookup(const char *name);

/*
 * The server that @svc's scheduler chooses for a packet that opens a connection, or NULL. RCU held, BH disabled; borrowed. Fires
 * the tracepoint weir_schedule.
 */
struct weir_server *weir_sched_pick(const struct weir_service *svc, const struct weir_pkt *pkt);

/* The first server behind number @i that is usable, @i itself the last one asked; NULL. As a scheduler's pick. */
struct weir_server *weir_sched_behind(const struct weir_server_set *set, u32 i);

/* Slow start: what part of its weight a server has reached, 1 to WEIR_SCHED_SCALE_ONE. @slow_start: seconds, 0: off. */
#define WEIR_SCHED_SCALE_ONE	256
u32 weir_sched_scale_warming(const struct weir_server *server, u32 slow_start);
static inline u32 weir_sched_scale(const struct weir_server *server, u32 slow_start)
{
	if (likely(!slow_start || !test_bit(WEIR_SERVER_WARMING, &server->state)))
		return WEIR_SCHED_SCALE_ONE;
	return weir_sched_scale_warming(server, slow_start);
}

/* Is a server of @set within its slow start? Process context. */
bool weir_sched_warming(const struct weir_server_set *set);

/* A server's weight as far as its slow start has come. 0: it has none, or lost it a moment ago. Below 2^24. */
static inline u32 weir_sched_weight(const struct weir_server *server, u32 slow_start)
{
	return READ_ONCE(server->weight) * weir_sched_scale(server, slow_start);
}

/* IPVS's measure of a server's load, as it is since 6.1.192: 256 times the active connections and all of them. Below 2^40. */
static inline u64 weir_sched_overhead(const struct weir_server *server)
{
	u32 active = atomic_read(&server->active);

	return ((u64)active << 8) + active + atomic_read(&server->inactive);
}

/*
 * How busy a server is for sed and nq: its active connections, of UDP (@udp) all of them. No connection of UDP is ever active: to
 * IPVS's sed and nq all servers look idle for ever, and one of them gets everything.
 */
static inline u32 weir_sched_busy(const struct weir_server *server, bool udp)
{
	u32 busy = atomic_read(&server->active);

	return udp ? busy + atomic_read(&server->inactive) : busy;
}

/* An address as sh and dh hash it: host order; IPVS folds those of IPv6 into 32 bits. */
static inline u32 weir_sched_fold(const union nf_inet_addr *addr, u8 family)
{
	__be32 fold = addr->ip;

	if (family == AF_INET6)
		fold ^= addr->ip6[1] ^ addr->ip6[2] ^ addr->ip6[3];
	return ntohl(fold);
}

/* wlc's choice of @servers, for lblc and lblcr too; sed's, for nq too. As a scheduler's pick. */
struct weir_server *weir_wlc_least(struct weir_server *const *servers, u32 n, u32 slow_start);
struct weir_server *weir_sed_least(const struct weir_server_set *set, bool udp);

/* wrr's table as set->priv, for twos too. As a scheduler's build and release. */
int weir_wrr_build(struct weir_server_set *set, const struct weir_service_config *config,
		   struct netlink_ext_ack *extack);
void weir_wrr_release(struct weir_server_set *set);

/* Turns of wrr, for rr's slow start too; see sched_wrr.c. NULL: no server has a weight. ERR_PTR(-ENOMEM). */
struct weir_wrr_table;
struct weir_wrr_table *weir_wrr_table_build(const u32 *weights, u32 n);
/* Index of the server whose turn is next. */
u32 weir_wrr_table_pick(const struct weir_wrr_table *table, u32 n, u64 turn);

extern const struct weir_scheduler weir_sched_rr;
extern const struct weir_scheduler weir_sched_wrr;
extern const struct weir_scheduler weir_sched_lc;
extern const struct weir_scheduler weir_sched_wlc;
extern const struct weir_scheduler weir_sched_sed;
extern const struct weir_scheduler weir_sched_nq;
extern const struct weir_scheduler weir_sched_fo;
extern const struct weir_scheduler weir_sched_ovf;
extern const struct weir_scheduler weir_sched_twos;
extern const struct weir_scheduler weir_sched_sh;
extern const struct weir_scheduler weir_sched_dh;
extern const struct weir_scheduler weir_sched_mh;
extern const struct weir_scheduler weir_sched_lblc;
extern const struct weir_scheduler weir_sched_lblcr;

#endif /* _WEIR_SCHED_H */
