// SPDX-License-Identifier: GPL-2.0
/*
 * xmit_nat: the destination is rewritten on the way to the server, the source on the way back.
 *
 *	request		client:cport > virtual:vport	becomes		client:cport > server:sport
 *	reply		server:sport > client:cport	becomes		virtual:vport > client:cport
 *
 * Both of a connection's tuples name the ends: the original one is {client, virtual}, the reply one {server, client}.
 */
#include <linux/err.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "conn.h"
#include "counter.h"
#include "pkt.h"
#include "untrack.h"
#include "xmit.h"
#include "xmit_nat.h"

static struct weir_nat_to nat_server_end(const struct weir_conn *conn)
{
	const struct weir_tuple *tuple = &conn->reply.tuple;

	return (struct weir_nat_to){ &tuple->src, tuple->sport, tuple->family };
}

static struct weir_nat_to nat_virtual_end(const struct weir_conn *conn)
{
	const struct weir_tuple *tuple = &conn->original.tuple;

	return (struct weir_nat_to){ &tuple->dst, tuple->dport, tuple->family };
}

static __be32 *nat_addr4(struct iphdr *iph, enum weir_nat_end end)
{
	return end == WEIR_NAT_SOURCE ? &iph->saddr : &iph->daddr;
}

static struct in6_addr *nat_addr6(struct ipv6hdr *ip6h, enum weir_nat_end end)
{
	return end == WEIR_NAT_SOURCE ? &ip6h->saddr : &ip6h->daddr;
}

/*
 * Rewrites the address in the IP header @l3 and, where @check is not NULL, carries the change into the transport's
 * checksum. The skb is needed for its checksum state: with PARTIAL @check holds the pseudo header's sum alone, with
 * COMPLETE skb->csum follows.
 */
static void nat_addr(struct sk_buff *skb, void *l3, enum weir_nat_end end, const struct weir_nat_to *to, __sum16 *check)
{
	if (to->family == AF_INET6) {
		struct in6_addr *addr = nat_addr6(l3, end);

		if (check)
			inet_proto_csum_replace16(check, skb, addr->s6_addr32, to->addr->ip6, true);
		*addr = to->addr->in6;
	} else {
		struct iphdr *iph = l3;
		__be32 *addr = nat_addr4(iph, end);

		if (check)
			inet_proto_csum_replace4(check, skb, *addr, to->addr->ip, true);
		csum_replace4(&iph->check, *addr, to->addr->ip);
		*addr = to->addr->ip;
	}
}

static int nat_tcp(struct weir_pkt *pkt, enum weir_nat_end end, const struct weir_nat_to *to)
{
	struct sk_buff *skb = pkt->skb;
	struct tcphdr *th;
	__be16 *port;

	if (skb_ensure_writable(skb, pkt->thoff + sizeof(*th)))
		return -ENOMEM;
	th = (struct tcphdr *)(skb->data + pkt->thoff);
	port = end == WEIR_NAT_SOURCE ? &th->source : &th->dest;

	nat_addr(skb, skb_network_header(skb), end, to, &th->check);
	inet_proto_csum_replace2(&th->check, skb, *port, to->port, false);
	*port = to->port;
	return 0;
}

/* A checksum of 0 means that there is none (IPv4), unless the device is still to make it. */
static int nat_udp(struct weir_pkt *pkt, enum weir_nat_end end, const struct weir_nat_to *to)
{
	struct sk_buff *skb = pkt->skb;
	const u8 summed = skb->ip_summed;
	struct udphdr *uh;
	__be16 *port;
	bool has, own;

	if (skb_ensure_writable(skb, pkt->thoff + sizeof(*uh)))
		return -ENOMEM;
	/* As weir_rewrite_l4(): what is left to the device may be an inner header's. */
	own = summed == CHECKSUM_PARTIAL && skb_checksum_start_offset(skb) == (int)pkt->thoff;
	if (summed == CHECKSUM_PARTIAL && !own && !skb_is_gso(skb))
		skb->ip_summed = CHECKSUM_NONE;
	uh = (struct udphdr *)(skb->data + pkt->thoff);
	port = end == WEIR_NAT_SOURCE ? &uh->source : &uh->dest;
	has = uh->check || own;

	nat_addr(skb, skb_network_header(skb), end, to, has ? &uh->check : NULL);
	if (has) {
		inet_proto_csum_replace2(&uh->check, skb, *port, to->port, false);
		if (!uh->check)
			uh->check = CSUM_MANGLED_0;
	}
	if (summed == CHECKSUM_PARTIAL)
		skb->ip_summed = summed;
	*port = to->port;
	return 0;
}

/* May move the head. */
static int nat_rewrite(struct weir_pkt *pkt, enum weir_nat_end end, struct weir_nat_to to)
{
	return pkt->tuple.proto == IPPROTO_TCP ? nat_tcp(pkt, end, &to) : nat_udp(pkt, end, &to);
}

