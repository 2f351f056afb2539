/* SPDX-License-Identifier: GPL-2.0 */
/* hook: the netfilter hooks, a packet's way in */
#ifndef _WEIR_HOOK_H
#define _WEIR_HOOK_H

#include <linux/types.h>

struct netlink_ext_ack;
struct weir_net;

/*
 * First and last service of a family in a namespace; counted in wn->hooked. wn->lock held; process context. The last
 * weir_hook_put() waits for a grace period: no packet is in weir's hands afterwards, none that weir sent stands in a queue.
 */
int weir_hook_get(struct weir_net *wn, u8 family);
void weir_hook_put(struct weir_net *wn, u8 family);

/*
 * A server of this method is about to take connections: its replies' hook is registered, until the family's last service goes. wn->lock
 * held; process context; a failure sets @extack.
 */
int weir_hook_serve(struct weir_net *wn, u8 family, u8 method, struct netlink_ext_ack *extack);

/* Are weir's hooks in PRE_ROUTING, LOCAL_IN and LOCAL_OUT the only ones of the family? RCU held. */
bool weir_hook_alone(const struct weir_net *wn, u8 family);

/*
 * Others may hook PRE_ROUTING by now, conntrack among them: its hook is registered if so; now, or soon and in any context. The first
 * also ends paths when IPv6 is no longer forwarded.
 */
void weir_hook_update(struct weir_net *wn);	/* wn->lock held */
void weir_hook_look(struct weir_net *wn, u8 family);
/* Soon, in any context: that, and the devices of the express path anew. Not when the namespace dies. */
void weir_hook_again(struct weir_net *wn);

void weir_hook_net_init(struct weir_net *wn);
/* Hooks are gone and nothing looks any more. Process context. */
void weir_hook_net_exit(struct weir_net *wn);

#endif /* _WEIR_HOOK_H */
