// SPDX-License-Identifier: GPL-2.0
/*
 * retry: second chances for SYNs.
 *
 * A server that refuses is heard over nat and fullnat only. Then the SYN has to be sent again though the client did not repeat it:
 * its bytes are kept from the moment when it was admitted until the server answers. One that is silent is found out, by
 * whatever method, when the client repeats its SYN.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include "admit.h"
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "retry.h"
#include "sched.h"
#include "server.h"
#include "service.h"
#include "xmit.h"

/* Headers with all their options fit; a SYN with data does not, and is not sent again on refusal. */
#define WEIR_RETRY_LEN	160

/* How often the scheduler is asked before any other server will do: those that hash answer the same each time. */
#define WEIR_RETRY_PICKS	4

/* jiffies; a second SYN that comes sooner is the first once more, as networks duplicate packets. Clients wait 1 s (RFC 6298 2.1). */
#define WEIR_RETRY_SOON	(HZ / 4)

/**
 * struct weir_retry - a SYN that may have to be sent again
 * @armed: jiffies
 * @left: how often
 * @from_here: its client is this machine
 * @mark: its firewall mark
 * @len: bytes of @data, 0 where the SYN was not kept
 * @thoff: TCP header in @data
 * @data: the SYN as it was admitted, from the IP header on
 */
struct weir_retry {
	unsigned long	armed;
	u32		left;
	u32		mark;
	u16		len;
	u16		thoff;
	bool		from_here;
	u8		data[];
};

void weir_retry_arm(struct weir_conn *conn, const struct weir_pkt *pkt, u32 left)
{
	const bool heard = conn->method == WEIR_METHOD_NAT || conn->method == WEIR_METHOD_FULLNAT;
	const bool keep = heard && pkt->len <= WEIR_RETRY_LEN && !skb_is_gso(pkt->skb);
	const int off = skb_network_offset(pkt->skb);
	struct weir_retry *retry;

	retry = kmalloc(struct_size(retry, data, keep ? pkt->len : 0), GFP_ATOMIC | __GFP_NOWARN);
	if (!retry)
		return;
	retry->armed = jiffies;
	retry->left = left;
	retry->from_here = pkt->from_here;
	retry->mark = pkt->skb->mark;
	retry->len = 0;
	retry->thoff = pkt->thoff - off;
	if (keep && !skb_copy_bits(pkt->skb, off, retry->data, pkt->len))
		retry->len = pkt->len;
	/* The connection is new: nobody has armed it before. It may have been killed since; its end disarms it. */
	kfree(xchg(&conn->retry, retry));
}

void weir_retry_disarm(struct weir_conn *conn)
{
	kfree(xchg(&conn->retry, NULL));
}

static bool retry_fits(const struct weir_pkt *pkt, const struct weir_server *server,
		       const struct weir_server *const *tried, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (server == tried[i])
			return false;
	return weir_admit_method_fits(pkt, server);
}

struct weir_server *weir_retry_other(const struct weir_service *svc, const struct weir_pkt *pkt,
				     const struct weir_server *const *tried, int n)
{
	const struct weir_server_set *set;
	struct weir_server *server;
	u32 i, start;

	for (i = 0; i < WEIR_RETRY_PICKS; i++) {
		server = weir_sched_pick(svc, pkt);
		if (!server || retry_fits(pkt, server, tried, n))
			return server;
	}

	set = rcu_dereference(svc->set);
	if (!set || !set->n)
		return NULL;
	start = (__force u16)pkt->tuple.sport % set->n;
	for (i = 0; i < set->n; i++) {
		server = set->servers[(start + i) % set->n];
		if (weir_server_usable(server) && retry_fits(pkt, server, tried, n))
			return server;
	}
	return NULL;
}

/* @conn's SYN may go to another server: that server, borrowed, @conn is killed. NULL: it may not, nothing was changed. */
static struct weir_server *retry_move(struct weir_conn *conn, const struct weir_pkt *syn)
{
	const struct weir_server *tried = conn->server;
	struct weir_service *svc = tried->service;
	struct weir_server *other;

