// SPDX-License-Identifier: GPL-2.0
/* wlc: the server with the least overhead by its weight; of equals the first, the newest, as IPVS's. */
#include "sched.h"
#include "server.h"

struct weir_server *weir_wlc_least(const struct weir_server_set *set)
{
	struct weir_server *least = NULL;
	u64 least_overhead = 0;
	u32 least_weight = 0, i;

	for (i = 0; i < set->n; i++) {
		struct weir_server *server = set->servers[i];
		u64 overhead;
		u32 weight;

		if (!weir_server_usable(server))
			continue;
		overhead = weir_sched_overhead(server);
		/* usable and yet 0: it changed a moment ago */
		weight = READ_ONCE(server->weight) * weir_sched_scale(server, set->slow_start);
		if (!weight)
			continue;
		/* overhead / weight < least_overhead / least_weight; below 2^40 * 2^24 */
		if (!least || overhead * least_weight < least_overhead * weight) {
			least = server;
			least_overhead = overhead;
			least_weight = weight;
		}
	}
	return least;
}

static struct weir_server *weir_wlc_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	return weir_wlc_least(set);
}

const struct weir_scheduler weir_sched_wlc = {
	.name		= "wlc",
	.slow_start	= true,
	.pick		= weir_wlc_pick,
};
