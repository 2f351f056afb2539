// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "segment.h"
#include "tuple.h"

static void segment_ipv4(struct sk_buff *skb, const struct weir_tuple *tuple)
{
	struct tcphdr *th = (struct tcphdr *)skb->data;
	const unsigned int len = skb->len;
	struct iphdr *iph;

	th->check = csum_tcpudp_magic(tuple->src.ip, tuple->dst.ip, len, IPPROTO_TCP, csum_partial(th, len, 0));
	iph = skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(skb->len);
	iph->frag_off = htons(IP_DF);
	iph->ttl = IPDEFTTL;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = tuple->src.ip;
	iph->daddr = tuple->dst.ip;
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
}

static void segment_ipv6(struct sk_buff *skb, const struct weir_tuple *tuple)
{
	struct tcphdr *th = (struct tcphdr *)skb->data;
	const unsigned int len = skb->len;
	struct ipv6hdr *ip6h;

	th->check = csum_ipv6_magic(&tuple->src.in6, &tuple->dst.in6, len, IPPROTO_TCP, csum_partial(th, len, 0));
	ip6h = skb_push(skb, sizeof(*ip6h));
	skb_reset_network_header(skb);
	ip6_flow_hdr(ip6h, 0, 0);
	ip6h->payload_len = htons(len);
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->hop_limit = IPV6_DEFAULT_HOPLIMIT;
	ip6h->saddr = tuple->src.in6;
	ip6h->daddr = tuple->dst.in6;
	skb->protocol = htons(ETH_P_IPV6);
}

void weir_segment_finish(struct sk_buff *skb, const struct weir_tuple *tuple)
{
	struct tcphdr *th = (struct tcphdr *)skb->data;

	skb_reset_transport_header(skb);
	th->check = 0;
	skb->ip_summed = CHECKSUM_NONE;
	if (tuple->family == AF_INET6)
		segment_ipv6(skb, tuple);
	else
		segment_ipv4(skb, tuple);
}
