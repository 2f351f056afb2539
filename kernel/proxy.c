// SPDX-License-Identifier: GPL-2.0
/*
 * proxy: PROXY protocol (algo/proxy.h) towards servers of method fullnat.
 *
 *	client				director				server
 *	SYN [Fast Open, data]		option and data taken out		SYN
 *	SYN-ACK, window W - H		window lowered by the header		SYN-ACK, window W
 *	ACK				becomes the header, H bytes long	ACK, header
 *	data seq S			seq + H					data seq S + H
 *	ACK of S + data			ack - H, SACK - H			ACK of S + H + data
 *
 * The header is a segment of its own, at the sequence number of the client's first byte, with acknowledgment, window
 * and options of the client's segment in hand. It goes in the place of every bare ACK, so that a server that speaks
 * first has it with the handshake, and ahead of data that comes before any ACK did or that the client sends again:
 * until the server has acknowledged all of it, the client does the retransmitting. Until then nothing is acknowledged
 * to the client, selectively or not, that it could not send again, and the window that it sees ends where it would
 * without the header. Such connections do not leave the admission path.
 *
 * From then on requests' sequence numbers and replies' acknowledgments are H apart, for good, on both paths. RSTs of
 * weir's own (reset.c) too; while nobody knows whether the server has the header, it gets one for either case.
 *
 * UDP: the header of version 2 is in front of each datagram's data until the server has answered. DPVS puts it into the
 * first datagram alone: when that is lost nobody knows the client. A server tells the two kinds apart by the signature.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "algo/proxy.h"
#include "algo/tcpopt.h"
#include "conn.h"
#include "counter.h"
#include "insert.h"
#include "pkt.h"
#include "proxy.h"
#include "reset.h"
#include "rewrite.h"
#include "segment.h"
#include "server.h"
#include "service.h"
#include "untrack.h"
#include "xmit.h"

#define WSCALE_MAX	14	/* RFC 7323 2.3 */

static_assert(WEIR_PROXY_MAX <= U8_MAX);	/* weir_conn.proxy_len */

static struct tcphdr *proxy_tcp(const struct weir_pkt *pkt)
{
	return (struct tcphdr *)(pkt->skb->data + pkt->thoff);
}

static u8 *proxy_options(const struct weir_pkt *pkt)
{
	return pkt->skb->data + pkt->thoff + sizeof(struct tcphdr);
}

static u32 proxy_options_len(const struct weir_pkt *pkt)
{
	return proxy_tcp(pkt)->doff * 4 - sizeof(struct tcphdr);
}

/* The header of @conn: its length. */
static u32 proxy_build(const struct weir_conn *conn, u8 buf[WEIR_PROXY_MAX])
{
	const struct weir_tuple *tuple = &conn->original.tuple;
	struct weir_proxy proxy = {
		.ipv6		= tuple->family == AF_INET6,
		.datagram	= tuple->proto == IPPROTO_UDP,
	};

	memcpy(proxy.src, &tuple->src, sizeof(proxy.src));
	memcpy(proxy.dst, &tuple->dst, sizeof(proxy.dst));
	memcpy(proxy.sport, &tuple->sport, sizeof(proxy.sport));
	memcpy(proxy.dport, &tuple->dport, sizeof(proxy.dport));
	return test_bit(WEIR_CONN_PROXY_V2, &conn->flags) ? weir_proxy_v2(buf, &proxy) : weir_proxy_v1(buf, &proxy);
}

void weir_proxy_begin(struct weir_conn *conn, const struct weir_pkt *pkt)
{
	const u32 version = READ_ONCE(conn->server->service->config.proxy_protocol);
	const bool udp = pkt->tuple.proto == IPPROTO_UDP;

	/* Version 1 has no word for the datagrams of a mark. */
	if (likely(version == WEIR_PROXY_PROTOCOL_NONE) || (udp && version != WEIR_PROXY_PROTOCOL_V2))
		return;
	if (!udp && !weir_pkt_syn(pkt)) {
		weir_count(pkt->wn, WEIR_CNT_PROXY_NO_SYN);
		return;
	}
	if (version == WEIR_PROXY_PROTOCOL_V2)
		set_bit(WEIR_CONN_PROXY_V2, &conn->flags);
	/* TCP's sequence numbers move from the handshake on, see proxy_open(). */
	if (udp)
		conn->proxy_len = pkt->tuple.family == AF_INET6 ? WEIR_PROXY_V2_IPV6 : WEIR_PROXY_V2_IPV4;
	set_bit(WEIR_CONN_PROXY, &conn->flags);
}

