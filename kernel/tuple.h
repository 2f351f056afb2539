/* SPDX-License-Identifier: GPL-2.0 */
/* tuple: the endpoints of one direction of a connection, as its packets carry them */
#ifndef _WEIR_TUPLE_H
#define _WEIR_TUPLE_H

#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/string.h>
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
	return !memcmp(a, b, sizeof(*a));
}

#endif /* _WEIR_TUPLE_H */
