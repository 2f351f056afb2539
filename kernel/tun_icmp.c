// SPDX-License-Identifier: GPL-2.0
/*
 * tun_icmp: errors about the packets of tunnels.
 *
 *	| IP | ICMP | outer IP | GRE, or UDP and GUE | packet of the client ...
 *
 * They come to the director, which is the tunnel's source. The client is told in its place (RFC 2003 4, RFC 2473 8), by an error about
 * the packet inside, from the virtual address; the path's MTU is learnt for the way to the server. Only errors about packets
 * of a connection whose server is at the tunnel's end are believed.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_tunnel.h>
#include <linux/udp.h>
#include <net/gre.h>
#include <net/gue.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include "conn.h"
#include "counter.h"
#include "icmp.h"
#include "net.h"
#include "path.h"
#include "pkt.h"
#include "route.h"
#include "server.h"
#include "tun.h"
#include "xmit.h"

/* What is read of the error, before the packet is stripped. */
struct tun_error {
	unsigned int	outer;		/* outer IP header, from skb->data */
	u8		outer_family;
	u8		type;		/* of the outer family */
	u8		code;
	u32		info;		/* MTU, with too_big; pointer of a parameter problem is lost */
	bool		too_big;
};

/* Where the packet inside begins, from skb->data, and its family; 0: this is no tunnel of weir's. */
static unsigned int tun_inside_gre(const struct sk_buff *skb, unsigned int off, u8 *family)
{
	const struct gre_base_hdr *gre;
	struct gre_base_hdr buf;

	gre = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!gre || gre->flags & ~GRE_CSUM)
		return 0;
	*family = gre->protocol == htons(ETH_P_IPV6) ? AF_INET6 : AF_INET;
	if (*family == AF_INET && gre->protocol != htons(ETH_P_IP))
		return 0;
	return off + sizeof(*gre) + (gre->flags & GRE_CSUM ? 4 : 0);
}

static unsigned int tun_inside_gue(const struct sk_buff *skb, unsigned int off, u8 *family)
{
	const struct guehdr *gueh;
	struct guehdr buf;

	off += sizeof(struct udphdr);
	gueh = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!gueh || gueh->version || gueh->control || gueh->flags & ~GUE_FLAG_PRIV)
		return 0;
	*family = gueh->proto_ctype == IPPROTO_IPV6 ? AF_INET6 : AF_INET;
	if (*family == AF_INET && gueh->proto_ctype != IPPROTO_IPIP)
		return 0;
	return off + sizeof(*gueh) + gueh->hlen * 4;
}

static unsigned int tun_inside(const struct weir_pkt *pkt, struct weir_tunnel *tunnel, u8 *family)
{
	switch (pkt->tuple.proto) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		tunnel->type = WEIR_TUNNEL_IPIP;
		*family = pkt->tuple.proto == IPPROTO_IPIP ? AF_INET : AF_INET6;
		return pkt->inner_thoff;
	case IPPROTO_GRE:
		tunnel->type = WEIR_TUNNEL_GRE;
		return tun_inside_gre(pkt->skb, pkt->inner_thoff, family);
	case IPPROTO_UDP:
		tunnel->type = WEIR_TUNNEL_GUE;
		tunnel->port = pkt->tuple.sport;	/* reversed */
		return tun_inside_gue(pkt->skb, pkt->inner_thoff, family);
	default:
		return 0;
	}
}

