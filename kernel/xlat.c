// SPDX-License-Identifier: GPL-2.0
/*
 * xlat: from IPv4 to IPv6 and back, as RFC 7915 has it.
 *
 *	| IPv4 20, options | TCP or UDP ...		becomes		| IPv6 40 | TCP or UDP ...
 *	| IPv6 40, extension headers | TCP or UDP ...	becomes		| IPv4 20 | TCP or UDP ...
 *	| IP | ICMP | IP | TCP or UDP ...		becomes		| IP | ICMP | IP | TCP or UDP ...
 *
 * Options and extension headers are left out. The transport header stays where it is, the new IP header is put in front.
 *
 * Fragments are put together before weir sees them. An IPv4 packet that may be cut (DF is clear, or it came in fragments)
 * leaves in pieces of 1280 bytes where it is longer than that as an IPv6 one: routers of IPv6 cut nothing, and its sender
 * does not listen to what they say of sizes (RFC 7915 4). Others that do not fit are too big, and their sender is told what
 * does. The other way round what came in fragments, and all that is not longer than 1260 bytes, may be cut (RFC 7915
 * 5.1): an IPv6 sender is told of no MTU below 1280.
 *
 * The MSS that an end offers is what it can take beside the headers of its own family, and what it sends it counts by its
 * own, too. So full segments fit both ends' links, whatever these carry, though the packets differ by 20 bytes, and the
 * option stays as it is. Links between them are found by path MTU discovery. The segments of a GSO packet keep their
 * size for the same reason; those that may be cut are made smaller instead.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/dsfield.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "algo/xlat.h"
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "rewrite.h"
#include "tun.h"
#include "xlat.h"
#include "xmit.h"

/* An IPv4 packet of this length, an IPv6 one of 1280, may be cut on its way (RFC 7915 5.1). */
#define CUT_IPV4_MAX	(IPV6_MIN_MTU - WEIR_XLAT_LONGER)

/* An ICMPv4 error is not longer (RFC 1812 4.3.2.3), an ICMPv6 one not longer than IPV6_MIN_MTU (RFC 4443 2.4). */
#define ICMPV4_MAX	576

/**
 * struct xlat_ip - what an IP header says in either family
 * @len: bytes behind it
 * @dsfield: ToS, traffic class
 * @ttl: hop limit
 * @proto: of its own family where it is ICMP's
 * @df: IPv4: not to be cut
 */
struct xlat_ip {
	unsigned int	len;
	u8		dsfield;
	u8		ttl;
	u8		proto;
	bool		df;
};

/* Of header @l3 of @family; the length behind it is the caller's. */
static struct xlat_ip ip_read(const void *l3, u8 family, u8 proto)
{
	const struct ipv6hdr *ip6h = l3;
	const struct iphdr *iph = l3;

	if (family == AF_INET6)
		return (struct xlat_ip){ .dsfield = ipv6_get_dsfield(ip6h), .ttl = ip6h->hop_limit, .proto = proto };
	return (struct xlat_ip){ .dsfield = iph->tos, .ttl = iph->ttl, .proto = proto };
}

/* GSO's may be longer than the field can tell; what leaves gets its own. */
static __be16 ip_len(unsigned int len)
{
	return htons(len <= IP_MAX_MTU ? len : 0);
}

/* Without checksum and identification. */
static struct iphdr *ip_push_ipv4(struct sk_buff *skb, const struct xlat_ip *ip, const union nf_inet_addr *src,
				  const union nf_inet_addr *dst)
{
	struct iphdr *iph = skb_push(skb, sizeof(*iph));

	*iph = (struct iphdr){
		.version	= 4,
		.ihl		= sizeof(*iph) / 4,
		.tos		= ip->dsfield,
		.tot_len	= ip_len(sizeof(*iph) + ip->len),
		.frag_off	= ip->df ? htons(IP_DF) : 0,
		.ttl		= ip->ttl,
		.protocol	= ip->proto,
		.saddr		= src->ip,
		.daddr		= dst->ip,
	};
	return iph;
}

static struct ipv6hdr *ip_push_ipv6(struct sk_buff *skb, const struct xlat_ip *ip, const union nf_inet_addr *src,
				    const union nf_inet_addr *dst)
{
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	ip6_flow_hdr(ip6h, ip->dsfield, 0);
	ip6h->payload_len = ip_len(ip->len);
	ip6h->nexthdr = ip->proto;
	ip6h->hop_limit = ip->ttl;
	ip6h->saddr = src->in6;
	ip6h->daddr = dst->in6;
	return ip6h;
}

