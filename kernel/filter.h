/* SPDX-License-Identifier: GPL-2.0 */
/*
 * filter: which addresses connections are about, so that packets that are not weir's pay next to nothing.
 *
 * A set of hashed addresses without false negatives: the destination of every connection's requests and the source of its
 * replies. Bits are never taken away while there may be connections; a stale one costs a lookup.
 */
#ifndef _WEIR_FILTER_H
#define _WEIR_FILTER_H

#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/netfilter.h>
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

/* A connection of these ends comes. Before it is in the table. */
static inline void weir_filter_add(struct weir_net *wn, u8 family, const union nf_inet_addr *addr)
{
	u32 bit = family == AF_INET ? weir_filter_bit4(addr->ip) : weir_filter_bit6(&addr->in6);

	if (!test_bit(bit, wn->filter))
		set_bit(bit, wn->filter);
}

/* May a packet with these addresses belong to a connection? */
static inline bool weir_filter_ipv4(const struct weir_net *wn, __be32 src, __be32 dst)
{
	return test_bit(weir_filter_bit4(dst), wn->filter) || test_bit(weir_filter_bit4(src), wn->filter);
}

static inline bool weir_filter_ipv6(const struct weir_net *wn, const struct in6_addr *src, const struct in6_addr *dst)
{
	return test_bit(weir_filter_bit6(dst), wn->filter) || test_bit(weir_filter_bit6(src), wn->filter);
}

#endif /* _WEIR_FILTER_H */
