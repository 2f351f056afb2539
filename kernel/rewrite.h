/* SPDX-License-Identifier: GPL-2.0 */
/* rewrite: an end of a packet, address and port, with its checksums, on both paths */
#ifndef _WEIR_REWRITE_H
#define _WEIR_REWRITE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include "tuple.h"

/*
 * @addr: what the address changed by, @port: the port. One pass for both instead of two or, for IPv6, five calls of
 * inet_proto_csum_replace*(); CHECKSUM_COMPLETE is none at this point (skb_forward_csum()). A device that still has to sum up knows
 * the pseudo header only.
 */
static __always_inline void weir_rewrite_check(bool partial, __sum16 *check, __wsum addr, __wsum port)
{
	if (partial)
		*check = ~csum_fold(csum_add(addr, csum_unfold(*check)));
	else
		*check = csum_fold(csum_add(csum_add(addr, port), ~csum_unfold(*check)));
}

/* What is left to the device may be an inner header's, of a tunnel over UDP: the outer sum is whole then, but for GSO's. */
static __always_inline bool weir_rewrite_own(const struct sk_buff *skb, unsigned int thoff)
{
	return skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_start_offset(skb) == (int)thoff;
}

static __always_inline bool weir_rewrite_partial(const struct sk_buff *skb, unsigned int thoff)
{
	return weir_rewrite_own(skb, thoff) || (skb->ip_summed == CHECKSUM_PARTIAL && skb_is_gso(skb));
}

/* Without a call for most: skb_ensure_writable(). */
static __always_inline bool weir_rewrite_writable(struct sk_buff *skb, unsigned int len)
{
	return likely(len <= skb_headlen(skb) && !skb_cloned(skb)) || !skb_ensure_writable(skb, len);
}

/* The transport's checksum, where addresses changed by @addr and ports by @port. */
static __always_inline void weir_rewrite_l4_check(struct sk_buff *skb, unsigned int thoff, u8 proto, __wsum addr,
						  __wsum port)
{
	const bool partial = weir_rewrite_partial(skb, thoff);
	struct udphdr *uh;

	if (proto == IPPROTO_TCP) {
		weir_rewrite_check(partial, &((struct tcphdr *)(skb->data + thoff))->check, addr, port);
		return;
	}
	uh = (struct udphdr *)(skb->data + thoff);
	if (!uh->check && !weir_rewrite_own(skb, thoff))
		return;
	weir_rewrite_check(partial, &uh->check, addr, port);
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
}

static __always_inline void weir_rewrite_l4(struct sk_buff *skb, unsigned int thoff, u8 proto, enum weir_dir dir,
					    __wsum addr, __be16 port)
{
	__be16 *ports = (__be16 *)(skb->data + thoff);
	__be16 *place = dir == WEIR_DIR_ORIGINAL ? &ports[1] : &ports[0];
	__wsum diff = csum_sub((__force __wsum)port, (__force __wsum)*place);

	*place = port;
	weir_rewrite_l4_check(skb, thoff, proto, addr, diff);
}

static __always_inline __wsum weir_rewrite_ipv4(struct iphdr *iph, enum weir_dir dir, __be32 to)
{
	__be32 *place = dir == WEIR_DIR_ORIGINAL ? &iph->daddr : &iph->saddr;
	__wsum diff = csum_sub((__force __wsum)to, (__force __wsum)*place);

	*place = to;
	iph->check = csum_fold(csum_add(diff, ~csum_unfold(iph->check)));
	return diff;
}

static __always_inline __wsum weir_rewrite_ipv6(struct ipv6hdr *ip6h, enum weir_dir dir, const struct in6_addr *to)
{
	struct in6_addr *place = dir == WEIR_DIR_ORIGINAL ? &ip6h->daddr : &ip6h->saddr;
	__wsum diff = 0;
	int i;

	for (i = 0; i < 4; i++) {
		diff = csum_add(diff, (__force __wsum)to->s6_addr32[i]);
		diff = csum_sub(diff, (__force __wsum)place->s6_addr32[i]);
	}
	*place = *to;
	return diff;
}

