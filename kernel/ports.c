// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "hostsock.h"
#include "net.h"
#include "ports.h"
#include "refuse.h"
#include "server.h"
#include "service.h"

/* Numbers that another CPU took first, or that a socket of this machine has, before a search is given up. */
#define PORTS_TRIES	64

/* Numbers in use that are looked at, and how many of them for PORTS_BARREN jiffies after that was in vain. */
#define PORTS_LOOKS	1024
#define PORTS_FEW_LOOKS	8
#define PORTS_BARREN	(HZ / 10)

/* Of all namespaces: what a connection or a server still holds may outlive its own. */
static DEFINE_HASHTABLE(ports_table, 10);
static DEFINE_SPINLOCK(ports_lock);	/* ports_table; BH-safe */

static u32 ports_hash(const struct weir_pool *pool, const union nf_inet_addr *addr, __be16 port)
{
	return jhash(addr, sizeof(*addr), (__force u32)port ^ pool->id);
}

static void ports_free_rcu(struct rcu_head *rcu)
{
	struct weir_ports *ports = container_of(rcu, struct weir_ports, rcu);

	weir_pool_put(ports->pool);
	free_percpu(ports->cursor);
	kvfree(ports->used);
	kfree(ports);
}

void weir_ports_put(struct weir_ports *ports)
{
	if (!ports || !refcount_dec_and_test(&ports->refs))
		return;
	spin_lock_bh(&ports_lock);
	hash_del(&ports->node);
	spin_unlock_bh(&ports_lock);
	call_rcu(&ports->rcu, ports_free_rcu);
}

/* A reference, or NULL. */
static struct weir_ports *ports_find(const struct weir_pool *pool, const struct weir_server *server, u8 proto)
{
	struct weir_ports *ports, *found = NULL;

	spin_lock_bh(&ports_lock);
	hash_for_each_possible(ports_table, ports, node, ports_hash(pool, &server->addr, server->port)) {
		if (ports->pool == pool && ports->port == server->port && ports->proto == proto &&
		    nf_inet_addr_cmp(&ports->addr, &server->addr) &&
		    !memcmp(&ports->shape, weir_pool_shape_of(pool), sizeof(ports->shape)) &&
		    refcount_inc_not_zero(&ports->refs)) {
			found = ports;
			break;
		}
	}
	spin_unlock_bh(&ports_lock);
	return found;
}

/* CPUs begin far from each other, and not where they began before the machine was started anew. */
static void ports_spread(struct weir_ports *ports)
{
	u32 start = get_random_u32() % ports->n;
	int cpu, i = 0;

	for_each_possible_cpu(cpu) {
		*per_cpu_ptr(ports->cursor, cpu) = start;
		i++;
		start = (start + ports->n / max(num_possible_cpus(), 1U)) % ports->n;
	}
}

static struct weir_ports *ports_create(struct weir_pool *pool, const struct weir_server *server, u8 proto)
{
	struct weir_ports *ports;

	ports = kzalloc(sizeof(*ports), GFP_KERNEL_ACCOUNT);
	if (!ports)
		return NULL;
	ports->shape = *weir_pool_shape_of(pool);
	ports->n = weir_pool_shape_numbers(&ports->shape);
	ports->used = kvcalloc(BITS_TO_LONGS(ports->n), sizeof(unsigned long), GFP_KERNEL_ACCOUNT);
	if (!ports->used)
		goto err_ports;
	ports->cursor = alloc_percpu_gfp(u32, GFP_KERNEL_ACCOUNT);
	if (!ports->cursor)
		goto err_used;
	ports_spread(ports);
	weir_pool_get(pool);
	ports->pool = pool;
	ports->addr = server->addr;
	ports->port = server->port;
	ports->proto = proto;
	ports->barren = jiffies - PORTS_BARREN;
	refcount_set(&ports->refs, 1);
	spin_lock_bh(&ports_lock);
	hash_add(ports_table, &ports->node, ports_hash(pool, &server->addr, server->port));
	spin_unlock_bh(&ports_lock);
	return ports;

err_used:
	kvfree(ports->used);
err_ports:
	kfree(ports);
	return NULL;
}

