// SPDX-License-Identifier: GPL-2.0
/*
 * rr: every server in turn, whatever its weight.
 *
 * One atomic cursor a service. A server that may not be used costs its turn: the cursor moves on for it as for any other, so that
 * the one behind it does not get two.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include "sched.h"
#include "server.h"
#include "service.h"

/* Turns that a packet may use up before it looks for itself. */
#define WEIR_RR_TURNS	64

/* While servers start slowly they stand in wrr's table, weighed by how far they are; else there is none. */
static int weir_rr_build(struct weir_server_set *set, const struct weir_service_config *config,
			 struct netlink_ext_ack *extack)
{
	struct weir_wrr_table *table;
	u32 *weights;
	u32 i;

	if (!weir_sched_warming(set))
		return 0;
	weights = kvmalloc_array(set->n, sizeof(*weights), GFP_KERNEL);
	if (!weights)
		goto err_nomem;
	for (i = 0; i < set->n; i++)
		weights[i] = set->servers[i]->next_weight ?
			     weir_sched_scale(set->servers[i], set->slow_start) : 0;
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

static void weir_rr_release(struct weir_server_set *set)
{
	kvfree(set->priv);
}

static struct weir_server *weir_rr_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	u32 tries, i = 0;

	for (tries = min_t(u32, set->n, WEIR_RR_TURNS); tries; tries--) {
		u64 turn = atomic64_fetch_inc(&set->svc->cursor);

		if (set->priv)
			i = weir_wrr_table_pick(set->priv, set->n, turn);
		else
			div_u64_rem(turn, set->n, &i);
		if (weir_server_usable(set->servers[i]))
			return set->servers[i];
	}
	return weir_sched_behind(set, i);
}

const struct weir_scheduler weir_sched_rr = {
	.name		= "rr",
	.slow_start	= true,
	.build		= weir_rr_build,
	.release	= weir_rr_release,
	.pick		= weir_rr_pick,
};
