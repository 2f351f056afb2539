// SPDX-License-Identifier: GPL-2.0
/* pkt: parsing. Nothing in a packet is trusted before its length was checked against the skb. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include "net.h"
#include "pkt.h"

/* Extension headers that are walked before weir gives up. The kernel's own default limit of options is of the same order. */
#define WEIR_EXTHDR_MAX	8

/**
 * struct weir_l3 - what an IP header says
 * @src: source address
 * @dst: destination address
 * @thoff: transport header, from skb->data
 * @end: end of the packet by the IP header, from skb->data
 * @family: AF_INET or AF_INET6
 * @proto: transport protocol
 */
struct weir_l3 {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	unsigned int		thoff;
	unsigned int		end;
	u8			family;
	u8			proto;
};

/*
 * Embedded headers (@embedded) may be cut off and may be of a first fragment; others have to be whole. A total length
 * of zero is that of a GSO packet beyond 64 KiB.
 */
static enum weir_parse parse_ipv4(const struct sk_buff *skb, unsigned int off, bool embedded, struct weir_l3 *l3)
{
	const struct iphdr *iph;
	unsigned int hlen, len;
	struct iphdr buf;

	iph = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!iph || iph->version != 4 || iph->ihl < 5)
		return WEIR_PARSE_BAD;

	hlen = iph->ihl * 4;
	len = ntohs(iph->tot_len);
	if (!len && !embedded && skb_is_gso(skb))
		len = skb->len - off;
	if (len < hlen || (!embedded && len > skb->len - off))
		return WEIR_PARSE_BAD;
	if (iph->frag_off & htons(embedded ? IP_OFFSET : IP_OFFSET | IP_MF))
		return WEIR_PARSE_OTHER;

	l3->src.ip = iph->saddr;
	l3->dst.ip = iph->daddr;
	l3->thoff = off + hlen;
	l3->end = off + len;
	l3->proto = iph->protocol;
	return WEIR_PARSE_OK;
}

/* Steps over one extension header; the walk ends at anything else. */
static enum weir_parse parse_exthdr(const struct sk_buff *skb, bool embedded, u8 *nexthdr, unsigned int *off)
{
	struct frag_hdr frag_buf;
	struct ipv6_opt_hdr buf;
	const struct frag_hdr *frag;
	const struct ipv6_opt_hdr *hdr;
	const struct ipv6_rt_hdr *rt;
	struct ipv6_rt_hdr rt_buf;

	switch (*nexthdr) {
	case NEXTHDR_HOP:
	case NEXTHDR_DEST:
		break;
	case NEXTHDR_ROUTING:
		rt = skb_header_pointer(skb, *off, sizeof(rt_buf), &rt_buf);
		if (!rt)
			return WEIR_PARSE_BAD;
		/* It has further to go: the destination is not the last one, checksums are of another. */
		if (rt->segments_left)
			return WEIR_PARSE_OTHER;
		break;
	case NEXTHDR_FRAGMENT:
		frag = skb_header_pointer(skb, *off, sizeof(frag_buf), &frag_buf);
		if (!frag)
			return WEIR_PARSE_BAD;
		/* A packet in one piece may carry the header all the same (RFC 6946). */
		if (frag->frag_off & htons(embedded ? IP6_OFFSET : IP6_OFFSET | IP6_MF))
			return WEIR_PARSE_OTHER;
		*nexthdr = frag->nexthdr;
		*off += sizeof(*frag);
		return WEIR_PARSE_OK;
	default:
		return WEIR_PARSE_OTHER;
	}

	hdr = skb_header_pointer(skb, *off, sizeof(buf), &buf);
	if (!hdr)
		return WEIR_PARSE_BAD;
	*nexthdr = hdr->nexthdr;
	*off += ipv6_optlen(hdr);
	return WEIR_PARSE_OK;
}

/* Where the walk over extension headers ends. Of embedded packets those of tunnels are of interest too. */
static bool parse_is_last(u8 nexthdr, bool embedded)
{
	switch (nexthdr) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMPV6:
		return true;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
		return embedded;
	default:
		return false;
	}
}

static enum weir_parse parse_ipv6(const struct sk_buff *skb, unsigned int off, bool embedded, struct weir_l3 *l3)
{
	unsigned int len, thoff = off + sizeof(struct ipv6hdr);
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;
	u8 nexthdr;
	int i;

