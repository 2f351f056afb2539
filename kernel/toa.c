// SPDX-License-Identifier: GPL-2.0
/*
 * toa: the client's address, as a TCP option (algo/toa.h).
 *
 *	client				director				server
 *	SYN, [Fast Open]		option taken out			SYN
 *	SYN-ACK, MSS 1452		MSS lowered by the option's length	SYN-ACK, MSS 1460
 *	ACK				option put in				ACK, TOA
 *	data				option put in				data, TOA
 *	ACK				nothing any more			ACK of data
 *
 * It goes into every segment until the server has acknowledged data: the ACK of a handshake may get lost, or be dropped by a server
 * that waits for data (TCP_DEFER_ACCEPT). Every segment of a GSO packet gets it, for they have one header; they fit as the MSS was
 * lowered for all that the client sends. A Fast Open SYN would make a connection before the option can come.
 *
 * Servers believe the option because it comes from a director. So clients' own of these kinds are taken out of all that fullnat
 * forwards, whether the service sends the option or not, for as long as a server would take them.
 */
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/dst.h>
#include <net/gso.h>
#include <net/ip.h>
#include <net/tcp.h>
#include "algo/toa.h"
#include "conn.h"
#include "counter.h"
#include "insert.h"
#include "pkt.h"
#include "proxy.h"
#include "rewrite.h"
#include "server.h"
#include "service.h"
#include "toa.h"
#include "xlat.h"

/* Bytes: the window of a SYN-ACK is not scaled (RFC 7323 2.2); later ones may be larger before data is acknowledged. */
#define TOA_FIRST_MAX	SZ_1M

#define TOA_SEND	(WEIR_SERVICE_F_TOA | WEIR_SERVICE_F_TOA_DPVS)

static struct tcphdr *toa_tcp(const struct weir_pkt *pkt)
{
	return (struct tcphdr *)(pkt->skb->data + pkt->thoff);
}

static u8 *toa_opts(const struct weir_pkt *pkt)
{
	return pkt->skb->data + pkt->thoff + sizeof(struct tcphdr);
}

static u32 toa_opts_len(const struct weir_pkt *pkt)
{
	return toa_tcp(pkt)->doff * 4 - sizeof(struct tcphdr);
}

/* @seq: of the client's first byte */
static void toa_start(struct weir_conn *conn, u32 seq)
{
	WRITE_ONCE(conn->toa_seq, seq);
	if (READ_ONCE(conn->server->service->config.flags) & TOA_SEND)
		set_bit(WEIR_CONN_TOA_SEND, &conn->flags);
	set_bit(WEIR_CONN_TOA, &conn->flags);
}

void weir_toa_begin(struct weir_conn *conn, const struct weir_pkt *pkt)
{
	u32 seq;

	if (pkt->tuple.proto != IPPROTO_TCP || !weir_pkt_syn(pkt))
		return;
	seq = ntohl(toa_tcp(pkt)->seq) + 1;
	if (likely(READ_ONCE(conn->state) != WEIR_STATE_TCP_ESTABLISHED)) {
		toa_start(conn, seq);
		return;
	}
	/* Anybody may have sent it: it counts if the server takes it, see toa_taken(). */
	spin_lock(&conn->lock);
	if (!weir_conn_seq_known(conn, WEIR_DIR_ORIGINAL)) {
		conn->original.seq_ack = seq;
		set_bit(WEIR_CONN_SYN_AGAIN, &conn->flags);
	}
	spin_unlock(&conn->lock);
}

/* A SYN-ACK. The server has forgotten the connection and begins another one if it acknowledges the SYN that came again. */
static void toa_taken(struct weir_conn *conn, const struct tcphdr *th)
{
	const u32 seq = ntohl(th->ack_seq);
	bool taken;

	if (likely(!test_bit(WEIR_CONN_SYN_AGAIN, &conn->flags)) || !th->ack)
		return;
	spin_lock(&conn->lock);
	taken = !weir_conn_seq_known(conn, WEIR_DIR_ORIGINAL) && conn->original.seq_ack == seq;
	if (taken)
		clear_bit(WEIR_CONN_SYN_AGAIN, &conn->flags);
	spin_unlock(&conn->lock);
	if (taken)
		toa_start(conn, seq);
}

static void toa_client(const struct weir_conn *conn, struct weir_toa *toa)
{
	const struct weir_tuple *tuple = &conn->original.tuple;

	memset(toa, 0, sizeof(*toa));
	toa->ipv6 = tuple->family == AF_INET6;
	memcpy(toa->addr, &tuple->src, toa->ipv6 ? sizeof(tuple->src.in6) : sizeof(tuple->src.ip));
	memcpy(toa->port, &tuple->sport, sizeof(toa->port));
}

unsigned int weir_toa_longer(const struct weir_conn *conn)
{
	const unsigned long both = BIT(WEIR_CONN_TOA) | BIT(WEIR_CONN_TOA_SEND);
	struct weir_toa toa;

	if (likely((READ_ONCE(conn->flags) & both) != both))
		return 0;
	toa_client(conn, &toa);
	return weir_toa_len(&toa);
}

/* The options have changed, their sum was @before. They begin on an even byte. */
static void toa_opts_changed(struct weir_pkt *pkt, __wsum before)
{
	const __wsum after = csum_partial(toa_opts(pkt), toa_opts_len(pkt), 0);

	if (!weir_rewrite_partial(pkt->skb, pkt->thoff))
		weir_rewrite_check(false, &toa_tcp(pkt)->check, csum_sub(after, before), 0);
}

