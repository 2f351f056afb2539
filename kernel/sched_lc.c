// SPDX-License-Identifier: GPL-2.0
/* lc: the server with the least overhead; of equals the first, the newest, as IPVS's. One in its slow start counts as a part. */
#include "sched.h"
#include "server.h"

static struct weir_server *weir_lc_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	struct weir_server *least = NULL;
	u64 least_overhead = 0;
	u32 least_scale = 0, i;

	for (i = 0; i < set->n; i++) {
		struct weir_server *server = set->servers[i];
		u64 overhead;
		u32 scale;

		if (!weir_server_usable(server))
			continue;
		overhead = weir_sched_overhead(server);
		scale = weir_sched_scale(server, set->slow_start);
		/* overhead / scale < least_overhead / least_scale; below 2^40 * 2^8 */
		if (!least || overhead * least_scale < least_overhead * scale) {
			least = server;
			least_overhead = overhead;
			least_scale = scale;
		}
	}
	return least;
}

const struct weir_scheduler weir_sched_lc = {
	.name		= "lc",
	.slow_start	= true,
	.pick		= weir_lc_pick,
};
