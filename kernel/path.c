// SPDX-License-Identifier: GPL-2.0
/* path: made with the first connection that needs it, shared, ended by whatever happens to its device */
#include <linux/bitmap.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/arp.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include "net.h"
#include "path.h"

static const struct rhashtable_params path_params = {
	.head_offset		= offsetof(struct weir_path, node),
	.key_offset		= offsetof(struct weir_path, key),
	.key_len		= sizeof(struct weir_path_key),
	.automatic_shrinking	= true,
};

/* Routes that the express path understands: plain output to a device that knows no L3 domain and lets packets out as they are. */
static bool dst_usable(const struct dst_entry *dst)
{
	const struct net_device *dev = dst->dev;

	if (dst->error || dst_xfrm(dst) || dst->lwtstate)
		return false;
	if (dev->flags & IFF_LOOPBACK || !(dev->flags & IFF_UP) || netif_is_l3_slave(dev) || netif_is_l3_master(dev))
		return false;
	if (dst->ops->family == AF_INET)
		return dst->output == ip_output;
#if IS_ENABLED(CONFIG_IPV6)
	if (dst->ops->family == AF_INET6)
		return dst->output == ip6_output;
#endif
	return false;
}

static u32 dst_cookie(struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (dst->ops->family == AF_INET6)
		return rt6_get_cookie((struct rt6_info *)dst);
#endif
	return 0;
}

/* Once: takes it out of the table and lets its references go. Readers that found @neigh are covered by the grace period of each. */
static void path_end(struct weir_path *path)
{
	struct neighbour *neigh = unrcu_pointer(xchg(&path->neigh, NULL));

	if (!neigh)
		return;
	rhashtable_remove_fast(&path->wn->paths, &path->node, path_params);
	neigh_release(neigh);
	dst_release(path->dst);
}

void weir_path_put(struct weir_path *path)
{
	if (!path || !refcount_dec_and_test(&path->refs))
		return;
	local_bh_disable();
	path_end(path);
	local_bh_enable();
	kfree_rcu(path, rcu);
}

/* Takes over the references to @dst, which is @key's, and @neigh, likewise. */
static struct weir_path *path_create(struct weir_net *wn, const struct weir_path_key *key, struct dst_entry *dst,
				     struct neighbour *neigh)
{
	struct weir_path *path;

	path = kzalloc(sizeof(*path), GFP_ATOMIC | __GFP_NOWARN);
	if (!path)
		return NULL;
	path->wn = wn;
	path->key = *key;
	path->dst = dst;
	path->dev = dst->dev;
	path->cookie = key->cookie;
	path->headroom = LL_RESERVED_SPACE(dst->dev);
	if (key->tun.family)
		path->headroom += weir_tun_headroom(&key->tun);
	weir_path_update_mtu(path);
	refcount_set(&path->refs, 1);
	RCU_INIT_POINTER(path->neigh, neigh);
	return path;
}

/* The path in the table that equals @path, with a reference, or @path put there; NULL where there is no room. */
static struct weir_path *path_publish(struct weir_path *path)
{
	struct weir_path *other;

	other = rhashtable_lookup_get_insert_fast(&path->wn->paths, &path->node, path_params);
	if (!other)
		return path;
	if (!IS_ERR(other) && refcount_inc_not_zero(&other->refs))
		return other;
	return NULL;
}

struct weir_path *weir_path_get(struct weir_net *wn, struct dst_entry *dst, const void *daddr,
				const struct weir_tun *tun)
{
	struct weir_path_key key = { .dst = dst };
	struct weir_path *path, *shared;
	struct neighbour *neigh;

	if (!dst_usable(dst))
		return NULL;
	key.cookie = dst_cookie(dst);
	neigh = dst_neigh_lookup(dst, daddr);	/* a reference */
	if (!neigh)
		return NULL;
	/* An IPv4 route by an IPv6 gateway has a header cache of the other protocol. */
	if (neigh->tbl->family != dst->ops->family || neigh->dev != dst->dev || neigh->dead)
		goto err_neigh;

	key.neigh = neigh;
	if (tun)
		key.tun = *tun;
	path = rhashtable_lookup(&wn->paths, &key, path_params);
	if (path && refcount_inc_not_zero(&path->refs)) {
		neigh_release(neigh);
		return path;
	}
	if (!dst_hold_safe(dst))
		goto err_neigh;
	path = path_create(wn, &key, dst, neigh);
	if (!path)
		goto err_dst;
	shared = path_publish(path);
	if (shared != path) {
		neigh_release(neigh);
		dst_release(dst);
		kfree(path);
	}
	return shared;

err_dst:
	dst_release(dst);
err_neigh:
	neigh_release(neigh);
	return NULL;
}

void weir_path_flush(struct weir_net *wn, const struct net_device *dev)
{
	struct rhashtable_iter iter;
	struct weir_path *path;

	rhashtable_walk_enter(&wn->paths, &iter);
	do {
		rhashtable_walk_start(&iter);
		while ((path = rhashtable_walk_next(&iter)) && !IS_ERR(path)) {
			if (dev && path->dev != dev)
				continue;
			local_bh_disable();
			path_end(path);
			local_bh_enable();
		}
		rhashtable_walk_stop(&iter);
		cond_resched();
	} while (path == ERR_PTR(-EAGAIN));
	rhashtable_walk_exit(&iter);
}

int weir_path_net_init(struct weir_net *wn)
{
	return rhashtable_init(&wn->paths, &path_params);
}

void weir_path_net_exit(struct weir_net *wn)
{
	/*
	 * A path goes with its last connection, and those that ended just now let theirs go in RCU callbacks, which look the table
	 * up. A namespace that never had a connection (filter.h) need not wait.
	 */
	if (!bitmap_empty(wn->filter[WEIR_DIR_ORIGINAL], BIT(WEIR_FILTER_ORDER)))
		rcu_barrier();
	rhashtable_destroy(&wn->paths);
}
