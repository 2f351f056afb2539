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
