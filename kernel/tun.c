// SPDX-License-Identifier: GPL-2.0
/*
 * tun: encapsulation, as ip_vs does it.
 *
 *	ipip	| outer IP |                    | packet |
 *	gre	| outer IP | GRE                | packet |	GRE: flags, protocol, [checksum, 0]
 *	gue	| outer IP | UDP | GUE | option | packet |	GUE version 0, draft-ietf-intarea-gue
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/gre.h>
#include <net/gso.h>
#include <net/gue.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip_tunnels.h>
#include <net/udp.h>
#include "tun.h"

static_assert(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + sizeof(struct guehdr) == WEIR_TUN_HEAD_MAX);
static_assert(GUE_LEN_PRIV + GUE_PLEN_REMCSUM == WEIR_TUN_OPTION_MAX);

/* Source ports of GUE are the dynamic ones (RFC 6335), as RFC 8086 has it for GRE in UDP. */
#define TUN_SPORT_FIRST	0xc000

/* GRE's header with a checksum; without one it ends before @check. */
struct tun_gre {
	struct gre_base_hdr	base;
	__sum16			check;
	__be16			zero;
};

static unsigned int tun_iphlen(const struct weir_tun *tun)
{
	return tun->family == AF_INET6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

u8 weir_tun_proto(struct weir_tunnel tunnel, u8 family)
{
	switch (tunnel.type) {
	case WEIR_TUNNEL_GRE:
		return IPPROTO_GRE;
	case WEIR_TUNNEL_GUE:
		return IPPROTO_UDP;
	default:
		return family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	}
}

void weir_tun_init(struct weir_tun *tun, struct weir_tunnel tunnel, u8 family, const union nf_inet_addr *saddr,
		   const union nf_inet_addr *daddr)
{
	struct iphdr *iph = (struct iphdr *)tun->head;
	struct ipv6hdr *ip6h = (struct ipv6hdr *)tun->head;
	struct udphdr *uh;
	struct tun_gre *gre;

	memset(tun, 0, sizeof(*tun));
	tun->tunnel = tunnel;
	tun->family = family;
	tun->len = tun_iphlen(tun);
	if (family == AF_INET6) {
		ip6h->version = 6;
		ip6h->saddr = saddr->in6;
		ip6h->daddr = daddr->in6;
	} else {
		iph->version = 4;
		iph->ihl = sizeof(*iph) / 4;
		iph->saddr = saddr->ip;
		iph->daddr = daddr->ip;
	}
	if (tunnel.type == WEIR_TUNNEL_GRE) {
		gre = (struct tun_gre *)(tun->head + tun->len);
		gre->base.flags = tunnel.flags & WEIR_TUNNEL_F_CSUM ? GRE_CSUM : 0;
		tun->len += tunnel.flags & WEIR_TUNNEL_F_CSUM ? sizeof(*gre) : sizeof(gre->base);
	} else if (tunnel.type == WEIR_TUNNEL_GUE) {
		uh = (struct udphdr *)(tun->head + tun->len);
		uh->dest = tunnel.port;
		tun->len += sizeof(*uh) + sizeof(struct guehdr);
	}
}

/* What the outer IP header takes from the packet. */
struct tun_inner {
	u8	dsfield;
	u8	ttl;
	__be16	df;
};

/*
 * IPv6 learns the path's MTU from packets that may not be cut; those that every link must carry may be cut for a tunnel that does
 * not (RFC 4213 3.2.2).
 */
static __be16 tun_df_ipv6(const struct sk_buff *skb)
{
	bool large = skb->len > IPV6_MIN_MTU;

	if (large && skb_is_gso(skb))
		large = !skb_gso_validate_network_len(skb, IPV6_MIN_MTU);
	return large ? htons(IP_DF) : 0;
}

static struct tun_inner tun_inner(const struct sk_buff *skb, u8 outer)
{
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;

	if (skb->protocol == htons(ETH_P_IPV6)) {
		ip6h = (const struct ipv6hdr *)skb->data;
		return (struct tun_inner){
			.dsfield	= ipv6_get_dsfield(ip6h),
			.ttl		= ip6h->hop_limit,
			.df		= outer == AF_INET ? tun_df_ipv6(skb) : 0,
		};
	}
	iph = (const struct iphdr *)skb->data;
	return (struct tun_inner){
		.dsfield	= ipv4_get_dsfield(iph),
		.ttl		= iph->ttl,
		.df		= iph->frag_off & htons(IP_DF),
	};
}

static int tun_gso_type(const struct weir_tun *tun, bool remcsum)
{
	int type = tun->family == AF_INET6 ? SKB_GSO_IPXIP6 : SKB_GSO_IPXIP4;
	u8 flags = tun->tunnel.flags;

	switch (tun->tunnel.type) {
	case WEIR_TUNNEL_GRE:
		return type | (flags & WEIR_TUNNEL_F_CSUM ? SKB_GSO_GRE_CSUM : SKB_GSO_GRE);
	case WEIR_TUNNEL_GUE:
		return type | (flags ? SKB_GSO_UDP_TUNNEL_CSUM : SKB_GSO_UDP_TUNNEL) |
		       (remcsum ? SKB_GSO_TUNNEL_REMCSUM : 0);
	default:
		return type;
	}
}

/* GRE's header, whose protocol tells the family; its checksum is made per segment of a GSO packet. */
static void tun_push_gre(struct sk_buff *skb, const struct weir_tun *tun, __be16 protocol)
{
	struct tun_gre *gre = (struct tun_gre *)skb_transport_header(skb);
	unsigned int off = skb_transport_offset(skb);

	gre->base.protocol = protocol;
	if (!(tun->tunnel.flags & WEIR_TUNNEL_F_CSUM) || skb_is_gso(skb))
		return;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		gre->check = csum_fold(lco_csum(skb));
	else
		gre->check = csum_fold(skb_checksum(skb, off, skb->len - off, 0));
}

/*
 * The place of the packet's checksum, from the packet's beginning, for the server to make it; the device that would have made it need
 * not any more.
 */
static void tun_push_remcsum(struct sk_buff *skb, struct guehdr *gueh, unsigned int start)
{
	__be32 *flags = (__be32 *)&gueh[1];
	__be16 *place = (__be16 *)&flags[1];

	gueh->flags = GUE_FLAG_PRIV;
	gueh->hlen = WEIR_TUN_OPTION_MAX / 4;
	*flags = GUE_PFLAG_REMCSUM;
	place[0] = htons(start);
	place[1] = htons(start + skb->csum_offset);
	if (!skb_is_gso(skb)) {
		skb->ip_summed = CHECKSUM_NONE;
		skb->encapsulation = 0;
	}
}

static void tun_push_udp(struct sk_buff *skb, const struct weir_tun *tun, u16 entropy)
{
	const bool nocheck = !tun->tunnel.flags;
	struct udphdr *uh = udp_hdr(skb);
	unsigned int len = skb->len - skb_transport_offset(skb);

	uh->source = htons(TUN_SPORT_FIRST | entropy);
	uh->len = htons(len);
	if (nocheck)
		return;
	if (tun->family == AF_INET6)
		udp6_set_csum(false, skb, &ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr, len);
	else
		udp_set_csum(false, skb, ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len);
}

static void tun_finish_ipv4(struct sk_buff *skb, struct net *net, u8 proto, struct tun_inner inner)
{
	struct iphdr *iph = ip_hdr(skb);

	iph->tos = inner.dsfield;
	/* GSO's may be longer; what leaves gets its own. */
	iph->tot_len = htons(skb->len <= IP_MAX_MTU ? skb->len : 0);
	iph->frag_off = inner.df;
	iph->ttl = inner.ttl;
	iph->protocol = proto;
	if (!inner.df)
		__ip_select_ident(net, iph, skb_shinfo(skb)->gso_segs ?: 1);
	ip_send_check(iph);
}

static void tun_finish_ipv6(struct sk_buff *skb, u8 proto, struct tun_inner inner)
{
	struct ipv6hdr *ip6h = ipv6_hdr(skb);
	unsigned int len = skb->len - sizeof(*ip6h);

	ip6_flow_hdr(ip6h, inner.dsfield, 0);
	ip6h->payload_len = htons(len <= IPV6_MAXPLEN ? len : 0);
	ip6h->nexthdr = proto;
	ip6h->hop_limit = inner.ttl;
}

int weir_tun_push(struct sk_buff *skb, const struct weir_tun *tun, struct net *net, unsigned int thoff, u16 entropy)
{
	const bool remcsum = tun->tunnel.flags & WEIR_TUNNEL_F_REMCSUM && skb->ip_summed == CHECKSUM_PARTIAL;
	const unsigned int option = remcsum ? WEIR_TUN_OPTION_MAX : 0;
	const struct tun_inner inner = tun_inner(skb, tun->family);
	const u8 family = skb->protocol == htons(ETH_P_IPV6) ? AF_INET6 : AF_INET;
	const u8 proto = weir_tun_proto(tun->tunnel, family);
	const u8 inner_proto = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	const __be16 protocol = skb->protocol;
	unsigned int start = 0;

	/* What devices are told of the packet inside. */
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, thoff);
	if (remcsum)
		start = skb_checksum_start_offset(skb);
	if (iptunnel_handle_offloads(skb, tun_gso_type(tun, remcsum)))
		return -ENOMEM;
	skb_reset_inner_mac_header(skb);
	if (tun->tunnel.type == WEIR_TUNNEL_GRE)
		skb_set_inner_protocol(skb, protocol);
	else
		skb_set_inner_ipproto(skb, inner_proto);

	memcpy(skb_push(skb, tun->len + option), tun->head, tun->len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, tun_iphlen(tun));
	skb->protocol = tun->family == AF_INET6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);

	if (tun->tunnel.type == WEIR_TUNNEL_GRE) {
		tun_push_gre(skb, tun, protocol);
	} else if (tun->tunnel.type == WEIR_TUNNEL_GUE) {
		struct guehdr *gueh = (struct guehdr *)(udp_hdr(skb) + 1);

		gueh->proto_ctype = inner_proto;
		if (remcsum)
			tun_push_remcsum(skb, gueh, start);
		tun_push_udp(skb, tun, entropy);
	}
	if (tun->family == AF_INET6)
		tun_finish_ipv6(skb, proto, inner);
	else
		tun_finish_ipv4(skb, net, proto, inner);
	return 0;
}

int weir_tun_encapsulate(struct sk_buff *skb, const struct weir_tun *tun, struct dst_entry *dst, unsigned int thoff,
			 u16 entropy)
{
	const bool whole = skb->protocol == htons(ETH_P_IP) ? IPCB(skb)->frag_max_size : IP6CB(skb)->frag_max_size;
	int err;

	if (skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) + weir_tun_headroom(tun)))
		return -ENOMEM;
	err = weir_tun_push(skb, tun, dev_net(dst->dev), thoff, entropy);
	if (err)
		return err;
	/* Put together from fragments, it may have to leave in fragments. */
	if (whole && tun->family == AF_INET && ip_hdr(skb)->frag_off) {
		ip_hdr(skb)->frag_off = 0;
		__ip_select_ident(dev_net(dst->dev), ip_hdr(skb), 1);
		ip_send_check(ip_hdr(skb));
	}
	/* Options, fragments and devices that were noted are those of the packet inside. */
	memset(skb->cb, 0, max(sizeof(struct inet_skb_parm), sizeof(struct inet6_skb_parm)));
	/* What is too big was refused before; what is left may be cut. */
	skb->ignore_df = 1;
	return 0;
}