/* One that may be cut has an identification of its own; the others have none (RFC 6864 4). */
static void ip_finish_ipv4(struct iphdr *iph, struct net *net, unsigned int segs)
{
	if (!(iph->frag_off & htons(IP_DF)))
		__ip_select_ident(net, iph, segs);
	ip_send_check(iph);
}

/* The new header is at skb->data. What the stack noted of the packet, and the link's header, are the old family's. */
static void xlat_finish(struct sk_buff *skb, __be16 protocol, unsigned int hlen)
{
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_reset_mac_len(skb);
	skb_set_transport_header(skb, hlen);
	skb->protocol = protocol;
	memset(skb->cb, 0, max(sizeof(struct inet_skb_parm), sizeof(struct inet6_skb_parm)));
}

/* Of both addresses, which have no bytes but zero where they are shorter. */
static __wsum addrs_sum(const struct weir_tuple *tuple)
{
	static_assert(offsetof(struct weir_tuple, dst) == sizeof(tuple->src));
	return csum_partial(tuple, 2 * sizeof(tuple->src), 0);
}

/* What the pseudo header changes by: lengths and protocol are the same in both. */
static __wsum addrs_diff(const struct weir_pkt *pkt, const struct weir_tuple *answer)
{
	return csum_sub(addrs_sum(answer), addrs_sum(&pkt->tuple));
}

/* Bytes behind the IP header of @pkt. */
static unsigned int l4_len(const struct weir_pkt *pkt)
{
	return skb_network_offset(pkt->skb) + pkt->len - pkt->thoff;
}

/* Bytes of the transport header of a GSO packet, which is TCP's or UDP's of @pkt. */
static unsigned int l4_hlen(const struct weir_pkt *pkt)
{
	const struct tcphdr *th = (const struct tcphdr *)(pkt->skb->data + pkt->thoff);

	return pkt->tuple.proto == IPPROTO_TCP ? th->doff * 4 : sizeof(struct udphdr);
}

/* Of what leaves as one packet, bytes behind the IP header. */
static unsigned int segment_len(const struct weir_pkt *pkt)
{
	return skb_is_gso(pkt->skb) ? l4_hlen(pkt) + skb_shinfo(pkt->skb)->gso_size : l4_len(pkt);
}

/* True: what leaves is one datagram in fragments, which a device was to make. It is the stack's to cut, like others. */
static bool gso_fragments(struct sk_buff *skb)
{
	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_UDP))
		return false;
	skb_gso_reset(skb);
	return true;
}

/* Each family's TCP has a type of its own; identifications that stay the same are IPv4's. */
static void gso_retype(struct sk_buff *skb, int tcp)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (!(shinfo->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)))
		return;
	shinfo->gso_type &= ~(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_TCP_FIXEDID);
	shinfo->gso_type |= tcp;
}

/* An IPv6 packet that may be cut. GSO's segments of TCP are made smaller instead; datagrams of UDP have their sizes. */
static void cut_ipv6(struct sk_buff *skb, u8 proto)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int hlen, most;

	skb->ignore_df = 1;
	if (!skb_is_gso(skb)) {
		IP6CB(skb)->frag_max_size = IPV6_MIN_MTU;
		return;
	}
	if (proto != IPPROTO_TCP)
		return;
	hlen = sizeof(struct ipv6hdr) + tcp_hdrlen(skb);
	most = IPV6_MIN_MTU - hlen;
	if (shinfo->gso_size <= most)
		return;
	shinfo->gso_size = most;
	shinfo->gso_segs = DIV_ROUND_UP(skb->len - hlen, most);
	/* skb_segment() is not to take the size for that of the pieces which the packet was put together from. */
	shinfo->gso_type |= SKB_GSO_DODGY;
}

/* A datagram whose sender made no checksum, which IPv6 does not know. */
static void udp_make_check(struct sk_buff *skb, unsigned int thoff, const struct weir_tuple *answer)
{
	struct udphdr *uh = (struct udphdr *)(skb->data + thoff);
	const unsigned int len = ntohs(uh->len);

	uh->source = answer->dport;
	uh->dest = answer->sport;
	uh->check = csum_ipv6_magic(&answer->dst.in6, &answer->src.in6, len, IPPROTO_UDP,
				    skb_checksum(skb, thoff, len, 0));
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
}