	ip6h = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip6h || ip6h->version != 6)
		return WEIR_PARSE_BAD;

	len = ntohs(ip6h->payload_len);
	/* Zero: a jumbogram, which only GSO makes here, or no transport header at all. */
	if (!len && !embedded && skb_is_gso(skb))
		len = skb->len - thoff;
	if (!embedded && len > skb->len - thoff)
		return WEIR_PARSE_BAD;
	l3->src.in6 = ip6h->saddr;
	l3->dst.in6 = ip6h->daddr;
	l3->end = thoff + len;
	nexthdr = ip6h->nexthdr;

	for (i = 0; !parse_is_last(nexthdr, embedded); i++) {
		enum weir_parse parse;

		if (i == WEIR_EXTHDR_MAX)
			return WEIR_PARSE_OTHER;
		parse = parse_exthdr(skb, embedded, &nexthdr, &thoff);
		if (parse != WEIR_PARSE_OK)
			return parse;
		if (thoff > l3->end)
			return WEIR_PARSE_BAD;
	}
	l3->thoff = thoff;
	l3->proto = nexthdr;
	return WEIR_PARSE_OK;
}

static enum weir_parse parse_l3(const struct sk_buff *skb, u8 family, unsigned int off, bool embedded,
				struct weir_l3 *l3)
{
	memset(l3, 0, sizeof(*l3));
	l3->family = family;
	if (family == AF_INET)
		return parse_ipv4(skb, off, embedded, l3);
	if (family == AF_INET6)
		return parse_ipv6(skb, off, embedded, l3);
	return WEIR_PARSE_OTHER;
}

static u8 parse_family(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return AF_INET;
	return skb->protocol == htons(ETH_P_IPV6) ? AF_INET6 : AF_UNSPEC;
}

static enum weir_parse parse_tcp(struct weir_pkt *pkt, const struct weir_l3 *l3)
{
	const struct tcphdr *th;

	if (l3->end - l3->thoff < sizeof(*th) || !pskb_may_pull(pkt->skb, l3->thoff + sizeof(*th)))
		return WEIR_PARSE_BAD;
	th = (const struct tcphdr *)(pkt->skb->data + l3->thoff);
	if (th->doff * 4 < sizeof(*th) || th->doff * 4 > l3->end - l3->thoff)
		return WEIR_PARSE_BAD;

	pkt->tuple.sport = th->source;
	pkt->tuple.dport = th->dest;
	pkt->tcp_flags = ((const u8 *)th)[13];
	return WEIR_PARSE_OK;
}

static enum weir_parse parse_udp(struct weir_pkt *pkt, const struct weir_l3 *l3)
{
	const struct udphdr *uh;
	unsigned int len;

	if (l3->end - l3->thoff < sizeof(*uh) || !pskb_may_pull(pkt->skb, l3->thoff + sizeof(*uh)))
		return WEIR_PARSE_BAD;
	uh = (const struct udphdr *)(pkt->skb->data + l3->thoff);
	/* Zero: longer than 64 KiB, GSO's again (RFC 2675). */
	len = ntohs(uh->len);
	if ((len && len < sizeof(*uh)) || (!len && !skb_is_gso(pkt->skb)) || len > l3->end - l3->thoff)
		return WEIR_PARSE_BAD;

	pkt->tuple.sport = uh->source;
	pkt->tuple.dport = uh->dest;
	return WEIR_PARSE_OK;
}

