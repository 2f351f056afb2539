/* SPDX-License-Identifier: GPL-2.0 */
/* express: established connections cross the director at the devices' ingress (express.c; its devices: express_dev.c) */
#ifndef _WEIR_EXPRESS_H
#define _WEIR_EXPRESS_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include "tuple.h"

struct dst_entry;
struct net_device;
struct weir_conn;
struct weir_net;
struct weir_path;
struct weir_pkt;

/**
 * struct weir_express_dev - a device whose ingress is hooked
 * @wn: its namespace
 * @ops: the hook
 * @list: in weir_net.express_devs, under RTNL
 * @rcu: frees it
 */
struct weir_express_dev {
	struct weir_net		*wn;
	struct nf_hook_ops	ops;
	struct list_head	list;
	struct rcu_head		rcu;
};

/* The hook; @priv is a struct weir_express_dev. */
unsigned int weir_express_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/*
 * The packet passed the admission path with its hooks, is rewritten, has its route and is about to leave: from here on its direction
 * may be express. Packets of no connection (pkt->conn) teach nothing. RCU held, BH disabled.
 */
void weir_express_learn(const struct weir_pkt *pkt);
/*
 * A packet of no connection, whole and parsed, came by a hooked device: where the admission path would do no more than open a
 * connection for it (express_open.c) that is done here. NULL: it is to take the admission path. A connection without a path is open
 * and forwards there. RCU held, BH disabled; may trim the packet to its IP length.
 */
struct weir_conn *weir_express_open(struct weir_pkt *pkt);
/* May the connection be express, by what it is itself? */
bool weir_express_eligible(const struct weir_conn *conn);
/* Direction @dir of @conn, which had @old or NULL, goes by @path from here on; takes the reference over. RCU held. */
void weir_express_take(struct weir_conn *conn, enum weir_dir dir, struct weir_path *old, struct weir_path *path);
/* The connection's paths are put; nobody else sees @conn. */
void weir_express_forget(struct weir_conn *conn);

/*
 * Services came or went, or weir_config.express changed: hooks the namespace's devices or lets them go. wn->lock held; takes RTNL.
 * Without it connections are express no more at the return.
 */
void weir_express_update(struct weir_net *wn);
/* A service may be express no more (its flags): its connections ask the admission path again. Process context. */
void weir_express_reconsider(struct weir_net *wn);

/* Module-wide: the notifier that follows devices. After weir_net_init(); exit before it, connections may still exist. */
int weir_express_init(void);
void weir_express_exit(void);
void weir_express_net_init(struct weir_net *wn);

#endif /* _WEIR_EXPRESS_H */
