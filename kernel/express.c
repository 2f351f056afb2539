// SPDX-License-Identifier: GPL-2.0
/*
 * express: the way of established connections, from a device's ingress straight to the next hop.
 *
 *	cheap rejects -> parse -> lookup -> still valid? -> make writable -> rewrite -> neighbour -> device
 *
 * Up to "make writable" nothing of the packet is changed, and whatever does not fit goes on as if weir had not looked
 * (NF_ACCEPT): the stack and the admission path know what to do with it. So the checks of ip_rcv() and ip_forward() are made here
 * in their order, but their errors are left to them.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/gso.h>
#include <net/ip.h>
#include <net/neighbour.h>
#include <net/xfrm.h>
#include "conn.h"
#include "counter.h"
#include "express.h"
#include "filter.h"
#include "fullnat.h"
#include "hook.h"
#include "net.h"
#include "path.h"
#include "pkt.h"
#include "rewrite.h"
#include "route.h"
#include "server.h"
#include "service.h"
#include "untrack.h"
#include "xlat.h"

/* For the admission path; counted only where the packet is one of a known connection. Conntrack hears of it here. */
static unsigned int leave(const struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir,
			  enum weir_counter why)
{
	weir_count(pkt->wn, why);
	if (weir_untrack_wanted(pkt->skb))
		weir_untrack_known(pkt, conn, dir);
	weir_hook_look(pkt->wn, pkt->tuple.family);
	return NF_ACCEPT;
}

/* TCP or UDP header behind @thoff, with the lengths of the IP header and of itself agreeing; its ports and flags. */
static __always_inline bool parse_l4(struct weir_pkt *pkt, unsigned int thoff, u8 proto)
{
	unsigned int len = pkt->len - thoff;
	const struct tcphdr *th;
	const struct udphdr *uh;

	pkt->thoff = thoff;
	pkt->tuple.proto = proto;
	if (proto == IPPROTO_TCP) {
		if (unlikely(len < sizeof(*th) || !pskb_may_pull(pkt->skb, thoff + sizeof(*th))))
			return false;
		th = (const struct tcphdr *)(pkt->skb->data + thoff);
		pkt->tuple.sport = th->source;
		pkt->tuple.dport = th->dest;
		pkt->tcp_flags = ((const u8 *)th)[13];
		return likely(th->doff * 4 >= sizeof(*th) && th->doff * 4 <= len);
	}
	if (unlikely(len < sizeof(*uh) || !pskb_may_pull(pkt->skb, thoff + sizeof(*uh))))
		return false;
	uh = (const struct udphdr *)(pkt->skb->data + thoff);
	pkt->tuple.sport = uh->source;
	pkt->tuple.dport = uh->dest;
	pkt->tcp_flags = 0;
	return likely(ntohs(uh->len) >= sizeof(*uh) && ntohs(uh->len) <= len);
}

/* The header is there. No options, no fragment, TTL to spare. The checksum is looked at when the packet turns out to be weir's. */
static __always_inline bool parse_ipv4(struct weir_pkt *pkt)
{
	const struct iphdr *iph;

	iph = (const struct iphdr *)pkt->skb->data;
	if (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP)
		return false;
	if (unlikely(*(const u8 *)iph != 0x45 || iph->frag_off & htons(IP_MF | IP_OFFSET) || iph->ttl <= 1))
		return false;
	pkt->len = ntohs(iph->tot_len);
	if (unlikely(pkt->len < sizeof(*iph) || pkt->len > pkt->skb->len))
		return false;

	memset(&pkt->tuple, 0, sizeof(pkt->tuple));
	pkt->tuple.src.ip = iph->saddr;
	pkt->tuple.dst.ip = iph->daddr;
	pkt->tuple.family = AF_INET;
	return parse_l4(pkt, sizeof(*iph), iph->protocol);
}

