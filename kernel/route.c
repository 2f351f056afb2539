// SPDX-License-Identifier: GPL-2.0
/*
 * route: cached routes.
 *
 * A route with FLOWI_FLAG_KNOWN_NH is a copy of its own. While it is held IPv6 keeps the entry of the routing table
 * that it came from, and with it the device, which could not be unregistered: so routes stand on a list, by which a
 * device that goes is found.
 */
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include "path.h"
#include "route.h"
#include "server.h"
#include "service.h"
#include "tun.h"

/**
 * struct weir_route - a cached route
 * @dst: a reference
 * @path: the express path's way by it, a reference, or NULL; RCU
 * @dev: the device that it pins, when it was looked up, to compare with; no reference
 * @server: whose it is; while it is on the list the server exists
 * @wn: namespace; compared, never followed
 * @cookie: for dst_check()
 * @tun: headers of the tunnel that it is for; none for packets as they are, whose route knows its neighbour
 * @list: in routes
 * @rcu: frees it
 */
struct weir_route {
	struct dst_entry	*dst;
	struct weir_path __rcu	*path;
	const struct net_device	*dev;
	struct weir_server	*server;
	const struct weir_net	*wn;
	u32			cookie;
	struct weir_tun		tun;
	struct list_head	list;
	struct rcu_head		rcu;
};

static LIST_HEAD(routes);
static DEFINE_SPINLOCK(routes_lock);	/* routes, weir_server.route */

static void route_free_rcu(struct rcu_head *rcu)
{
	struct weir_route *route = container_of(rcu, struct weir_route, rcu);

	weir_path_put(rcu_dereference_protected(route->path, true));	/* nobody sees the route */
	dst_release(route->dst);
	kfree(route);
}

/* Puts @route, or NULL, in place of what the server has. */
static void route_replace(struct weir_server *server, struct weir_route *route)
{
	struct weir_route *old;

	spin_lock_bh(&routes_lock);
	old = rcu_replace_pointer(server->route, route, lockdep_is_held(&routes_lock));
	if (old)
		list_del(&old->list);
	if (route)
		list_add(&route->list, &routes);
	spin_unlock_bh(&routes_lock);
	if (old)
		call_rcu(&old->rcu, route_free_rcu);
}

static bool route_fits(const struct weir_route *route, const struct weir_server *server, bool tunnel)
{
	if (!tunnel)
		return !route->tun.family;
	return route->tun.family && weir_tunnel_equal(route->tun.tunnel, READ_ONCE(server->config.tunnel));
}

struct dst_entry *weir_route_get(const struct weir_server *server, struct weir_tun *tun)
{
	const struct weir_route *route = rcu_dereference(server->route);

	if (!route || !route_fits(route, server, tun))
		return NULL;
	if (!dst_check(route->dst, route->cookie) || !dst_hold_safe(route->dst))
		return NULL;
	if (tun)
		*tun = route->tun;
	return route->dst;
}

static u32 route_cookie(const struct weir_server *server, const struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (server->family == AF_INET6)
		return rt6_get_cookie(container_of(dst, const struct rt6_info, dst));
#endif
	return 0;
}

/*
 * The device that the entry of the routing table stands on. Of a copy of a local IPv6 route dst->dev is the loopback, its idev the
 * device that has the address.
 */
static const struct net_device *route_dev(const struct weir_server *server, const struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (server->family == AF_INET6) {
		const struct inet6_dev *idev = container_of(dst, const struct rt6_info, dst)->rt6i_idev;

		if (idev)
			return idev->dev;
	}
#endif
	return dst->dev;
}

void weir_route_keep(struct weir_server *server, struct dst_entry *dst, const struct weir_tun *tun)
{
	struct weir_route *route;

	route = kzalloc(sizeof(*route), GFP_ATOMIC | __GFP_NOWARN);
	if (!route)
		return;
	dst_hold(dst);
	route->dst = dst;
	RCU_INIT_POINTER(route->path, NULL);
	route->dev = route_dev(server, dst);
	route->server = server;
	route->wn = server->service->wn;
	route->cookie = route_cookie(server, dst);
	if (tun)
		route->tun = *tun;
	route_replace(server, route);
}

struct weir_path *weir_route_path(const struct weir_server *server)
{
	const struct weir_route *route = rcu_dereference(server->route);
	struct weir_path *path = route ? rcu_dereference(route->path) : NULL;

	return path && weir_path_valid(path) && refcount_inc_not_zero(&path->refs) ? path : NULL;
}

void weir_route_keep_path(const struct weir_server *server, const struct dst_entry *dst, struct weir_path *path)
{
	struct weir_route *route = rcu_dereference(server->route);
	struct weir_path *old;

	/* One that is about to be freed is freed after this. */
	if (!route || route->dst != dst)
		return;
	old = rcu_dereference(route->path);
	if (old == path || !refcount_inc_not_zero(&path->refs))
		return;
	if (unrcu_pointer(cmpxchg(&route->path, RCU_INITIALIZER(old), RCU_INITIALIZER(path))) == old)
		weir_path_put(old);
	else
		weir_path_put(path);
}

void weir_route_drop(struct weir_server *server)
{
	route_replace(server, NULL);
}

/* Forgets the routes of @wn, or those that pin @dev. */
static void routes_flush(const struct weir_net *wn, const struct net_device *dev)
{
	struct weir_route *route, *next;

	spin_lock_bh(&routes_lock);
	list_for_each_entry_safe(route, next, &routes, list) {
		if (wn ? route->wn != wn : route->dev != dev)
			continue;
		list_del(&route->list);
		RCU_INIT_POINTER(route->server->route, NULL);
		call_rcu(&route->rcu, route_free_rcu);
	}
	spin_unlock_bh(&routes_lock);
}

void weir_route_flush_net(const struct weir_net *wn)
{
	routes_flush(wn, NULL);
}

void weir_route_flush(const struct net_device *dev)
{
	routes_flush(NULL, dev);
}
