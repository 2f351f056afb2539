// SPDX-License-Identifier: GPL-2.0
/* admit: from a parsed packet to a forwarding method */
#include <linux/err.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/udp.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include "admit.h"
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "persist.h"
#include "pkt.h"
#include "ports.h"
#include "reset.h"
#include "retry.h"
#include "sched.h"
#include "server.h"
#include "service.h"
#include "untrack.h"
#include "xmit.h"

/* That are asked before a connection is refused because none has a local end or a port for it. */
#define ADMIT_SERVERS	4

void weir_admit_seen(struct weir_conn *conn, struct weir_pkt *pkt, enum weir_dir dir)
{
	pkt->conn = conn;
	pkt->dir = dir;
}

/* Both ends are told, exactly, by the segment in hand. */
static unsigned int admit_reset(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, enum weir_counter why)
{
	if (!(pkt->tcp_flags & WEIR_TCP_RST))
		weir_reset_pkt(conn, pkt, dir);
	if (weir_conn_kill(conn))
		weir_count(pkt->wn, WEIR_CNT_CONN_RESET);
	return weir_drop(pkt, why);
}

/*
 * Is the connection to go on? False: it was ended, because it is doomed or its server was deleted; @verdict is the packet's,
 * NF_ACCEPT where it is to be looked at as one of no connection.
 */
static bool admit_alive(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, unsigned int *verdict)
{
	const struct weir_server *server = conn->server;

	if (unlikely(test_bit(WEIR_CONN_DOOMED, &conn->flags))) {
		*verdict = admit_reset(pkt, conn, dir, WEIR_CNT_DROP_DRAINED);
		return false;
	}
	if (likely(!test_bit(WEIR_SERVER_GONE, &server->state)))
		return true;

	switch (READ_ONCE(server->service->config.on_gone)) {
	case WEIR_ON_GONE_RESET:
		*verdict = admit_reset(pkt, conn, dir, WEIR_CNT_DROP_GONE);
		return false;
	case WEIR_ON_GONE_MOVE:
		weir_conn_kill(conn);
		*verdict = dir == WEIR_DIR_ORIGINAL ? NF_ACCEPT : weir_drop(pkt, WEIR_CNT_DROP_GONE);
		return false;
	default:
		return true;
	}
}

static unsigned int admit_request(struct weir_pkt *pkt, struct weir_conn *conn)
{
	const struct weir_xmit *xmit = weir_xmit_of(conn->method);

	/* Accounted when it comes in by LOCAL_IN. */
	if (conn->method == WEIR_METHOD_LOCAL && weir_pkt_local_out(pkt))
		return NF_ACCEPT;

	weir_conn_update(conn, pkt, WEIR_DIR_ORIGINAL);
	weir_stats_in(conn->stats, pkt->len);
	weir_admit_seen(conn, pkt, WEIR_DIR_ORIGINAL);
	return xmit->request(pkt, conn);
}

/* What is to come by IPsec comes no other way: what the stack asks before it gives a packet to a socket. */
static bool admit_permitted(const struct weir_pkt *pkt)
{
	return pkt->state->hook != NF_INET_LOCAL_IN ||
	       xfrm_policy_check(NULL, XFRM_POLICY_IN, pkt->skb, pkt->tuple.family);
}

