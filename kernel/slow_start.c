// SPDX-License-Identifier: GPL-2.0
/*
 * Slow start: a server that gets its first weight takes its part of new connections little by little. Most schedulers look at the
 * server's age with every pick; rr, wrr and twos have tables, which are built anew once a second while a server warms up.
 */
#include <linux/jiffies.h>
#include "net.h"
#include "nl.h"
#include "sched.h"
#include "server.h"
#include "service.h"

static bool weir_slow_start_over(const struct weir_service *svc, const struct weir_server *server)
{
	return time_after_eq(jiffies, server->born + (unsigned long)svc->config.slow_start * HZ);
}

/* True while a server of @svc goes on warming. */
static bool weir_slow_start_service(struct weir_service *svc)
{
	bool warming = false, over = false;
	struct weir_server *server;

	list_for_each_entry(server, &svc->servers, list) {
		if (!test_bit(WEIR_SERVER_WARMING, &server->state))
			continue;
		if (weir_slow_start_over(svc, server))
			over = true;
		else
			warming = true;
	}
	if (!over && !warming)
		return false;
	/* without memory the old table serves another second */
	if (svc->config.sched->build && weir_service_rebuild(svc, NULL))
		return true;
	if (!over)
		return true;
	list_for_each_entry(server, &svc->servers, list) {
		if (!test_bit(WEIR_SERVER_WARMING, &server->state) || !weir_slow_start_over(svc, server))
			continue;
		clear_bit(WEIR_SERVER_WARMING, &server->state);
		weir_nl_notify_server(server, WEIR_CMD_SERVER_CHANGE_NTF);
	}
	return warming;
}

static void weir_slow_start_work(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, slow_start.work);
	struct weir_service *svc;
	bool warming = false;

	mutex_lock(&wn->lock);
	list_for_each_entry(svc, &wn->service_list, list) {
		warming |= weir_slow_start_service(svc);
		cond_resched();
	}
	if (warming && !wn->dying)
		queue_delayed_work(system_power_efficient_wq, &wn->slow_start, HZ);
	mutex_unlock(&wn->lock);
}

void weir_server_warm(struct weir_server *server)
{
	struct weir_service *svc = server->service;

	lockdep_assert_held(&svc->wn->lock);
	if (!svc->config.slow_start)
		return;
	WRITE_ONCE(server->born, jiffies);
	/* after @born: the data path reads it where the bit is set */
	smp_mb__before_atomic();
	set_bit(WEIR_SERVER_WARMING, &server->state);
	if (!svc->wn->dying)
		queue_delayed_work(system_power_efficient_wq, &svc->wn->slow_start, HZ);
}

void weir_slow_start_net_init(struct weir_net *wn)
{
	INIT_DELAYED_WORK(&wn->slow_start, weir_slow_start_work);
}

void weir_slow_start_net_exit(struct weir_net *wn)
{
	cancel_delayed_work_sync(&wn->slow_start);
}
