// SPDX-License-Identifier: GPL-2.0
/* xmit_route: routes to servers and back, TTL, path MTU */
#include <linux/err.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/gso.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "route.h"
#include "server.h"
#include "tun.h"
#include "untrack.h"
#include "xmit.h"

static struct dst_entry *route_unicast(struct rtable *rt)
{
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	return &rt->dst;
}

/*
 * FLOWI_FLAG_KNOWN_NH: the neighbour is that of the looked-up address, whatever address the packet carries. dr lives on it;
 * nat, whose packets carry the server's address, shares the cached route.
 */
static struct dst_entry *route_lookup_ipv4(const struct weir_pkt *pkt, const struct weir_server *server)
{
	struct flowi4 fl4 = {
		.daddr		= server->addr.ip,
		.flowi4_l3mdev	= pkt->tuple.l3dom,
		.flowi4_flags	= FLOWI_FLAG_KNOWN_NH,
	};

	return route_unicast(ip_route_output_key(pkt->wn->net, &fl4));
}

static struct dst_entry *route_lookup_ipv6(const struct weir_pkt *pkt, const struct weir_server *server)
{
	struct flowi6 fl6 = {
		.daddr		= server->addr.in6,
		.flowi6_l3mdev	= pkt->tuple.l3dom,
		.flowi6_flags	= FLOWI_FLAG_KNOWN_NH,
	};
	struct dst_entry *dst;
	int err;

	dst = ip6_route_output(pkt->wn->net, NULL, &fl6);
	err = dst->error;
	if (err) {
		dst_release(dst);
		return ERR_PTR(err);
	}
	return dst;
}

/* Packets of VRFs have routes of their own: the cache is for those of none. */
static struct dst_entry *route_cached(const struct weir_pkt *pkt, struct weir_server *server)
{
	struct dst_entry *dst;

	if (!pkt->tuple.l3dom) {
		dst = weir_route_get(server, NULL);
		if (dst)
			return dst;
	}

	if (server->family == AF_INET6)
		dst = route_lookup_ipv6(pkt, server);
	else
		dst = route_lookup_ipv4(pkt, server);
	if (!IS_ERR(dst) && !pkt->tuple.l3dom)
		weir_route_keep(server, dst, NULL);
	return dst;
}

/*
 * The route that a tunnel's packets take, with the address that they come from; policies of IPsec for its protocol hold. That
 * of ipip is the one of the service's family.
 */
static struct dst_entry *route_lookup_tunnel(const struct weir_pkt *pkt, const struct weir_server *server,
					     struct weir_tunnel tunnel, union nf_inet_addr *saddr)
{
	const u8 proto = weir_tun_proto(tunnel, pkt->tuple.family);
	struct dst_entry *dst;

	if (server->family == AF_INET) {
		struct flowi4 fl4 = {
			.daddr		= server->addr.ip,
			.flowi4_l3mdev	= pkt->tuple.l3dom,
			.flowi4_proto	= proto,
			.fl4_dport	= tunnel.port,
		};

		dst = route_unicast(ip_route_output_flow(pkt->wn->net, &fl4, NULL));
		saddr->ip = fl4.saddr;
		return dst;
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (server->family == AF_INET6) {
		struct flowi6 fl6 = {
			.daddr		= server->addr.in6,
			.flowi6_l3mdev	= pkt->tuple.l3dom,
			.flowi6_proto	= proto,
			.fl6_dport	= tunnel.port,
		};

		dst = ip6_dst_lookup_flow(pkt->wn->net, NULL, &fl6, NULL);
		saddr->in6 = fl6.saddr;
		return dst;
	}
#endif
	return ERR_PTR(-EAFNOSUPPORT);
}

static struct dst_entry *route_cached_tunnel(const struct weir_pkt *pkt, struct weir_server *server,
					     struct weir_tun *tun)
{
	const struct weir_tunnel tunnel = READ_ONCE(server->config.tunnel);
	union nf_inet_addr saddr = {};
	struct dst_entry *dst;

