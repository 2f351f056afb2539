// SPDX-License-Identifier: GPL-2.0
/*
 * xmit_tun: tunnels. The packet goes to the server as it is, inside another one; the server has the virtual address too and answers
 * the client by itself.
 */
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include "conn.h"
#include "counter.h"
#include "pkt.h"
#include "server.h"
#include "tun.h"
#include "untrack.h"
#include "xmit.h"

/*
 * Conntrack follows the connection: the entry that it began comes into its table now, for in POST_ROUTING it would meet the
 * tunnel's packet.
 */
static bool tun_confirm(struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	const struct nf_ct_hook *hook = rcu_dereference(nf_ct_hook);
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	if (hook && ct && !nf_ct_is_template(ct) && !nf_ct_is_confirmed(ct) && hook->confirm(skb) != NF_ACCEPT)
		return false;
	nf_reset_ct(skb);
#endif
	return true;
}

/* No link is to carry less; what does not fit all the same is cut outside. */
static unsigned int tun_mtu(const struct weir_pkt *pkt, const struct weir_tun *tun, const struct dst_entry *dst)
{
	const unsigned int least = pkt->tuple.family == AF_INET6 ? IPV6_MIN_MTU : IPV4_MIN_MTU;

	return max(weir_tun_mtu(tun, dst_mtu(dst)), least);
}

static unsigned int tun_through(struct weir_pkt *pkt, struct weir_conn *conn, const struct weir_tun *tun,
				struct dst_entry *dst)
{
	struct sk_buff *skb = pkt->skb;
	unsigned int verdict;

	verdict = weir_route_fit(pkt, tun_mtu(pkt, tun, dst));
	if (verdict != NF_ACCEPT)
		return verdict;
	if (weir_tun_nested(skb))
		return weir_drop(pkt, WEIR_CNT_DROP_NESTED);
	if (weir_conn_tracked(conn) && !tun_confirm(skb))
		return weir_drop(pkt, WEIR_CNT_DROP_CONNTRACK);
	if (weir_tun_encapsulate(skb, tun, dst, pkt->thoff, weir_conn_entropy(conn)))
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	return NF_ACCEPT;
}

static unsigned int tun_send(struct weir_pkt *pkt, struct weir_conn *conn)
{
	struct dst_entry *dst;
	unsigned int verdict;
	struct weir_tun tun;

	dst = weir_route_one_way(pkt, conn, &tun, &verdict);
	if (!dst)
		return verdict;
	verdict = tun_through(pkt, conn, &tun, dst);
	if (verdict != NF_ACCEPT) {
		dst_release(dst);
		return verdict;
	}
	weir_route_set(pkt, dst);
	pkt->tun = &tun;
	verdict = weir_xmit_send(pkt, false);
	pkt->tun = NULL;
	return verdict;
}

/* Errors about what the server sent come to the virtual address; they are the server's. */
static unsigned int tun_icmp(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir)
{
	return dir == WEIR_DIR_ORIGINAL ? tun_send(pkt, conn) : NF_ACCEPT;
}

const struct weir_xmit weir_xmit_tun = {
	.request	= tun_send,
	.icmp		= tun_icmp,
};