/* A datagram that is to get a header. */
static bool proxy_is_due(const struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir)
{
	return test_bit(WEIR_CONN_PROXY, &conn->flags) && pkt->tuple.proto == IPPROTO_UDP && dir == WEIR_DIR_ORIGINAL &&
	       !pkt->icmp && !skb_is_gso(pkt->skb) && pkt->len + conn->proxy_len <= IP_MAX_MTU;
}

unsigned int weir_proxy_mtu(const struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir,
			    unsigned int mtu)
{
	const unsigned int least = pkt->tuple.family == AF_INET6 ? IPV6_MIN_MTU : IPV4_MIN_MTU;

	if (likely(!proxy_is_due(pkt, conn, dir)))
		return mtu;
	/* Clients need not believe in less; what does not fit then is fragmented here, where it begins its way. */
	return max(mtu - min_t(unsigned int, mtu, conn->proxy_len), least);
}

static bool proxy_datagram(struct weir_pkt *pkt, const struct weir_conn *conn, const struct dst_entry *dst)
{
	struct sk_buff *skb = pkt->skb;
	u8 buf[WEIR_PROXY_MAX];
	__wsum length, rest;
	struct udphdr *uh;
	unsigned int len;
	bool partial;
	u8 *at;

	if (unlikely(!proxy_is_due(pkt, conn, WEIR_DIR_ORIGINAL))) {
		weir_count(pkt->wn, WEIR_CNT_PROXY_TOO_BIG);
		return true;
	}
	len = proxy_build(conn, buf);
	if (unlikely(!weir_insert(pkt, pkt->thoff + sizeof(*uh), len, dst)))
		return false;
	if (pkt->tuple.family == AF_INET6)
		skb->ignore_df = 1;
	uh = (struct udphdr *)(skb->data + pkt->thoff);
	at = memcpy(uh + 1, buf, len);
	uh->len = htons(ntohs(uh->len) + len);
	weir_count(pkt->wn, WEIR_CNT_PROXY_SENT);
	if (!uh->check && !weir_rewrite_own(skb, pkt->thoff))
		return true;
	/* The pseudo header has the length; the length in the header, and the data, are the rest. */
	partial = weir_rewrite_partial(skb, pkt->thoff);
	length = (__force __wsum)htons(len);
	rest = csum_add(csum_partial(at, len, 0), length);
	weir_rewrite_check(partial, &uh->check, length, rest);
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
	return true;
}

bool weir_proxy_pending(const struct weir_pkt *pkt, const struct weir_conn *conn)
{
	return test_bit(WEIR_CONN_PROXY, &conn->flags) && pkt->tuple.proto == IPPROTO_TCP && !pkt->icmp;
}

/* A SYN loses its data, which some servers would take for the header without a cookie: the client sends it again. */
static bool proxy_cut_syn(struct weir_pkt *pkt)
{
	const unsigned int tcp_len = proxy_tcp(pkt)->doff * 4;
	const struct weir_tuple *tuple = &pkt->tuple;
	struct sk_buff *skb = pkt->skb;
	struct tcphdr *th;
	__wsum sum;

	if (likely(pkt->len == pkt->thoff + tcp_len))
		return true;
	if (skb_ensure_writable(skb, pkt->thoff + tcp_len) || !weir_cut(pkt, pkt->thoff + tcp_len))
		return false;
	th = proxy_tcp(pkt);
	th->check = 0;
	sum = csum_partial(th, tcp_len, 0);
	if (tuple->family == AF_INET6)
		th->check = csum_ipv6_magic(&tuple->src.in6, &tuple->dst.in6, tcp_len, IPPROTO_TCP, sum);
	else
		th->check = csum_tcpudp_magic(tuple->src.ip, tuple->dst.ip, tcp_len, IPPROTO_TCP, sum);
	skb->ip_summed = CHECKSUM_NONE;
	return true;
}

