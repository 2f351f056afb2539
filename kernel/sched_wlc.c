// SPDX-License-Identifier: GPL-2.0
/* wlc: the server with the least overhead by its weight; of equals the first, the newest, as IPVS's. */
#include "sched.h"
#include "sched_least.h"
#include "server.h"

struct weir_server *weir_wlc_least(struct weir_server *const *servers, u32 n, u32 slow_start)
{
	return weir_sched_least(servers, n, weir_sched_overhead, true, slow_start);
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