static void xlat_to_ipv6(struct weir_pkt *pkt, const struct weir_tuple *answer)
{
	const unsigned int hlen = sizeof(struct ipv6hdr);
	struct sk_buff *skb = pkt->skb;
	const struct iphdr *iph = ip_hdr(skb);
	const bool fragments = gso_fragments(skb) || IPCB(skb)->frag_max_size;
	const bool cut = fragments || !(iph->frag_off & htons(IP_DF));
	struct xlat_ip ip = ip_read(iph, AF_INET, pkt->tuple.proto);

	ip.len = l4_len(pkt);
	__skb_pull(skb, pkt->thoff);
	ip_push_ipv6(skb, &ip, &answer->dst, &answer->src);
	xlat_finish(skb, htons(ETH_P_IPV6), hlen);
	gso_retype(skb, SKB_GSO_TCPV6);
	if (cut)
		cut_ipv6(skb, ip.proto);
	if (ip.proto == IPPROTO_UDP && !udp_hdr(skb)->check && !weir_rewrite_own(skb, hlen))
		udp_make_check(skb, hlen, answer);
	else
		weir_rewrite_l4_both(skb, hlen, ip.proto, answer, addrs_diff(pkt, answer), 0);
}

static void xlat_to_ipv4(struct weir_pkt *pkt, const struct weir_tuple *answer)
{
	const unsigned int hlen = sizeof(struct iphdr);
	struct sk_buff *skb = pkt->skb;
	const bool fragments = gso_fragments(skb) || IP6CB(skb)->frag_max_size;
	struct xlat_ip ip = ip_read(ipv6_hdr(skb), AF_INET6, pkt->tuple.proto);
	struct iphdr *iph;

	ip.len = l4_len(pkt);
	ip.df = !fragments && hlen + segment_len(pkt) > CUT_IPV4_MAX;
	__skb_pull(skb, pkt->thoff);
	iph = ip_push_ipv4(skb, &ip, &answer->dst, &answer->src);
	ip_finish_ipv4(iph, pkt->wn->net, skb_shinfo(skb)->gso_segs ?: 1);
	xlat_finish(skb, htons(ETH_P_IP), hlen);
	gso_retype(skb, SKB_GSO_TCPV4);
	weir_rewrite_l4_both(skb, hlen, ip.proto, answer, addrs_diff(pkt, answer), 0);
}

