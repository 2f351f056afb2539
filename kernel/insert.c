// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/dst.h>
#include "insert.h"
#include "pkt.h"

static void insert_lengthen(struct sk_buff *skb, u8 family, unsigned int len)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;
	__be16 old;

	if (family == AF_INET6) {
		ip6h = ipv6_hdr(skb);
		ip6h->payload_len = htons(ntohs(ip6h->payload_len) + len);
		return;
	}
	iph = ip_hdr(skb);
	old = iph->tot_len;
	iph->tot_len = htons(ntohs(old) + len);
	csum_replace2(&iph->check, old, iph->tot_len);
}

bool weir_insert(struct weir_pkt *pkt, unsigned int off, unsigned int len, const struct dst_entry *dst)
{
	struct sk_buff *skb = pkt->skb;
	bool summed;

	if (unlikely(skb_cow_head(skb, len + LL_RESERVED_SPACE(dst->dev))))
		return false;
	/* A sum that is left to the device may be one of a header further in, which stays where it is. */
	summed = skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_start_offset(skb) < (int)off;
	skb_push(skb, len);
	memmove(skb->data, skb->data + len, off);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, pkt->thoff);
	skb_mac_header_rebuild(skb);
	if (summed)
		skb->csum_start -= len;
	insert_lengthen(skb, pkt->tuple.family, len);
	pkt->len += len;
	return true;
}

bool weir_cut(struct weir_pkt *pkt, unsigned int end)
{
	struct sk_buff *skb = pkt->skb;

	if (pskb_trim(skb, end))
		return false;
	if (skb_is_gso(skb))
		skb_gso_reset(skb);
	insert_lengthen(skb, pkt->tuple.family, end - pkt->len);
	pkt->len = end;
	return true;
}
