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

/* The server of a row with the most overhead by its weight; of equals the first. NULL: none has a weight. */
static struct weir_server *weir_lblcr_most(struct weir_server *const *row, u32 n)
{
	struct weir_server *most = NULL;
	u64 overhead, most_overhead = 0;
	u32 weight, most_weight = 0, i;

	for (i = 0; i < n; i++) {
		overhead = weir_sched_overhead(row[i]);
		weight = READ_ONCE(row[i]->weight);
		if (!weight)
			continue;
		/* products below 2^40 * 2^16 */
		if (!most || overhead * most_weight > most_overhead * weight) {
			most = row[i];
			most_overhead = overhead;
			most_weight = weight;
		}
	}
	return most;
}

static struct weir_server *weir_lblcr_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	const union nf_inet_addr *addr = &pkt->tuple.dst;
	struct weir_server *row[WEIR_LOCALITY_SERVERS], *server, *most;
	const struct weir_locality_entry *entry;
	u32 n;

	entry = weir_locality_lookup(set, addr);
	if (entry) {
		n = weir_locality_row(set, entry, row);
		server = weir_wlc_least(row, n, set->slow_start);
		if (n > 1 && time_after(jiffies, entry->changed + WEIR_LBLCR_KEPT)) {
			most = weir_lblcr_most(row, n);
			if (most && most != server)
				weir_locality_del(set, addr, most);
		}
		if (server && !weir_locality_crowded(set, server))
			return server;
	}
	server = weir_wlc_least(set->servers, set->n, set->slow_start);
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
