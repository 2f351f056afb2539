// SPDX-License-Identifier: GPL-2.0
/*
 * ovf: overflow: the server of the highest weight until its active connections exceed that weight, then the next one's; of equals
 * the first. When all have run over, clients are refused, as by IPVS.
 *
 * Connections of UDP are never active, so that a service of UDP never runs over, as IPVS's. To count them all, as sed and nq do,
 * would refuse clients for connections that are over but for their time-out.
 */
#include "sched.h"
#include "server.h"

static struct weir_server *weir_ovf_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	struct weir_server *highest = NULL;
	u32 highest_weight = 0, i;

	for (i = 0; i < set->n; i++) {
		struct weir_server *server = set->servers[i];
		u32 weight = READ_ONCE(server->weight);

		if (weight > highest_weight && (u32)atomic_read(&server->active) <= weight &&
		    weir_server_usable(server)) {
			highest = server;
			highest_weight = weight;
		}
	}
	return highest;
}

const struct weir_scheduler weir_sched_ovf = {
	.name		= "ovf",
	.pick		= weir_ovf_pick,
};
