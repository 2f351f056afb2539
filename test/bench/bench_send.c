// SPDX-License-Identifier: GPL-2.0
/*
 * The sender: pktgen's way (a new skb a packet, straight into the driver, softirqs run after each), but UDP and TCP alike,
 * with right checksums, and with flows that are known by number.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include "bench.h"

/* The device's queue is deeper than what is sent between two looks at the scheduler. */
#define BATCH 64

/**
 * struct bench_frame - a frame with the varying address and port left zero, and where they go
 * @data: the frame
 * @len: its length
 * @l3: offset of the IP header
 * @ip_sum: unfolded checksum of the IPv4 header
 * @l4_sum: unfolded checksum of the rest, pseudo header included
 * @addr_off: offset of the last 32 bits of the varying address
 * @port_off: offset of the varying port
 * @check_off: offset of the transport checksum
 * @addr: varying address of flow 0, host order
 * @port: varying port of flow 0, host order
 * @ipv4: it is
 */
struct bench_frame {
	u8		data[1514];
	u32		len;
	u32		l3;
	__wsum		ip_sum;
	__wsum		l4_sum;
	u32		addr_off;
	u32		port_off;
	u32		check_off;
	u32		addr;
	u16		port;
	bool		ipv4;
};

static u32 fill_ip(struct bench_frame *f, const struct bench_flow *flow, u32 l3_len)
{
	struct iphdr *iph = (struct iphdr *)(f->data + ETH_HLEN);
	struct ipv6hdr *ip6h = (struct ipv6hdr *)(f->data + ETH_HLEN);

	if (flow->family == AF_INET) {
		iph->version = 4;
		iph->ihl = 5;
		iph->ttl = 64;
		iph->protocol = flow->proto;
		iph->tot_len = htons(l3_len);
		iph->frag_off = htons(IP_DF);
		iph->saddr = flow->vary_dst ? flow->src.ip : 0;
		iph->daddr = flow->vary_dst ? 0 : flow->dst.ip;
		f->addr = ntohl(flow->vary_dst ? flow->dst.ip : flow->src.ip);
		f->addr_off = ETH_HLEN + (flow->vary_dst ? offsetof(struct iphdr, daddr) :
							   offsetof(struct iphdr, saddr));
		f->ip_sum = csum_partial(iph, sizeof(*iph), 0);
		return sizeof(*iph);
	}
	ip6h->version = 6;
	ip6h->hop_limit = 64;
	ip6h->nexthdr = flow->proto;
	ip6h->payload_len = htons(l3_len - sizeof(*ip6h));
	ip6h->saddr = flow->src.in6;
	ip6h->daddr = flow->dst.in6;
	if (flow->vary_dst)
		ip6h->daddr.s6_addr32[3] = 0;
	else
		ip6h->saddr.s6_addr32[3] = 0;
	f->addr = ntohl(flow->vary_dst ? flow->dst.in6.s6_addr32[3] : flow->src.in6.s6_addr32[3]);
	f->addr_off = ETH_HLEN + 12 +
		      (flow->vary_dst ? offsetof(struct ipv6hdr, daddr) : offsetof(struct ipv6hdr, saddr));
	return sizeof(*ip6h);
}

/* Behind the fixed TCP header of a segment whose data offset has room for them. */
static const u8 timestamps[TCPOLEN_TSTAMP_ALIGNED] = {
	TCPOPT_NOP, TCPOPT_NOP, TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP, 0, 1, 0, 0, 0, 1, 0, 0,
};

static void fill_l4(struct bench_frame *f, const struct bench_flow *flow, u32 off, u32 len)
{
	__be16 sport = flow->vary_dst ? htons(flow->sport) : 0, dport = flow->vary_dst ? 0 : htons(flow->dport);
	struct udphdr *uh = (struct udphdr *)(f->data + off);
	struct tcphdr *th = (struct tcphdr *)(f->data + off);
	const struct ipv6hdr *ip6h = (struct ipv6hdr *)(f->data + ETH_HLEN);
	const struct iphdr *iph = (struct iphdr *)(f->data + ETH_HLEN);

	if (flow->proto == IPPROTO_UDP) {
		uh->source = sport;
		uh->dest = dport;
		uh->len = htons(len);
		f->check_off = off + offsetof(struct udphdr, check);
	} else {
		th->source = sport;
		th->dest = dport;
		/* A SYN has number 1000, what follows 1001; the same from the other side. */
		th->seq = htonl(flow->tcp_flags & TCPHDR_SYN ? 1000 : 1001);
		/* Data has been acknowledged, too: fullnat's connections are express from then on. */
		th->ack_seq = htonl(!(flow->tcp_flags & TCPHDR_ACK) ? 0 : flow->tcp_flags & TCPHDR_SYN ? 1001 : 1002);
		th->window = htons(65000);
		((u8 *)th)[12] = flow->tcp_flags >> 8;
		((u8 *)th)[13] = flow->tcp_flags;
		if (th->doff > 5)
			memcpy(th + 1, timestamps, sizeof(timestamps));
		f->check_off = off + offsetof(struct tcphdr, check);
	}
	f->port = flow->vary_dst ? flow->dport : flow->sport;
	f->port_off = off + (flow->vary_dst ? 2 : 0);
	f->l4_sum = csum_partial(f->data + off, len, 0);
	if (f->ipv4)
		f->l4_sum = csum_tcpudp_nofold(iph->saddr, iph->daddr, len, flow->proto, f->l4_sum);
	else
		f->l4_sum = csum_unfold(~csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, flow->proto, f->l4_sum));
}

