// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include "algo/addr.h"
#include "net.h"
#include "nl.h"
#include "pool.h"
#include "ports.h"
#include "refuse.h"
#include "service.h"

/* Refusals are told together, and not more often than this. */
#define POOL_TELL_DELAY	HZ

static unsigned int addr_len(u16 family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

void weir_pool_shape_addr(const struct weir_pool_shape *shape, u32 i, union nf_inet_addr *addr)
{
	const struct weir_pool_range *range = shape->ranges;

	while (i >= range->n) {
		i -= range->n;
		range++;
	}
	*addr = range->first;
	weir_addr_add((u8 *)addr, addr_len(shape->family), i);
}

u32 weir_pool_shape_find(const struct weir_pool_shape *shape, const union nf_inet_addr *addr)
{
	u32 i, before = 0, distance;

	for (i = 0; i < shape->nranges; i++) {
		if (weir_addr_distance((const u8 *)&shape->ranges[i].first, (const u8 *)addr, addr_len(shape->family),
				       &distance) &&
		    distance < shape->ranges[i].n)
			return before + distance;
		before += shape->ranges[i].n;
	}
	return shape->naddrs;
}

static bool addr_unicast(u16 family, const union nf_inet_addr *addr)
{
	if (family == AF_INET6)
		return !ipv6_addr_any(&addr->in6) && !ipv6_addr_is_multicast(&addr->in6) &&
		       !ipv6_addr_loopback(&addr->in6) && !ipv6_addr_v4mapped(&addr->in6) &&
		       !(ipv6_addr_type(&addr->in6) & IPV6_ADDR_LINKLOCAL);
	return !ipv4_is_zeronet(addr->ip) && !ipv4_is_multicast(addr->ip) && !ipv4_is_lbcast(addr->ip) &&
	       !ipv4_is_loopback(addr->ip);
}

static bool ranges_overlap(const struct weir_pool_shape *shape, u32 a, u32 b)
{
	const struct weir_pool_range *ra = &shape->ranges[a], *rb = &shape->ranges[b];
	const unsigned int len = addr_len(shape->family);
	u32 distance;

	if (weir_addr_distance((const u8 *)&ra->first, (const u8 *)&rb->first, len, &distance))
		return distance < ra->n;
	return weir_addr_distance((const u8 *)&rb->first, (const u8 *)&ra->first, len, &distance) && distance < rb->n;
}

int weir_pool_shape_check(const struct weir_pool_shape *shape, struct netlink_ext_ack *extack)
{
	union nf_inet_addr last;
	u32 i, j;

	if (shape->family != AF_INET && (shape->family != AF_INET6 || !IS_ENABLED(CONFIG_IPV6)))
		return weir_refuse(extack, -EAFNOSUPPORT, "family: neither IPv4 nor IPv6");
	if (!shape->nranges || !shape->naddrs)
		return weir_refuse(extack, -EINVAL, "range: a pool needs an address");
	if (!shape->port_first)
		return weir_refuse(extack, -EINVAL, "port: a pool's ports begin at 1 or above");
	if (shape->port_last < shape->port_first)
		return weir_refuse(extack, -EINVAL, "port_end: below the first port");
	if (weir_pool_shape_numbers(shape) > WEIR_POOL_NUMBERS_MAX)
		return weir_refuse(extack, -ERANGE, "range: more than 1048576 pairs of an address and a port");
	for (i = 0; i < shape->nranges; i++) {
		last = shape->ranges[i].first;
		weir_addr_add((u8 *)&last, addr_len(shape->family), shape->ranges[i].n - 1);
		if (!addr_unicast(shape->family, &shape->ranges[i].first) || !addr_unicast(shape->family, &last))
			return weir_refuse(extack, -EINVAL,
					   "range: a pool needs unicast addresses that other machines can answer to");
		for (j = 0; j < i; j++)
			if (ranges_overlap(shape, i, j))
				return weir_refuse(extack, -EINVAL, "range: an address stands in two of the ranges");
	}
	return 0;
}

struct weir_pool *weir_pool_lookup(const struct weir_net *wn, const char *name)
{
	struct weir_pool *pool;

	lockdep_assert_held(&wn->lock);

	list_for_each_entry(pool, &wn->pools, list)
		if (!pool->doomed && !strcmp(pool->name, name))
			return pool;
	return NULL;
}

/* Those that a transaction is about to delete make room. */
static bool pools_full(const struct weir_net *wn)
{
	const struct weir_pool *pool;
	u32 n = 0;

	list_for_each_entry(pool, &wn->pools, list)
		n += !pool->doomed;
	return n >= WEIR_POOLS_MAX;
}

struct weir_pool *weir_pool_add(struct weir_net *wn, const struct weir_pool_spec *spec, const char *owner,
				struct netlink_ext_ack *extack)
{
	struct weir_pool *pool;
	int err;

	lockdep_assert_held(&wn->lock);

	err = weir_pool_shape_check(&spec->shape, extack);
	if (err)
		return ERR_PTR(err);
	if (weir_pool_lookup(wn, spec->name))
		return ERR_PTR(weir_refuse(extack, -EEXIST, "name: a pool of this name exists already"));
	if (pools_full(wn))
		return ERR_PTR(weir_refuse(extack, -ENOSPC, "name: the namespace has 1024 pools, its limit"));
	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool->cpu = alloc_percpu_gfp(struct weir_pool_cpu, GFP_KERNEL_ACCOUNT);
	if (!pool->cpu) {
		kfree(pool);
		return ERR_PTR(-ENOMEM);
	}
	pool->wn = wn;
	pool->id = ++wn->last_id;
	strscpy(pool->name, spec->name, sizeof(pool->name));
	strscpy(pool->owner, owner, sizeof(pool->owner));
	pool->shape = spec->shape;
	refcount_set(&pool->refs, 1);
	list_add_tail(&pool->list, &wn->pools);
	pr_debug("pool %u created\n", pool->id);
	return pool;
}

static bool service_names(const struct weir_service *svc, const struct weir_pool *pool)
{
	return !svc->doomed && !strcmp(svc->config.pool, pool->name);
}

static void discard_services(struct weir_pool *pool)
{
	struct weir_service *svc;

	list_for_each_entry(svc, &pool->wn->service_list, list)
		if (service_names(svc, pool))
			weir_ports_discard_service(svc);
}

int weir_pool_set(struct weir_pool *pool, const struct weir_pool_shape *shape, struct netlink_ext_ack *extack)
{
	struct weir_service *svc;
	int err;

	lockdep_assert_held(&pool->wn->lock);

	err = weir_pool_shape_check(shape, extack);
	if (err)
		return err;
	pool->next = shape;
	list_for_each_entry(svc, &pool->wn->service_list, list) {
		if (!service_names(svc, pool))
			continue;
		err = weir_ports_prepare_service(svc, &svc->config, extack);
		if (err)
			goto err_next;
	}
	pool->next = NULL;
	pool->shape = *shape;
	list_for_each_entry(svc, &pool->wn->service_list, list)
		if (service_names(svc, pool))
			weir_ports_commit_service(svc);
	return 0;

err_next:
	pool->next = NULL;
	discard_services(pool);
	return err;
}

u32 weir_pool_services(const struct weir_pool *pool)
{
	const struct weir_service *svc;
	u32 n = 0;

	lockdep_assert_held(&pool->wn->lock);

	list_for_each_entry(svc, &pool->wn->service_list, list)
		n += service_names(svc, pool);
	return n;
}

void weir_pool_unlink(struct weir_pool *pool)
{
	lockdep_assert_held(&pool->wn->lock);

	list_del(&pool->list);
	weir_pool_put(pool);
}

int weir_pool_deletable(const struct weir_pool *pool, struct netlink_ext_ack *extack)
{
	return weir_pool_services(pool) ? weir_refuse(extack, -EBUSY, "name: a service uses the pool") : 0;
}

void weir_pool_usage(const struct weir_pool *pool, struct weir_pool_usage *usage)
{
	const struct weir_pool_cpu *c;
	unsigned long given = 0;
	int cpu;

	memset(usage, 0, sizeof(*usage));
	/* What was given back first: a number that changes hands meanwhile counts once too often, never makes less than none. */
	for_each_possible_cpu(cpu)
		given += READ_ONCE(per_cpu_ptr(pool->cpu, cpu)->given);
	smp_rmb();	/* see above */
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(pool->cpu, cpu);
		usage->taken += READ_ONCE(c->taken);
		usage->refused += READ_ONCE(c->refused);
		usage->host += READ_ONCE(c->host);
	}
	usage->conns = usage->taken - given;
}