/* The header is there. No extension headers. */
static __always_inline bool parse_ipv6(struct weir_pkt *pkt)
{
	const struct ipv6hdr *ip6h;

	ip6h = (const struct ipv6hdr *)pkt->skb->data;
	if (ip6h->nexthdr != IPPROTO_TCP && ip6h->nexthdr != IPPROTO_UDP)
		return false;
	if (unlikely(ip6h->version != 6 || ip6h->hop_limit <= 1))
		return false;
	pkt->len = ntohs(ip6h->payload_len) + sizeof(*ip6h);
	if (unlikely(pkt->len > pkt->skb->len))
		return false;

	pkt->tuple.src.in6 = ip6h->saddr;
	pkt->tuple.dst.in6 = ip6h->daddr;
	pkt->tuple.family = AF_INET6;
	pkt->tuple.zero = 0;
	pkt->tuple.l3dom = 0;
	return parse_l4(pkt, sizeof(*ip6h), ip6h->nexthdr);
}

/* What only the stack knows to handle: frames for others, tags, tunnels' metadata, IPsec, lists of fragments, LRO. */
static __always_inline bool plain(const struct sk_buff *skb)
{
	if (unlikely(skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb) || skb->_skb_refdst ||
		     skb_sec_path(skb)))
		return false;
	if (likely(!skb_is_nonlinear(skb)))
		return true;
	return !skb_has_frag_list(skb) && !(skb_shinfo(skb)->gso_size && !skb_shinfo(skb)->gso_type);
}

static __always_inline bool fits(const struct weir_pkt *pkt, unsigned int mtu)
{
	if (likely(pkt->len <= mtu))
		return true;
	if (!skb_is_gso(pkt->skb))
		return false;
	/* ip_rcv() has not run: it may still be the header of a tunnel that the packet came out of. */
	skb_set_transport_header(pkt->skb, pkt->thoff);
	return skb_gso_validate_network_len(pkt->skb, mtu);
}

/*
 * The head is the packet's own (a tap has a clone that shares it) and has room for the device's header; nothing behind the IP
 * header's length is left of the frame. May move the head.
 */
static __always_inline bool prepare(struct sk_buff *skb, unsigned int len, unsigned int headroom)
{
	if (unlikely(skb->len > len && pskb_trim_rcsum(skb, len)))
		return false;
	if (unlikely(skb_cow_head(skb, headroom)))
		return false;
	skb_orphan(skb);
	skb_clear_tstamp(skb);
	skb_forward_csum(skb);
	return true;
}

static __always_inline void output(struct sk_buff *skb, const struct weir_path *path, struct neighbour *neigh)
{
	int (*send)(struct neighbour *neigh, struct sk_buff *skb);
	struct net_device *dev = path->dev;

	skb->dev = dev;
	skb_dst_set_noref(skb, path->dst);	/* for devices and errors that ask; valid under RCU */
	if (likely(READ_ONCE(neigh->nud_state) & NUD_CONNECTED && READ_ONCE(neigh->hh.hh_len))) {
		neigh_hh_output(&neigh->hh, skb);
		return;
	}
	/* Errors about the packet read the control block of its protocol. */
	memset(skb->cb, 0, sizeof(skb->cb));
	/* This is what fills the cached header. */
	if (dev->header_ops && dev->header_ops->cache) {
		neigh_resolve_output(neigh, skb);
	} else {
		send = READ_ONCE(neigh->output);
		send(neigh, skb);
	}
}

static __always_inline void decrement(struct sk_buff *skb, u8 family)
{
	if (family == AF_INET)
		ip_decrease_ttl(ip_hdr(skb));
	else
		ipv6_hdr(skb)->hop_limit--;
}

/* False: no memory. */
static __always_inline bool rewrite(struct sk_buff *skb, struct weir_pkt *pkt, const struct weir_conn *conn,
				    enum weir_dir dir, u8 family)
{
	if (conn->method == WEIR_METHOD_FULLNAT) {
		if (unlikely(!weir_fullnat_rewrite(pkt, conn, dir, family)))
			return false;
	} else if (conn->method == WEIR_METHOD_NAT) {
		if (dir == WEIR_DIR_ORIGINAL)
			weir_rewrite(skb, pkt->thoff, pkt->tuple.proto, family, dir, &conn->reply.tuple.src,
				     conn->reply.tuple.sport);
		else
			weir_rewrite(skb, pkt->thoff, pkt->tuple.proto, family, dir, &conn->original.tuple.dst,
				     conn->original.tuple.dport);
	}
	decrement(skb, family);
	return true;
}

