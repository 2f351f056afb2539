// SPDX-License-Identifier: GPL-2.0
/* sed: the server whose connections by its weight are fewest with the new one counted in; of equals the first, as IPVS's. */
#include <linux/in.h>
#include "pkt.h"
#include "sched.h"
#include "sched_least.h"
#include "server.h"

static u64 sed_load(const struct weir_server *server)
{
	return (u64)weir_sched_busy(server, false) + 1;
}

static u64 sed_load_udp(const struct weir_server *server)
{
	return (u64)weir_sched_busy(server, true) + 1;
}

struct weir_server *weir_sed_least(const struct weir_server_set *set, bool udp)
{
	if (udp)
		return weir_sched_least(set->servers, set->n, sed_load_udp, true, set->slow_start);
	return weir_sched_least(set->servers, set->n, sed_load, true, set->slow_start);
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
