/* SPDX-License-Identifier: GPL-2.0 */
/* xlat: packets of fullnat that become packets of the other family (RFC 7915), on both paths */
#ifndef _WEIR_XLAT_H
#define _WEIR_XLAT_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/socket.h>
#include <net/dst.h>
#include "tuple.h"

struct weir_pkt;

/* What the IPv6 header has more than IPv4's. */
#define WEIR_XLAT_LONGER	((unsigned int)(sizeof(struct ipv6hdr) - sizeof(struct iphdr)))

/* Packets of @family, and no longer ones, fit @mtu when they are of the other family. */
static __always_inline unsigned int weir_xlat_before(unsigned int mtu, u8 family)
{
	return family == AF_INET ? mtu - WEIR_XLAT_LONGER : mtu + WEIR_XLAT_LONGER;
}

/* What a way by @dst carries of packets of @family, which is the way's own or the other one. */
static inline unsigned int weir_xlat_mtu(const struct dst_entry *dst, u8 family)
{
	const unsigned int mtu = dst_mtu(dst);

	return likely(dst->ops->family == family) ? mtu : weir_xlat_before(mtu, family);
}

/*
 * weir_route_fit() for a packet, or an ICMP error, that becomes one of @dst's family: has it a counterpart there? @mtu: for
 * packets of its own family, see weir_xlat_mtu().
 * NF_ACCEPT, its TTL decremented; else its sender was told where that is due, and the verdict is a drop. May move the
 * head.
 */
unsigned int weir_xlat_fit(struct weir_pkt *pkt, const struct dst_entry *dst, unsigned int mtu);

/* The express path: can the packet of @family, without options, of @len bytes, be translated without being cut? */
bool weir_xlat_whole(const struct sk_buff *skb, u8 family, unsigned int len);

/*
 * @pkt, which weir_xlat_fit() or weir_xlat_whole() let pass, becomes one of @answer's family that packets of @answer's
 * tuple answer. Its network header is at skb->data, both headers are writable, the checksum is not CHECKSUM_COMPLETE, the
 * control block is that of the packet's family, or zero. @pkt knows where the transport header is then, and what length came.
 * Moves the head. False: no memory, the packet is to be dropped.
 */
bool weir_xlat(struct weir_pkt *pkt, const struct weir_tuple *answer);

/* The same for an ICMP error, with what is embedded; it goes out by @dst. */
bool weir_xlat_icmp(struct weir_pkt *pkt, const struct weir_tuple *answer, const struct dst_entry *dst);

#endif /* _WEIR_XLAT_H */
