/* SPDX-License-Identifier: GPL-2.0 */
/* pkt: what weir knows of the packet in its hands; parsed once, before anything is looked up */
#ifndef _WEIR_PKT_H
#define _WEIR_PKT_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include "tuple.h"

struct weir_net;

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
 * @thoff: transport header, from skb->data
 * @len: bytes from the IP header on, by the IP header (without padding)
 * @tcp_flags: WEIR_TCP_*; 0 for UDP
 * @icmp: an ICMP error; @thoff is the ICMP header's
 * @later_frag: a fragment without a transport header
 */
struct weir_pkt {
	struct sk_buff			*skb;
	struct weir_net			*wn;
	const struct nf_hook_state	*state;
	struct weir_tuple		tuple;
	unsigned int			thoff;
	unsigned int			len;
	u8				tcp_flags;
	bool				icmp;
	bool				later_frag;
};

enum weir_parse {
	WEIR_PARSE_OK,		/* TCP or UDP with a whole header */
	WEIR_PARSE_ICMP,	/* an ICMP error about TCP or UDP; pkt->tuple is of the packet that it complains of, reversed */
	WEIR_PARSE_OTHER,	/* nothing for weir */
	WEIR_PARSE_BAD,		/* lengths contradict each other: counted, never weir's to forward */
};

/* Parses the packet of a hook. Linearises what it reads (may reallocate the head). */
enum weir_parse weir_pkt_parse(struct weir_pkt *pkt, struct sk_buff *skb, const struct nf_hook_state *state);

#endif /* _WEIR_PKT_H */