bool weir_xlat(struct weir_pkt *pkt, const struct weir_tuple *answer)
{
	struct sk_buff *skb = pkt->skb;

	/* A device was to sum up an inner header, whose place it finds from the outer one's. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && !weir_rewrite_partial(skb, pkt->thoff) && skb_checksum_help(skb))
		return false;
	if (skb_cow_head(skb, WEIR_XLAT_LONGER))
		return false;
	if (answer->family == AF_INET6)
		xlat_to_ipv6(pkt, answer);
	else
		xlat_to_ipv4(pkt, answer);
	pkt->thoff = skb_transport_offset(skb);
	return true;
}

bool weir_xlat_whole(const struct sk_buff *skb, u8 family, unsigned int len)
{
	if (weir_tun_nested(skb) || skb_shinfo(skb)->gso_type & SKB_GSO_UDP)
		return false;
	if (family == AF_INET6 || ip_hdr(skb)->frag_off & htons(IP_DF) || skb_is_gso(skb))
		return true;
	return len <= CUT_IPV4_MAX;
}

/* Further to go than to here: RFC 7915 4.1. */
static bool source_routed(const struct sk_buff *skb)
{
	const u8 srr = IPCB(skb)->opt.srr;
	const u8 *option = skb_network_header(skb) + srr;

	return srr && option[2] <= option[1];
}

/**
 * struct xlat_icmp - an ICMP error in terms of the family that it goes to
 * @error: its header
 * @outer: IP header
 * @inner: embedded IP header; the length is the one that it claims
 * @keep: bytes behind the embedded IP header that are kept, the ports at least
 */
struct xlat_icmp {
	struct weir_xlat_error	error;
	struct xlat_ip		outer;
	struct xlat_ip		inner;
	unsigned int		keep;
};

/* The embedded IP header; what it says of the length behind itself, which parsing has seen not to be negative. */
static bool icmp_read_inner(const struct weir_pkt *pkt, struct xlat_ip *inner)
{
	const unsigned int hlen = pkt->inner_thoff - pkt->inner;
	union {
		struct iphdr	v4;
		struct ipv6hdr	v6;
	} buf;
	const void *l3;

	if (pkt->tuple.family == AF_INET6) {
		l3 = skb_header_pointer(pkt->skb, pkt->inner, sizeof(buf.v6), &buf.v6);
		if (!l3)
			return false;
		*inner = ip_read(l3, AF_INET6, pkt->tuple.proto);
		inner->len = sizeof(buf.v6) + ntohs(((const struct ipv6hdr *)l3)->payload_len) - hlen;
		/* As an IPv4 packet it is one that was not to be cut, or there would be no such error. */
		inner->df = true;
		return true;
	}
	l3 = skb_header_pointer(pkt->skb, pkt->inner, sizeof(buf.v4), &buf.v4);
	if (!l3)
		return false;
	*inner = ip_read(l3, AF_INET, pkt->tuple.proto);
	inner->len = ntohs(((const struct iphdr *)l3)->tot_len) - hlen;
	return true;
}

/* @embedded: bytes of the packet that it is about, by RFC 4884, or 0. */
static void icmp_read_header(const u8 *raw, u8 family, struct weir_xlat_error *error, unsigned int *embedded)
{
	error->type = raw[0];
	error->code = raw[1];
	error->info = 0;
	*embedded = 0;
	if (family == AF_INET6) {
		if (error->type == ICMPV6_PKT_TOOBIG || error->type == ICMPV6_PARAMPROB)
			error->info = get_unaligned_be32(raw + 4);
		else
			*embedded = raw[4] * 8;
		return;
	}
	if (error->type == ICMP_DEST_UNREACH && error->code == ICMP_FRAG_NEEDED)
		error->info = get_unaligned_be16(raw + 6);
	else if (error->type == ICMP_PARAMETERPROB)
		error->info = raw[4];
	*embedded = raw[5] * 4;
}

/*
 * Of what is embedded no more is kept than the packet's own bytes, in an error of the usual length; extensions of RFC
 * 4884, which stand behind them, are left out.
 */
static bool icmp_read(const struct weir_pkt *pkt, const struct dst_entry *dst, struct xlat_icmp *icmp)
{
	const bool six = pkt->tuple.family == AF_INET6;
	const unsigned int hlen = pkt->inner_thoff - pkt->inner;
	unsigned int embedded, most;
	u8 buf[8], *raw;

	raw = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(buf), buf);
	if (!raw || !icmp_read_inner(pkt, &icmp->inner))
		return false;
	icmp_read_header(raw, pkt->tuple.family, &icmp->error, &embedded);
	icmp->keep = min(skb_network_offset(pkt->skb) + pkt->len - pkt->inner_thoff, icmp->inner.len);
	if (embedded > hlen)
		icmp->keep = min(icmp->keep, embedded - hlen);

	if (six) {
		icmp->outer = ip_read(ipv6_hdr(pkt->skb), AF_INET6, IPPROTO_ICMP);
		most = ICMPV4_MAX - sizeof(buf) - 2 * sizeof(struct iphdr);
		if (!weir_xlat_error_to_ipv4(&icmp->error, dst_mtu(dst)))
			return false;
	} else {
		icmp->outer = ip_read(ip_hdr(pkt->skb), AF_INET, IPPROTO_ICMPV6);
		most = IPV6_MIN_MTU - sizeof(buf) - 2 * sizeof(struct ipv6hdr);
		if (!weir_xlat_error_to_ipv6(&icmp->error, hlen + icmp->inner.len, dst_mtu(dst)))
			return false;
	}
	icmp->keep = min(icmp->keep, most);
	return icmp->keep >= 2 * sizeof(__be16);
}

/* The embedded packet's bytes are at skb->data. Its checksum is carried along where it is there; nobody verifies it. */
static void icmp_rewrite_inner(struct sk_buff *skb, u8 proto, unsigned int keep, const struct weir_tuple *answer,
			       __wsum addr)
{
	const bool tcp = proto == IPPROTO_TCP;
	__be16 *ports = (__be16 *)skb->data;
	__sum16 *check;
	__wsum port;

	port = csum_sub(csum_add((__force __wsum)answer->dport, (__force __wsum)answer->sport),
			csum_add((__force __wsum)ports[0], (__force __wsum)ports[1]));
	ports[0] = answer->sport;
	ports[1] = answer->dport;
	if (keep < (tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr)))
		return;
	check = tcp ? &((struct tcphdr *)ports)->check : &((struct udphdr *)ports)->check;
	if (tcp || *check)
		weir_rewrite_check(false, check, addr, port);
}

/* Of both families the header is 8 bytes long; the checksum covers IPv6's pseudo header, too. */
static struct icmphdr *icmp_push(struct sk_buff *skb, const struct weir_xlat_error *error, bool six)
{
	struct icmphdr *icmph = skb_push(skb, sizeof(*icmph));