static bool icmp_is_error(u8 family, u8 type)
{
	if (family == AF_INET6)
		return type < ICMPV6_INFOMSG_MASK;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

/* @ports: source and destination of the embedded packet's transport header. @end: of all that is there. */
static enum weir_parse parse_ports(const struct weir_pkt *pkt, const struct weir_l3 *inner, unsigned int end,
				   __be16 ports[2])
{
	switch (inner->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		break;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
		ports[0] = 0;
		ports[1] = 0;
		return WEIR_PARSE_ICMP;
	default:
		return WEIR_PARSE_OTHER;
	}
	if (inner->thoff + 2 * sizeof(*ports) > end || skb_copy_bits(pkt->skb, inner->thoff, ports, 2 * sizeof(*ports)))
		return WEIR_PARSE_BAD;
	return WEIR_PARSE_ICMP;
}

/* Both headers, of ICMP and of ICMPv6, are 8 bytes long and begin with the type. */
static enum weir_parse parse_icmp(struct weir_pkt *pkt, const struct weir_l3 *l3)
{
	unsigned int off = l3->thoff + sizeof(struct icmphdr);
	struct weir_l3 inner;
	enum weir_parse parse;
	__be16 ports[2];
	const u8 *type;
	u8 type_buf;

	if (l3->end < off)
		return WEIR_PARSE_BAD;
	type = skb_header_pointer(pkt->skb, l3->thoff, sizeof(type_buf), &type_buf);
	if (!type)
		return WEIR_PARSE_BAD;
	if (!icmp_is_error(l3->family, *type))
		return WEIR_PARSE_OTHER;

	parse = parse_l3(pkt->skb, l3->family, off, true, &inner);
	if (parse != WEIR_PARSE_OK)
		return parse;
	/*
	 * An error goes to whom sent the packet; anything else is a forgery or was translated on its way (as
	 * nf_conntrack has it).
	 */
	if (!nf_inet_addr_cmp(&inner.src, &l3->dst))
		return WEIR_PARSE_OTHER;
	parse = parse_ports(pkt, &inner, l3->end, ports);
	if (parse != WEIR_PARSE_ICMP)
		return parse;

	pkt->icmp = true;
	pkt->inner = off;
	pkt->inner_thoff = inner.thoff;
	pkt->tuple.src = inner.dst;
	pkt->tuple.dst = inner.src;
	pkt->tuple.sport = ports[1];
	pkt->tuple.dport = ports[0];
	pkt->tuple.proto = inner.proto;
	return WEIR_PARSE_ICMP;
}

enum weir_parse weir_pkt_parse_tunnelled(struct weir_pkt *pkt, u8 family, unsigned int off)
{
	unsigned int end = skb_network_offset(pkt->skb) + pkt->len;
	struct weir_l3 inner;
	enum weir_parse parse;
	__be16 ports[2];

	parse = parse_l3(pkt->skb, family, off, true, &inner);
	if (parse != WEIR_PARSE_OK)
		return parse;
	if (inner.proto != IPPROTO_TCP && inner.proto != IPPROTO_UDP)
		return WEIR_PARSE_OTHER;
	parse = parse_ports(pkt, &inner, end, ports);
	if (parse != WEIR_PARSE_ICMP)
		return parse;

	pkt->inner = off;
	pkt->inner_thoff = inner.thoff;
	pkt->tuple.src = inner.src;
	pkt->tuple.dst = inner.dst;
	pkt->tuple.sport = ports[0];
	pkt->tuple.dport = ports[1];
	pkt->tuple.family = family;
	pkt->tuple.proto = inner.proto;
	return WEIR_PARSE_ICMP;
}

/* The VRF that the packet is in, by the device that it came by or, sent by this machine, goes by. */
static u32 parse_l3dom(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct net_device *dev = skb->dev;

	if (state)
		dev = state->in ?: state->out;
	return dev ? l3mdev_master_ifindex_rcu(dev) : 0;
}

enum weir_parse weir_pkt_parse(struct weir_pkt *pkt, struct sk_buff *skb, const struct nf_hook_state *state)
{
	unsigned int off = skb_network_offset(skb);
	enum weir_parse parse;
	struct weir_l3 l3;

	pkt->skb = skb;
	pkt->state = state;
	if (state)
		pkt->wn = weir_net(state->net);
	pkt->conn = NULL;
	pkt->tun = NULL;
	pkt->tcp_flags = 0;
	pkt->icmp = false;
	pkt->inner = 0;
	pkt->inner_thoff = 0;
	pkt->len = skb->len - off;
	memset(&pkt->tuple, 0, sizeof(pkt->tuple));

	parse = parse_l3(skb, parse_family(skb), off, false, &l3);
	if (parse != WEIR_PARSE_OK)
		return parse;
	pkt->thoff = l3.thoff;
	pkt->len = l3.end - off;
	pkt->tuple.src = l3.src;
	pkt->tuple.dst = l3.dst;
	pkt->tuple.family = l3.family;
	pkt->tuple.proto = l3.proto;
	pkt->tuple.l3dom = parse_l3dom(skb, state);

	switch (l3.proto) {
	case IPPROTO_TCP:
		return parse_tcp(pkt, &l3);
	case IPPROTO_UDP:
		return parse_udp(pkt, &l3);
	case IPPROTO_ICMP:
		return l3.family == AF_INET ? parse_icmp(pkt, &l3) : WEIR_PARSE_OTHER;
	case IPPROTO_ICMPV6:
		return l3.family == AF_INET6 ? parse_icmp(pkt, &l3) : WEIR_PARSE_OTHER;
	default:
		return WEIR_PARSE_OTHER;
	}
}
