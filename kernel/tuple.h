/* SPDX-License-Identifier: GPL-2.0 */
/* tuple: the endpoints of one direction of a connection, as its packets carry them */
#ifndef _WEIR_TUPLE_H
#define _WEIR_TUPLE_H

#include <linux/build_bug.h>
#include <linux/netfilter.h>
#include <linux/types.h>

/* Which of a connection's two tuples: from the client, or from the server. */
enum weir_dir {
	WEIR_DIR_ORIGINAL,
	WEIR_DIR_REPLY,
	WEIR_DIR_MAX
};

/**
 * struct weir_tuple - key of the connection table
 * @src: source address; an IPv4 address leaves the other 12 bytes zero
 * @dst: destination address, likewise
 * @sport: source port
 * @dport: destination port
 * @family: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @zero: zero
 * @l3dom: ifindex of the L3 master device (VRF) that the packet belongs to, 0 without one
 *
 * All bytes count as key: zero-initialise before filling.
 */
struct weir_tuple {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	__be16			sport;
	__be16			dport;
	u8			family;
	u8			proto;
	u16			zero;
	u32			l3dom;
};

static_assert(sizeof(struct weir_tuple) == 44);

static inline bool weir_tuple_equal(const struct weir_tuple *a, const struct weir_tuple *b)
{
	/* The ports first: the likeliest to differ. A call of memcmp() would cost more than all of it. */
	if (a->sport != b->sport || a->dport != b->dport)
		return false;
	return !((a->src.all[0] ^ b->src.all[0]) | (a->src.all[1] ^ b->src.all[1]) |
		 (a->src.all[2] ^ b->src.all[2]) | (a->src.all[3] ^ b->src.all[3]) |
		 (a->dst.all[0] ^ b->dst.all[0]) | (a->dst.all[1] ^ b->dst.all[1]) |
		 (a->dst.all[2] ^ b->dst.all[2]) | (a->dst.all[3] ^ b->dst.all[3]) |
		 (u32)(a->family ^ b->family) | (u32)(a->proto ^ b->proto) | (u32)(a->zero ^ b->zero) |
		 (a->l3dom ^ b->l3dom));
}

/* The tuple of the packets that answer this one's. */
static inline struct weir_tuple weir_tuple_reverse(const struct weir_tuple *tuple)
{
	struct weir_tuple reverse = *tuple;

	reverse.src = tuple->dst;
	reverse.dst = tuple->src;
	reverse.sport = tuple->dport;
	reverse.dport = tuple->sport;
	return reverse;
}

#endif /* _WEIR_TUPLE_H */
