// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include "sched.h"
#include "server.h"
#include "service.h"
#include "trace.h"

static const struct weir_scheduler *const weir_schedulers[] = {
	&weir_sched_rr,
	&weir_sched_wrr,
	&weir_sched_lc,
	&weir_sched_wlc,
	&weir_sched_sed,
	&weir_sched_nq,
	&weir_sched_fo,
	&weir_sched_ovf,
	&weir_sched_twos,
	&weir_sched_sh,
	&weir_sched_dh,
	&weir_sched_mh,
	&weir_sched_lblc,
	&weir_sched_lblcr,
};

const struct weir_scheduler *weir_sched_lookup(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(weir_schedulers); i++)
		if (!strcmp(weir_schedulers[i]->name, name))
			return weir_schedulers[i];
	return NULL;
}

struct weir_server *weir_sched_pick(const struct weir_service *svc, const struct weir_pkt *pkt)
{
	const struct weir_server_set *set = rcu_dereference(svc->set);
	struct weir_server *server = NULL;

	if (set && set->n)
		server = set->sched->pick(set, pkt);
	trace_weir_schedule(svc, pkt, server);
	return server;
}

struct weir_server *weir_sched_behind(const struct weir_server_set *set, u32 i)
{
	u32 tries;

	for (tries = set->n; tries; tries--) {
		i = i + 1 < set->n ? i + 1 : 0;
		if (weir_server_usable(set->servers[i]))
			return set->servers[i];
	}
	return NULL;
}

u32 weir_sched_scale_warming(const struct weir_server *server, u32 slow_start)
{
	unsigned long age;

	/* it begins with the first second's part; WEIR_SLOW_START_MAX seconds are less than 2^32 jiffies */
	age = max_t(unsigned long, jiffies - READ_ONCE(server->born), HZ);
	if (age >= (unsigned long)slow_start * HZ)
		return WEIR_SCHED_SCALE_ONE;
	return max_t(u32, 1, div_u64((u64)age * WEIR_SCHED_SCALE_ONE, slow_start * HZ));
}

bool weir_sched_warming(const struct weir_server_set *set)
{
	u32 i;

	if (!set->slow_start)
		return false;
	for (i = 0; i < set->n; i++)
		if (test_bit(WEIR_SERVER_WARMING, &set->servers[i]->state))
			return true;
	return false;
}
