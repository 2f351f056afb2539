// SPDX-License-Identifier: GPL-2.0
/*
 * sh: by a hash of the client's address, and of its port with sh-port; the same choice as ip_vs_sh makes for the same servers,
 * added in the same order. A server that may not be used refuses its clients, or with sh-fallback the hash is probed on.
 */
#include <linux/netlink.h>
#include <linux/slab.h>
#include "algo/srchash.h"
#include "pkt.h"
#include "sched.h"
#include "server.h"

struct weir_sh_table {
	u16 slots[WEIR_SRCHASH_SLOTS];
};

static int weir_sh_build(struct weir_server_set *set, const struct weir_service_config *config,
			 struct netlink_ext_ack *extack)
{
	/* no more servers than slots get one */
	u32 n = min_t(u32, set->n, WEIR_SRCHASH_SLOTS), i;
	struct weir_sh_table *table;
	u32 *weights;

	if (!n)
		return 0;
	table = kmalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	weights = kmalloc_array(n, sizeof(*weights), GFP_KERNEL);
	if (!table || !weights) {
		kfree(table);
		kfree(weights);
		NL_SET_ERR_MSG(extack, "scheduler: no memory for its table");
		return -ENOMEM;
	}
	for (i = 0; i < n; i++)
		weights[i] = set->servers[i]->next_weight;
	weir_srchash_fill(table->slots, weights, n);
	kfree(weights);
	set->priv = table;
	return 0;
}

static void weir_sh_release(struct weir_server_set *set)
{
	kfree(set->priv);
}

static struct weir_server *weir_sh_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	const struct weir_sh_table *table = set->priv;
	u32 addr = weir_sched_fold(&pkt->tuple.src, pkt->tuple.family), first, tries;
	struct weir_server *server;
	u16 port = 0;

	if (set->flags & WEIR_SERVICE_F_SH_PORT)
		port = ntohs(pkt->tuple.sport);
	first = weir_srchash_slot(addr, port, 0);
	server = set->servers[table->slots[first]];
	if (weir_server_usable(server))
		return server;
	if (!(set->flags & WEIR_SERVICE_F_SH_FALLBACK))
		return NULL;
	for (tries = 0; tries < WEIR_SRCHASH_SLOTS; tries++) {
		server = set->servers[table->slots[weir_srchash_slot(addr, port, first + tries)]];
		if (weir_server_usable(server))
			return server;
	}
	return NULL;
}

const struct weir_scheduler weir_sched_sh = {
	.name		= "sh",
	.flags		= WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT,
	.build		= weir_sh_build,
	.release	= weir_sh_release,
	.pick		= weir_sh_pick,
};
