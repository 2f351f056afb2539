// SPDX-License-Identifier: GPL-2.0
/* wlc: the server with the least overhead by its weight; of equals the first, the newest, as IPVS's. */
#include "sched.h"
#include "server.h"

struct weir_server *weir_wlc_least(struct weir_server *const *servers, u32 n, u32 slow_start)
{
	struct weir_server *least = NULL;
	u64 least_overhead = 0;
	u32 least_weight = 0, i;

	for (i = 0; i < n; i++) {
		struct weir_server *server = servers[i];
		u64 overhead;
		u32 weight;

		if (!weir_server_usable(server))
			continue;
		overhead = weir_sched_overhead(server);
		weight = weir_sched_weight(server, slow_start);
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
	return weir_wlc_least(set->servers, set->n, set->slow_start);
}

const struct weir_scheduler weir_sched_wlc = {
	.name		= "wlc",
	.slow_start	= true,
	.pick		= weir_wlc_pick,
};
