/* SPDX-License-Identifier: GPL-2.0 */
/* proxy: PROXY protocol in what fullnat sends to its server */
#ifndef _WEIR_PROXY_H
#define _WEIR_PROXY_H

#include "algo/proxy.h"
#include "conn.h"

struct dst_entry;
struct weir_pkt;

/* Does, or did, the connection's server get a header? */
static inline bool weir_proxy_wanted(const struct weir_conn *conn)
{
	return READ_ONCE(conn->proxy_len) || test_bit(WEIR_CONN_PROXY, &conn->flags);
}

/* What the server acknowledges with @ack, as the client is to hear it; host order. */
static inline u32 weir_proxy_told(const struct weir_conn *conn, u32 ack)
{
	const u32 len = READ_ONCE(conn->proxy_len);

	/* 2 GiB further on the first byte is no place to measure from. */
	return test_bit(WEIR_CONN_PROXY, &conn->flags) ? weir_proxy_ack(ack, READ_ONCE(conn->toa_seq), len) : ack - len;
}

/* TCP: a segment of a connection whose server may not have the header: the header's is made of it, or it loses its data. */
bool weir_proxy_pending(const struct weir_pkt *pkt, const struct weir_conn *conn);

/* Bytes that datagrams to the server are longer than from the client; segments have a header in one of their own. */
static inline unsigned int weir_proxy_longer(const struct weir_conn *conn)
{
	if (likely(!test_bit(WEIR_CONN_PROXY, &conn->flags)) || conn->original.tuple.proto != IPPROTO_UDP)
		return 0;
	return conn->proxy_len;
}

/* Of a connection of method fullnat that has its server, by the packet that opens it. */
void weir_proxy_begin(struct weir_conn *conn, const struct weir_pkt *pkt);

/* Of the way to the server of this @mtu, what the packet may use before a header is put in. */
unsigned int weir_proxy_mtu(const struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir,
			    unsigned int mtu);

/*
 * Admission path. A packet of direction @dir, not rewritten yet, that goes out by @dst: connections open, datagrams get
 * their header, and it is noticed that the server has it. The transport header's fixed part is writable. May move the
 * head. False: no memory.
 */
bool weir_proxy_pass(struct weir_pkt *pkt, struct weir_conn *conn, enum weir_dir dir, const struct dst_entry *dst);

/*
 * Admission path. A client's packet, rewritten, that goes out by @dst, borrowed: the header goes ahead of it where it
 * is due. NF_ACCEPT; NF_STOLEN: the header went in its place; NF_DROP.
 */
unsigned int weir_proxy_ahead(struct weir_pkt *pkt, struct weir_conn *conn, struct dst_entry *dst);

/*
 * Both paths. A TCP segment of a connection with proxy_len gets the sequence numbers of the other end. The header's
 * fixed part is writable, its checksum not CHECKSUM_COMPLETE. May move the head. False: no memory, the segment is as it
 * was.
 */
bool weir_proxy_shift(struct weir_pkt *pkt, const struct weir_conn *conn, enum weir_dir dir);

/* The same of the segment in an ICMP error that goes to the client, whose checksum is made after this. */
bool weir_proxy_icmp(struct weir_pkt *pkt, const struct weir_conn *conn);

#endif /* _WEIR_PROXY_H */