	memset(icmph, 0, sizeof(*icmph));
	icmph->type = error->type;
	icmph->code = error->code;
	if (six)
		((struct icmp6hdr *)icmph)->icmp6_mtu = htonl(error->info);
	else if (error->type == ICMP_PARAMETERPROB)
		icmph->un.gateway = htonl(error->info << 24);
	else
		icmph->un.frag.mtu = htons(error->info);
	return icmph;
}

static void icmp_to_ipv6(struct sk_buff *skb, struct xlat_icmp *icmp, const struct weir_tuple *answer)
{
	struct icmphdr *icmph;

	ip_push_ipv6(skb, &icmp->inner, &answer->src, &answer->dst);
	icmph = icmp_push(skb, &icmp->error, true);
	icmp->outer.len = skb->len;
	icmph->checksum = csum_ipv6_magic(&answer->dst.in6, &answer->src.in6, skb->len, IPPROTO_ICMPV6,
					  skb_checksum(skb, 0, skb->len, 0));
	ip_push_ipv6(skb, &icmp->outer, &answer->dst, &answer->src);
	xlat_finish(skb, htons(ETH_P_IPV6), sizeof(struct ipv6hdr));
}

static void icmp_to_ipv4(struct sk_buff *skb, struct net *net, struct xlat_icmp *icmp, const struct weir_tuple *answer)
{
	struct icmphdr *icmph;

	ip_send_check(ip_push_ipv4(skb, &icmp->inner, &answer->src, &answer->dst));
	icmph = icmp_push(skb, &icmp->error, false);
	icmp->outer.len = skb->len;
	icmph->checksum = csum_fold(skb_checksum(skb, 0, skb->len, 0));
	ip_finish_ipv4(ip_push_ipv4(skb, &icmp->outer, &answer->dst, &answer->src), net, 1);
	xlat_finish(skb, htons(ETH_P_IP), sizeof(struct iphdr));
}

bool weir_xlat_icmp(struct weir_pkt *pkt, const struct weir_tuple *answer, const struct dst_entry *dst)
{
	struct sk_buff *skb = pkt->skb;
	struct xlat_icmp icmp;
	unsigned int l4;

	if (!icmp_read(pkt, dst, &icmp) || pskb_trim(skb, pkt->inner_thoff + icmp.keep))
		return false;
	l4 = min_t(unsigned int, icmp.keep, sizeof(struct tcphdr));
	if (skb_ensure_writable(skb, pkt->inner_thoff + l4) || skb_cow_head(skb, 2 * WEIR_XLAT_LONGER))
		return false;
	/* The sum is made anew: what a device said of it, or was to make of it, is void. */
	skb->ip_summed = CHECKSUM_NONE;
	__skb_pull(skb, pkt->inner_thoff);
	icmp_rewrite_inner(skb, pkt->tuple.proto, icmp.keep, answer, addrs_diff(pkt, answer));
	if (answer->family == AF_INET6)
		icmp_to_ipv6(skb, &icmp, answer);
	else
		icmp_to_ipv4(skb, pkt->wn->net, &icmp, answer);
	return true;
}

unsigned int weir_xlat_fit(struct weir_pkt *pkt, const struct dst_entry *dst, unsigned int mtu)
{
	struct sk_buff *skb = pkt->skb;
	struct xlat_icmp icmp;

	if (pkt->icmp) {
		if (!icmp_read(pkt, dst, &icmp))
			return weir_drop(pkt, WEIR_CNT_DROP_XLAT);
		return weir_route_fit(pkt, IP_MAX_MTU);
	}
	if (weir_tun_nested(skb))
		return weir_drop(pkt, WEIR_CNT_DROP_NESTED);
	/* Each of a list of datagrams has headers of its own. */
	if (skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)
		return weir_drop(pkt, WEIR_CNT_DROP_XLAT);
	if (pkt->tuple.family == AF_INET6) {
		/* Put together from fragments, it may be longer than any packet of IPv4. */
		if (!skb_is_gso(skb) && sizeof(struct iphdr) + l4_len(pkt) > IP_MAX_MTU)
			return weir_drop(pkt, WEIR_CNT_DROP_TOO_BIG);
		return weir_route_fit(pkt, max_t(unsigned int, mtu, IPV6_MIN_MTU));
	}
	if (source_routed(skb)) {
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_SR_FAILED, 0);
		return weir_drop(pkt, WEIR_CNT_DROP_XLAT);
	}
	return weir_route_fit(pkt, mtu);
}
