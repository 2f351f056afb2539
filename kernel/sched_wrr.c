// SPDX-License-Identifier: GPL-2.0
/*
 * wrr: every server in turn, as often as its weight says. Unlike IPVS's, which gives a heavy server its turns in a row, it is
 * smooth: see algo/wrr.h for what that means. Over a whole cycle both do the same.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include "algo/wrr.h"
#include "sched.h"
#include "server.h"
#include "service.h"

/* Turns that a packet may use up before it looks for itself. */
#define WEIR_WRR_TURNS	64

/**
 * struct weir_wrr_table - whose turn it is
 * @len: length of the cycle, 0: too long to be written out
 * @seq: the cycle, where @len
 * @sums: of the weights, where not
 */
struct weir_wrr_table {
	u32	len;
	union {
		DECLARE_FLEX_ARRAY(u16, seq);
		DECLARE_FLEX_ARRAY(u64, sums);
	};
};

struct weir_wrr_table *weir_wrr_table_build(const u32 *weights, u32 n)
{
	struct weir_wrr_table *table;
	struct weir_wrr_job *work;
	u64 len;
	u32 gcd;

	len = weir_wrr_cycle(weights, n, &gcd);
	if (!len)
		return NULL;
	if (len > WEIR_WRR_CYCLE_MAX) {
		table = kvmalloc(struct_size(table, sums, n), GFP_KERNEL_ACCOUNT);
		if (!table)
			return ERR_PTR(-ENOMEM);
		table->len = 0;
		weir_wrr_sums(table->sums, weights, n);
		return table;
	}
	table = kvmalloc(struct_size(table, seq, len), GFP_KERNEL_ACCOUNT);
	work = kvmalloc_array(n, sizeof(*work), GFP_KERNEL);
	if (!table || !work) {
		kvfree(table);
		kvfree(work);
		return ERR_PTR(-ENOMEM);
	}
	table->len = len;
	weir_wrr_fill(table->seq, len, weights, n, gcd, work);
	kvfree(work);
	return table;
}

u32 weir_wrr_table_pick(const struct weir_wrr_table *table, u32 n, u64 turn)
{
	u32 i;

	if (unlikely(!table->len))
		return weir_wrr_sums_pick(table->sums, n, turn);
	div_u64_rem(turn, table->len, &i);
	return table->seq[i];
}

int weir_wrr_build(struct weir_server_set *set, const struct weir_service_config *config,
		   struct netlink_ext_ack *extack)
{
	bool warming = weir_sched_warming(set);
	struct weir_wrr_table *table;
	u32 *weights;
	u32 i;

	if (!set->n)
		return 0;
	weights = kvmalloc_array(set->n, sizeof(*weights), GFP_KERNEL);
	if (!weights)
		goto err_nomem;
	for (i = 0; i < set->n; i++) {
		weights[i] = set->servers[i]->next_weight;
		if (warming)
			weights[i] *= weir_sched_scale(set->servers[i], set->slow_start);
	}
	table = weir_wrr_table_build(weights, set->n);
	kvfree(weights);
	if (IS_ERR(table))
		goto err_nomem;
	set->priv = table;
	return 0;

err_nomem:
	NL_SET_ERR_MSG(extack, "scheduler: no memory for its table");
	return -ENOMEM;
}

void weir_wrr_release(struct weir_server_set *set)
{
	kvfree(set->priv);
}

static struct weir_server *weir_wrr_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	u32 tries, i = 0;

	if (!set->priv)
		return NULL;
	for (tries = WEIR_WRR_TURNS; tries; tries--) {
		i = weir_wrr_table_pick(set->priv, set->n, atomic64_fetch_inc(&set->svc->cursor));
		if (weir_server_usable(set->servers[i]))
			return set->servers[i];
	}
	return weir_sched_behind(set, i);
}

const struct weir_scheduler weir_sched_wrr = {
	.name		= "wrr",
	.slow_start	= true,
	.build		= weir_wrr_build,
	.release	= weir_wrr_release,
	.pick		= weir_wrr_pick,
};
