// SPDX-License-Identifier: GPL-2.0
/* sed: the server whose connections by its weight are fewest with the new one counted in; of equals the first, as IPVS's. */
#include <linux/in.h>
#include "pkt.h"
#include "sched.h"
#include "server.h"

struct weir_server *weir_sed_least(const struct weir_server_set *set, bool udp)
{
	struct weir_server *least = NULL;
	u64 least_load = 0;
	u32 least_weight = 0, i;

	for (i = 0; i < set->n; i++) {
		struct weir_server *server = set->servers[i];
		u32 weight;
		u64 load;

		if (!weir_server_usable(server))
			continue;
		load = (u64)weir_sched_busy(server, udp) + 1;
		weight = weir_sched_weight(server, set->slow_start);
		if (!weight)
			continue;
		/* load / weight < least_load / least_weight; below 2^33 * 2^24 */
		if (!least || load * least_weight < least_load * weight) {
			least = server;
			least_load = load;
			least_weight = weight;
		}
	}
	return least;
}

static struct weir_server *weir_sed_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	return weir_sed_least(set, pkt->tuple.proto == IPPROTO_UDP);
}

const struct weir_scheduler weir_sched_sed = {
	.name		= "sed",
	.slow_start	= true,
	.pick		= weir_sed_pick,
};