/* @place, in the header's fixed part on an even byte, becomes @to, with the checksum. */
static void proxy_replace32(struct weir_pkt *pkt, __be32 *place, u32 to)
{
	const __be32 old = *place;

	*place = htonl(to);
	if (!weir_rewrite_partial(pkt->skb, pkt->thoff))
		weir_rewrite_check(false, &proxy_tcp(pkt)->check,
				   csum_sub((__force __wsum)*place, (__force __wsum)old), 0);
}

/* The window loses @rest bytes. */
static void proxy_lower_window(struct weir_pkt *pkt, u8 scale, u32 rest)
{
	struct tcphdr *th = proxy_tcp(pkt);
	const __be16 old = th->window;

	th->window = htons(weir_proxy_window(ntohs(old), scale, rest));
	if (!weir_rewrite_partial(pkt->skb, pkt->thoff))
		weir_rewrite_check(false, &th->check, csum_sub((__force __wsum)th->window, (__force __wsum)old), 0);
}

/* The server has taken the client's last SYN: the header comes before the first byte. */
static bool proxy_open(struct weir_pkt *pkt, struct weir_conn *conn)
{
	const unsigned int end = pkt->thoff + proxy_tcp(pkt)->doff * 4;
	u8 buf[WEIR_PROXY_MAX], scale = 0;
	u32 len;
	int at;

	if (!proxy_tcp(pkt)->ack || ntohl(proxy_tcp(pkt)->ack_seq) != READ_ONCE(conn->toa_seq))
		return true;
	if (!pskb_may_pull(pkt->skb, end))
		return false;
	at = weir_tcpopt_find(proxy_options(pkt), proxy_options_len(pkt), WEIR_TCPOPT_WSCALE, WEIR_TCPOLEN_WSCALE);
	if (at >= 0)
		scale = min_t(u8, proxy_options(pkt)[at + 2], WSCALE_MAX);
	len = proxy_build(conn, buf);
	WRITE_ONCE(conn->proxy_wscale, scale);
	WRITE_ONCE(conn->proxy_len, len);
	/* One that is sent again: so is the header. */
	clear_bit(WEIR_CONN_PROXY_SENT, &conn->flags);
	set_bit(WEIR_CONN_PROXY, &conn->flags);
	/* The window of a SYN-ACK is not scaled. */
	proxy_lower_window(pkt, 0, len);
	return true;
}

/*
 * Does @ack say that the server has all of the header? What is beyond all that the client has sent was said to another, who had the
 * local end before.
 */
static bool proxy_heard(struct weir_conn *conn, u32 ack, u32 len)
{
	bool sent;
	u32 end;

	spin_lock(&conn->lock);
	sent = test_bit(WEIR_CONN_PROXY_SENT, &conn->flags);
	end = conn->original.seq_next + len;
	spin_unlock(&conn->lock);
	return sent && (s32)(ack - READ_ONCE(conn->toa_seq)) >= (s32)len && (s32)(ack - end) <= 0;
}

static bool proxy_reply(struct weir_pkt *pkt, struct weir_conn *conn)
{
	const u32 len = READ_ONCE(conn->proxy_len);
	const struct tcphdr *th = proxy_tcp(pkt);

	if (th->syn)
		return proxy_open(pkt, conn);
	if (len && th->ack && test_bit(WEIR_CONN_PROXY, &conn->flags) && proxy_heard(conn, ntohl(th->ack_seq), len))
		clear_bit(WEIR_CONN_PROXY, &conn->flags);
	return true;
}