	/* Of a server whose answers pass elsewhere, the client's second packet says that it answered. */
	if (test_bit(WEIR_CONN_REPLIED, &conn->flags) || READ_ONCE(conn->state) != WEIR_STATE_TCP_SYN_RECV ||
	    READ_ONCE(svc->dead))
		return NULL;
	other = weir_retry_other(svc, syn, &tried, 1);
	/* Whoever kills the connection has the SYN. */
	if (!other || !weir_conn_kill(conn))
		return NULL;
	weir_count(conn->wn, WEIR_CNT_CONN_RETRIED);
	return other;
}

/* The kept SYN as a packet. Checksums are made anew: the device may have been meant to make those that it carried. */
static struct sk_buff *retry_build(const struct weir_retry *retry, u8 family)
{
	const unsigned int tcp_len = retry->len - retry->thoff;
	struct sk_buff *skb;
	struct tcphdr *th;

	skb = alloc_skb(LL_MAX_HEADER + retry->len, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_put_data(skb, retry->data, retry->len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, retry->thoff);
	skb->mark = retry->mark;
	skb->ip_summed = CHECKSUM_NONE;

	th = tcp_hdr(skb);
	th->check = 0;
	if (family == AF_INET6) {
		const struct ipv6hdr *ip6h = ipv6_hdr(skb);

		skb->protocol = htons(ETH_P_IPV6);
		th->check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, tcp_len, IPPROTO_TCP,
					    csum_partial(th, tcp_len, 0));
	} else {
		const struct iphdr *iph = ip_hdr(skb);

		skb->protocol = htons(ETH_P_IP);
		ip_send_check(ip_hdr(skb));
		th->check = csum_tcpudp_magic(iph->saddr, iph->daddr, tcp_len, IPPROTO_TCP,
					      csum_partial(th, tcp_len, 0));
	}
	return skb;
}

/* To a socket of this machine: by the loopback device, as what this machine sends. Takes the skb over. */
static void retry_deliver(const struct weir_pkt *pkt)
{
	struct dst_entry *dst;

	dst = weir_route_tuple(pkt->wn->net, &pkt->tuple, pkt->skb->mark);
	if (IS_ERR(dst)) {
		kfree_skb(pkt->skb);
		return;
	}
	skb_dst_set(pkt->skb, dst);
	dst_output(pkt->wn->net, NULL, pkt->skb);
}

bool weir_retry_refused(struct weir_conn *conn, const struct weir_pkt *rst)
{
	/* As if this machine sent it: it has no device that it came by and no route yet. */
	const struct nf_hook_state state = {
		.hook	= NF_INET_LOCAL_OUT,
		.pf	= conn->original.tuple.family,	/* NFPROTO_* have the same numbers */
		.net	= rst->state->net,
		.okfn	= weir_xmit_output,
	};
	struct weir_pkt pkt = {
		.wn		= conn->wn,
		.state		= &state,
		.tuple		= conn->original.tuple,
		.hash		= conn->original.hash,
		.tcp_flags	= WEIR_TCP_SYN,
	};
	struct weir_server *other;
	struct weir_retry *retry;
	bool moved = false;

	retry = xchg(&conn->retry, NULL);
	if (!retry || !retry->len)
		goto out;
	pkt.from_here = retry->from_here;
	pkt.len = retry->len;
	pkt.thoff = retry->thoff;
	pkt.skb = retry_build(retry, pkt.tuple.family);
	if (!pkt.skb)
		goto out;
	other = retry_move(conn, &pkt);
	if (!other) {
		kfree_skb(pkt.skb);
		goto out;
	}
	switch (weir_admit_open(&pkt, other->service, other, NULL, retry->left - 1)) {
	case NF_STOLEN:
		break;
	case NF_ACCEPT:
		retry_deliver(&pkt);
		break;
	default:
		kfree_skb(pkt.skb);
	}
	moved = true;
out:
	kfree(retry);
	return moved;
}

struct weir_server *weir_retry_unanswered(struct weir_conn *conn, const struct weir_pkt *syn, u32 *left)
{
	struct weir_server *other;
	struct weir_retry *retry;

	retry = xchg(&conn->retry, NULL);
	if (!retry)
		return NULL;
	if (time_before(jiffies, retry->armed + WEIR_RETRY_SOON)) {
		/* Not yet. If the connection has ended meanwhile, it is freed with it. */
		kfree(xchg(&conn->retry, retry));
		return NULL;
	}
	other = retry_move(conn, syn);
	*left = retry->left - 1;
	kfree(retry);
	return other;
}
