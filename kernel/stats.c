// SPDX-License-Identifier: GPL-2.0
/*
 * Packets write per-CPU counters of their server and nothing else. All sums are made when somebody reads, and every two seconds by
 * the estimator, which works through the services in process context.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include "hook.h"
#include "net.h"
#include "server.h"
#include "service.h"
#include "stats.h"

#define WEIR_ESTIMATE_EVERY	(2 * HZ)
/* Services that the estimator visits before it lets others have weir_net.lock. */
#define WEIR_ESTIMATE_BATCH	64

/* Scales of weir_rates inside, IPVS's. */
#define WEIR_RATE_SHIFT		10
#define WEIR_RATE_BYTES_SHIFT	5

void weir_stats_fold(const struct weir_server *server, struct weir_stats *stats)
{
	int cpu;

	memset(stats, 0, sizeof(*stats));
	for_each_possible_cpu(cpu) {
		const struct weir_stats_cpu *s = per_cpu_ptr(server->stats, cpu);
		struct weir_stats one;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			one.conns = u64_stats_read(&s->conns);
			one.in_pkts = u64_stats_read(&s->in_pkts);
			one.out_pkts = u64_stats_read(&s->out_pkts);
			one.in_bytes = u64_stats_read(&s->in_bytes);
			one.out_bytes = u64_stats_read(&s->out_bytes);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		weir_stats_sum(stats, &one);
	}
}

void weir_stats_sum(struct weir_stats *sum, const struct weir_stats *stats)
{
	sum->conns += stats->conns;
	sum->in_pkts += stats->in_pkts;
	sum->out_pkts += stats->out_pkts;
	sum->in_bytes += stats->in_bytes;
	sum->out_bytes += stats->out_bytes;
}

static void weir_stats_minus(struct weir_stats *stats, const struct weir_stats *base)
{
	stats->conns -= base->conns;
	stats->in_pkts -= base->in_pkts;
	stats->out_pkts -= base->out_pkts;
	stats->in_bytes -= base->in_bytes;
	stats->out_bytes -= base->out_bytes;
}

/* Servers that exist no more, and those that were deleted and still have connections. */
static void weir_stats_sum_gone(struct weir_service *svc, struct weir_stats *sum)
{
	struct weir_server *server;
	struct weir_stats stats;

	spin_lock_bh(&svc->gone_lock);
	weir_stats_sum(sum, &svc->retired);
	list_for_each_entry(server, &svc->gone, list) {
		weir_stats_fold(server, &stats);
		weir_stats_sum(sum, &stats);
	}
	spin_unlock_bh(&svc->gone_lock);
}

static void weir_stats_fold_service(struct weir_service *svc, struct weir_stats *sum)
{
	struct weir_server *server;
	struct weir_stats stats;

	lockdep_assert_held(&svc->wn->lock);
	memset(sum, 0, sizeof(*sum));
	list_for_each_entry(server, &svc->servers, list) {
		weir_stats_fold(server, &stats);
		weir_stats_sum(sum, &stats);
	}
	weir_stats_sum_gone(svc, sum);
}

static void weir_stats_decode(struct weir_rates *out, const struct weir_rates *rates)
{
	const u64 half = (1 << WEIR_RATE_SHIFT) / 2 - 1, half_byte = (1 << WEIR_RATE_BYTES_SHIFT) / 2 - 1;

	out->cps = (rates->cps + half) >> WEIR_RATE_SHIFT;
	out->in_pps = (rates->in_pps + half) >> WEIR_RATE_SHIFT;
	out->out_pps = (rates->out_pps + half) >> WEIR_RATE_SHIFT;
	out->in_bps = (rates->in_bps + half_byte) >> WEIR_RATE_BYTES_SHIFT;
	out->out_bps = (rates->out_bps + half_byte) >> WEIR_RATE_BYTES_SHIFT;
}

void weir_stats_read_server(const struct weir_server *server, struct weir_stats *stats, struct weir_rates *rates)
{
	weir_stats_fold(server, stats);
	weir_stats_minus(stats, &server->zero);
	weir_stats_decode(rates, &server->rates);
}

void weir_stats_read_service(struct weir_service *svc, struct weir_stats *stats, struct weir_rates *rates)
{
	weir_stats_fold_service(svc, stats);
	weir_stats_minus(stats, &svc->zero);
	weir_stats_decode(rates, &svc->rates);
}