static bool proxy_request(struct weir_pkt *pkt, struct weir_conn *conn)
{
	const struct tcphdr *th = proxy_tcp(pkt);

	if (weir_pkt_syn(pkt))
		return proxy_cut_syn(pkt);
	if (th->rst && READ_ONCE(conn->proxy_len) && test_bit(WEIR_CONN_PROXY, &conn->flags))
		weir_reset_unheard(conn, ntohl(th->ack_seq), th->ack);
	return true;
}

bool weir_proxy_pass(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, const struct dst_entry *dst)
{
	if (likely(!weir_proxy_wanted(conn)))
		return true;
	if (pkt->tuple.proto == IPPROTO_TCP)
		return dir == WEIR_DIR_ORIGINAL ? proxy_request(pkt, conn) : proxy_reply(pkt, conn);
	if (!test_bit(WEIR_CONN_PROXY, &conn->flags))
		return true;
	if (dir == WEIR_DIR_ORIGINAL)
		return proxy_datagram(pkt, conn, dst);
	clear_bit(WEIR_CONN_PROXY, &conn->flags);
	return true;
}

/* The header, as the client's segment @pkt, which is rewritten, would carry it. */
static struct sk_buff *proxy_segment(const struct weir_pkt *pkt, const struct weir_conn *conn,
				     const struct weir_tuple *tuple)
{
	const unsigned int tcp_len = proxy_tcp(pkt)->doff * 4;
	struct sk_buff *skb;
	struct tcphdr *th;

	skb = alloc_skb(WEIR_SEGMENT_HEADROOM + tcp_len + WEIR_PROXY_MAX, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, WEIR_SEGMENT_HEADROOM);
	th = skb_put(skb, tcp_len);
	/* Parsing has checked doff against the length. */
	if (unlikely(skb_copy_bits(pkt->skb, pkt->thoff, th, tcp_len))) {
		kfree_skb(skb);
		return NULL;
	}
	th->seq = htonl(READ_ONCE(conn->toa_seq));
	th->psh = 1;
	th->fin = 0;
	th->cwr = 0;
	th->urg = 0;
	th->urg_ptr = 0;
	proxy_build(conn, skb_put(skb, conn->proxy_len));
	weir_segment_finish(skb, tuple);
	skb->mark = pkt->skb->mark;
	skb->priority = pkt->skb->priority;
	/* By the same queue, lest the two change places. */
	skb_copy_hash(skb, pkt->skb);
	skb_copy_queue_mapping(skb, pkt->skb);
	return skb;
}

static bool proxy_send(const struct weir_pkt *pkt, const struct weir_conn *conn, struct dst_entry *dst)
{
	const struct weir_tuple tuple = weir_tuple_reverse(&conn->reply.tuple);
	struct weir_pkt header = {
		.wn	= pkt->wn,
		.state	= pkt->state,
		.tuple	= tuple,
	};

	header.skb = proxy_segment(pkt, conn, &tuple);
	if (unlikely(!header.skb))
		return false;
	/* Conntrack knows it as the packet that it goes ahead of. */
	nf_copy(header.skb, pkt->skb);
	skb_dst_set(header.skb, dst_clone(dst));
	if (likely(weir_xmit_send(&header, weir_conn_tracked(conn)) == NF_STOLEN))
		weir_count(pkt->wn, WEIR_CNT_PROXY_SENT);
	else
		kfree_skb(header.skb);
	return true;
}

/* Is the header to go ahead of the client's segment of @len bytes of sequence space, to @end? */
static bool proxy_goes_ahead(struct weir_conn *conn, u32 len, u32 end)
{
	struct weir_tuple_node *node = &conn->original;
	bool first, fresh;

	spin_lock(&conn->lock);
	first = !test_and_set_bit(WEIR_CONN_PROXY_SENT, &conn->flags);
	fresh = first || (s32)(end - node->seq_next) > 0;
	/* A drain keeps the same number. */
	if (fresh && !weir_conn_seq_known(conn, WEIR_DIR_ORIGINAL))
		node->seq_next = end;
	spin_unlock(&conn->lock);
	return first || !len || !fresh;
}