void weir_pool_get(struct weir_pool *pool)
{
	refcount_inc(&pool->refs);
}

void weir_pool_put(struct weir_pool *pool)
{
	if (!refcount_dec_and_test(&pool->refs))
		return;
	pr_debug("pool %u destroyed\n", pool->id);
	free_percpu(pool->cpu);
	kfree(pool);
}

void weir_pool_refused(struct weir_pool *pool)
{
	struct weir_net *wn = pool->wn;

	this_cpu_inc(pool->cpu->refused);
	if (test_bit(WEIR_POOL_TELL_FULL, &pool->state) || READ_ONCE(wn->dying))
		return;
	if (!test_and_set_bit(WEIR_POOL_TELL_FULL, &pool->state))
		queue_delayed_work(system_power_efficient_wq, &wn->pool_teller, POOL_TELL_DELAY);
}

static void pool_tell(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, pool_teller.work);
	struct weir_pool *pool;

	mutex_lock(&wn->lock);
	list_for_each_entry(pool, &wn->pools, list)
		if (test_and_clear_bit(WEIR_POOL_TELL_FULL, &pool->state) && !wn->dying)
			weir_nl_notify_pool(pool, WEIR_CMD_POOL_FULL_NTF);
	mutex_unlock(&wn->lock);
}

void weir_pool_net_init(struct weir_net *wn)
{
	INIT_LIST_HEAD(&wn->pools);
	INIT_DELAYED_WORK(&wn->pool_teller, pool_tell);
}

void weir_pool_net_exit(struct weir_net *wn)
{
	struct weir_pool *pool, *next;

	cancel_delayed_work_sync(&wn->pool_teller);
	mutex_lock(&wn->lock);
	list_for_each_entry_safe(pool, next, &wn->pools, list)
		weir_pool_unlink(pool);
	mutex_unlock(&wn->lock);
}
