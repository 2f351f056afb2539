// SPDX-License-Identifier: GPL-2.0
/*
 * express_open: connections that open at a device's ingress.
 *
 * A first packet's way through the stack leads past hooks and a routing decision to the admission path. Where nobody but weir
 * hooks PRE_ROUTING, LOCAL_IN and LOCAL_OUT there is no one who could drop, mark or translate it; the routing decision, with its
 * rules by policy and its validation of the source, is asked for here of the stack itself. If it is local delivery the packet
 * would come to weir_admit(), and what that would do is done. All that is more than a plain new connection is left to it:
 * persistence, one packet, conntrack, retries, refusals, policies of IPsec, servers that are to learn the client's address, segments
 * that open nothing. POST_ROUTING is not asked: security modules stand there in every namespace, for packets of sockets; chains there
 * do not see express packets, these among them.
 *
 * The connection finds its way out with the server's route. Before a first packet has gone there by the admission path it has
 * none: then it is opened here all the same, for the scheduler's turn is taken, and forwards there.
 */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/addrconf.h>
#include <net/inet_dscp.h>
#include <net/ip.h>
#include <net/ip_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include "admit.h"
#include "conn.h"
#include "express.h"
#include "hook.h"
#include "net.h"
#include "path.h"
#include "pkt.h"
#include "route.h"
#include "sched.h"
#include "server.h"
#include "service.h"
#include "xmit.h"

/*
 * Would ip_rcv_finish() deliver it to this machine? In the plain case, no rules by policy, no VRF, no type of service, a source that
 * is not validated or loosely, a route to the destination and one to the source say so at half the cost of what asks for all
 * (ip_route_input_slow(), __fib_validate_source()). False: to be asked.
 */
static bool plainly_delivered_ipv4(const struct weir_pkt *pkt)
{
	const struct net_device *dev = pkt->skb->dev;
	struct in_device *idev = __in_dev_get_rcu(dev);
	const struct iphdr *iph = ip_hdr(pkt->skb);
	struct net *net = dev_net(dev);
	struct flowi4 fl4 = { .daddr = iph->daddr };	/* what routes tell, without rules */
	struct fib_result res;

	if (fib4_has_custom_rules(net) || pkt->tuple.l3dom || iph->tos & INET_DSCP_MASK || !idev ||
	    !rcu_access_pointer(idev->ifa_list) || IN_DEV_RPFILTER(idev) == 1)
		return false;
	if (ipv4_is_multicast(iph->saddr) || ipv4_is_lbcast(iph->saddr) || ipv4_is_zeronet(iph->saddr) ||
	    ipv4_is_loopback(iph->saddr) || ipv4_is_loopback(iph->daddr))
		return false;
	if (fib_lookup(net, &fl4, &res, 0) || res.type != RTN_LOCAL)
		return false;
	fl4.daddr = iph->saddr;
	return !fib_lookup(net, &fl4, &res, 0) && res.type == RTN_UNICAST;
}

static bool delivered_ipv4(struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	bool local;

	if (ip_route_input_noref(skb, iph->daddr, iph->saddr, inet_dsfield_to_dscp(iph->tos), skb->dev))
		return false;
	local = skb_rtable(skb)->rt_type == RTN_LOCAL;
	/* Should the packet be left to the stack, it is to decide by itself. */
	skb_dst_drop(skb);
	return local;
}

#if IS_ENABLED(CONFIG_IPV6)
/* The checks of ip6_rcv_core() that parsing has not made, and ip6_route_input(). */
static bool delivered_ipv6(const struct sk_buff *skb)
{
	const struct inet6_dev *idev = __in6_dev_get(skb->dev);
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct flowi6 fl6 = {
		.flowi6_iif	= skb->dev->ifindex,
		.daddr		= ip6h->daddr,
		.saddr		= ip6h->saddr,
		.flowlabel	= ip6_flowinfo(ip6h),
		.flowi6_mark	= skb->mark,
		.flowi6_proto	= ip6h->nexthdr,
	};
	const int type = ipv6_addr_type(&ip6h->saddr);
	const struct dst_entry *dst;

	if (!idev || READ_ONCE(idev->cnf.disable_ipv6) || !(type & IPV6_ADDR_UNICAST) || type & IPV6_ADDR_LOOPBACK)
		return false;
	dst = ip6_route_input_lookup(dev_net(skb->dev), skb->dev, &fl6, skb,
				     RT6_LOOKUP_F_HAS_SADDR | RT6_LOOKUP_F_DST_NOREF);
	return !dst->error && container_of(dst, const struct rt6_info, dst)->rt6i_flags & RTF_LOCAL;
}
#else
static bool delivered_ipv6(const struct sk_buff *skb)
{
	return false;
}
#endif

