/* SPDX-License-Identifier: GPL-2.0 */
/* insert: a packet becomes longer, by bytes of weir's own, or shorter */
#ifndef _WEIR_INSERT_H
#define _WEIR_INSERT_H

#include <linux/types.h>

struct dst_entry;
struct weir_pkt;

/*
 * Makes room for @len bytes, an even number, at @off from skb->data, by moving what is before them, which is linear and
 * writable; the IP header and pkt->len count them. The transport header's length and checksum are the caller's matter.
 * @dst: where the packet goes next. False: no memory, the packet is as it was. May move the head.
 */
bool weir_insert(struct weir_pkt *pkt, unsigned int off, unsigned int len, const struct dst_entry *dst);

/* It ends at @end from skb->data, behind its headers, which are writable. Otherwise the same. */
bool weir_cut(struct weir_pkt *pkt, unsigned int end);

#endif /* _WEIR_INSERT_H */
