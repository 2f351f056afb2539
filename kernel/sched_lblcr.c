// SPDX-License-Identifier: GPL-2.0
/*
 * lblcr: lblc with replication: a destination address has a row of servers, of which wlc's measure chooses. Where that one is
 * crowded and another of the service nearly idle, wlc's choice of all joins the row; a row that has not changed for a day loses the
 * server that has most to do. See locality.h.
 */
#include <linux/jiffies.h>
#include "locality.h"
#include "pkt.h"
#include "sched.h"
#include "server.h"

#define WEIR_LBLCR_KEPT	(24 * 60 * 60 * HZ)

/* The server of the row with the least overhead by its weight, and the one with the most; of equals the last one added. */
static struct weir_server *weir_lblcr_least(const struct weir_server_set *set, const struct weir_locality_entry *entry,
					    struct weir_server **most)
{
	u64 overhead, least_overhead = 0, most_overhead = 0;
	u32 weight, least_weight = 0, most_weight = 0, i;
	struct weir_server *server, *least = NULL;

	*most = NULL;
	for (i = 0; i < entry->n; i++) {
		server = weir_locality_server(set, entry->ids[i]);
		if (!server)
			continue;
		overhead = weir_sched_overhead(server);
		weight = READ_ONCE(server->weight) * weir_sched_scale(server, set->slow_start);
		if (!weight)
			continue;
		/* products below 2^40 * 2^24, as wlc's */
		if (!*most || overhead * most_weight > most_overhead * weight) {
			*most = server;
			most_overhead = overhead;
			most_weight = weight;
		}
		if (!weir_server_usable(server))
			continue;
		if (!least || overhead * least_weight < least_overhead * weight) {
			least = server;
			least_overhead = overhead;
			least_weight = weight;
		}
	}
	return least;
}

static struct weir_server *weir_lblcr_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	const union nf_inet_addr *addr = &pkt->tuple.dst;
	const struct weir_locality_entry *entry;
	struct weir_server *server, *most;

	entry = weir_locality_lookup(set, addr);
	if (entry) {
		server = weir_lblcr_least(set, entry, &most);
		if (most && most != server && time_after(jiffies, entry->changed + WEIR_LBLCR_KEPT))
			weir_locality_del(set, addr, most);
		if (server && !weir_locality_crowded(set, server))
			return server;
	}
	server = weir_wlc_least(set);
	if (server)
		weir_locality_add(set, addr, server);
	return server;
}

const struct weir_scheduler weir_sched_lblcr = {
	.name		= "lblcr",
	.slow_start	= true,
	.build		= weir_locality_build,
	.release	= weir_locality_release,
	.tidy		= weir_locality_tidy,
	.pick		= weir_lblcr_pick,
};