/*
 * A packet of direction @dir gets the other end's name: requests another destination, replies another source. The network header
 * is at skb->data, both headers are writable, the checksum is not CHECKSUM_COMPLETE.
 */
static __always_inline void weir_rewrite(struct sk_buff *skb, unsigned int thoff, u8 proto, u8 family,
					 enum weir_dir dir, const union nf_inet_addr *addr, __be16 port)
{
	__wsum diff;

	if (family == AF_INET)
		diff = weir_rewrite_ipv4((struct iphdr *)skb->data, dir, addr->ip);
	else
		diff = weir_rewrite_ipv6((struct ipv6hdr *)skb->data, dir, &addr->in6);
	weir_rewrite_l4(skb, thoff, proto, dir, diff, port);
}

/*
 * Both ports, where addresses changed by @addr and the rest of the segment by @rest: those of packets that packets of @answer's tuple
 * answer.
 */
static __always_inline void weir_rewrite_l4_both(struct sk_buff *skb, unsigned int thoff, u8 proto,
						 const struct weir_tuple *answer, __wsum addr, __wsum rest)
{
	__be16 *ports = (__be16 *)(skb->data + thoff);
	__wsum port;

	port = csum_sub(csum_add((__force __wsum)answer->dport, (__force __wsum)answer->sport),
			csum_add((__force __wsum)ports[0], (__force __wsum)ports[1]));
	ports[0] = answer->dport;
	ports[1] = answer->sport;
	weir_rewrite_l4_check(skb, thoff, proto, addr, csum_add(port, rest));
}

static __always_inline __wsum weir_rewrite_ipv4_both(struct iphdr *iph, const struct weir_tuple *answer)
{
	__wsum diff;

	diff = csum_sub(csum_add((__force __wsum)answer->dst.ip, (__force __wsum)answer->src.ip),
			csum_add((__force __wsum)iph->saddr, (__force __wsum)iph->daddr));
	iph->saddr = answer->dst.ip;
	iph->daddr = answer->src.ip;
	iph->check = csum_fold(csum_add(diff, ~csum_unfold(iph->check)));
	return diff;
}

/* The words of two addresses: 35 bits at most, so that the carries are added once. */
static __always_inline __wsum weir_rewrite_sum6(const struct in6_addr *a, const struct in6_addr *b)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < 4; i++)
		sum += (u64)(__force u32)a->s6_addr32[i] + (__force u32)b->s6_addr32[i];
	return csum_add((__force __wsum)(u32)sum, (__force __wsum)(u32)(sum >> 32));
}

static __always_inline __wsum weir_rewrite_ipv6_both(struct ipv6hdr *ip6h, const struct weir_tuple *answer)
{
	__wsum diff;

	diff = csum_sub(weir_rewrite_sum6(&answer->dst.in6, &answer->src.in6),
			weir_rewrite_sum6(&ip6h->saddr, &ip6h->daddr));
	ip6h->saddr = answer->dst.in6;
	ip6h->daddr = answer->src.in6;
	return diff;
}

/* Both ends: it becomes one that packets of @answer's tuple answer. @rest: what the rest of the segment changed by. */
static __always_inline void weir_rewrite_both(struct sk_buff *skb, unsigned int thoff, u8 proto, u8 family,
					      const struct weir_tuple *answer, __wsum rest)
{
	__wsum addr;

	if (family == AF_INET)
		addr = weir_rewrite_ipv4_both((struct iphdr *)skb->data, answer);
	else
		addr = weir_rewrite_ipv6_both((struct ipv6hdr *)skb->data, answer);
	weir_rewrite_l4_both(skb, thoff, proto, answer, addr, rest);
}

#endif /* _WEIR_REWRITE_H */
