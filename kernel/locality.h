/* SPDX-License-Identifier: GPL-2.0 */
/*
 * locality: which servers have what clients ask for: the memory of lblc and lblcr, an entry for each destination address
 *
 * A service has one, which its snapshots share. It knows servers by their ids and holds none of them: one that was deleted is no
 * longer found in the snapshot, and is found again when it is revived. Memory is bounded: destinations, and servers of each. It is the
 * one place where scheduling takes a lock and allocates: when a destination is new or moves, with GFP_ATOMIC. Without memory, and
 * at the limit, the choice is made and not remembered.
 */
#ifndef _WEIR_LOCALITY_H
#define _WEIR_LOCALITY_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct weir_net;
struct weir_server;
struct weir_server_set;
struct weir_service_config;

/* Servers of a destination at most. */
#define WEIR_LOCALITY_SERVERS	64

/**
 * struct weir_locality_entry - a destination; immutable but for @used, changes replace it
 * @node: in its bucket
 * @addr: address of the service's family, an IPv4 address with zeros behind it
 * @used: jiffies of the last connection; READ_ONCE/WRITE_ONCE
 * @changed: jiffies when @ids changed last
 * @rcu: frees it
 * @n: servers
 * @ids: theirs, the last one added first
 */
struct weir_locality_entry {
	struct hlist_node	node;
	union nf_inet_addr	addr;
	unsigned long		used;
	unsigned long		changed;
	struct rcu_head		rcu;
	u32			n;
	u32			ids[];
};

/* The schedulers' build, release and tidy. */
int weir_locality_build(struct weir_server_set *set, const struct weir_service_config *config,
			struct netlink_ext_ack *extack);
void weir_locality_release(struct weir_server_set *set);
void weir_locality_tidy(const struct weir_server_set *set);

/*
 * Data path, as the schedulers' pick. Lookup: borrowed, NULL: no such destination; it is in use now. Server: the one of that id, NULL:
 * @set has it no longer. Row: a destination's servers, without those that @set has no longer; returns their number.
 */
struct weir_locality_entry *weir_locality_lookup(const struct weir_server_set *set, const union nf_inet_addr *addr);
struct weir_server *weir_locality_server(const struct weir_server_set *set, u32 id);
u32 weir_locality_row(const struct weir_server_set *set, const struct weir_locality_entry *entry,
		      struct weir_server *row[WEIR_LOCALITY_SERVERS]);
/* Is @server busier than its weight says, and another one less than half as busy as its own does? IPVS's measure. */
bool weir_locality_crowded(const struct weir_server_set *set, const struct weir_server *server);
/* From now on @server alone has it; @server has it too; has it no longer, unless it is the only one. */
void weir_locality_set(const struct weir_server_set *set, const union nf_inet_addr *addr,
		       const struct weir_server *server);
void weir_locality_add(const struct weir_server_set *set, const union nf_inet_addr *addr,
		       const struct weir_server *server);
void weir_locality_del(const struct weir_server_set *set, const union nf_inet_addr *addr,
		       const struct weir_server *server);

/* Tidies the services of a namespace once a minute, while one has something to tidy. */
void weir_locality_net_init(struct weir_net *wn);
/* weir_net.dying is set. Process context. */
void weir_locality_net_exit(struct weir_net *wn);

#endif /* _WEIR_LOCALITY_H */
