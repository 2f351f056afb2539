// SPDX-License-Identifier: GPL-2.0
/* fo: fail-over: all to the usable server of the highest weight; of equals the first, as IPVS's. */
#include "sched.h"
#include "server.h"

static struct weir_server *weir_fo_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	struct weir_server *highest = NULL;
	u32 highest_weight = 0, i;

	for (i = 0; i < set->n; i++) {
		struct weir_server *server = set->servers[i];
		u32 weight = READ_ONCE(server->weight);

		if (weight > highest_weight && weir_server_usable(server)) {
			highest = server;
			highest_weight = weight;
		}
	}
	return highest;
}

const struct weir_scheduler weir_sched_fo = {
	.name		= "fo",
	.pick		= weir_fo_pick,
};
