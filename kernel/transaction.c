// SPDX-License-Identifier: GPL-2.0
/* transaction: opened by a socket, filled message by message, ended by commit.c, by an abort or with its socket */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "net.h"
#include "nl.h"
#include "ports.h"
#include "refuse.h"
#include "transaction.h"

/* Open transactions of a namespace at most: a bound on what is staged there, together with weir_config.staged_max. */
#define WEIR_TRANSACTIONS_MAX	16

#define WEIR_STAGED_KEY_LEN	(offsetof(struct weir_service_spec, port_last) + sizeof(u16))

static_assert(sizeof(struct weir_service_key) + 2 * sizeof(u16) == WEIR_STAGED_KEY_LEN);
static_assert(sizeof(struct weir_staged_server_key) ==
	      sizeof(void *) + sizeof(union nf_inet_addr) + 2 * sizeof(u16) + sizeof(u32));

static const struct rhashtable_params service_params = {
	.head_offset	= offsetof(struct weir_staged_service, node),
	.key_offset	= offsetof(struct weir_staged_service, spec),
	.key_len	= WEIR_STAGED_KEY_LEN,
};

static const struct rhashtable_params server_params = {
	.head_offset	= offsetof(struct weir_staged_server, node),
	.key_offset	= offsetof(struct weir_staged_server, key),
	.key_len	= sizeof(struct weir_staged_server_key),
};

struct weir_transaction *weir_transaction_lookup(struct weir_net *wn, u32 portid)
{
	struct weir_transaction *tx;

	lockdep_assert_held(&wn->lock);

	list_for_each_entry(tx, &wn->transactions, list)
		if (tx->portid == portid)
			return tx;
	return NULL;
}

static u32 count_open(const struct weir_net *wn)
{
	const struct weir_transaction *tx;
	u32 n = 0;

	list_for_each_entry(tx, &wn->transactions, list)
		n++;
	return n;
}

int weir_transaction_begin(struct weir_net *wn, u32 portid, const char *owner, u32 base, u32 mode,
			   struct netlink_ext_ack *extack)
{
	struct weir_transaction *tx;
	int err;

	lockdep_assert_held(&wn->lock);

	if (weir_transaction_lookup(wn, portid)) {
		NL_SET_ERR_MSG(extack, "this socket has a transaction open already");
		return -EBUSY;
	}
	if (base && base != wn->generation) {
		NL_SET_ERR_MSG(extack, "the configuration has changed since that generation");
		return -ESTALE;
	}
	if (count_open(wn) >= WEIR_TRANSACTIONS_MAX) {
		NL_SET_ERR_MSG(extack, "too many transactions are open");
		return -ENOSPC;
	}
	tx = kzalloc(sizeof(*tx), GFP_KERNEL_ACCOUNT);
	if (!tx)
		return -ENOMEM;
	tx->wn = wn;
	tx->portid = portid;
	strscpy(tx->owner, owner, sizeof(tx->owner));
	tx->base = base;
	tx->mode = mode;
	INIT_LIST_HEAD(&tx->pools);
	INIT_LIST_HEAD(&tx->services);
	err = rhashtable_init(&tx->service_table, &service_params);
	if (err)
		goto err_tx;
	err = rhashtable_init(&tx->server_table, &server_params);
	if (err)
		goto err_services;
	list_add_tail(&tx->list, &wn->transactions);
	return 0;

err_services:
	rhashtable_destroy(&tx->service_table);
err_tx:
	kfree(tx);
	return err;
}

struct weir_staged_service *weir_transaction_find(struct weir_transaction *tx, const struct weir_service_key *key,
						  u16 port_first, u16 port_last)
{
	struct weir_service_spec spec = { .key = *key, .port_first = port_first, .port_last = port_last };

	return rhashtable_lookup_fast(&tx->service_table, &spec, service_params);
}

static void server_key(struct weir_staged_server_key *key, const struct weir_staged_service *service, u8 family,
		       const union nf_inet_addr *addr, __be16 port)
{
	memset(key, 0, sizeof(*key));
	key->service = service;
	key->addr = *addr;
	key->port = port;
	key->family = family;
}

