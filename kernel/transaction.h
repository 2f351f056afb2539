/* SPDX-License-Identifier: GPL-2.0 */
/* transaction: a configuration that is staged message by message and committed in one step */
#ifndef _WEIR_TRANSACTION_H
#define _WEIR_TRANSACTION_H

#include <linux/list.h>
#include <linux/rhashtable.h>
#include <uapi/linux/weir.h>
#include "pool.h"
#include "server.h"
#include "service.h"

struct netlink_ext_ack;
struct nlattr;
struct weir_net;

/**
 * struct weir_service_spec - a service as a message describes it
 * @key: see struct weir_service
 * @port_first: likewise
 * @port_last: likewise
 * @config: settings
 */
struct weir_service_spec {
	struct weir_service_key		key;
	u16				port_first;
	u16				port_last;
	struct weir_service_config	config;
};

/**
 * struct weir_server_spec - a server as a message describes it
 * @addr: address
 * @port: port
 * @family: AF_INET or AF_INET6
 * @config: settings
 * @attr: its nest in the message, for extack
 */
struct weir_server_spec {
	union nf_inet_addr		addr;
	__be16				port;
	u8				family;
	struct weir_server_config	config;
	struct nlattr			*attr;
};

/**
 * struct weir_staged_service - a service that waits for the commit
 * @list: in weir_transaction.services
 * @node: in weir_transaction.service_table
 * @spec: what it is to be
 * @servers: struct weir_staged_server
 * @nservers: their number
 * @index: number of the message that staged it
 * @svc: commit: the present service of this key, or the hidden new one
 * @set: commit: the snapshot to publish
 * @removed: commit: servers that go
 * @nremoved: their number
 * @fresh: commit: @svc is new
 * @changed: commit: its own settings change
 */
struct weir_staged_service {
	struct list_head		list;
	struct rhash_head		node;
	struct weir_service_spec	spec;
	struct list_head		servers;
	u32				nservers;
	u32				index;
	struct weir_service		*svc;
	struct weir_server_set		*set;
	struct weir_server		**removed;
	u32				nremoved;
	bool				fresh;
	bool				changed;
};

/**
 * struct weir_staged_pool - a pool that waits for the commit
 * @list: in weir_transaction.pools
 * @spec: what it is to be
 * @index: number of the message that staged it
 * @pool: commit: the present pool of this name, or the new one
 * @fresh: commit: @pool is new
 * @changed: commit: it gets another shape
 */
struct weir_staged_pool {
	struct list_head		list;
	struct weir_pool_spec		spec;
	u32				index;
	struct weir_pool		*pool;
	bool				fresh;
	bool				changed;
};

/* Key of weir_transaction.server_table; all bytes count. */
struct weir_staged_server_key {
	const struct weir_staged_service *service;
	union nf_inet_addr		addr;
	__be16				port;
	u16				family;
	u32				zero;
};

/**
 * struct weir_staged_server - a server that waits for the commit
 * @list: in weir_staged_service.servers
 * @node: in weir_transaction.server_table
 * @key: which one
 * @config: what it is to be
 * @index: number of the message that staged it
 * @server: commit: the present server, or the new one
 * @fresh: commit: @server is new and linked by the commit
 * @changed: commit: its settings change
 */
struct weir_staged_server {
	struct list_head		list;
	struct rhash_head		node;
	struct weir_staged_server_key	key;
	struct weir_server_config	config;
	u32				index;
	struct weir_server		*server;
	bool				fresh;
	bool				changed;
};

/**
 * struct weir_transaction - an open transaction; all of it under weir_net.lock
 * @list: in weir_net.transactions
 * @wn: namespace
 * @portid: the socket that it belongs to
 * @owner: whose objects
 * @base: generation that it builds on, 0: any
 * @mode: enum weir_transaction_mode
 * @messages: accepted so far
 * @failed: a message was refused
 * @bytes: staged, at most weir_config.staged_max
 * @pools: struct weir_staged_pool in the order of their messages
 * @services: struct weir_staged_service in the order of their messages
 * @service_table: the same by key
 * @server_table: their servers by service and key
 */
struct weir_transaction {
	struct list_head		list;
	struct weir_net			*wn;
	u32				portid;
	char				owner[WEIR_OWNER_MAX + 1];
	u32				base;
	u32				mode;
	u32				messages;
	bool				failed;
	size_t				bytes;
	struct list_head		pools;
	struct list_head		services;
	struct rhashtable		service_table;
	struct rhashtable		server_table;
};

int weir_transaction_init(void);	/* notices sockets that are closed */
void weir_transaction_exit(void);
void weir_transaction_net_init(struct weir_net *wn);
/* Aborts what is open. */
void weir_transaction_net_exit(struct weir_net *wn);

/* wn->lock held for all that follow; failures set @extack. */

/* The transaction of the socket @portid, or NULL; borrowed. */
struct weir_transaction *weir_transaction_lookup(struct weir_net *wn, u32 portid);
int weir_transaction_begin(struct weir_net *wn, u32 portid, const char *owner, u32 base, u32 mode,
			   struct netlink_ext_ack *extack);
/* Checks in full and stages; the caller marks the transaction failed if it is refused. */
int weir_transaction_service(struct weir_transaction *tx, const struct weir_service_spec *spec,
			     const struct weir_server_spec *servers, u32 n, struct netlink_ext_ack *extack);
int weir_transaction_pool(struct weir_transaction *tx, const struct weir_pool_spec *spec,
			  struct netlink_ext_ack *extack);
int weir_transaction_server(struct weir_transaction *tx, const struct weir_service_spec *spec,
			    const struct weir_server_spec *server, struct netlink_ext_ack *extack);
/* Forgets it. */
void weir_transaction_release(struct weir_transaction *tx);

/* The staged service of this key and range, or NULL; borrowed. */
struct weir_staged_service *weir_transaction_find(struct weir_transaction *tx, const struct weir_service_key *key,
						  u16 port_first, u16 port_last);
struct weir_staged_server *weir_transaction_find_server(struct weir_transaction *tx,
							const struct weir_staged_service *service, u8 family,
							const union nf_inet_addr *addr, __be16 port);

/*
 * commit.c. All or nothing: what can fail is prepared first, hidden from packets, then applied without a failing point. Tells
 * listeners, moves the generation on. @staged: messages that the sender counted; @changed: objects added, changed or removed.
 * The transaction is the caller's to release.
 */
int weir_transaction_commit(struct weir_transaction *tx, u32 staged, u32 *changed, struct netlink_ext_ack *extack);

#endif /* _WEIR_TRANSACTION_H */
