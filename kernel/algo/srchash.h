/* SPDX-License-Identifier: GPL-2.0 */
/* srchash: the table and the hash of scheduler sh, the same as ip_vs_sh's; dh has the same hash */
#ifndef _WEIR_ALGO_SRCHASH_H
#define _WEIR_ALGO_SRCHASH_H

#include <linux/types.h>

#define WEIR_SRCHASH_BITS	8
#define WEIR_SRCHASH_SLOTS	256U

/* Slot of a client (dh: of a destination): its address, host order, an IPv6 address' four words XORed; its port, host order, 0 where it does not count. */
static inline u32 weir_srchash_slot(u32 addr, u16 port, u32 offset)
{
	/* hash_32() of include/linux/hash.h */
	return (offset + (((port + addr) * 0x61C88647u) >> (32 - WEIR_SRCHASH_BITS))) % WEIR_SRCHASH_SLOTS;
}

/*
 * Gives every slot a server: in turn, each as many consecutive slots as its weight, and one where its weight is 0, until the
 * slots are used up. @n of at least 1.
 */
void weir_srchash_fill(u16 table[WEIR_SRCHASH_SLOTS], const u32 *weights, u32 n);

#endif /* _WEIR_ALGO_SRCHASH_H */