	if (!pkt->tuple.l3dom) {
		dst = weir_route_get(server, tun);
		if (dst)
			return dst;
	}
	dst = route_lookup_tunnel(pkt, server, tunnel, &saddr);
	if (IS_ERR(dst))
		return dst;
	weir_tun_init(tun, tunnel, server->family, &saddr, &server->addr);
	if (!pkt->tuple.l3dom)
		weir_route_keep(server, dst, tun);
	return dst;
}

bool weir_route_is_local(const struct dst_entry *dst, u8 family)
{
	if (family == AF_INET6)
		return container_of(dst, const struct rt6_info, dst)->rt6i_flags & RTF_LOCAL;
	return container_of(dst, const struct rtable, dst)->rt_flags & RTCF_LOCAL;
}

static bool route_source_is_loopback(const struct weir_pkt *pkt)
{
	if (pkt->tuple.family == AF_INET6)
		return ipv6_addr_loopback(&pkt->tuple.src.in6);
	return ipv4_is_loopback(pkt->tuple.src.ip);
}

struct dst_entry *weir_route_server(const struct weir_pkt *pkt, struct weir_server *server, struct weir_tun *tun,
				    bool *local)
{
	struct dst_entry *dst;

	dst = tun ? route_cached_tunnel(pkt, server, tun) : route_cached(pkt, server);
	if (IS_ERR(dst))
		return dst;
	*local = weir_route_is_local(dst, server->family);
	if (!*local && route_source_is_loopback(pkt)) {
		dst_release(dst);
		return ERR_PTR(-EINVAL);
	}
	return dst;
}

unsigned int weir_route_missing(struct weir_pkt *pkt)
{
	if (pkt->skb->dev)
		dst_link_failure(pkt->skb);
	return weir_drop(pkt, WEIR_CNT_DROP_NO_ROUTE);
}

struct dst_entry *weir_route_one_way(struct weir_pkt *pkt, struct weir_conn *conn, struct weir_tun *tun,
				     unsigned int *verdict)
{
	struct dst_entry *dst;
	bool local;

	dst = weir_route_server(pkt, conn->server, tun, &local);
	if (IS_ERR(dst)) {
		*verdict = weir_route_missing(pkt);
		return NULL;
	}
	if (local) {
		dst_release(dst);
		if (!weir_conn_tracked(conn))
			set_bit(WEIR_CONN_CONNTRACK, &conn->flags);
		*verdict = NF_ACCEPT;
		return NULL;
	}
	return dst;
}

/* A packet that was put together from fragments leaves in fragments: the largest of them counts. */
static bool route_too_big(const struct sk_buff *skb, unsigned int largest, unsigned int mtu)
{
	if (largest)
		return largest > mtu;
	if (skb->len <= mtu)
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, mtu);
}