static bool tun_error_read(const struct weir_pkt *pkt, struct tun_error *error)
{
	const struct icmp6hdr *icmp6h;
	const struct icmphdr *icmph;
	union {
		struct icmphdr	v4;
		struct icmp6hdr	v6;
	} buf;

	error->outer = pkt->inner;
	error->outer_family = pkt->tuple.family;
	if (error->outer_family == AF_INET6) {
		icmp6h = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(buf.v6), &buf.v6);
		if (!icmp6h)
			return false;
		error->type = icmp6h->icmp6_type;
		error->code = icmp6h->icmp6_code;
		error->too_big = error->type == ICMPV6_PKT_TOOBIG;
		error->info = error->too_big ? ntohl(icmp6h->icmp6_mtu) : 0;
		return true;
	}
	icmph = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(buf.v4), &buf.v4);
	if (!icmph)
		return false;
	error->type = icmph->type;
	error->code = icmph->code;
	error->too_big = error->type == ICMP_DEST_UNREACH && error->code == ICMP_FRAG_NEEDED;
	error->info = error->too_big ? ntohs(icmph->un.frag.mtu) : 0;
	return true;
}

/* The packet begins at @off from here on; what it was received with is forgotten. */
static bool tun_strip(struct sk_buff *skb, unsigned int off, unsigned int hlen, __be16 protocol)
{
	if (!pskb_pull(skb, off) || !pskb_may_pull(skb, hlen))
		return false;
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, hlen);
	skb->protocol = protocol;
	skb->ip_summed = CHECKSUM_NONE;
	memset(skb->cb, 0, max(sizeof(struct inet_skb_parm), sizeof(struct inet6_skb_parm)));
	return true;
}

/* What fits into the tunnel now, by the route if there is one again, else by the error. */
static unsigned int tun_mtu_inside(const struct weir_conn *conn, unsigned int overhead, u32 info)
{
	struct weir_tun tun;
	struct dst_entry *dst;
	unsigned int mtu = info > overhead ? info - overhead : 0;

	dst = weir_route_get(conn->server, &tun);
	if (dst) {
		mtu = min(mtu, weir_tun_mtu(&tun, dst_mtu(dst)));
		dst_release(dst);
	}
	return mtu;
}

/*
 * icmp_send() wants the packet's route, not the error's: it answers from the virtual address where that is this machine's own, else
 * (a service by mark) from another one.
 */
static bool tun_route_ipv4(struct sk_buff *skb, struct net *net, u32 l3dom)
{
	struct flowi4 fl4 = {
		.daddr		= ip_hdr(skb)->daddr,
		.flowi4_l3mdev	= l3dom,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return false;
	skb_dst_drop(skb);
	skb_dst_set(skb, &rt->dst);
	return true;
}

/* RFC 2003 4: the tunnel's end does not decapsulate, or is not there: to the client the host is unreachable. */
static void tun_tell_ipv4(struct sk_buff *skb, const struct tun_error *error, unsigned int mtu)
{
	u8 type = ICMP_DEST_UNREACH, code = ICMP_HOST_UNREACH;

	if (error->outer_family == AF_INET6) {
		if (error->type == ICMPV6_TIME_EXCEED) {
			type = ICMP_TIME_EXCEEDED;
			code = ICMP_EXC_TTL;
		}
	} else if (error->type == ICMP_TIME_EXCEEDED) {
		type = error->type;
		code = error->code;
	} else if (error->type == ICMP_DEST_UNREACH && error->code != ICMP_PROT_UNREACH &&
		   error->code != ICMP_PORT_UNREACH && error->code != ICMP_FRAG_NEEDED) {
		code = error->code;
	}
	if (error->too_big) {
		/* The client did not ask to be told. */
		if (!(ip_hdr(skb)->frag_off & htons(IP_DF)))
			return;
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(max_t(unsigned int, mtu, IPV4_MIN_MTU)));
		return;
	}
	icmp_send(skb, type, code, 0);
}

static void tun_tell_ipv6(struct sk_buff *skb, const struct tun_error *error, unsigned int mtu)
{
	u8 type = ICMPV6_DEST_UNREACH, code = ICMPV6_ADDR_UNREACH;

	if (error->outer_family == AF_INET) {
		skb_dst_drop(skb);
		if (error->type == ICMP_TIME_EXCEEDED)
			type = ICMPV6_TIME_EXCEED;
	} else if (error->type == ICMPV6_TIME_EXCEED) {
		type = error->type;
	} else if (error->type == ICMPV6_DEST_UNREACH && error->code != ICMPV6_PORT_UNREACH) {
		code = error->code;
	}
	if (type == ICMPV6_TIME_EXCEED)
		code = ICMPV6_EXC_HOPLIMIT;
	if (error->too_big)
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, max_t(unsigned int, mtu, IPV6_MIN_MTU));
	else
		icmpv6_send(skb, type, code, 0);
}