static unsigned int admit_reply(struct weir_pkt *pkt, struct weir_conn *conn)
{
	const struct weir_xmit *xmit = weir_xmit_of(conn->method);
	unsigned int verdict;

	if (!xmit->reply)
		return NF_ACCEPT;
	if (!admit_permitted(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_POLICY);
	if (!admit_alive(pkt, conn, WEIR_DIR_REPLY, &verdict))
		return verdict;
	if (unlikely(READ_ONCE(conn->retry))) {
		if (pkt->tcp_flags & WEIR_TCP_RST && weir_retry_refused(conn, pkt)) {
			consume_skb(pkt->skb);
			return NF_STOLEN;
		}
		weir_retry_disarm(conn);
	}

	weir_count(pkt->wn, WEIR_CNT_ADMIT_REPLY);
	weir_conn_update(conn, pkt, WEIR_DIR_REPLY);
	weir_stats_out(conn->stats, pkt->len);
	weir_admit_seen(conn, pkt, WEIR_DIR_REPLY);
	return xmit->reply(pkt, conn);
}

unsigned int weir_admit_known(struct weir_pkt *pkt)
{
	struct weir_conn *conn;
	unsigned int verdict;
	enum weir_dir dir;

	conn = weir_conn_lookup_pkt(pkt, &dir);
	if (!conn)
		return NF_ACCEPT;
	if (dir == WEIR_DIR_REPLY)
		return admit_reply(pkt, conn);
	/* In FORWARD the virtual address is no longer this machine's: the packet goes where routing has it go. */
	if (pkt->state->hook != NF_INET_LOCAL_IN || weir_pkt_syn(pkt) || weir_conn_tracked(conn))
		return NF_ACCEPT;
	if (!admit_permitted(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_POLICY);
	if (!admit_alive(pkt, conn, dir, &verdict))
		return verdict;
	weir_count(pkt->wn, WEIR_CNT_ADMIT_KNOWN);
	return admit_request(pkt, conn);
}

/* No server: the client is told at once, RST for TCP and ICMP for UDP. (ip_vs sends ICMP always, which is rate-limited.) */
static unsigned int admit_refuse(struct weir_pkt *pkt, enum weir_counter why)
{
	struct sk_buff *skb = pkt->skb;

	if (pkt->tuple.proto == IPPROTO_TCP) {
		weir_reset_refuse(pkt);
	} else if (pkt->tuple.family == AF_INET6) {
		/* Of a packet that this machine sends: the error's way is through the loopback device. */
		if (!skb->dev)
			skb->dev = pkt->wn->net->loopback_dev;
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
	} else {
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	}
	return weir_drop(pkt, why);
}

static unsigned int admit_failed(struct weir_pkt *pkt, int err)
{
	switch (err) {
	case -ENOENT:
	case -EADDRINUSE:
		return admit_refuse(pkt, WEIR_CNT_DROP_NO_SERVER);
	case -EADDRNOTAVAIL:
		return admit_refuse(pkt, WEIR_CNT_DROP_NO_PORT);
	case -ENOSPC:
		return weir_drop(pkt, WEIR_CNT_DROP_CONN_MAX);
	default:
		return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
	}
}

/* A damaged packet opens no connection. Those that follow are checked by the end that gets them. */
bool weir_admit_intact(const struct weir_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;

	if (weir_pkt_local_out(pkt) || skb_csum_unnecessary(skb))
		return true;
	if (pkt->tuple.proto == IPPROTO_UDP && pkt->tuple.family == AF_INET &&
	    !((const struct udphdr *)(skb->data + pkt->thoff))->check)
		return true;
	return !nf_checksum(skb, NF_INET_LOCAL_IN, pkt->thoff, pkt->tuple.proto, pkt->tuple.family);
}

static bool admit_opens(const struct weir_pkt *pkt)
{
	if (pkt->tuple.proto != IPPROTO_TCP || weir_pkt_syn(pkt))
		return true;
	return READ_ONCE(pkt->wn->config.sloppy_tcp) && !(pkt->tcp_flags & WEIR_TCP_RST);
}

/* The server's answer would come to its own addresses with them as source too: no way to tell who is who. */
bool weir_admit_method_fits(const struct weir_pkt *pkt, const struct weir_server *server)
{
	const u8 method = READ_ONCE(server->config.method);

	return !pkt->from_here || (method != WEIR_METHOD_DR && method != WEIR_METHOD_TUN);
}

static unsigned int admit_one_packet(struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server)
{
	struct weir_conn *conn;
	unsigned int verdict;

	conn = weir_conn_create_one_packet(pkt, svc, server);
	if (IS_ERR(conn))
		return admit_failed(pkt, PTR_ERR(conn));
	weir_count(pkt->wn, WEIR_CNT_ADMIT_ONE_PACKET);
	verdict = admit_request(pkt, conn);
	weir_conn_kill(conn);
	return verdict;
}

/* Has the server no place for a connection of this client's? */
static bool admit_no_way(const struct weir_conn *conn, const struct weir_server *server)
{
	if (conn == ERR_PTR(-EADDRNOTAVAIL))
		weir_ports_refused(server);
	return conn == ERR_PTR(-EADDRNOTAVAIL) || conn == ERR_PTR(-EADDRINUSE);
}

/* @conn: the error with which @server, that was picked, refused. */
static struct weir_conn *admit_elsewhere(const struct weir_pkt *pkt, struct weir_service *svc,
					 struct weir_server *server, struct weir_conn *conn)
{
	const struct weir_server *tried[ADMIT_SERVERS];
	int n = 0;

	do {
		tried[n++] = server;
		server = n < ADMIT_SERVERS ? weir_retry_other(svc, pkt, tried, n) : NULL;
		if (!server)
			break;
		conn = weir_conn_create(pkt, svc, server, NULL);
	} while (admit_no_way(conn, server));
	return conn;
}

unsigned int weir_admit_open(struct weir_pkt *pkt, struct weir_service *svc, struct weir_server *server,
			     struct weir_persist *persist, u32 retries)
{
	struct weir_conn *conn;
	enum weir_dir dir;

	conn = weir_conn_create(pkt, svc, server, persist);
	if (unlikely(admit_no_way(conn, server)))
		conn = admit_elsewhere(pkt, svc, server, conn);
	if (conn == ERR_PTR(-EEXIST)) {
		/* Another CPU was first; its connection is the packet's. Gone already: the client sends again. */
		conn = weir_conn_lookup_pkt(pkt, &dir);
		if (!conn || dir != WEIR_DIR_ORIGINAL)
			return weir_drop(pkt, WEIR_CNT_DROP_NO_MEMORY);
		weir_count(pkt->wn, WEIR_CNT_ADMIT_KNOWN);
		return admit_request(pkt, conn);
	}
	if (IS_ERR(conn))
		return admit_failed(pkt, PTR_ERR(conn));

	if (retries && weir_pkt_syn(pkt))
		weir_retry_arm(conn, pkt, retries);
	weir_count(pkt->wn, WEIR_CNT_ADMIT_NEW);
	return admit_request(pkt, conn);
}

static unsigned int admit_new(struct weir_pkt *pkt)
{
	struct weir_persist *persist = NULL;
	struct weir_server *server;
	struct weir_service *svc;

	if (!admit_opens(pkt))
		return NF_ACCEPT;
	svc = weir_service_lookup_pkt(pkt);
	if (!svc)
		return NF_ACCEPT;
	if (!admit_permitted(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_POLICY);
	if (!weir_admit_intact(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_CHECKSUM);

	if (READ_ONCE(svc->config.persist_timeout)) {
		persist = weir_persist_find(pkt, svc);
		if (IS_ERR(persist))
			return admit_failed(pkt, PTR_ERR(persist));
		server = weir_persist_server(persist);
	} else {
		server = weir_sched_pick(svc, pkt);
	}
	if (!server)
		return admit_failed(pkt, -ENOENT);
	if (!weir_admit_method_fits(pkt, server))
		return admit_refuse(pkt, WEIR_CNT_DROP_LOCAL_DR);
	if (READ_ONCE(svc->config.flags) & WEIR_SERVICE_F_ONE_PACKET)
		return admit_one_packet(pkt, svc, server);
	return weir_admit_open(pkt, svc, server, persist, READ_ONCE(svc->config.syn_retry));
}

unsigned int weir_admit(struct weir_pkt *pkt)
{
	struct weir_server *other;
	struct weir_conn *conn;
	unsigned int verdict;
	enum weir_dir dir;
	u32 left;

	pkt->from_here = weir_pkt_local_out(pkt);
	conn = weir_conn_lookup_pkt(pkt, &dir);
	if (!conn)
		return admit_new(pkt);
	if (dir == WEIR_DIR_REPLY)
		return admit_reply(pkt, conn);
	if (!admit_permitted(pkt))
		return weir_drop(pkt, WEIR_CNT_DROP_POLICY);

	if (weir_pkt_syn(pkt)) {
		if (weir_conn_reusable(conn, pkt)) {
			if (weir_conn_kill(conn))
				weir_count(pkt->wn, WEIR_CNT_CONN_REUSED);
			return admit_new(pkt);
		}
		/* On its way to a socket of this machine a SYN is met twice, and is no repetition. */
		other = NULL;
		if (unlikely(READ_ONCE(conn->retry)) && !weir_pkt_looped(pkt))
			other = weir_retry_unanswered(conn, pkt, &left);
		if (other)
			return weir_admit_open(pkt, other->service, other, NULL, left);
	}
	if (!admit_alive(pkt, conn, dir, &verdict)) {
		/* Moved: it may open a connection to another server at once. */
		return verdict == NF_ACCEPT ? admit_new(pkt) : verdict;
	}
	weir_count(pkt->wn, WEIR_CNT_ADMIT_KNOWN);
	return admit_request(pkt, conn);
}