/* Its transport checksum is carried along where so much of it is there, for those who read such packets; nobody verifies it. */
int weir_nat_rewrite_icmp(struct weir_pkt *pkt, enum weir_nat_end end, struct weir_nat_to to)
{
	const bool tcp = pkt->tuple.proto == IPPROTO_TCP;
	const unsigned int whole = tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	const enum weir_nat_end inner_end = end == WEIR_NAT_SOURCE ? WEIR_NAT_DESTINATION : WEIR_NAT_SOURCE;
	struct sk_buff *skb = pkt->skb;
	__sum16 *check = NULL;
	unsigned int writable;
	struct icmphdr *icmph;
	__be16 *ports;
	void *outer;

	writable = pkt->inner_thoff + 2 * sizeof(*ports);
	if (pkt->inner_thoff + whole <= skb->len)
		writable = pkt->inner_thoff + whole;
	if (skb_ensure_writable(skb, writable))
		return -ENOMEM;
	/* The sum is made anew below: what a device said of it, or was to make of it, is void. */
	skb->ip_summed = CHECKSUM_NONE;

	ports = (__be16 *)(skb->data + pkt->inner_thoff);
	if (writable == pkt->inner_thoff + whole)
		check = tcp ? &((struct tcphdr *)ports)->check : &((struct udphdr *)ports)->check;
	if (check && !tcp && !*check)
		check = NULL;
	nat_addr(skb, skb->data + pkt->inner, inner_end, &to, check);
	if (check)
		inet_proto_csum_replace2(check, skb, ports[inner_end], to.port, false);
	ports[inner_end] = to.port;

	outer = skb_network_header(skb);
	nat_addr(skb, outer, end, &to, NULL);
	icmph = (struct icmphdr *)(skb->data + pkt->thoff);
	icmph->checksum = 0;
	if (to.family == AF_INET6) {
		const struct ipv6hdr *ip6h = outer;
		const unsigned int len = skb->len - pkt->thoff;

		icmph->checksum = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, IPPROTO_ICMPV6,
						  skb_checksum(skb, pkt->thoff, len, 0));
	} else {
		icmph->checksum = csum_fold(skb_checksum(skb, pkt->thoff, skb->len - pkt->thoff, 0));
	}
	return 0;
}

/* To the server. @rewrite is for packets of the connection or for errors about it. */
static unsigned int nat_to_server(struct weir_pkt *pkt, struct weir_conn *conn,
				  int (*rewrite)(struct weir_pkt *pkt, enum weir_nat_end end, struct weir_nat_to to))
{
	struct dst_entry *dst;
	unsigned int verdict;
	bool local;

	dst = weir_route_server(pkt, conn->server, NULL, &local);
	if (IS_ERR(dst))
		return weir_route_missing(pkt);
	if (!local) {
		verdict = weir_route_fit(pkt, dst_mtu(dst));
		if (verdict != NF_ACCEPT)
			goto err_dst;
	}
	if (rewrite(pkt, WEIR_NAT_DESTINATION, nat_server_end(conn))) {
		verdict = weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
		goto err_dst;
	}

	/* To a socket of the director's own: the packet is on its way up already and goes on by the route that it has. */
	if (local && pkt->state->hook == NF_INET_LOCAL_IN) {
		dst_release(dst);
		return weir_conn_tracked(conn) ? NF_ACCEPT : weir_xmit_continue(pkt);
	}
	weir_route_set(pkt, dst);
	return weir_xmit_send(pkt, weir_conn_tracked(conn));

err_dst:
	dst_release(dst);
	return verdict;
}

/*
 * To the client. It carries the virtual address from here on and may have to take another way than routing found for
 * the server's. Where conntrack follows the connection it is shown the packet now, in LOCAL_OUT: these are the
 * addresses that it knows.
 */
static unsigned int nat_to_client(struct weir_pkt *pkt, struct weir_conn *conn,
				  int (*rewrite)(struct weir_pkt *pkt, enum weir_nat_end end, struct weir_nat_to to))
{
	if (rewrite(pkt, WEIR_NAT_SOURCE, nat_virtual_end(conn)))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	/* The client is on the director. */
	if (pkt->state->hook == NF_INET_LOCAL_IN)
		return weir_xmit_continue(pkt);
	if (weir_route_reply(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_ROUTE);
	if (!weir_conn_tracked(conn))
		return weir_xmit_continue(pkt);
	nf_reset_ct(pkt->skb);
	return weir_xmit_send(pkt, true);
}

static unsigned int nat_request(struct weir_pkt *pkt, struct weir_conn *conn)
{
	return nat_to_server(pkt, conn, nat_rewrite);
}

static unsigned int nat_reply(struct weir_pkt *pkt, struct weir_conn *conn)
{
	return nat_to_client(pkt, conn, nat_rewrite);
}

static unsigned int nat_icmp(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir)
{
	if (dir == WEIR_DIR_ORIGINAL)
		return nat_to_server(pkt, conn, weir_nat_rewrite_icmp);
	return nat_to_client(pkt, conn, weir_nat_rewrite_icmp);
}

const struct weir_xmit weir_xmit_nat = {
	.request	= nat_request,
	.reply		= nat_reply,
	.icmp		= nat_icmp,
};