/* The packet becomes one of the other family. The control block is the link's still. False: no memory. */
static __always_inline bool translate(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir, u8 family)
{
	memset(pkt->skb->cb, 0, sizeof(pkt->skb->cb));
	decrement(pkt->skb, family);
	return weir_fullnat_translate(pkt, conn, dir);
}

/* False: the packet is half done. */
static noinline bool encapsulate(struct sk_buff *skb, const struct weir_pkt *pkt, const struct weir_conn *conn,
				 const struct weir_path *path)
{
	if (weir_tun_push(skb, &path->key.tun, pkt->wn->net, pkt->thoff, weir_conn_entropy(conn)))
		return false;
	skb->ignore_df = 1;
	return true;
}

/* @counter: what the packet is, when it leaves. @xlat: it leaves as one of the other family than @family, its own. */
static __always_inline unsigned int transmit(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir,
					     const struct weir_path *path, enum weir_counter counter, u8 family,
					     bool xlat)
{
	struct sk_buff *skb = pkt->skb;
	struct neighbour *neigh;
	unsigned int mtu;
	bool done;

	neigh = rcu_dereference(path->neigh);
	if (unlikely(!neigh || neigh->dead || !dst_check(path->dst, path->cookie)))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_PATH);
	if (family == AF_INET && unlikely(ip_fast_csum(skb->data, sizeof(struct iphdr) / 4)))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_HEADER);
	mtu = READ_ONCE(path->mtu);
	if (xlat)
		mtu = weir_xlat_before(mtu, family);
	if (!fits(pkt, mtu) || (conn->method == WEIR_METHOD_TUN && weir_tun_nested(skb)))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_SIZE);
	if (xlat && !weir_xlat_whole(skb, family, pkt->len))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_SIZE);
	if (unlikely(!prepare(skb, pkt->len, path->headroom + (xlat ? WEIR_XLAT_LONGER : 0))))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_MEMORY);

	done = xlat ? translate(pkt, conn, dir, family) : rewrite(skb, pkt, conn, dir, family);
	if (unlikely(!done))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	if (conn->method == WEIR_METHOD_TUN && unlikely(!encapsulate(skb, pkt, conn, path)))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	weir_conn_touch(conn);
	if (dir == WEIR_DIR_ORIGINAL)
		weir_stats_in(conn->stats, pkt->len);
	else
		weir_stats_out(conn->stats, pkt->len);
	weir_count(pkt->wn, counter);
	output(skb, path, neigh);
	return NF_STOLEN;
}

/* No connection's: it may open one. */
static __always_inline unsigned int forward_first(struct weir_pkt *pkt, u8 family)
{
	const struct weir_path *path;
	struct weir_conn *conn;

	conn = weir_express_open(pkt);
	if (!conn) {
		weir_hook_look(pkt->wn, family);
		return NF_ACCEPT;
	}
	path = rcu_dereference(conn->path[WEIR_DIR_ORIGINAL]);
	/* One whose packets change family is opened without a path, but another CPU may have learned it since. */
	if (!path || test_bit(WEIR_CONN_XLAT, &conn->flags))
		return leave(pkt, conn, WEIR_DIR_ORIGINAL, WEIR_CNT_EXPRESS_NOT_LEARNED);
	return transmit(pkt, conn, WEIR_DIR_ORIGINAL, path, WEIR_CNT_EXPRESS_NEW, family, false);
}