static void frame_init(struct bench_frame *f, const struct bench_flow *flow)
{
	struct ethhdr *eth = (struct ethhdr *)f->data;
	u32 l4 = flow->proto == IPPROTO_UDP ? sizeof(struct udphdr) : (flow->tcp_flags >> 12) * 4;
	u32 l3 = flow->family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), off;

	f->ipv4 = flow->family == AF_INET;
	f->len = max_t(u32, flow->size, ETH_HLEN + l3 + l4);
	f->l3 = ETH_HLEN;
	ether_addr_copy(eth->h_dest, flow->dmac);
	ether_addr_copy(eth->h_source, flow->smac);
	eth->h_proto = htons(f->ipv4 ? ETH_P_IP : ETH_P_IPV6);
	off = ETH_HLEN + fill_ip(f, flow, f->len - ETH_HLEN);
	fill_l4(f, flow, off, f->len - off);
}

static struct sk_buff *frame_skb(const struct bench_frame *f, struct net_device *dev, u32 flow)
{
	__be32 addr = htonl(f->addr + (flow >> 15));
	__be16 port = htons(f->port + (flow & 0x7fff));
	struct sk_buff *skb;
	__sum16 check;
	u8 *p;

	skb = __netdev_alloc_skb(dev, f->len + 64 + LL_RESERVED_SPACE(dev), GFP_ATOMIC);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(dev));
	p = skb_put_data(skb, f->data, f->len);
	memcpy(p + f->addr_off, &addr, sizeof(addr));
	memcpy(p + f->port_off, &port, sizeof(port));
	if (f->ipv4)
		((struct iphdr *)(p + f->l3))->check = csum_fold(csum_add(f->ip_sum, (__force __wsum)addr));
	check = csum_fold(csum_add(csum_add(f->l4_sum, (__force __wsum)addr), (__force __wsum)port));
	if (!check)
		check = CSUM_MANGLED_0;
	memcpy(p + f->check_off, &check, sizeof(check));
	skb->protocol = f->ipv4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, f->l3);
	return skb;
}

static int send_one(struct sk_buff *skb, struct net_device *dev)
{
	struct netdev_queue *txq;
	netdev_tx_t ret;

	local_bh_disable();
	txq = netdev_get_tx_queue(dev, 0);
	HARD_TX_LOCK(dev, txq, smp_processor_id());
	ret = netdev_start_xmit(skb, dev, txq, false);
	HARD_TX_UNLOCK(dev, txq);
	local_bh_enable();
	return dev_xmit_complete(ret) ? 0 : -ENOBUFS;
}

/*
 * Tells profile.c, a plugin of QEMU, where counting begins (1), where a packet does (2) and where counting ends (0); does nothing by
 * itself.
 */
#ifdef CONFIG_X86_64
#define PROFILE_MARK(which) asm volatile(".byte 0x0f, 0x1f, 0x80, 0x77, 0x65, 0x69, %c0" : : "i"(which))
#else
#define PROFILE_MARK(which)
#endif

static int send_all(const struct bench_frame *f, struct net_device *dev, const struct bench_flow *flow,
		    struct bench_result *result)
{
	u32 n = 0;
	int err;

	for (result->packets = 0; result->packets < flow->count; result->packets++) {
		struct sk_buff *skb;

		PROFILE_MARK('2');
		skb = frame_skb(f, dev, flow->first + n);
		if (!skb)
			return -ENOMEM;
		err = send_one(skb, dev);
		if (err)
			return err;
		/* Long softirqs become ksoftirqd's; packets wait in the backlog then, and that is finite. */
		while (unlikely(local_softirq_pending() & BIT(NET_RX_SOFTIRQ)))
			schedule();
		if (++n == flow->flows)
			n = 0;
		if (result->packets % BATCH == 0) {
			cond_resched();
			if (signal_pending(current))
				return -EINTR;
		}
	}
	return 0;
}

int bench_send(struct net *net, const struct bench_flow *flow, struct bench_result *result)
{
	struct bench_frame *frame;
	struct net_device *dev;
	u64 start;
	int err = -ENODEV;

	frame = kzalloc(sizeof(*frame), GFP_KERNEL);
	if (!frame)
		return -ENOMEM;
	dev = dev_get_by_name(net, flow->dev);
	if (!dev)
		goto out;
	frame_init(frame, flow);
	PROFILE_MARK('1');
	start = ktime_get_ns();
	err = send_all(frame, dev, flow, result);
	result->ns = ktime_get_ns() - start;
	PROFILE_MARK('0');
	dev_put(dev);
out:
	kfree(frame);
	return err;
}