int weir_ports_check(const struct weir_service_config *config, u8 method, bool other, struct netlink_ext_ack *extack)
{
	if (method != WEIR_METHOD_FULLNAT)
		return config->proxy_protocol ?
		       weir_refuse(extack, -EINVAL, "method: the service has PROXY protocol, which needs fullnat") : 0;
	if (!config->pool[0])
		return weir_refuse(extack, -EINVAL, "method: fullnat needs a pool, and the service names none");
	if (config->flags & WEIR_SERVICE_F_ONE_PACKET)
		return weir_refuse(extack, -EINVAL,
				   "method: fullnat needs connections, and one-packet scheduling has none");
	if (other && config->flags & WEIR_SERVICE_F_CONNTRACK)
		return weir_refuse(extack, -EINVAL,
				   "flags: conntrack cannot follow a connection into the other family");
	return 0;
}

int weir_ports_prepare(struct weir_server *server, const struct weir_service_config *config, u8 method,
		       struct netlink_ext_ack *extack)
{
	struct weir_net *wn = server->service->wn;
	const u8 proto = server->service->key.proto;
	struct weir_ports *ports = NULL;
	struct weir_pool *pool;
	int err;

	lockdep_assert_held(&wn->lock);

	err = weir_ports_check(config, method, server->family != server->service->key.family, extack);
	if (err)
		return err;
	if (method == WEIR_METHOD_FULLNAT) {
		pool = weir_pool_lookup(wn, config->pool);
		if (!pool)
			return weir_refuse(extack, -ENOENT, "pool: there is no pool of this name");
		if (weir_pool_shape_of(pool)->family != server->family)
			return weir_refuse(extack, -EAFNOSUPPORT,
					   "pool: its addresses are of another family than a fullnat server's");
		ports = ports_find(pool, server, proto) ?: ports_create(pool, server, proto);
		if (!ports)
			return weir_refuse(extack, -ENOMEM, "server: no memory for the use of its ports");
	}
	weir_ports_discard(server);
	server->next_ports = ports;
	server->ports_staged = true;
	return 0;
}

void weir_ports_commit(struct weir_server *server)
{
	struct weir_net *wn = server->service->wn;

	if (!server->ports_staged)
		return;
	/* Readers take a reference under RCU. */
	weir_ports_put(rcu_replace_pointer(server->ports, server->next_ports, lockdep_is_held(&wn->lock)));
	server->next_ports = NULL;
	server->ports_staged = false;
}

void weir_ports_discard(struct weir_server *server)
{
	weir_ports_put(server->next_ports);
	server->next_ports = NULL;
	server->ports_staged = false;
}

int weir_ports_prepare_service(struct weir_service *svc, const struct weir_service_config *config,
			       struct netlink_ext_ack *extack)
{
	struct weir_server *server;
	int err;

	lockdep_assert_held(&svc->wn->lock);

	if (config->pool[0] && !weir_pool_lookup(svc->wn, config->pool))
		return weir_refuse(extack, -ENOENT, "pool: there is no pool of this name");
	list_for_each_entry(server, &svc->servers, list) {
		err = weir_ports_prepare(server, config, server->config.method, extack);
		if (err) {
			weir_ports_discard_service(svc);
			return err;
		}
	}
	return 0;
}

void weir_ports_commit_service(struct weir_service *svc)
{
	struct weir_server *server;

	list_for_each_entry(server, &svc->servers, list)
		weir_ports_commit(server);
}

void weir_ports_discard_service(struct weir_service *svc)
{
	struct weir_server *server;

	list_for_each_entry(server, &svc->servers, list)
		weir_ports_discard(server);
}

struct weir_ports *weir_ports_get(const struct weir_server *server)
{
	struct weir_ports *ports = rcu_dereference(server->ports);

	return ports && refcount_inc_not_zero(&ports->refs) ? ports : NULL;
}