struct weir_staged_server *weir_transaction_find_server(struct weir_transaction *tx,
							const struct weir_staged_service *service, u8 family,
							const union nf_inet_addr *addr, __be16 port)
{
	struct weir_staged_server_key key;

	server_key(&key, service, family, addr, port);
	return rhashtable_lookup_fast(&tx->server_table, &key, server_params);
}

/* Room for @bytes more? Counts them. */
static int charge(struct weir_transaction *tx, size_t bytes, struct netlink_ext_ack *extack)
{
	if (tx->bytes + bytes > tx->wn->config.staged_max) {
		NL_SET_ERR_MSG(extack, "the transaction is larger than the namespace's limit of staged bytes");
		return -ENOSPC;
	}
	tx->bytes += bytes;
	return 0;
}

static void unstage_server(struct weir_transaction *tx, struct weir_staged_service *service,
			   struct weir_staged_server *server)
{
	rhashtable_remove_fast(&tx->server_table, &server->node, server_params);
	list_del(&server->list);
	service->nservers--;
	tx->bytes -= sizeof(*server);
	kfree(server);
}

static int stage_server(struct weir_transaction *tx, struct weir_staged_service *service,
			const struct weir_server_spec *spec, struct netlink_ext_ack *extack)
{
	const struct weir_service_spec *to = &service->spec;
	struct weir_staged_server *server;
	int err;

	err = weir_server_config_check_key(&to->key, to->port_first, to->port_last, spec->family, &spec->addr,
					   spec->port, &spec->config, extack);
	if (!err)
		err = weir_ports_check(&to->config, spec->config.method, spec->family != to->key.family, extack);
	if (err)
		return err;
	if (service->nservers >= WEIR_SERVERS_MAX) {
		NL_SET_ERR_MSG(extack, "the service has as many servers as it can");
		return -ENOSPC;
	}
	err = charge(tx, sizeof(*server), extack);
	if (err)
		return err;
	server = kzalloc(sizeof(*server), GFP_KERNEL_ACCOUNT);
	if (!server) {
		err = -ENOMEM;
		goto err_charge;
	}
	server_key(&server->key, service, spec->family, &spec->addr, spec->port);
	server->config = spec->config;
	server->index = tx->messages;
	err = rhashtable_lookup_insert_fast(&tx->server_table, &server->node, server_params);
	if (err) {
		if (err == -EEXIST)
			NL_SET_ERR_MSG(extack, "the transaction has this server already");
		goto err_server;
	}
	list_add_tail(&server->list, &service->servers);
	service->nservers++;
	return 0;

err_server:
	kfree(server);
err_charge:
	tx->bytes -= sizeof(*server);
	return err;
}

static void unstage_service(struct weir_transaction *tx, struct weir_staged_service *service)
{
	struct weir_staged_server *server, *next;

	list_for_each_entry_safe(server, next, &service->servers, list)
		unstage_server(tx, service, server);
	rhashtable_remove_fast(&tx->service_table, &service->node, service_params);
	list_del(&service->list);
	tx->bytes -= sizeof(*service);
	kfree(service);
}

/* Early word of what the commit would refuse; it looks again. */
static int check_owner(const struct weir_transaction *tx, const struct weir_service_spec *spec,
		       struct netlink_ext_ack *extack)
{
	const struct weir_service *svc = weir_service_lookup(tx->wn, &spec->key, spec->port_first, spec->port_last);

	if (!svc || !strcmp(svc->owner, tx->owner))
		return 0;
	NL_SET_ERR_MSG(extack, "the service exists and is another owner's");
	return -EEXIST;
}

int weir_transaction_service(struct weir_transaction *tx, const struct weir_service_spec *spec,
			     const struct weir_server_spec *servers, u32 n, struct netlink_ext_ack *extack)
{
	struct weir_staged_service *service;
	int err;
	u32 i;

	lockdep_assert_held(&tx->wn->lock);

	err = check_owner(tx, spec, extack);
	if (err)
		return err;
	err = charge(tx, sizeof(*service), extack);
	if (err)
		return err;
	service = kzalloc(sizeof(*service), GFP_KERNEL_ACCOUNT);
	if (!service) {
		err = -ENOMEM;
		goto err_charge;
	}
	service->spec = *spec;
	service->index = tx->messages;
	INIT_LIST_HEAD(&service->servers);
	err = rhashtable_lookup_insert_fast(&tx->service_table, &service->node, service_params);
	if (err) {
		if (err == -EEXIST)
			NL_SET_ERR_MSG(extack, "the transaction has this service already");
		goto err_service;
	}
	list_add_tail(&service->list, &tx->services);
	for (i = 0; i < n; i++) {
		err = stage_server(tx, service, &servers[i], extack);
		if (err) {
			weir_nl_blame_server(extack, servers[i].attr);
			unstage_service(tx, service);
			return err;
		}
	}
	tx->messages++;
	return 0;

err_service:
	kfree(service);
err_charge:
	tx->bytes -= sizeof(*service);
	return err;
}

