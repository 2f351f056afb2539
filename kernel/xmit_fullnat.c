// SPDX-License-Identifier: GPL-2.0
/*
 * xmit_fullnat: source and destination are rewritten on both ways (fullnat.c). To its server the director is the client: the server's
 * answers come to a local address, whatever the server's routes are, and what ip_forward() would do for them is done here.
 */
#include <linux/err.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "admit.h"
#include "conn.h"
#include "counter.h"
#include "fullnat.h"
#include "net.h"
#include "pkt.h"
#include "proxy.h"
#include "toa.h"
#include "untrack.h"
#include "xlat.h"
#include "xmit.h"
#include "xmit_nat.h"

typedef bool (*fullnat_rewriter)(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir,
				 const struct dst_entry *dst);

static bool rewrite_packet(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, const struct dst_entry *dst)
{
	const unsigned int len = pkt->tuple.proto == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr);

	if (skb_ensure_writable(pkt->skb, pkt->thoff + len))
		return false;
	/* A sum over the packet as it came: whoever gets it next makes it anew. */
	skb_forward_csum(pkt->skb);
	if (!weir_toa_pass(pkt, conn, dir, dst) || !weir_proxy_pass(pkt, conn, dir, dst))
		return false;
	if (unlikely(test_bit(WEIR_CONN_XLAT, &conn->flags)))
		return weir_fullnat_translate(pkt, conn, dir);
	return weir_fullnat_rewrite(pkt, conn, dir, pkt->tuple.family);
}

/*
 * An error about what went to the server, longer than the client sent it: the client is told of that much less. Where it need not
 * believe in so little, the way's own MTU has to be known here, for what does not fit then.
 */
static bool lower_mtu(struct weir_pkt *pkt, const struct weir_conn *conn)
{
	const unsigned int longer = weir_toa_longer(conn) + weir_proxy_longer(conn);
	const bool ipv6 = pkt->tuple.family == AF_INET6;
	struct sk_buff *skb = pkt->skb;
	struct icmp6hdr *icmp6h;
	struct icmphdr *icmph;
	u32 mtu;

	if (likely(!longer))
		return true;
	if (skb_ensure_writable(skb, pkt->inner))
		return false;
	icmph = (struct icmphdr *)(skb->data + pkt->thoff);
	icmp6h = (struct icmp6hdr *)icmph;
	if (ipv6 ? icmp6h->icmp6_type != ICMPV6_PKT_TOOBIG :
		   icmph->type != ICMP_DEST_UNREACH || icmph->code != ICMP_FRAG_NEEDED)
		return true;
	mtu = ipv6 ? ntohl(icmp6h->icmp6_mtu) : ntohs(icmph->un.frag.mtu);
	if (mtu <= longer)
		return true;
	if (ipv6)
		icmp6h->icmp6_mtu = htonl(mtu - longer);
	else
		icmph->un.frag.mtu = htons(mtu - longer);
	if (mtu - longer < (ipv6 ? IPV6_MIN_MTU : IPV4_MIN_MTU)) {
		__skb_pull(skb, pkt->inner);
		weir_route_learn_mtu(skb, pkt->wn->net, pkt->tuple.family, pkt->tuple.l3dom, mtu);
		__skb_push(skb, pkt->inner);
	}
	return true;
}

/* An error about a packet that went the other way; from whatever machine, it comes from the connection's end. */
static bool rewrite_icmp(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, const struct dst_entry *way)
{
	const struct weir_tuple *answer = dir == WEIR_DIR_ORIGINAL ? &conn->reply.tuple : &conn->original.tuple;
	const struct weir_nat_to src = { &answer->dst, answer->dport, answer->family };
	const struct weir_nat_to dst = { &answer->src, answer->sport, answer->family };

	if (dir == WEIR_DIR_REPLY && (!lower_mtu(pkt, conn) || !weir_proxy_icmp(pkt, conn)))
		return false;
	if (unlikely(test_bit(WEIR_CONN_XLAT, &conn->flags)))
		return weir_xlat_icmp(pkt, answer, way);
	return !weir_nat_rewrite_icmp(pkt, WEIR_NAT_SOURCE, src) &&
	       !weir_nat_rewrite_icmp(pkt, WEIR_NAT_DESTINATION, dst);
}