/* Of an address that connections are about, though perhaps none's; errors by ICMP are counted where they are read. */
static unsigned int leave_unread(struct weir_net *wn, u8 family, u8 proto)
{
	if (proto != (family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		weir_count(wn, WEIR_CNT_EXPRESS_NOT_PLAIN);
	weir_hook_look(wn, family);
	return NF_ACCEPT;
}

/* What is not steady, or becomes a packet of the other family: those that do not pay for the difference. */
static noinline unsigned int forward_rest(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir,
					  const struct weir_path *path)
{
	const enum weir_counter counter = dir == WEIR_DIR_ORIGINAL ? WEIR_CNT_EXPRESS_REQUEST : WEIR_CNT_EXPRESS_REPLY;

	if (!test_bit(WEIR_CONN_XLAT, &conn->flags) || !weir_conn_steady(conn, pkt->tcp_flags))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_STEADY);
	if (unlikely(READ_ONCE(conn->in_ifindex[dir]) != pkt->skb->dev->ifindex))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_DEVICE);
	if (pkt->tuple.family == AF_INET)
		return transmit(pkt, conn, dir, path, counter, AF_INET, true);
	return transmit(pkt, conn, dir, path, counter, AF_INET6, true);
}

static __always_inline unsigned int forward(struct weir_pkt *pkt, u8 family)
{
	const struct weir_path *path;
	struct weir_conn *conn;
	enum weir_dir dir;

	conn = weir_conn_lookup_pkt(pkt, &dir);
	if (!conn)
		return forward_first(pkt, family);
	path = rcu_dereference(conn->path[dir]);
	if (!path)
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_LEARNED);
	if (unlikely(!weir_conn_steady_but(conn, pkt->tcp_flags, BIT(WEIR_CONN_XLAT))))
		return forward_rest(pkt, conn, dir, path);
	if (unlikely(READ_ONCE(conn->in_ifindex[dir]) != pkt->skb->dev->ifindex))
		return leave(pkt, conn, dir, WEIR_CNT_EXPRESS_NOT_DEVICE);
	if (dir == WEIR_DIR_ORIGINAL)
		return transmit(pkt, conn, WEIR_DIR_ORIGINAL, path, WEIR_CNT_EXPRESS_REQUEST, family, false);
	return transmit(pkt, conn, WEIR_DIR_REPLY, path, WEIR_CNT_EXPRESS_REPLY, family, false);
}

static noinline unsigned int express_ipv4(struct weir_net *wn, struct sk_buff *skb)
{
	struct weir_pkt pkt;

	pkt.skb = skb;
	pkt.wn = wn;
	if (parse_ipv4(&pkt) && plain(skb))
		return forward(&pkt, AF_INET);
	return leave_unread(wn, AF_INET, ip_hdr(skb)->protocol);
}

static noinline unsigned int express_ipv6(struct weir_net *wn, struct sk_buff *skb)
{
	struct weir_pkt pkt;

	pkt.skb = skb;
	pkt.wn = wn;
	if (parse_ipv6(&pkt) && plain(skb))
		return forward(&pkt, AF_INET6);
	return leave_unread(wn, AF_INET6, ipv6_hdr(skb)->nexthdr);
}

/* All that packets pay that are not weir's: they end here, before anything is set up for the others. */
unsigned int weir_express_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct weir_net *wn = ((const struct weir_express_dev *)priv)->wn;
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;

	if (skb->protocol == htons(ETH_P_IP) && likely(pskb_may_pull(skb, sizeof(*iph)))) {
		iph = (const struct iphdr *)skb->data;
		if (weir_filter_ipv4(wn, iph->saddr, iph->daddr))
			return express_ipv4(wn, skb);
	} else if (skb->protocol == htons(ETH_P_IPV6) && likely(pskb_may_pull(skb, sizeof(*ip6h)))) {
		ip6h = (const struct ipv6hdr *)skb->data;
		if (weir_filter_ipv6(wn, &ip6h->saddr, &ip6h->daddr))
			return express_ipv6(wn, skb);
	}
	return NF_ACCEPT;
}

/* What the connection itself has to say. Sequence numbers are recorded, conntrack is kept and servers are reached on other ways. */
bool weir_express_eligible(const struct weir_conn *conn)
{
	const struct weir_server *server = conn->server;
	unsigned long flags = READ_ONCE(conn->flags);

	if (flags & (BIT(WEIR_CONN_DEAD) | BIT(WEIR_CONN_ONE_PACKET) | BIT(WEIR_CONN_CONNTRACK) |
		     BIT(WEIR_CONN_DRAINING) | BIT(WEIR_CONN_DOOMED) | BIT(WEIR_CONN_TOA) | BIT(WEIR_CONN_PROXY)))
		return false;
	if (conn->method == WEIR_METHOD_LOCAL)
		return false;
	/* Made from an old snapshot, after the reaper passed: its next packet is to meet weir_admit_known(). */
	if (unlikely(test_bit(WEIR_SERVER_GONE, &server->state)) &&
	    READ_ONCE(server->service->config.on_gone) != WEIR_ON_GONE_KEEP)
		return false;
	return !(READ_ONCE(server->service->config.flags) & WEIR_SERVICE_F_NO_EXPRESS);
}

