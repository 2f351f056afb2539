/* SPDX-License-Identifier: GPL-2.0 */
/* tun: the headers that method tun puts in front of a packet, on both paths */
#ifndef _WEIR_TUN_H
#define _WEIR_TUN_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <uapi/linux/weir.h>

struct dst_entry;
struct weir_pkt;

/**
 * struct weir_tunnel - how a server's packets are encapsulated; one word, read and written at once
 * @type: enum weir_tunnel_type
 * @flags: enum weir_tunnel_flags
 * @port: gue's UDP port, else 0
 */
struct weir_tunnel {
	u8	type;
	u8	flags;
	__be16	port;
} __aligned(4);

static_assert(sizeof(struct weir_tunnel) == sizeof(u32));

static inline bool weir_tunnel_equal(struct weir_tunnel a, struct weir_tunnel b)
{
	return a.type == b.type && a.flags == b.flags && a.port == b.port;
}

/* IPv6, UDP and GUE's first word are the longest. */
#define WEIR_TUN_HEAD_MAX	52

/* Flags and value of GUE's remote checksum offload; in front of packets only whose own checksum is still to be made. */
#define WEIR_TUN_OPTION_MAX	8

/**
 * struct weir_tun - the headers of a tunnel, all but what differs from packet to packet; all of it counts as key
 * @family: of the outer IP header; 0: there is no tunnel
 * @len: bytes of @head
 * @tunnel: what it was made from
 * @head: outer IP header, then GRE's, or UDP's and GUE's
 */
struct weir_tun {
	u8			family;
	u8			len;
	u16			zero;
	struct weir_tunnel	tunnel;
	u8			head[WEIR_TUN_HEAD_MAX] __aligned(4);
};

/* Protocol of the outer IP header for packets of @family. */
u8 weir_tun_proto(struct weir_tunnel tunnel, u8 family);

void weir_tun_init(struct weir_tun *tun, struct weir_tunnel tunnel, u8 family, const union nf_inet_addr *saddr,
		   const union nf_inet_addr *daddr);

/* What fits into the tunnel where the way to its end carries @mtu; 0: nothing. */
static inline unsigned int weir_tun_mtu(const struct weir_tun *tun, unsigned int mtu)
{
	unsigned int used = tun->len;

	if (tun->tunnel.flags & WEIR_TUNNEL_F_REMCSUM)
		used += WEIR_TUN_OPTION_MAX;
	return mtu > used ? mtu - used : 0;
}

/* Room that weir_tun_push() needs in front of the packet. */
static inline unsigned int weir_tun_headroom(const struct weir_tun *tun)
{
	return tun->len + WEIR_TUN_OPTION_MAX;
}

/*
 * Packets that were encapsulated before and are still to be cut or summed up by a device, which knows one level of headers
 * only.
 */
static inline bool weir_tun_nested(const struct sk_buff *skb)
{
	return unlikely(skb->encapsulation) && (skb_is_gso(skb) || skb->ip_summed == CHECKSUM_PARTIAL);
}

/*
 * Puts the headers in front of the packet, whose IP header is at skb->data and whose transport header at @thoff. The head is
 * writable and has weir_tun_headroom(); the packet is not weir_tun_nested(). @entropy: of the flow, GUE's source port. TOS and ECN
 * are copied (RFC 6040, normal mode), and the TTL as ip_vs does. GSO packets stay whole. -ENOMEM: the packet is half done, to be
 * dropped.
 */
int weir_tun_push(struct sk_buff *skb, const struct weir_tun *tun, struct net *net, unsigned int thoff, u16 entropy);

/* The same with what it asks for: makes room for it and @dst's device, clears what the stack noted of the packet. */
int weir_tun_encapsulate(struct sk_buff *skb, const struct weir_tun *tun, struct dst_entry *dst, unsigned int thoff,
			 u16 entropy);

/*
 * An ICMP error about a packet that may have been sent through a tunnel, pkt->inner and pkt->inner_thoff telling where it is: learns
 * the path's MTU and passes the error on to the client. A verdict; NF_ACCEPT: not weir's. LOCAL_IN only. tun_icmp.c.
 */
unsigned int weir_tun_icmp(struct weir_pkt *pkt);

#endif /* _WEIR_TUN_H */
