// SPDX-License-Identifier: GPL-2.0
/* lc: the server with the least overhead; of equals the first, the newest, as IPVS's. One in its slow start counts as a part. */
#include "sched.h"
#include "sched_least.h"
#include "server.h"

static struct weir_server *weir_lc_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	return weir_sched_least(set->servers, set->n, weir_sched_overhead, false, set->slow_start);
}

const struct weir_scheduler weir_sched_lc = {
	.name		= "lc",
	.slow_start	= true,
	.pick		= weir_lc_pick,
};
