// SPDX-License-Identifier: GPL-2.0
/*
 * dh: by a hash of the destination's address, for services that have many: marks. 256 slots, the servers in turn, the newest
 * first, whatever their weights: the same choice as ip_vs_dh makes for the same servers, added in the same order. A server that may
 * not be used refuses its destinations' clients.
 */
#include "algo/srchash.h"
#include "pkt.h"
#include "sched.h"
#include "server.h"

static struct weir_server *weir_dh_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	u32 slot = weir_srchash_slot(weir_sched_fold(&pkt->tuple.dst, pkt->tuple.family), 0, 0);
	struct weir_server *server = set->servers[slot % set->n];

	return weir_server_usable(server) ? server : NULL;
}

const struct weir_scheduler weir_sched_dh = {
	.name		= "dh",
	.pick		= weir_dh_pick,
};