unsigned int weir_proxy_ahead(struct weir_pkt *pkt, struct weir_conn *conn, struct dst_entry *dst)
{
	const u32 shift = READ_ONCE(conn->proxy_len);
	const struct tcphdr *th;
	u32 len, end;

	if (likely(!weir_proxy_pending(pkt, conn)) || !shift ||
	    (pkt->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK)) != WEIR_TCP_ACK)
		return NF_ACCEPT;
	th = proxy_tcp(pkt);
	len = pkt->skb->len - pkt->thoff - th->doff * 4 + th->fin;
	end = ntohl(th->seq) - shift + len;
	if (!proxy_goes_ahead(conn, len, end))
		return NF_ACCEPT;
	if (unlikely(!proxy_send(pkt, conn, dst))) {
		/* The client will send again. */
		clear_bit(WEIR_CONN_PROXY_SENT, &conn->flags);
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	}
	if (len)
		return NF_ACCEPT;
	consume_skb(pkt->skb);
	return NF_STOLEN;
}

static bool proxy_shift_sack(struct weir_pkt *pkt, const struct weir_conn *conn, u32 shift)
{
	const u32 len = proxy_options_len(pkt);
	__wsum before, after;
	u8 *options;

	if (!len)
		return true;
	if (unlikely(skb_ensure_writable(pkt->skb, pkt->thoff + sizeof(struct tcphdr) + len)))
		return false;
	options = proxy_options(pkt);
	if (likely(weir_tcpopt_find(options, len, WEIR_TCPOPT_SACK, 0) < 0))
		return true;
	before = csum_partial(options, len, 0);
	weir_proxy_sack(options, len, ntohl(proxy_tcp(pkt)->ack_seq), READ_ONCE(conn->toa_seq), shift);
	after = csum_partial(options, len, 0);
	if (!weir_rewrite_partial(pkt->skb, pkt->thoff))
		weir_rewrite_check(false, &proxy_tcp(pkt)->check, csum_sub(after, before), 0);
	return true;
}

bool weir_proxy_shift(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir)
{
	const u32 shift = READ_ONCE(conn->proxy_len);
	struct tcphdr *th = proxy_tcp(pkt);
	u32 ack, rest;

	if (unlikely(th->syn))
		return true;
	if (dir == WEIR_DIR_ORIGINAL) {
		proxy_replace32(pkt, &th->seq, ntohl(th->seq) + shift);
		return true;
	}
	if (!th->ack)
		return true;
	if (unlikely(!proxy_shift_sack(pkt, conn, shift)))
		return false;
	th = proxy_tcp(pkt);
	ack = ntohl(th->ack_seq);
	if (unlikely(test_bit(WEIR_CONN_PROXY, &conn->flags))) {
		rest = weir_proxy_rest(ack, READ_ONCE(conn->toa_seq), shift);
		if (rest)
			proxy_lower_window(pkt, READ_ONCE(conn->proxy_wscale), rest);
	}
	proxy_replace32(pkt, &th->ack_seq, weir_proxy_told(conn, ack));
	return true;
}

bool weir_proxy_icmp(struct weir_pkt *pkt, const struct weir_conn *conn)
{
	const unsigned int at = pkt->inner_thoff + offsetof(struct tcphdr, seq);
	const u32 shift = READ_ONCE(conn->proxy_len);
	const u32 first = READ_ONCE(conn->toa_seq);
	__be32 *place;
	u32 seq;

	if (likely(!shift) || pkt->tuple.proto != IPPROTO_TCP || at + sizeof(*place) > pkt->skb->len)
		return true;
	if (skb_ensure_writable(pkt->skb, at + sizeof(*place)))
		return false;
	place = (__be32 *)(pkt->skb->data + at);
	seq = get_unaligned_be32(place) - shift;
	/* Of the header itself, that the client has not sent: of the byte that comes after it. */
	if (test_bit(WEIR_CONN_PROXY, &conn->flags) && (s32)(seq - first) < 0)
		seq = first;
	put_unaligned_be32(seq, place);
	return true;
}