/* Neighbours are of different addresses: these are used alike. */
static void ports_fill(const struct weir_ports *ports, u32 i, struct weir_tuple *reply)
{
	const u32 naddrs = ports->shape.naddrs;

	weir_pool_shape_addr(&ports->shape, i % naddrs, &reply->dst);
	reply->dport = htons(ports->shape.port_first + i / naddrs);
}

static void ports_move(struct weir_ports *ports, u32 i)
{
	this_cpu_write(*ports->cursor, i + 1 < ports->n ? i + 1 : 0);
}

/* The first number that nobody has, from @start on and then from the beginning; @n: there is none. */
static u32 ports_search(const struct weir_ports *ports, u32 start)
{
	u32 i = find_next_zero_bit(ports->used, ports->n, start);

	if (i >= ports->n && start) {
		i = find_next_zero_bit(ports->used, start, 0);
		if (i >= start)
			i = ports->n;
	}
	return i;
}

/* The same, once more for what is given back while it is put down that there is none. */
static u32 ports_search_full(struct weir_ports *ports, u32 start)
{
	u32 i = ports_search(ports, start);

	if (likely(i < ports->n))
		return i;
	WRITE_ONCE(ports->full, true);
	/* The mark, then the bits: pairs with ports_free_number(). */
	smp_mb();
	i = ports_search(ports, start);
	if (i < ports->n)
		WRITE_ONCE(ports->full, false);
	return i;
}

static void ports_free_number(struct weir_ports *ports, u32 i)
{
	clear_bit(i, ports->used);
	/* The bit, then the mark: see ports_search_full(). */
	smp_mb__after_atomic();
	if (READ_ONCE(ports->full))
		WRITE_ONCE(ports->full, false);
}

int weir_ports_take(struct weir_ports *ports, struct net *net, struct weir_tuple *reply)
{
	int tries;
	u32 i;

	for (tries = 0; tries < PORTS_TRIES && !READ_ONCE(ports->full); tries++) {
		i = ports_search_full(ports, this_cpu_read(*ports->cursor));
		if (i >= ports->n)
			break;
		ports_move(ports, i);
		if (test_and_set_bit(i, ports->used))
			continue;
		ports_fill(ports, i, reply);
		if (likely(!weir_hostsock_has(net, reply))) {
			this_cpu_inc(ports->pool->cpu->taken);
			return 0;
		}
		this_cpu_inc(ports->pool->cpu->host);
		ports_free_number(ports, i);
	}
	memset(&reply->dst, 0, sizeof(reply->dst));
	reply->dport = 0;
	return -EADDRNOTAVAIL;
}

void weir_ports_give(struct weir_ports *ports, const struct weir_tuple *reply)
{
	u32 i = (ntohs(reply->dport) - ports->shape.port_first) * ports->shape.naddrs +
		weir_pool_shape_find(&ports->shape, &reply->dst);

	ports_free_number(ports, i);
	this_cpu_inc(ports->pool->cpu->given);
}

void weir_ports_refused(const struct weir_server *server)
{
	struct weir_ports *ports = rcu_dereference(server->ports);

	if (ports)
		weir_pool_refused(ports->pool);
}

static bool ports_barren(const struct weir_ports *ports)
{
	return time_before(jiffies, READ_ONCE(ports->barren) + PORTS_BARREN);
}

unsigned int weir_ports_looks(const struct weir_ports *ports)
{
	return ports_barren(ports) ? PORTS_FEW_LOOKS : min_t(u32, ports->n, PORTS_LOOKS);
}

void weir_ports_barren(struct weir_ports *ports)
{
	/* A short look says nothing. */
	if (!ports_barren(ports))
		WRITE_ONCE(ports->barren, jiffies);
}

void weir_ports_peek(struct weir_ports *ports, struct weir_tuple *reply)
{
	u32 i = this_cpu_read(*ports->cursor);

	ports_move(ports, i);
	ports_fill(ports, i, reply);
}
