/* SPDX-License-Identifier: GPL-2.0 */
/* hostsock: sockets of this machine, which keep their ports whatever weir is about to do with them */
#ifndef _WEIR_HOSTSOCK_H
#define _WEIR_HOSTSOCK_H

#include <linux/types.h>

struct net;
struct weir_tuple;

/* Would a socket of this machine take a packet of @tuple? RCU held, BH disabled. */
bool weir_hostsock_has(struct net *net, const struct weir_tuple *tuple);

#endif /* _WEIR_HOSTSOCK_H */
