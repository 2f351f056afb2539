// SPDX-License-Identifier: GPL-2.0
/*
 * icmp: an error goes to whom sent the packet that it is about. pkt->tuple is that packet's, reversed, so that it tells
 * the direction of the error: ORIGINAL to the server (about a reply that could not reach the client), REPLY to the
 * client. Errors about the packets of tunnels come to the director: tun_icmp.c.
 */
#include <linux/netfilter.h>
#include "admit.h"
#include "conn.h"
#include "counter.h"
#include "icmp.h"
#include "net.h"
#include "pkt.h"
#include "tun.h"
#include "untrack.h"
#include "xmit.h"

bool weir_icmp_intact(const struct weir_pkt *pkt)
{
	const bool six = pkt->state->pf == NFPROTO_IPV6;

	if (weir_pkt_local_out(pkt) || skb_csum_unnecessary(pkt->skb))
		return true;
	return !nf_checksum(pkt->skb, pkt->state->hook, pkt->thoff, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			    six ? AF_INET6 : AF_INET);
}

unsigned int weir_icmp(struct weir_pkt *pkt)
{
	struct weir_conn *conn;
	unsigned int verdict;
	enum weir_dir dir;

	conn = weir_conn_lookup(pkt->wn, &pkt->tuple, &dir);
	if (!conn)
		return pkt->state->hook == NF_INET_LOCAL_IN ? weir_tun_icmp(pkt) : NF_ACCEPT;
	if (dir == WEIR_DIR_ORIGINAL && pkt->state->hook == NF_INET_FORWARD)
		return NF_ACCEPT;
	if (conn->method == WEIR_METHOD_LOCAL)
		return NF_ACCEPT;
	if (!weir_icmp_intact(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_CHECKSUM);

	/* What is accepted comes by the next hook of LOCAL_IN again, or is the host's. */
	verdict = weir_xmit_of(conn->method)->icmp(pkt, conn, dir);
	if (verdict == NF_ACCEPT)
		return verdict;
	weir_count(pkt->wn, WEIR_CNT_ADMIT_ICMP);
	if (dir == WEIR_DIR_ORIGINAL)
		weir_stats_in(conn->stats, pkt->len);
	else
		weir_stats_out(conn->stats, pkt->len);
	return verdict;
}
