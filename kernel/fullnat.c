// SPDX-License-Identifier: GPL-2.0
/*
 * fullnat: both ends of a packet are rewritten.
 *
 *	request		client:cport > virtual:vport	becomes		local:lport > server:sport
 *	reply		server:sport > local:lport	becomes		virtual:vport > client:cport
 *
 * A connection's tuples are {client, virtual} and {server, local}: what a packet becomes is the other one, reversed.
 *
 * To a server all clients are one address. When a local port is used again while the server still has the connection before in
 * TIME_WAIT, the server takes the SYN as a new connection's if its timestamp is higher than the last one that it saw (RFC 6191);
 * if it is lower it drops the SYN (PAWS, RFC 7323 5.2), and clients' timestamps have nothing to do with each other. So they are moved,
 * each connection's by one amount for its life, to where this machine's clock in milliseconds is when it opens: no timestamp clock
 * may run faster than that (RFC 7323 4.1), and the later connection's are the higher ones. Taking the option out of SYNs would cost the
 * connection its round-trip measurement and PAWS, and leaves the server to compare sequence numbers of two clients, of which
 * one in two is lower; a client that has no timestamps has this disadvantage here too, and its SYN succeeds at the second try.
 */
#include <linux/in.h>
#include <linux/ktime.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/unaligned.h>
#include "algo/tcpopt.h"
#include "conn.h"
#include "fullnat.h"
#include "pkt.h"
#include "proxy.h"
#include "rewrite.h"
#include "xlat.h"

#define TCP_OPTIONS_MAX	(60 - sizeof(struct tcphdr))

/* NOP, NOP, timestamps: what segments but SYNs carry alone, or first. */
#define TS_ALIGNED	\
	(WEIR_TCPOPT_NOP << 24 | WEIR_TCPOPT_NOP << 16 | WEIR_TCPOPT_TIMESTAMP << 8 | WEIR_TCPOLEN_TIMESTAMP)

/* Where the timestamps' option stands among @options, or -1. */
static int ts_find(const u8 *options, unsigned int len)
{
	if (likely(len >= 2 + WEIR_TCPOLEN_TIMESTAMP && get_unaligned_be32(options) == TS_ALIGNED))
		return 2;
	return weir_tcpopt_find(options, len, WEIR_TCPOPT_TIMESTAMP, WEIR_TCPOLEN_TIMESTAMP);
}

u32 weir_fullnat_ts_shift(const struct weir_pkt *pkt)
{
	u8 buf[TCP_OPTIONS_MAX], *options;
	const struct tcphdr *th;
	struct tcphdr th_buf;
	unsigned int len;
	int at;

	if (pkt->tuple.proto != IPPROTO_TCP || !weir_pkt_syn(pkt))
		return 0;
	th = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(th_buf), &th_buf);
	if (!th)
		return 0;
	/* Parsing has checked doff against the length. */
	len = th->doff * 4 - sizeof(*th);
	options = skb_header_pointer(pkt->skb, pkt->thoff + sizeof(*th), len, buf);
	at = options ? ts_find(options, len) : -1;
	if (at < 0)
		return 0;
	return (u32)ktime_to_ms(ktime_get_real()) - get_unaligned_be32(options + at + 2) ?: 1;
}

/* The client's own in what goes to the server, their echo in what comes back. @diff: what the segment changed by. */
static __always_inline bool move_timestamp(struct weir_pkt *pkt, u32 shift, enum weir_dir dir, __wsum *diff)
{
	const unsigned int off = pkt->thoff + sizeof(struct tcphdr);
	struct sk_buff *skb = pkt->skb;
	const struct tcphdr *th;
	unsigned int len, at;
	__be32 old, new;
	int found;

	th = (struct tcphdr *)(skb->data + pkt->thoff);
	len = th->doff * 4 - sizeof(*th);
	if (!len || (dir == WEIR_DIR_REPLY && !th->ack))
		return true;
	if (unlikely(!weir_rewrite_writable(skb, off + len)))
		return false;
	found = ts_find(skb->data + off, len);
	if (found < 0)
		return true;
	at = off + found + (dir == WEIR_DIR_ORIGINAL ? 2 : 6);
	old = get_unaligned((__be32 *)(skb->data + at));
	new = cpu_to_be32(be32_to_cpu(old) + (dir == WEIR_DIR_ORIGINAL ? shift : -shift));
	put_unaligned(new, (__be32 *)(skb->data + at));
	*diff = csum_block_add(0, csum_sub((__force __wsum)new, (__force __wsum)old), at - pkt->thoff);
	return true;
}

/*
 * What is done to a TCP segment besides its ends, before they are rewritten: timestamps and, with a header of PROXY protocol,
 * sequence numbers are moved. @diff: what its checksum does not cover of that. False: no memory, the packet is to be dropped. May
 * move the head.
 */
static __always_inline bool fullnat_tcp(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir,
					__wsum *diff)
{
	if (unlikely(READ_ONCE(conn->proxy_len)) && !weir_proxy_shift(pkt, conn, dir))
		return false;
	return !conn->ts_shift || move_timestamp(pkt, conn->ts_shift, dir, diff);
}

bool weir_fullnat_rewrite(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir, u8 family)
{
	const struct weir_tuple *answer = dir == WEIR_DIR_ORIGINAL ? &conn->reply.tuple : &conn->original.tuple;
	__wsum diff = 0;

	if (pkt->tuple.proto == IPPROTO_TCP && !fullnat_tcp(pkt, conn, dir, &diff))
		return false;
	if (family == AF_INET)
		weir_rewrite_both(pkt->skb, pkt->thoff, pkt->tuple.proto, AF_INET, answer, diff);
	else
		weir_rewrite_both(pkt->skb, pkt->thoff, pkt->tuple.proto, AF_INET6, answer, diff);
	return true;
}

bool weir_fullnat_translate(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir)
{
	const struct weir_tuple *answer = dir == WEIR_DIR_ORIGINAL ? &conn->reply.tuple : &conn->original.tuple;
	__wsum diff = 0;

	if (pkt->tuple.proto == IPPROTO_TCP) {
		if (!fullnat_tcp(pkt, conn, dir, &diff))
			return false;
		weir_rewrite_l4_check(pkt->skb, pkt->thoff, IPPROTO_TCP, 0, diff);
	}
	return weir_xlat(pkt, answer);
}