void weir_stats_zero(struct weir_service *svc)
{
	struct weir_server *server;

	lockdep_assert_held(&svc->wn->lock);
	memset(&svc->zero, 0, sizeof(svc->zero));
	list_for_each_entry(server, &svc->servers, list) {
		weir_stats_fold(server, &server->zero);
		server->last = server->zero;
		memset(&server->rates, 0, sizeof(server->rates));
		weir_stats_sum(&svc->zero, &server->zero);
	}
	/* they may come back */
	spin_lock_bh(&svc->gone_lock);
	weir_stats_sum(&svc->zero, &svc->retired);
	list_for_each_entry(server, &svc->gone, list) {
		weir_stats_fold(server, &server->zero);
		weir_stats_sum(&svc->zero, &server->zero);
	}
	spin_unlock_bh(&svc->gone_lock);
	svc->last = svc->zero;
	memset(&svc->rates, 0, sizeof(svc->rates));
}

void weir_stats_revive(struct weir_server *server)
{
	weir_stats_fold(server, &server->last);
	memset(&server->rates, 0, sizeof(server->rates));
}

/* rate += (now - rate) / 4, now being @count in @elapsed jiffies. Counts of one interval stay below 2^44 / HZ. */
static void weir_rate_update(u64 *rate, u64 count, u32 elapsed, int shift)
{
	u64 now = div_u64((count << shift) * HZ, elapsed);

	*rate += ((s64)now - (s64)*rate) >> 2;
}

static void weir_rates_update(struct weir_rates *rates, struct weir_stats *last, const struct weir_stats *now,
			      u32 elapsed)
{
	struct weir_stats delta = *now;

	weir_stats_minus(&delta, last);
	*last = *now;
	weir_rate_update(&rates->cps, delta.conns, elapsed, WEIR_RATE_SHIFT);
	weir_rate_update(&rates->in_pps, delta.in_pkts, elapsed, WEIR_RATE_SHIFT);
	weir_rate_update(&rates->out_pps, delta.out_pkts, elapsed, WEIR_RATE_SHIFT);
	weir_rate_update(&rates->in_bps, delta.in_bytes, elapsed, WEIR_RATE_BYTES_SHIFT);
	weir_rate_update(&rates->out_bps, delta.out_bytes, elapsed, WEIR_RATE_BYTES_SHIFT);
}

static void weir_stats_estimate(struct weir_service *svc, u32 elapsed)
{
	struct weir_server *server;
	struct weir_stats sum = {}, stats;

	list_for_each_entry(server, &svc->servers, list) {
		weir_stats_fold(server, &stats);
		weir_rates_update(&server->rates, &server->last, &stats, elapsed);
		weir_stats_sum(&sum, &stats);
		cond_resched();
	}
	weir_stats_sum_gone(svc, &sum);
	weir_rates_update(&svc->rates, &svc->last, &sum, elapsed);
}

/* Services in the order of their ids, some at a time; @after is the last one that was visited. True: there are more. */
static bool weir_stats_estimate_batch(struct weir_net *wn, u32 *after, u32 elapsed)
{
	struct weir_service *svc;
	u32 visited = 0;

	lockdep_assert_held(&wn->lock);
	list_for_each_entry(svc, &wn->service_list, list) {
		if (svc->id <= *after)
			continue;
		if (visited++ == WEIR_ESTIMATE_BATCH)
			return true;
		weir_stats_estimate(svc, elapsed);
		*after = svc->id;
	}
	return false;
}

static void weir_stats_estimator(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, estimator.work);
	unsigned long now = jiffies;
	u32 elapsed = clamp_t(unsigned long, now - wn->estimated, 1, 3600 * HZ);
	u32 after = 0;
	bool more;

	wn->estimated = now;
	do {
		mutex_lock(&wn->lock);
		more = weir_stats_estimate_batch(wn, &after, elapsed);
		if (!more)
			weir_hook_update(wn);
		if (!more && wn->nservices && !wn->dying)
			queue_delayed_work(system_power_efficient_wq, &wn->estimator, WEIR_ESTIMATE_EVERY);
		mutex_unlock(&wn->lock);
		cond_resched();
	} while (more);
}

void weir_stats_start(struct weir_net *wn)
{
	lockdep_assert_held(&wn->lock);
	if (wn->dying || delayed_work_pending(&wn->estimator))
		return;
	/* if it runs at this moment it queues itself and this does nothing, or it will be queued by this */
	if (queue_delayed_work(system_power_efficient_wq, &wn->estimator, WEIR_ESTIMATE_EVERY) && wn->nservices == 1)
		wn->estimated = jiffies;
}

int weir_stats_net_init(struct weir_net *wn)
{
	wn->estimated = jiffies;
	INIT_DELAYED_WORK(&wn->estimator, weir_stats_estimator);
	return 0;
}

void weir_stats_net_exit(struct weir_net *wn)
{
	cancel_delayed_work_sync(&wn->estimator);
}
