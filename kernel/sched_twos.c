// SPDX-License-Identifier: GPL-2.0
/*
 * twos: of two servers drawn by chance, in proportion to their weights, the one with less overhead by its weight; of equals the
 * first one drawn (M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12, 2001).
 *
 * Chances are exactly the weights': IPVS's draw favours the newest server by one. Its product of overhead and weight overflows 31
 * bits, this one cannot. A draw is a turn of wrr's table taken at random: it does not walk the servers.
 */
#include <linux/random.h>
#include "sched.h"
#include "server.h"

/* Draws before the next usable server will do. */
#define WEIR_TWOS_DRAWS	8

/* Expects a random number for the first draw. Servers that may not be used are drawn over: the others' chances keep their proportion. */
static struct weir_server *weir_twos_draw(const struct weir_server_set *set, u32 random)
{
	u32 draws, i = 0;

	for (draws = WEIR_TWOS_DRAWS; draws; draws--) {
		i = weir_wrr_table_pick(set->priv, set->n, random);
		if (weir_server_usable(set->servers[i]))
			return set->servers[i];
		random = get_random_u32();
	}
	return weir_sched_behind(set, i);
}

static struct weir_server *weir_twos_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	struct weir_server *one, *two;
	u32 one_weight, two_weight;
	u64 random;

	if (!set->priv)
		return NULL;
	random = get_random_u64();
	one = weir_twos_draw(set, random);
	two = weir_twos_draw(set, random >> 32);
	if (one == two || !one || !two)
		return one ?: two;
	one_weight = weir_sched_weight(one, set->slow_start);
	two_weight = weir_sched_weight(two, set->slow_start);
	/* below 2^40 * 2^24 */
	return weir_sched_overhead(two) * one_weight < weir_sched_overhead(one) * two_weight ? two : one;
}

const struct weir_scheduler weir_sched_twos = {
	.name		= "twos",
	.slow_start	= true,
	.build		= weir_wrr_build,
	.release	= weir_wrr_release,
	.pick		= weir_twos_pick,
};