/* What the stack checks and does before it hands a packet to LOCAL_IN, in its order. */
static bool open_delivered(const struct weir_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;

	if (pkt->tuple.family == AF_INET && ip_fast_csum(skb->data, sizeof(struct iphdr) / 4))
		return false;
	if (skb->len > pkt->len && pskb_trim_rcsum(skb, pkt->len))
		return false;
	if (pkt->tuple.family == AF_INET6)
		return delivered_ipv6(skb);
	return plainly_delivered_ipv4(pkt) || delivered_ipv4(skb);
}

/* Is the first packet of its connections one that express would not take, see WEIR_CONN_TOA and WEIR_CONN_PROXY? */
static bool open_tells_client(const struct weir_pkt *pkt, const struct weir_service *svc)
{
	if (READ_ONCE(svc->config.proxy_protocol) != WEIR_PROXY_PROTOCOL_NONE)
		return true;
	return pkt->tuple.proto == IPPROTO_TCP && READ_ONCE(svc->config.pool[0]);
}

static struct weir_service *open_service(const struct weir_pkt *pkt)
{
	const u32 more = WEIR_SERVICE_F_ONE_PACKET | WEIR_SERVICE_F_CONNTRACK | WEIR_SERVICE_F_NO_EXPRESS;
	struct weir_service *svc;

	if (pkt->tuple.proto == IPPROTO_TCP && !weir_pkt_syn(pkt))
		return NULL;
	svc = weir_service_lookup_pkt(pkt);
	if (!svc || READ_ONCE(svc->config.flags) & more || READ_ONCE(svc->config.persist_timeout) ||
	    READ_ONCE(svc->config.syn_retry) || open_tells_client(pkt, svc))
		return NULL;
	return svc;
}

/*
 * The route that the server keeps may be one for connections of another method or tunnel than it has now. A tunnel's packets leave
 * by LOCAL_OUT of its own family.
 */
static bool open_same_way(const struct weir_conn *conn, const struct weir_path *path)
{
	const struct weir_tun *tun = &path->key.tun;

	/* Its packets are of the other family when they leave, and meet that one's hooks: the first one does so. */
	if (test_bit(WEIR_CONN_XLAT, &conn->flags))
		return false;
	if (conn->method != WEIR_METHOD_TUN)
		return !tun->family;
	if (!tun->family || !weir_tunnel_equal(tun->tunnel, READ_ONCE(conn->server->config.tunnel)))
		return false;
	return tun->family == conn->original.tuple.family || weir_hook_alone(conn->wn, tun->family);
}

struct weir_conn *weir_express_open(struct weir_pkt *pkt)
{
	struct weir_server *server;
	struct weir_service *svc;
	struct weir_path *path;
	struct weir_conn *conn;

	if (!weir_hook_alone(pkt->wn, pkt->tuple.family) || weir_xmit_policies(pkt->wn->net))
		return NULL;
	pkt->state = NULL;
	pkt->icmp = false;
	svc = open_service(pkt);
	if (!svc || !open_delivered(pkt) || !weir_admit_intact(pkt))
		return NULL;
	server = weir_sched_pick(svc, pkt);
	if (!server)
		return NULL;
	conn = weir_conn_create(pkt, svc, server, NULL);
	if (IS_ERR(conn))
		return NULL;
	if (weir_express_eligible(conn)) {
		/* Before the path: who finds that reads this. */
		WRITE_ONCE(conn->in_ifindex[WEIR_DIR_ORIGINAL], pkt->skb->dev->ifindex);
		set_bit(WEIR_CONN_SEEN_ORIGINAL, &conn->flags);
		path = weir_route_path(server);
		if (path && !open_same_way(conn, path)) {
			weir_path_put(path);
			path = NULL;
		}
		if (path)
			weir_express_take(conn, WEIR_DIR_ORIGINAL, NULL, path);
	}
	return conn;
}
