/* SPDX-License-Identifier: GPL-2.0 */
/* hook: the netfilter hooks, a packet's way in */
#ifndef _WEIR_HOOK_H
#define _WEIR_HOOK_H

#include <linux/types.h>

struct weir_net;

/*
 * First and last service of a family in a namespace; counted in wn->hooked. wn->lock held; process context. The last
 * weir_hook_put() waits for a grace period: no packet is in weir's hands afterwards, none that weir sent stands in a queue.
 */
int weir_hook_get(struct weir_net *wn, u8 family);
void weir_hook_put(struct weir_net *wn, u8 family);

#endif /* _WEIR_HOOK_H */