/* The skb is used up by this. @inner: the packet inside, from skb->data, with its header of @hlen bytes. */
static void tun_relay(struct weir_pkt *pkt, const struct weir_conn *conn, const struct tun_error *error)
{
	const unsigned int hlen = pkt->inner_thoff - pkt->inner, overhead = pkt->inner - error->outer;
	const bool six = pkt->tuple.family == AF_INET6;
	struct net *net = pkt->wn->net;
	struct sk_buff *skb = pkt->skb;
	unsigned int mtu = 0;

	if (error->too_big) {
		if (!tun_strip(skb, error->outer, min_t(unsigned int, overhead, sizeof(struct ipv6hdr)), skb->protocol))
			return;
		weir_route_learn_mtu(skb, net, error->outer_family, pkt->tuple.l3dom, error->info);
		mtu = tun_mtu_inside(conn, overhead, error->info);
	}
	if (!tun_strip(skb, error->too_big ? overhead : pkt->inner, hlen, six ? htons(ETH_P_IPV6) : htons(ETH_P_IP)))
		return;
	if (six)
		tun_tell_ipv6(skb, error, mtu);
	else if (tun_route_ipv4(skb, net, pkt->tuple.l3dom))
		tun_tell_ipv4(skb, error, mtu);
	weir_count(pkt->wn, WEIR_CNT_TUNNEL_ICMP);
}

/*
 * A report that the packet is too big and that names no size (RFC 1191's old routers), source quench, a complaint about the
 * tunnel's own header: not to be acted on. That the end knows no such protocol is said by a parameter problem in IPv6.
 */
static bool tun_error_useful(const struct tun_error *error)
{
	if (error->too_big)
		return error->info;
	if (error->outer_family == AF_INET6)
		return error->type != ICMPV6_PARAMPROB || error->code == ICMPV6_UNK_NEXTHDR;
	return error->type == ICMP_DEST_UNREACH || error->type == ICMP_TIME_EXCEEDED;
}

unsigned int weir_tun_icmp(struct weir_pkt *pkt)
{
	const union nf_inet_addr end = pkt->tuple.src;	/* reversed */
	struct weir_tunnel tunnel = {}, configured;
	const u8 end_family = pkt->tuple.family;
	const struct weir_server *server;
	struct tun_error error = {};
	struct weir_path *path;
	struct weir_conn *conn;
	unsigned int off;
	enum weir_dir dir;
	u8 family;

	off = tun_inside(pkt, &tunnel, &family);
	if (!off || !tun_error_read(pkt, &error) || weir_pkt_parse_tunnelled(pkt, family, off) != WEIR_PARSE_ICMP)
		return NF_ACCEPT;
	conn = weir_conn_lookup(pkt->wn, &pkt->tuple, &dir);
	if (!conn || dir != WEIR_DIR_ORIGINAL || conn->method != WEIR_METHOD_TUN)
		return NF_ACCEPT;
	server = conn->server;
	configured = READ_ONCE(server->config.tunnel);
	if (server->family != end_family || !nf_inet_addr_cmp(&server->addr, &end) || configured.type != tunnel.type ||
	    configured.port != tunnel.port)
		return NF_ACCEPT;
	if (!weir_icmp_intact(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_CHECKSUM);

	if (tun_error_useful(&error))
		tun_relay(pkt, conn, &error);
	if (error.too_big) {
		path = rcu_dereference(conn->path[WEIR_DIR_ORIGINAL]);
		if (path && weir_path_valid(path))
			weir_path_update_mtu(path);
	}
	consume_skb(pkt->skb);
	return NF_STOLEN;
}