static unsigned int route_fit_ipv4(struct weir_pkt *pkt, unsigned int mtu)
{
	struct sk_buff *skb = pkt->skb;
	const struct iphdr *iph = ip_hdr(skb);

	if (!weir_pkt_local_out(pkt) && iph->ttl <= 1) {
		icmp_send(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
		return weir_drop(pkt, WEIR_CNT_DROP_TTL);
	}
	if (iph->frag_off & htons(IP_DF) && route_too_big(skb, IPCB(skb)->frag_max_size, mtu)) {
		/* An error about an error is none's business (RFC 1122 3.2.2); it does not leave either. */
		if (!pkt->icmp)
			icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
		return weir_drop(pkt, WEIR_CNT_DROP_TOO_BIG);
	}
	if (IPCB(skb)->frag_max_size)
		skb->ignore_df = 1;
	if (weir_pkt_local_out(pkt))
		return NF_ACCEPT;
	if (skb_ensure_writable(skb, sizeof(*iph)))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	ip_decrease_ttl(ip_hdr(skb));
	return NF_ACCEPT;
}

static unsigned int route_fit_ipv6(struct weir_pkt *pkt, unsigned int mtu)
{
	struct sk_buff *skb = pkt->skb;

	if (!weir_pkt_local_out(pkt) && ipv6_hdr(skb)->hop_limit <= 1) {
		icmpv6_send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
		return weir_drop(pkt, WEIR_CNT_DROP_TTL);
	}
	if (route_too_big(skb, IP6CB(skb)->frag_max_size, mtu)) {
		if (!skb->dev)
			skb->dev = pkt->wn->net->loopback_dev;
		if (!pkt->icmp)
			icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
		return weir_drop(pkt, WEIR_CNT_DROP_TOO_BIG);
	}
	if (weir_pkt_local_out(pkt))
		return NF_ACCEPT;
	if (skb_ensure_writable(skb, sizeof(struct ipv6hdr)))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	ipv6_hdr(skb)->hop_limit--;
	return NF_ACCEPT;
}

unsigned int weir_route_fit(struct weir_pkt *pkt, unsigned int mtu)
{
	/* Received as one by a device that has forgotten where segments ended: cannot be sent on, as in ip_forward(). */
	if (skb_warn_if_lro(pkt->skb))
		return weir_drop(pkt, WEIR_CNT_DROP_LRO);
	if (pkt->tuple.family == AF_INET6)
		return route_fit_ipv6(pkt, mtu);
	return route_fit_ipv4(pkt, mtu);
}

void weir_route_learn_mtu(struct sk_buff *skb, struct net *net, u8 family, u32 l3dom, u32 mtu)
{
	if (family == AF_INET6)
		ip6_update_pmtu(skb, net, htonl(mtu), l3dom, 0, sock_net_uid(net, NULL));
	else
		ipv4_update_pmtu(skb, net, mtu, l3dom, 0);
}

static struct dst_entry *route_tuple_ipv4(struct net *net, const struct weir_tuple *tuple, u32 mark)
{
	struct flowi4 fl4 = {
		.saddr		= tuple->src.ip,
		.daddr		= tuple->dst.ip,
		.fl4_sport	= tuple->sport,
		.fl4_dport	= tuple->dport,
		.flowi4_proto	= tuple->proto,
		.flowi4_l3mdev	= tuple->l3dom,
		.flowi4_mark	= mark,
		.flowi4_flags	= FLOWI_FLAG_ANYSRC,
	};
	struct rtable *rt = ip_route_output_flow(net, &fl4, NULL);

	return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
}

static struct dst_entry *route_tuple_ipv6(struct net *net, const struct weir_tuple *tuple, u32 mark)
{
	struct flowi6 fl6 = {
		.saddr		= tuple->src.in6,
		.daddr		= tuple->dst.in6,
		.fl6_sport	= tuple->sport,
		.fl6_dport	= tuple->dport,
		.flowi6_proto	= tuple->proto,
		.flowi6_l3mdev	= tuple->l3dom,
		.flowi6_mark	= mark,
		.flowi6_flags	= FLOWI_FLAG_ANYSRC,
	};
	struct dst_entry *dst;
	int err;

	dst = ip6_route_output(net, NULL, &fl6);
	err = dst->error;
	if (err) {
		dst_release(dst);
		return ERR_PTR(err);
	}
	return dst;
}

struct dst_entry *weir_route_tuple(struct net *net, const struct weir_tuple *tuple, u32 mark)
{
	if (tuple->family == AF_INET6)
		return route_tuple_ipv6(net, tuple, mark);
	return route_tuple_ipv4(net, tuple, mark);
}

void weir_route_set(struct weir_pkt *pkt, struct dst_entry *dst)
{
	skb_dst_drop(pkt->skb);
	skb_dst_set(pkt->skb, dst);
}

int weir_route_reply(struct weir_pkt *pkt)
{
	struct sock *sk = pkt->state->sk;

	if (pkt->tuple.family == AF_INET6)
		return ip6_route_me_harder(pkt->wn->net, sk, pkt->skb);
	return ip_route_me_harder(pkt->wn->net, sk, pkt->skb, RTN_LOCAL);
}
