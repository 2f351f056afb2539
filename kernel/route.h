/* SPDX-License-Identifier: GPL-2.0 */
/* route: the route to a server, kept with the server */
#ifndef _WEIR_ROUTE_H
#define _WEIR_ROUTE_H

#include <linux/types.h>

struct dst_entry;
struct net_device;
struct weir_path;
struct weir_net;
struct weir_server;
struct weir_tun;

/*
 * The server's route if it still holds, a reference; else NULL. With @tun the one that its tunnel takes, whose headers go there;
 * without, the one that packets take as they are. RCU held.
 */
struct dst_entry *weir_route_get(const struct weir_server *server, struct weir_tun *tun);
/* Keeps @dst with @server, in place of another one, @tun with it or NULL. BH disabled, RCU held. No memory: it is not kept. */
void weir_route_keep(struct weir_server *server, struct dst_entry *dst, const struct weir_tun *tun);
/* The express path's way by the server's route, if it is known and holds; a reference, or NULL. RCU held. */
struct weir_path *weir_route_path(const struct weir_server *server);
/* Tells that @path is the way by @server's route, if @dst is that route. RCU held. */
void weir_route_keep_path(const struct weir_server *server, const struct dst_entry *dst, struct weir_path *path);
/* Forgets the server's route. Any context; nobody keeps one any more when the server is freed. */
void weir_route_drop(struct weir_server *server);

/* A device goes down or away: forgets the routes by it. */
void weir_route_flush(const struct net_device *dev);
/* The namespace dies, no packet is under way any more: forgets its routes. */
void weir_route_flush_net(const struct weir_net *wn);

#endif /* _WEIR_ROUTE_H */
