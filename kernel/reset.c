// SPDX-License-Identifier: GPL-2.0
/* reset: RST segments, 20 bytes of TCP without options; PAWS does not apply to them (RFC 7323 5.2) */
#include <linux/err.h>
#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/tcp.h>
#include "conn.h"
#include "net.h"
#include "pkt.h"
#include "proxy.h"
#include "reset.h"
#include "segment.h"
#include "tun.h"
#include "untrack.h"
#include "xmit.h"

/* What a segment says that matters to its answer; host order. */
struct reset_seg {
	u32	seq;
	u32	ack;
	u32	len;		/* of sequence space: data, SYN, FIN */
	bool	has_ack;
};

static bool reset_seg_read(const struct weir_pkt *pkt, struct reset_seg *seg)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	th = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(buf), &buf);
	if (!th)
		return false;
	/* weir_pkt_parse() has checked doff against the length. */
	seg->seq = ntohl(th->seq);
	seg->ack = ntohl(th->ack_seq);
	seg->len = skb_network_offset(pkt->skb) + pkt->len - pkt->thoff - th->doff * 4 + th->syn + th->fin;
	seg->has_ack = th->ack;
	return true;
}

/* A RST with the addresses of @tuple; network header at skb->data. */
static struct sk_buff *reset_build(const struct weir_tuple *tuple, u32 seq, u32 ack, bool has_ack)
{
	struct sk_buff *skb;
	struct tcphdr *th;

	skb = alloc_skb(WEIR_SEGMENT_HEADROOM + sizeof(*th), GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, WEIR_SEGMENT_HEADROOM);

	th = skb_put_zero(skb, sizeof(*th));
	th->source = tuple->sport;
	th->dest = tuple->dport;
	th->seq = htonl(seq);
	th->ack_seq = has_ack ? htonl(ack) : 0;
	th->ack = has_ack;
	th->rst = 1;
	th->doff = sizeof(*th) / 4;
	weir_segment_finish(skb, tuple);
	return skb;
}

static void reset_local_out(struct net *net, struct sk_buff *skb, u8 family)
{
	if (family == AF_INET6)
		ip6_local_out(net, NULL, skb);
	else
		ip_local_out(net, NULL, skb);
}

/*
 * To the server of a one-way connection, with the tuple of the client: no LOCAL_OUT, where weir would meet it as a
 * packet of the connection, and the route is the server's, whose neighbour is not that of the packet's destination.
 */
static void reset_one_way(struct weir_conn *conn, struct sk_buff *skb)
{
	struct weir_pkt pkt = {
		.skb	= skb,
		.wn	= conn->wn,
		.tuple	= conn->original.tuple,
	};
	struct weir_tun tun, *through = conn->method == WEIR_METHOD_TUN ? &tun : NULL;
	struct dst_entry *dst;
	bool local;

	dst = weir_route_server(&pkt, conn->server, through, &local);
	if (!IS_ERR(dst) && (local || conn->method == WEIR_METHOD_LOCAL)) {
		/* A socket of the director's own has the virtual address. */
		dst_release(dst);
		dst = weir_route_tuple(conn->wn->net, &conn->original.tuple, 0);
		through = NULL;
	}
	if (!IS_ERR(dst) && through &&
	    weir_tun_encapsulate(skb, through, dst, skb_transport_offset(skb), weir_conn_entropy(conn))) {
		dst_release(dst);
		dst = ERR_PTR(-ENOMEM);
	}
	if (IS_ERR(dst)) {
		kfree_skb(skb);
		return;
	}
	skb_dst_set(skb, dst);
	dst_output(conn->wn->net, NULL, skb);
}

