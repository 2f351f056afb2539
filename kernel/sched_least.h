/* SPDX-License-Identifier: GPL-2.0 */
/* sched_least: the loop of lc, wlc and sed */
#ifndef _WEIR_SCHED_LEAST_H
#define _WEIR_SCHED_LEAST_H

#include "sched.h"
#include "server.h"

typedef u64 (*weir_sched_load)(const struct weir_server *server);

static __always_inline struct weir_server *
sched_least(struct weir_server *const *servers, u32 n, weir_sched_load load, bool weighed, u32 slow_start)
{
	struct weir_server *least = NULL;
	u64 least_load = 1;	/* by no weight: more than any other */
	u32 least_weight = 0, i;

	for (i = 0; i < n; i++) {
		struct weir_server *server = servers[i];
		u32 weight;
		u64 now;

		if (!weir_server_usable(server))
			continue;
		/* It may have lost it a moment ago. */
		weight = weighed ? READ_ONCE(server->weight) : 1;
		if (slow_start)
			weight *= weir_sched_scale(server, slow_start);
		now = load(server);
		/* now / weight < least_load / least_weight; below 2^40 * 2^24 */
		if (now * least_weight < least_load * weight) {
			least = server;
			least_load = now;
			least_weight = weight;
		}
	}
	return least;
}

/*
 * The server with the least @load, below 2^40, by its weight (@weighed) and by what part of it its slow start has reached; of equals
 * the first. All that is constant is folded: this is some twenty instructions a server. As a scheduler's pick.
 */
static __always_inline struct weir_server *
weir_sched_least(struct weir_server *const *servers, u32 n, weir_sched_load load, bool weighed, u32 slow_start)
{
	if (likely(!slow_start))
		return sched_least(servers, n, load, weighed, 0);
	return sched_least(servers, n, load, weighed, slow_start);
}

#endif /* _WEIR_SCHED_LEAST_H */
