/* SPDX-License-Identifier: GPL-2.0 */
/* hook: the netfilter hooks, a packet's way in */
#ifndef _WEIR_HOOK_H
#define _WEIR_HOOK_H

#include <linux/types.h>

struct weir_net;

/* First and last service of a family in a namespace. wn->lock held; process context; weir_hook_put() waits for no packet. */
int weir_hook_get(struct weir_net *wn, u8 family);
void weir_hook_put(struct weir_net *wn, u8 family);

#endif /* _WEIR_HOOK_H */
