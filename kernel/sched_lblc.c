// SPDX-License-Identifier: GPL-2.0
/*
 * lblc: locality-based least connections, for caches behind a mark: a destination address stays with the server that had it last,
 * unless that one is crowded and another nearly idle; then, and when it is new, wlc chooses. See locality.h.
 *
 * A server at its upper threshold gets nothing new here either, which IPVS's lblc forgets for destinations that it knows.
 */
#include "locality.h"
#include "pkt.h"
#include "sched.h"
#include "server.h"

static struct weir_server *weir_lblc_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	const union nf_inet_addr *addr = &pkt->tuple.dst;
	const struct weir_locality_entry *entry;
	struct weir_server *server;

	entry = weir_locality_lookup(set, addr);
	if (entry) {
		server = weir_locality_server(set, entry->ids[0]);
		if (server && weir_server_usable(server) && !weir_locality_crowded(set, server))
			return server;
	}
	server = weir_wlc_least(set->servers, set->n, set->slow_start);
	if (server)
		weir_locality_set(set, addr, server);
	return server;
}

const struct weir_scheduler weir_sched_lblc = {
	.name		= "lblc",
	.slow_start	= true,
	.build		= weir_locality_build,
	.release	= weir_locality_release,
	.tidy		= weir_locality_tidy,
	.pick		= weir_lblc_pick,
};
