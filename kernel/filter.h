/* SPDX-License-Identifier: GPL-2.0 */
/*
 * filter: which addresses connections are about, so that packets that are not weir's pay next to nothing.
 *
 * Sets of hashed addresses without false negatives: the destinations of connections' requests, and the sources of replies that pass
 * here. What is sent to a server by others than weir is in neither. Bits are never taken away; a stale one costs a lookup.
 */
#ifndef _WEIR_FILTER_H
#define _WEIR_FILTER_H

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include "net.h"

static inline u32 weir_filter_bit4(__be32 addr)
{
	return hash_32((__force u32)addr, WEIR_FILTER_ORDER);
}

static inline u32 weir_filter_bit6(const struct in6_addr *addr)
{
	return hash_32((__force u32)(addr->s6_addr32[0] ^ addr->s6_addr32[1] ^ addr->s6_addr32[2] ^ addr->s6_addr32[3]),
		       WEIR_FILTER_ORDER);
}

/* A connection comes whose packets of direction @dir have this destination or, replies, this source. Before it is in the table. */
static inline void weir_filter_add(struct weir_net *wn, enum weir_dir dir, u8 family, const union nf_inet_addr *addr)
{
	u32 bit = family == AF_INET ? weir_filter_bit4(addr->ip) : weir_filter_bit6(&addr->in6);

	if (!test_bit(bit, wn->filter[dir]))
		set_bit(bit, wn->filter[dir]);
}

/* May a packet with these addresses belong to a connection? */
static inline bool weir_filter_ipv4(const struct weir_net *wn, __be32 src, __be32 dst)
{
	return test_bit(weir_filter_bit4(dst), wn->filter[WEIR_DIR_ORIGINAL]) ||
	       test_bit(weir_filter_bit4(src), wn->filter[WEIR_DIR_REPLY]);
}

static inline bool weir_filter_ipv6(const struct weir_net *wn, const struct in6_addr *src, const struct in6_addr *dst)
{
	return test_bit(weir_filter_bit6(dst), wn->filter[WEIR_DIR_ORIGINAL]) ||
	       test_bit(weir_filter_bit6(src), wn->filter[WEIR_DIR_REPLY]);
}

/*
 * The same of a packet in a hook of the IP layers, which have checked and pulled the header. ICMP is about another packet, behind
 * extension headers anything may stand: these are looked at.
 */
static inline bool weir_filter_pkt(const struct weir_net *wn, const struct sk_buff *skb, u8 pf)
{
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;

	if (pf == NFPROTO_IPV4) {
		iph = ip_hdr(skb);
		if (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP)
			return iph->protocol == IPPROTO_ICMP;
		return weir_filter_ipv4(wn, iph->saddr, iph->daddr);
	}
	ip6h = ipv6_hdr(skb);
	if (ip6h->nexthdr != IPPROTO_TCP && ip6h->nexthdr != IPPROTO_UDP)
		return true;
	return weir_filter_ipv6(wn, &ip6h->saddr, &ip6h->daddr);
}

#endif /* _WEIR_FILTER_H */