int weir_transaction_server(struct weir_transaction *tx, const struct weir_service_spec *spec,
			    const struct weir_server_spec *server, struct netlink_ext_ack *extack)
{
	struct weir_staged_service *service;
	int err;

	lockdep_assert_held(&tx->wn->lock);

	service = weir_transaction_find(tx, &spec->key, spec->port_first, spec->port_last);
	if (!service) {
		NL_SET_ERR_MSG(extack, "the transaction has no such service");
		return -ESRCH;
	}
	err = stage_server(tx, service, server, extack);
	if (!err)
		tx->messages++;
	return err;
}

/* The pools of a namespace are few: their list is looked through. */
int weir_transaction_pool(struct weir_transaction *tx, const struct weir_pool_spec *spec,
			  struct netlink_ext_ack *extack)
{
	const struct weir_pool *present = weir_pool_lookup(tx->wn, spec->name);
	struct weir_staged_pool *pool;
	int err;

	lockdep_assert_held(&tx->wn->lock);

	if (present && strcmp(present->owner, tx->owner))
		return weir_refuse(extack, -EEXIST, "name: the pool exists and is another owner's");
	list_for_each_entry(pool, &tx->pools, list)
		if (!strcmp(pool->spec.name, spec->name))
			return weir_refuse(extack, -EEXIST, "name: the transaction has this pool already");
	err = weir_pool_shape_check(&spec->shape, extack);
	if (!err)
		err = charge(tx, sizeof(*pool), extack);
	if (err)
		return err;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	if (!pool) {
		tx->bytes -= sizeof(*pool);
		return -ENOMEM;
	}
	pool->spec = *spec;
	pool->index = tx->messages++;
	list_add_tail(&pool->list, &tx->pools);
	return 0;
}

void weir_transaction_release(struct weir_transaction *tx)
{
	struct weir_staged_pool *pool, *next_pool;
	struct weir_staged_service *service, *next;

	lockdep_assert_held(&tx->wn->lock);

	list_del(&tx->list);
	list_for_each_entry_safe(pool, next_pool, &tx->pools, list)
		kfree(pool);
	list_for_each_entry_safe(service, next, &tx->services, list) {
		unstage_service(tx, service);
		cond_resched();
	}
	rhashtable_destroy(&tx->server_table);
	rhashtable_destroy(&tx->service_table);
	kfree(tx);
}

void weir_transaction_net_init(struct weir_net *wn)
{
	INIT_LIST_HEAD(&wn->transactions);
}

void weir_transaction_net_exit(struct weir_net *wn)
{
	struct weir_transaction *tx, *next;

	mutex_lock(&wn->lock);
	list_for_each_entry_safe(tx, next, &wn->transactions, list)
		weir_transaction_release(tx);
	mutex_unlock(&wn->lock);
}

/* A netlink socket was closed, of whatever namespace. Its transaction goes with it. Process context. */
static int socket_event(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;
	struct weir_transaction *tx;
	struct weir_net *wn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	wn = weir_net(notify->net);
	/* What this socket opened is on the list since; others' entries only cost the lock. */
	if (list_empty_careful(&wn->transactions))
		return NOTIFY_DONE;
	mutex_lock(&wn->lock);
	tx = weir_transaction_lookup(wn, notify->portid);
	if (tx)
		weir_transaction_release(tx);
	mutex_unlock(&wn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_event,
};

int __init weir_transaction_init(void)
{
	return netlink_register_notifier(&socket_notifier);
}

void weir_transaction_exit(void)
{
	netlink_unregister_notifier(&socket_notifier);
}
