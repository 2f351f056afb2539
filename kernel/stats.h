/* SPDX-License-Identifier: GPL-2.0 */
/* stats: what a server carried. A service's statistics are the sum of its servers' and of those that are gone. */
#ifndef _WEIR_STATS_H
#define _WEIR_STATS_H

#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>

struct weir_net;
struct weir_server;
struct weir_service;

/* What one CPU counted. Bytes count the IP header, as IPVS does. */
struct weir_stats_cpu {
	u64_stats_t		conns;
	u64_stats_t		in_pkts;
	u64_stats_t		out_pkts;
	u64_stats_t		in_bytes;
	u64_stats_t		out_bytes;
	struct u64_stats_sync	syncp;
};

struct weir_stats {
	u64 conns;
	u64 in_pkts;
	u64 out_pkts;
	u64 in_bytes;
	u64 out_bytes;
};

/*
 * Per second, averaged over some 8 s (weight 1/4 every 2 s, as IPVS's estimator). The estimator keeps connections and packets
 * times 2^10, bytes times 2^5; weir_stats_read_*() give whole numbers.
 */
struct weir_rates {
	u64 cps;
	u64 in_pps;
	u64 out_pps;
	u64 in_bps;
	u64 out_bps;
};

/* Data path, softirq or BH disabled. A GSO packet counts as its segments do not: as one packet, IPVS's way. */
static inline void weir_stats_in(struct weir_stats_cpu __percpu *stats, unsigned int bytes)
{
	struct weir_stats_cpu *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->in_pkts);
	u64_stats_add(&s->in_bytes, bytes);
	u64_stats_update_end(&s->syncp);
}

static inline void weir_stats_out(struct weir_stats_cpu __percpu *stats, unsigned int bytes)
{
	struct weir_stats_cpu *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->out_pkts);
	u64_stats_add(&s->out_bytes, bytes);
	u64_stats_update_end(&s->syncp);
}

static inline void weir_stats_conn(struct weir_stats_cpu __percpu *stats)
{
	struct weir_stats_cpu *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->conns);
	u64_stats_update_end(&s->syncp);
}

/* Since the last zeroing. Process context, RCU or wn->lock held. */
void weir_stats_read_server(const struct weir_server *server, struct weir_stats *stats, struct weir_rates *rates);
void weir_stats_read_service(struct weir_service *svc, struct weir_stats *stats, struct weir_rates *rates);
/* Caller holds wn->lock. */
void weir_stats_zero(struct weir_service *svc);
/* A server that was deleted comes back: the estimator has not visited it meanwhile. Caller holds wn->lock. */
void weir_stats_revive(struct weir_server *server);

/* Sum over all CPUs since the server was made. Any context. */
void weir_stats_fold(const struct weir_server *server, struct weir_stats *stats);
void weir_stats_sum(struct weir_stats *sum, const struct weir_stats *stats);

/* The first service of the namespace came: the estimator runs until there is none. wn->lock held. */
void weir_stats_start(struct weir_net *wn);
int weir_stats_net_init(struct weir_net *wn);
void weir_stats_net_exit(struct weir_net *wn);

#endif /* _WEIR_STATS_H */