static const void *destination(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IPV6))
		return &ipv6_hdr(skb)->daddr;
	return &ip_hdr(skb)->daddr;
}

void weir_express_take(struct weir_conn *conn, enum weir_dir dir, struct weir_path *old, struct weir_path *path)
{
	if (unrcu_pointer(cmpxchg(&conn->path[dir], RCU_INITIALIZER(old), RCU_INITIALIZER(path))) == old)
		weir_path_put(old);
	else
		weir_path_put(path);
}

static bool path_same_tunnel(const struct weir_path *path, const struct weir_tun *tun)
{
	return tun ? !memcmp(&path->key.tun, tun, sizeof(*tun)) : !path->key.tun.family;
}

/*
 * Settings were changed while the packet was under way: they were written, and then the paths were ended, perhaps before this one
 * came.
 */
static void learn_again(struct weir_conn *conn, const struct weir_pkt *pkt)
{
	/* Pairs with the full barriers of weir_path_flush()'s locks: the path, then the look at the settings. */
	smp_mb();
	if (likely(weir_express_eligible(conn) &&
		   (!pkt->tun || weir_tunnel_equal(pkt->tun->tunnel, READ_ONCE(conn->server->config.tunnel)))))
		return;
	weir_path_put(unrcu_pointer(xchg(&conn->path[pkt->dir], NULL)));
}

void weir_express_learn(const struct weir_pkt *pkt)
{
	const int seen = pkt->dir == WEIR_DIR_ORIGINAL ? WEIR_CONN_SEEN_ORIGINAL : WEIR_CONN_SEEN_REPLY;
	const struct net_device *in = pkt->state->in;
	struct weir_conn *conn = pkt->conn;
	struct weir_path *old, *path;

	if (!conn || !in || !READ_ONCE(pkt->wn->express_on) || skb_sec_path(pkt->skb) || !weir_express_eligible(conn))
		return;
	/* Before the path: who finds that reads this. */
	if (READ_ONCE(conn->in_ifindex[pkt->dir]) != in->ifindex)
		WRITE_ONCE(conn->in_ifindex[pkt->dir], in->ifindex);
	if (!test_bit(seen, &conn->flags))
		set_bit(seen, &conn->flags);

	old = rcu_dereference(conn->path[pkt->dir]);
	if (old && weir_path_valid(old)) {
		weir_path_update_mtu(old);
		return;
	}
	path = pkt->dir == WEIR_DIR_ORIGINAL ? weir_route_path(conn->server) : NULL;
	if (path && path->dst == skb_dst(pkt->skb) && path_same_tunnel(path, pkt->tun)) {
		weir_express_take(conn, pkt->dir, old, path);
		goto learnt;
	}
	weir_path_put(path);
	path = weir_path_get(pkt->wn, skb_dst(pkt->skb), destination(pkt->skb), pkt->tun);
	if (!path) {
		weir_count(pkt->wn, WEIR_CNT_EXPRESS_REFUSED);
		return;
	}
	/* Connections that open from here on find it at once, see weir_express_open(). */
	if (pkt->dir == WEIR_DIR_ORIGINAL)
		weir_route_keep_path(conn->server, path->dst, path);
	weir_express_take(conn, pkt->dir, old, path);
learnt:
	learn_again(conn, pkt);
}

void weir_express_forget(struct weir_conn *conn)
{
	weir_path_put(rcu_dereference_protected(conn->path[WEIR_DIR_ORIGINAL], true));	/* the last reference */
	weir_path_put(rcu_dereference_protected(conn->path[WEIR_DIR_REPLY], true));
}