/* What a client has no business to say. @send: the client's address is to be the first that the server gets. */
static void toa_scrub(struct weir_pkt *pkt, bool send)
{
	const __wsum before = csum_partial(toa_opts(pkt), toa_opts_len(pkt), 0);
	const bool fastopen = send && weir_pkt_syn(pkt);
	u32 count;

	count = weir_toa_scrub(toa_opts(pkt), toa_opts_len(pkt), fastopen);
	if (likely(!count))
		return;
	toa_opts_changed(pkt, before);
	weir_count(pkt->wn, WEIR_CNT_TOA_SCRUBBED);
}

/* May it be @len bytes longer on a way of this @mtu? */
static bool toa_fits(const struct weir_pkt *pkt, unsigned int len, unsigned int mtu)
{
	const struct sk_buff *skb = pkt->skb;

	if (mtu <= len || pkt->len + len > IP_MAX_MTU)
		return false;
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu - len) : pkt->len + len <= mtu;
}

static bool toa_insert(struct weir_pkt *pkt, const struct weir_conn *conn, const struct dst_entry *dst)
{
	const u32 flags = READ_ONCE(conn->server->service->config.flags);
	struct sk_buff *skb = pkt->skb;
	unsigned int len;
	struct weir_toa toa;
	struct tcphdr *th;
	__wsum length, rest;

	toa_client(conn, &toa);
	len = weir_toa_len(&toa);
	if (unlikely(!weir_toa_fits(&toa, toa_opts_len(pkt)))) {
		weir_count(pkt->wn, WEIR_CNT_TOA_NO_ROOM);
		return true;
	}
	if (unlikely(!toa_fits(pkt, len, weir_xlat_mtu(dst, pkt->tuple.family)))) {
		weir_count(pkt->wn, WEIR_CNT_TOA_TOO_BIG);
		return true;
	}
	if (unlikely(!weir_insert(pkt, pkt->thoff + sizeof(*th), len, dst)))
		return false;
	weir_toa_encode(toa_opts(pkt), &toa,
			flags & WEIR_SERVICE_F_TOA_DPVS ? WEIR_TOA_KIND_IPV4 : WEIR_TOA_KIND_IPV6);
	th = toa_tcp(pkt);
	th->doff += len / 4;
	/* The pseudo header has the length; the word with doff, and the option, are the rest. */
	length = (__force __wsum)htons(len);
	rest = csum_add(csum_partial(toa_opts(pkt), len, 0), (__force __wsum)htons(len / 4 << 12));
	weir_rewrite_check(weir_rewrite_partial(skb, pkt->thoff), &th->check, length, rest);
	weir_count(pkt->wn, WEIR_CNT_TOA_SENT);
	return true;
}

static bool toa_request(struct weir_pkt *pkt, const struct weir_conn *conn, const struct dst_entry *dst)
{
	const bool send = test_bit(WEIR_CONN_TOA_SEND, &conn->flags);

	if (toa_opts_len(pkt)) {
		if (skb_ensure_writable(pkt->skb, pkt->thoff + toa_tcp(pkt)->doff * 4))
			return false;
		toa_scrub(pkt, send || weir_proxy_wanted(conn));
	}
	if (!send || (pkt->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK)) != WEIR_TCP_ACK)
		return true;
	return toa_insert(pkt, conn, dst);
}

/* What the server is ready to take: the client's segments are to leave room for the option. */
static bool toa_lower_mss(struct weir_pkt *pkt, const struct weir_conn *conn)
{
	struct weir_toa toa;
	__wsum before;

	if (!toa_opts_len(pkt))
		return true;
	if (skb_ensure_writable(pkt->skb, pkt->thoff + toa_tcp(pkt)->doff * 4))
		return false;
	toa_client(conn, &toa);
	before = csum_partial(toa_opts(pkt), toa_opts_len(pkt), 0);
	if (weir_toa_lower_mss(toa_opts(pkt), toa_opts_len(pkt), weir_toa_len(&toa)))
		toa_opts_changed(pkt, before);
	return true;
}

static bool toa_reply(struct weir_pkt *pkt, struct weir_conn *conn)
{
	u32 acked;

	if (pkt->tcp_flags & WEIR_TCP_SYN)
		return !test_bit(WEIR_CONN_TOA_SEND, &conn->flags) || toa_lower_mss(pkt, conn);
	/*
	 * Data is acknowledged: who listens to options has heard them. What is acknowledged beyond all that a client can have sent by
	 * then was another's, who had the local end before.
	 */
	acked = ntohl(toa_tcp(pkt)->ack_seq) - READ_ONCE(conn->toa_seq);
	if (pkt->tcp_flags & WEIR_TCP_ACK && acked && acked <= TOA_FIRST_MAX)
		clear_bit(WEIR_CONN_TOA, &conn->flags);
	return true;
}

bool weir_toa_pass(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, const struct dst_entry *dst)
{
	if (dir == WEIR_DIR_ORIGINAL)
		weir_toa_begin(conn, pkt);
	else if (pkt->tuple.proto == IPPROTO_TCP && unlikely(pkt->tcp_flags & WEIR_TCP_SYN))
		toa_taken(conn, toa_tcp(pkt));
	if (pkt->tuple.proto != IPPROTO_TCP || likely(!test_bit(WEIR_CONN_TOA, &conn->flags)))
		return true;
	/* A sum over the packet as it came: whoever gets it next makes it anew. */
	skb_forward_csum(pkt->skb);
	return dir == WEIR_DIR_ORIGINAL ? toa_request(pkt, conn, dst) : toa_reply(pkt, conn);
}
