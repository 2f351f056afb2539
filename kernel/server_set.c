// SPDX-License-Identifier: GPL-2.0
/* Snapshots of a service's servers: built off to the side, swapped in one step, freed after a grace period. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include "net.h"
#include "sched.h"
#include "server.h"
#include "service.h"

static void weir_server_set_free(struct weir_server_set *set)
{
	u32 i;

	if (set->priv)
		set->sched->release(set);
	for (i = 0; i < set->n; i++)
		weir_server_put(set->servers[i]);
	kvfree(set);
}

static void weir_server_set_free_rcu(struct rcu_head *rcu)
{
	weir_server_set_free(container_of(rcu, struct weir_server_set, rcu));
}

struct weir_server_set *weir_server_set_build(struct weir_service *svc, const struct weir_service_config *config,
					      struct weir_server **servers, u32 n, struct netlink_ext_ack *extack)
{
	struct weir_server_set *set;
	u32 i;
	int err;

	lockdep_assert_held(&svc->wn->lock);
	if (n > WEIR_SERVERS_MAX) {
		NL_SET_ERR_MSG(extack, "server: a service has 65535 at most");
		return ERR_PTR(-ENOSPC);
	}
	set = kvzalloc(struct_size(set, servers, n), GFP_KERNEL_ACCOUNT);
	if (!set) {
		NL_SET_ERR_MSG(extack, "service: no memory for its servers");
		return ERR_PTR(-ENOMEM);
	}
	set->sched = config->sched;
	set->svc = svc;
	set->flags = config->flags;
	set->slow_start = config->slow_start;
	set->n = n;
	for (i = 0; i < n; i++) {
		set->servers[i] = servers[n - 1 - i];
		weir_server_get(set->servers[i]);
	}
	if (set->sched->build) {
		err = set->sched->build(set, config, extack);
		if (err) {
			weir_server_set_free(set);
			return ERR_PTR(err);
		}
	}
	return set;
}

void weir_server_set_publish(struct weir_service *svc, struct weir_server_set *set)
{
	set = rcu_replace_pointer(svc->set, set, lockdep_is_held(&svc->wn->lock));
	if (set)
		call_rcu(&set->rcu, weir_server_set_free_rcu);
}

void weir_server_set_discard(struct weir_server_set *set)
{
	weir_server_set_free(set);
}