/* TTL and size. */
static unsigned int fullnat_fit(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir,
				const struct dst_entry *dst, bool local)
{
	const unsigned int mtu = weir_proxy_mtu(pkt, conn, dir, weir_xlat_mtu(dst, pkt->tuple.family));

	if (unlikely(test_bit(WEIR_CONN_XLAT, &conn->flags)))
		return weir_xlat_fit(pkt, dst, mtu);
	return local ? NF_ACCEPT : weir_route_fit(pkt, mtu);
}

/* Takes @dst over. @local: it leads to this machine itself. */
static unsigned int fullnat_send(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, struct dst_entry *dst,
				 bool local, fullnat_rewriter rewrite)
{
	const bool xlat = test_bit(WEIR_CONN_XLAT, &conn->flags);
	const bool tracked = weir_conn_tracked(conn);
	unsigned int verdict;

	verdict = fullnat_fit(pkt, conn, dir, dst, local);
	if (verdict != NF_ACCEPT)
		goto err_dst;
	/* Segments are made from it, with sums of their own. */
	if (dir == WEIR_DIR_ORIGINAL && unlikely(weir_proxy_pending(pkt, conn)) && !weir_admit_intact(pkt)) {
		verdict = weir_drop(pkt, WEIR_CNT_DROP_CHECKSUM);
		goto err_dst;
	}
	if (!rewrite(pkt, conn, dir, dst)) {
		verdict = weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
		goto err_dst;
	}
	if (dir == WEIR_DIR_ORIGINAL) {
		verdict = weir_proxy_ahead(pkt, conn, dst);
		if (verdict != NF_ACCEPT)
			goto err_dst;
	}
	/*
	 * To a socket of the director's own: the packet is on its way up already and goes on by the route that it has. One that
	 * is of another family now begins anew, by the loopback device.
	 */
	if (local && !xlat && pkt->state->hook == NF_INET_LOCAL_IN) {
		dst_release(dst);
		if (tracked && dir == WEIR_DIR_ORIGINAL)
			return NF_ACCEPT;
		return weir_xmit_continue(pkt);
	}
	/* Conntrack knows the client's and the virtual address: a reply is shown to it now, in LOCAL_OUT. */
	if (tracked && dir == WEIR_DIR_REPLY)
		nf_reset_ct(pkt->skb);
	weir_route_set(pkt, dst);
	return weir_xmit_send(pkt, tracked);

err_dst:
	dst_release(dst);
	return verdict;
}

static unsigned int to_server(struct weir_pkt *pkt, struct weir_conn *conn, fullnat_rewriter rewrite)
{
	struct dst_entry *dst;
	bool local;

	/* A datagram by itself, whose server's method has just been changed. */
	if (unlikely(!test_bit(WEIR_CONN_HASHED_REPLY, &conn->flags)))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_PORT);
	dst = weir_route_server(pkt, conn->server, NULL, &local);
	if (IS_ERR(dst))
		return weir_route_missing(pkt);
	return fullnat_send(pkt, conn, WEIR_DIR_ORIGINAL, dst, local, rewrite);
}

static unsigned int to_client(struct weir_pkt *pkt, struct weir_conn *conn, fullnat_rewriter rewrite)
{
	const struct weir_tuple tuple = weir_tuple_reverse(&conn->original.tuple);
	struct dst_entry *dst;

	dst = weir_route_tuple(pkt->wn->net, &tuple, pkt->skb->mark);
	if (IS_ERR(dst))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_ROUTE);
	return fullnat_send(pkt, conn, WEIR_DIR_REPLY, dst, weir_route_is_local(dst, tuple.family), rewrite);
}

static unsigned int fullnat_request(struct weir_pkt *pkt, struct weir_conn *conn)
{
	return to_server(pkt, conn, rewrite_packet);
}

static unsigned int fullnat_reply(struct weir_pkt *pkt, struct weir_conn *conn)
{
	return to_client(pkt, conn, rewrite_packet);
}

static unsigned int fullnat_icmp(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir)
{
	return dir == WEIR_DIR_ORIGINAL ? to_server(pkt, conn, rewrite_icmp) : to_client(pkt, conn, rewrite_icmp);
}

const struct weir_xmit weir_xmit_fullnat = {
	.request	= fullnat_request,
	.reply		= fullnat_reply,
	.icmp		= fullnat_icmp,
};
