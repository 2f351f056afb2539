/* SPDX-License-Identifier: GPL-2.0 */
/* ports: which of a pool's pairs of address and port are in use towards one server; a pair is a "number" here */
#ifndef _WEIR_PORTS_H
#define _WEIR_PORTS_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include "pool.h"
#include "tuple.h"

struct netlink_ext_ack;
struct weir_server;
struct weir_service;
struct weir_service_config;

/**
 * struct weir_ports - numbers of a pool towards a server
 *
 * What has to be unique is {protocol, local address, local port, server, server's port}, and the connection table's reply tuple is
 * that: a number that is taken here may still be refused there, which the caller meets by taking the next. The bitmap makes the search
 * short however full it is: 64 numbers are looked at by one load, all of a pool address by 1,008 of them, where probing the table
 * would take one lookup each. Servers of one address, port and protocol share it, whatever services they belong to; a server without
 * a port of its own shares it among the ports that its clients ask for.
 *
 * Each CPU has a cursor of its own, which goes round: no lock, CPUs meet on a word only where one has caught up with another, and
 * what was given back rests until all others were taken.
 *
 * @used: one bit a number; set by who takes it, cleared by who gives it back
 * @cursor: per CPU, where to look next
 * @n: numbers
 * @full: a search found nothing, and nothing was given back since; READ_ONCE/WRITE_ONCE
 * @barren: jiffies when the numbers in use were looked at in vain; READ_ONCE/WRITE_ONCE
 * @pool: a reference
 * @shape: the pool's when this was made; immutable
 * @addr: server
 * @port: its port, 0: any
 * @proto: IPPROTO_TCP or IPPROTO_UDP; 0: either
 * @node: in ports_table
 * @refs: servers, connections
 * @rcu: frees it
 */
struct weir_ports {
	unsigned long		*used;
	u32 __percpu		*cursor;
	u32			n;
	bool			full;
	unsigned long		barren;

	struct weir_pool	*pool;
	struct weir_pool_shape	shape;
	union nf_inet_addr	addr;
	__be16			port;
	u8			proto;
	struct hlist_node	node;
	refcount_t		refs ____cacheline_aligned_in_smp;
	struct rcu_head		rcu;
};

/*
 * Control path, weir_net.lock held; failures set @extack. Prepare finds what @server needs as one of a service with @config and with
 * @method: nothing that packets see changes; where it stands prepared already it cannot fail. Commit makes that the server's, where
 * something was prepared; discard forgets it. @other: the server is not of the service's family.
 */
int weir_ports_check(const struct weir_service_config *config, u8 method, bool other, struct netlink_ext_ack *extack);
int weir_ports_prepare(struct weir_server *server, const struct weir_service_config *config, u8 method,
		       struct netlink_ext_ack *extack);
void weir_ports_commit(struct weir_server *server);
void weir_ports_discard(struct weir_server *server);

/* The same for all servers of a service; a failure discards all. */
int weir_ports_prepare_service(struct weir_service *svc, const struct weir_service_config *config,
			       struct netlink_ext_ack *extack);
void weir_ports_commit_service(struct weir_service *svc);
void weir_ports_discard_service(struct weir_service *svc);

/* Data path; RCU held, BH disabled. */

/* The server's, with a reference; NULL: it has none, its method has just been changed. */
struct weir_ports *weir_ports_get(const struct weir_server *server);
/* Any context. */
void weir_ports_put(struct weir_ports *ports);

/*
 * Fills in @reply's destination: 0; -EADDRNOTAVAIL, with the port 0: nothing is free. Whoever holds it gives it back with the same
 * tuple, when that has left the table. Any context for the latter.
 */
int weir_ports_take(struct weir_ports *ports, struct net *net, struct weir_tuple *reply);
void weir_ports_give(struct weir_ports *ports, const struct weir_tuple *reply);
/* weir_ports_take() had nothing: the pool counts it. */
void weir_ports_refused(const struct weir_server *server);
/*
 * Where all are in use, those in use are looked at for one that can be taken over: how many are worth it. After a long look that found
 * none (barren) a few, for a while: else each packet of a flood would pay for a long one.
 */
unsigned int weir_ports_looks(const struct weir_ports *ports);
void weir_ports_barren(struct weir_ports *ports);
/* Fills in the number where this CPU's search stands, whoever has it, and moves on. */
void weir_ports_peek(struct weir_ports *ports, struct weir_tuple *reply);

#endif /* _WEIR_PORTS_H */
