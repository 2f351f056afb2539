// SPDX-License-Identifier: GPL-2.0
/* nq: a server that has nothing to do, whatever its weight, the first one; where all have, sed's choice. */
#include <linux/in.h>
#include "pkt.h"
#include "sched.h"
#include "server.h"

static struct weir_server *weir_nq_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	const bool udp = pkt->tuple.proto == IPPROTO_UDP;
	u32 i;

	for (i = 0; i < set->n; i++)
		if (!weir_sched_busy(set->servers[i], udp) && weir_server_usable(set->servers[i]))
			return set->servers[i];
	return weir_sed_least(set, udp);
}

const struct weir_scheduler weir_sched_nq = {
	.name		= "nq",
	.slow_start	= true,
	.pick		= weir_nq_pick,
};
