/* SPDX-License-Identifier: GPL-2.0 */
/* segment: TCP segments that weir makes itself get their IP header */
#ifndef _WEIR_SEGMENT_H
#define _WEIR_SEGMENT_H

#include <linux/ipv6.h>
#include <linux/netdevice.h>

struct sk_buff;
struct weir_tuple;

/* What must be free in front of the TCP header. */
#define WEIR_SEGMENT_HEADROOM	(LL_MAX_HEADER + sizeof(struct ipv6hdr))

/*
 * @skb holds a TCP header, with the ports of @tuple, and its data: gets the checksum and the IP header, network header
 * at skb->data.
 */
void weir_segment_finish(struct sk_buff *skb, const struct weir_tuple *tuple);

#endif /* _WEIR_SEGMENT_H */