static void reset_send(struct weir_conn *conn, enum weir_dir to, u32 seq, u32 ack, bool has_ack)
{
	struct net *net = conn->wn->net;
	const bool one_way = conn->method != WEIR_METHOD_NAT && conn->method != WEIR_METHOD_FULLNAT;
	struct weir_tuple tuple;
	struct dst_entry *dst;
	struct sk_buff *skb;

	if (conn->original.tuple.proto != IPPROTO_TCP)
		return;
	if (to == WEIR_DIR_ORIGINAL && one_way)
		tuple = conn->original.tuple;
	else
		tuple = weir_tuple_reverse(to == WEIR_DIR_ORIGINAL ? &conn->reply.tuple : &conn->original.tuple);

	skb = reset_build(&tuple, seq, ack, has_ack);
	if (!skb)
		return;
	if (!weir_conn_tracked(conn))
		weir_untrack(skb);

	/* Queues and route caches below are those of softirq. */
	local_bh_disable();
	if (to == WEIR_DIR_ORIGINAL && one_way) {
		reset_one_way(conn, skb);
		goto out;
	}
	dst = weir_route_tuple(net, &tuple, 0);
	if (IS_ERR(dst)) {
		kfree_skb(skb);
		goto out;
	}
	skb_dst_set(skb, dst);
	reset_local_out(net, skb, tuple.family);
out:
	local_bh_enable();
}

void weir_reset_unheard(struct weir_conn *conn, u32 ack, bool has_ack)
{
	reset_send(conn, WEIR_DIR_ORIGINAL, READ_ONCE(conn->toa_seq), ack, has_ack);
}

void weir_reset_send(struct weir_conn *conn, enum weir_dir to, u32 seq, u32 ack, bool has_ack)
{
	const u8 len = READ_ONCE(conn->proxy_len);

	if (to == WEIR_DIR_ORIGINAL && len && test_bit(WEIR_CONN_PROXY, &conn->flags))
		weir_reset_unheard(conn, ack, has_ack);
	reset_send(conn, to, to == WEIR_DIR_ORIGINAL ? seq + len : seq, ack, has_ack);
}

/* Is the segment in hand a keepalive, by what was recorded: the last byte again? */
static bool reset_is_keepalive(struct weir_conn *conn, enum weir_dir dir, const struct reset_seg *seg)
{
	bool keepalive;

	spin_lock_bh(&conn->lock);
	keepalive = weir_conn_seq_known(conn, dir) && seg->seq + 1 == weir_conn_node(conn, dir)->seq_next;
	spin_unlock_bh(&conn->lock);
	return keepalive;
}

/*
 * What the segment's sender expects next is what it acknowledges, what its receiver expects next is the segment itself. But for
 * a keepalive, which repeats the last byte: its receiver is one further on. A segment that may be one and may be not, for no
 * numbers were recorded, is answered for both cases: the first RST that is exact ends it, one below the window is not heard.
 */
void weir_reset_pkt(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir)
{
	const enum weir_dir back = dir == WEIR_DIR_ORIGINAL ? WEIR_DIR_REPLY : WEIR_DIR_ORIGINAL;
	struct reset_seg seg;
	bool keepalive;

	if (pkt->tuple.proto != IPPROTO_TCP || !reset_seg_read(pkt, &seg))
		return;
	if (dir == WEIR_DIR_REPLY)
		seg.ack = weir_proxy_told(conn, seg.ack);

	if (seg.has_ack)
		weir_reset_send(conn, back, seg.ack, 0, false);
	else
		weir_reset_send(conn, back, 0, seg.seq + seg.len, true);

	keepalive = seg.len <= 1 && reset_is_keepalive(conn, dir, &seg);
	if (!keepalive)
		weir_reset_send(conn, dir, seg.seq, seg.ack, seg.has_ack);
	if (keepalive || seg.len <= 1)
		weir_reset_send(conn, dir, seg.seq + 1, seg.ack, seg.has_ack);
}

void weir_reset_refuse(const struct weir_pkt *pkt)
{
	struct net *net = pkt->wn->net;
	struct weir_tuple tuple;
	struct reset_seg seg;
	struct dst_entry *dst;
	struct sk_buff *skb;

	if (pkt->tcp_flags & WEIR_TCP_RST || !reset_seg_read(pkt, &seg))
		return;
	tuple = weir_tuple_reverse(&pkt->tuple);
	if (seg.has_ack)
		skb = reset_build(&tuple, seg.ack, 0, false);
	else
		skb = reset_build(&tuple, 0, seg.seq + seg.len, true);
	if (!skb)
		return;

	dst = weir_route_tuple(net, &tuple, pkt->skb->mark);
	if (IS_ERR(dst)) {
		kfree_skb(skb);
		return;
	}
	skb_dst_set(skb, dst);
	/* Conntrack began an entry for the SYN: the RST is its answer, which firewalls let pass as related. */
	nf_ct_attach(skb, pkt->skb);
	reset_local_out(net, skb, tuple.family);
}
