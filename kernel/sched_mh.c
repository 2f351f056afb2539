// SPDX-License-Identifier: GPL-2.0
/*
 * mh: consistent hashing of the client's address, and of its port with mh-port, by Maglev's table (algo/maglev.h): a server
 * that comes or goes moves few of the others' clients. Directors that share a seed agree on every client, whatever the order
 * that their servers were added in.
 *
 * A server of weight 0 has no slots: its clients go to the others. With mh-fallback it keeps the slots of its last weight, so that
 * nothing but its own clients moves, and only until it is back; they, and those of an overloaded server, hash on.
 * Without mh-fallback an overloaded server refuses its clients, as ip_vs_mh's.
 */
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include "algo/maglev.h"
#include "algo/prime.h"
#include "net.h"
#include "pkt.h"
#include "sched.h"
#include "server.h"
#include "service.h"

/* Hashes that mh-fallback tries before it takes servers in turn. */
#define WEIR_MH_TRIES	32

/**
 * struct weir_mh_table - slots
 * @key: of the hash
 * @size: number of slots, a prime
 * @order: servers in the order of their identities, behind the slots
 * @slots: index of the server
 */
struct weir_mh_table {
	siphash_key_t	key;
	u32		size;
	u16		*order;
	u16		slots[];
};

/* What is hashed of a client and of a server; no padding. */
struct weir_mh_input {
	union nf_inet_addr	addr;
	__be16			port;
	u8			family;
	u8			what;		/* enum below: hashes of one kind say nothing of the other's */
	u32			attempt;
};

enum { WEIR_MH_CLIENT, WEIR_MH_SERVER };

static int weir_mh_compare(const void *pa, const void *pb)
{
	const struct weir_maglev_entry *a = pa, *b = pb;

	/* equal hashes of 64 bits: the order of creation decides */
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return b->id - a->id;
}

static u64 weir_mh_identity(const struct weir_server *server, const siphash_key_t *key)
{
	struct weir_mh_input input = {
		.addr = server->addr,
		.port = server->port,
		.family = server->family,
		.what = WEIR_MH_SERVER,
	};

	return siphash(&input, sizeof(input), key);
}

/* A seed is 16 bytes whose meaning is the same on every machine. */
static void weir_mh_key(siphash_key_t *key, const struct weir_server_set *set, const struct weir_service_config *config)
{
	__le64 seed[2];

	if (!config->has_seed) {
		*key = set->svc->wn->hash_key;
		return;
	}
	memcpy(seed, config->seed, sizeof(seed));
	key->key[0] = le64_to_cpu(seed[0]);
	key->key[1] = le64_to_cpu(seed[1]);
}

static int weir_mh_build(struct weir_server_set *set, const struct weir_service_config *config,
			 struct netlink_ext_ack *extack)
{
	u32 size = config->mh_size ? weir_prime_next(max_t(u32, config->mh_size, 3)) : weir_maglev_size(set->n);
	bool keep = config->flags & WEIR_SERVICE_F_MH_FALLBACK;
	struct weir_maglev_entry *entries;
	struct weir_mh_table *table;
	u32 i;

	if (!set->n)
		return 0;
	if (set->n > size) {
		NL_SET_ERR_MSG(extack, "mh_size: the table has fewer slots than the service has servers");
		return -EINVAL;
	}
	table = kvmalloc(struct_size(table, slots, size + set->n), GFP_KERNEL_ACCOUNT);
	entries = kvmalloc_array(set->n, sizeof(*entries), GFP_KERNEL);
	if (!table || !entries) {
		kvfree(table);
		kvfree(entries);
		NL_SET_ERR_MSG(extack, "scheduler: no memory for its table");
		return -ENOMEM;
	}
	weir_mh_key(&table->key, set, config);
	table->size = size;
	table->order = table->slots + size;
	for (i = 0; i < set->n; i++) {
		const struct weir_server *server = set->servers[i];

		entries[i].hash = weir_mh_identity(server, &table->key);
		entries[i].weight = server->next_weight;
		if (!entries[i].weight && keep)
			entries[i].weight = server->last_weight;
		entries[i].id = i;
	}
	sort(entries, set->n, sizeof(*entries), weir_mh_compare, NULL);
	weir_maglev_fill(table->slots, size, entries, set->n);
	for (i = 0; i < set->n; i++)
		table->order[i] = entries[i].id;
	kvfree(entries);
	set->priv = table;
	return 0;
}

static void weir_mh_release(struct weir_server_set *set)
{
	kvfree(set->priv);
}

static struct weir_server *weir_mh_pick(const struct weir_server_set *set, const struct weir_pkt *pkt)
{
	struct weir_mh_input input = {
		.addr = pkt->tuple.src,
		.family = pkt->tuple.family,
		.what = WEIR_MH_CLIENT,
	};
	const struct weir_mh_table *table = set->priv;
	u32 hash, id, i;

	if (set->flags & WEIR_SERVICE_F_MH_PORT)
		input.port = pkt->tuple.sport;
	do {
		hash = siphash(&input, sizeof(input), &table->key);
		id = table->slots[reciprocal_scale(hash, table->size)];
		/* nobody has a weight */
		if (id == WEIR_MAGLEV_NONE)
			return NULL;
		if (weir_server_usable(set->servers[id]))
			return set->servers[id];
		if (!(set->flags & WEIR_SERVICE_F_MH_FALLBACK))
			return NULL;
	} while (++input.attempt < WEIR_MH_TRIES);

	for (i = 0, id = reciprocal_scale(hash, set->n); i < set->n; i++) {
		if (weir_server_usable(set->servers[table->order[id]]))
			return set->servers[table->order[id]];
		id = id + 1 < set->n ? id + 1 : 0;
	}
	return NULL;
}

const struct weir_scheduler weir_sched_mh = {
	.name		= "mh",
	.flags		= WEIR_SERVICE_F_MH_FALLBACK | WEIR_SERVICE_F_MH_PORT,
	.build		= weir_mh_build,
	.release	= weir_mh_release,
	.pick		= weir_mh_pick,
};
