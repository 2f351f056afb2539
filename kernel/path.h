/* SPDX-License-Identifier: GPL-2.0 */
/* path: the way out that connections share on the express path: a route, its next hop and its device */
#ifndef _WEIR_PATH_H
#define _WEIR_PATH_H

#include <linux/cache.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <net/dst.h>
#include <net/neighbour.h>
#include "tun.h"

struct weir_net;

/*
 * What makes two ways out the same one. The pointers are compared, never followed. @tun: headers of a tunnel, or all zero. @cookie: for
 * dst_check(): an IPv6 route is the same object before and after a change of the table, and valid once more for whom it was looked up
 * again.
 */
struct weir_path_key {
	struct weir_tun		tun;
	u32			cookie;
	const struct dst_entry	*dst;
	const struct neighbour	*neigh;
};

static_assert(sizeof(struct weir_path_key) ==
	      2 * sizeof(void *) + sizeof(struct weir_tun) + sizeof(u32));

/**
 * struct weir_path - a way out
 *
 * One cache line is read per packet, two where there is a tunnel, and written only when the path ends or learns another MTU.
 *
 * @neigh: next hop, a reference; NULL: the path has ended, its connections are to find another one
 * @dst: route; a reference, valid under RCU while @neigh was not NULL; dst_check() tells whether it still holds
 * @dev: device, kept by @neigh's reference
 * @cookie: @key's
 * @mtu: what the route carries, within the tunnel where there is one; a change of the device's ends the path, a new exception of the
 *	route its dst; READ_ONCE/WRITE_ONCE
 * @headroom: what the device wants before the IP header, and the tunnel
 * @node: in weir_net.paths
 * @key: there
 * @refs: connections
 * @wn: namespace
 * @rcu: frees it
 */
struct weir_path {
	struct neighbour __rcu	*neigh ____cacheline_aligned;
	struct dst_entry	*dst;
	struct net_device	*dev;
	u32			cookie;
	u32			mtu;
	u16			headroom;

	struct weir_path_key	key ____cacheline_aligned;
	struct rhash_head	node;
	refcount_t		refs;
	struct weir_net		*wn;
	struct rcu_head		rcu;
};

/*
 * A reference to the path by @dst to @daddr, through @tun where that is not NULL; or NULL: no memory, or nothing that the
 * express path may use (IPsec, encapsulation by the route, a VRF, a loopback, an output of another kind). RCU held, BH disabled.
 */
struct weir_path *weir_path_get(struct weir_net *wn, struct dst_entry *dst, const void *daddr,
				const struct weir_tun *tun);
/* Any context. NULL is nothing. */
void weir_path_put(struct weir_path *path);

/* Is it still that path? RCU held. */
static inline bool weir_path_valid(const struct weir_path *path)
{
	const struct neighbour *neigh = rcu_dereference(path->neigh);

	return neigh && !READ_ONCE(neigh->dead) && dst_check(path->dst, path->cookie);
}

/* The route's MTU may have changed while the route stayed. RCU held. */
static inline void weir_path_update_mtu(struct weir_path *path)
{
	unsigned int mtu = dst_mtu(path->dst);

	if (path->key.tun.family)
		mtu = weir_tun_mtu(&path->key.tun, mtu);
	if (unlikely(READ_ONCE(path->mtu) != mtu))
		WRITE_ONCE(path->mtu, mtu);
}

/* Ends the paths by @dev, all where it is NULL: their references to devices are gone on return. Process context. */
void weir_path_flush(struct weir_net *wn, const struct net_device *dev);

int weir_path_net_init(struct weir_net *wn);
/* Packets have come to an end. Connections whose grace period still runs may put their paths after it. */
void weir_path_net_exit(struct weir_net *wn);

#endif /* _WEIR_PATH_H */
