/* SPDX-License-Identifier: GPL-2.0 */
/* pkt: what weir knows of the packet in its hands; parsed once, before anything is looked up */
#ifndef _WEIR_PKT_H
#define _WEIR_PKT_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include "tuple.h"

struct weir_conn;
struct weir_net;
struct weir_tun;

/* TCP flags as bits of the 14th byte of the header. */
#define WEIR_TCP_FIN	0x01
#define WEIR_TCP_SYN	0x02
#define WEIR_TCP_RST	0x04
#define WEIR_TCP_ACK	0x10

/**
 * struct weir_pkt - a packet under way
 *
 * Offsets, not pointers: they survive whatever reallocates the skb's head.
 *
 * @skb: the packet; network header set
 * @wn: namespace
 * @state: hook that it came by; NULL on the express path
 * @tuple: its endpoints; of the embedded packet, reversed, where @icmp
 * @hash: of @tuple, by weir_conn_lookup_pkt()
 * @thoff: transport header, from skb->data
 * @len: bytes from the IP header on, by the IP header (without padding)
 * @inner: embedded IP header, from skb->data; valid with @icmp
 * @inner_thoff: embedded transport header, from skb->data; four bytes of it (the ports) are there; valid with @icmp
 * @conn: the connection that it belongs to, once weir_admit_seen() was told; else NULL
 * @dir: its direction there
 * @tun: the tunnel that it was sent into, its headers are the packet's now; else NULL
 * @tcp_flags: WEIR_TCP_*; 0 for UDP
 * @icmp: an ICMP error; @thoff is the ICMP header's
 * @from_here: the client is this machine; set where the packet may open a connection
 */
struct weir_pkt {
	struct sk_buff			*skb;
	struct weir_net			*wn;
	const struct nf_hook_state	*state;
	struct weir_tuple		tuple;
	u32				hash;
	unsigned int			thoff;
	unsigned int			len;
	unsigned int			inner;
	unsigned int			inner_thoff;
	struct weir_conn		*conn;
	enum weir_dir			dir;
	const struct weir_tun		*tun;
	u8				tcp_flags;
	bool				icmp;
	bool				from_here;
};

enum weir_parse {
	WEIR_PARSE_OK,		/* TCP or UDP with a whole header */
	WEIR_PARSE_ICMP,	/* an ICMP error about TCP, UDP or a tunnel; pkt->tuple is of the packet it complains of, reversed */
	WEIR_PARSE_OTHER,	/* nothing for weir; a fragment too: hooks reassemble first */
	WEIR_PARSE_BAD,		/* lengths contradict each other: never weir's to forward */
};

/*
 * Parses the packet of a hook; without @state (express path) @pkt->wn is the caller's to set. Linearises up to the end of the
 * transport header's fixed part (may reallocate the head).
 */
enum weir_parse weir_pkt_parse(struct weir_pkt *pkt, struct sk_buff *skb, const struct nf_hook_state *state);

/*
 * @pkt is WEIR_PARSE_ICMP about a tunnel's packet; the packet inside, of @family, begins at @off from skb->data: @pkt->inner,
 * inner_thoff and tuple become that one's, not reversed. WEIR_PARSE_ICMP, or not a packet that weir may have sent.
 */
enum weir_parse weir_pkt_parse_tunnelled(struct weir_pkt *pkt, u8 family, unsigned int off);

/* A TCP segment that asks for a connection. */
static inline bool weir_pkt_syn(const struct weir_pkt *pkt)
{
	return (pkt->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST)) == WEIR_TCP_SYN;
}

/* A packet that this machine sends, as opposed to one that it received. */
static inline bool weir_pkt_local_out(const struct weir_pkt *pkt)
{
	return pkt->state && pkt->state->hook == NF_INET_LOCAL_OUT;
}

/* One that this machine sent to itself: it was in LOCAL_OUT before. */
static inline bool weir_pkt_looped(const struct weir_pkt *pkt)
{
	return pkt->state->in && pkt->state->in->flags & IFF_LOOPBACK;
}

#endif /* _WEIR_PKT_H */
