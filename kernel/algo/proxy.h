/* SPDX-License-Identifier: GPL-2.0 */
/*
 * proxy: the header that tells a server whom a connection is from (HAProxy's doc/proxy-protocol.txt), and what it does
 * to TCP; pure
 */
#ifndef _WEIR_ALGO_PROXY_H
#define _WEIR_ALGO_PROXY_H

#include <linux/types.h>

/*
 * The longest line of version 1 that a sender with addresses writes, "TCP6" (2.1); version 2 has 16 bytes and two ends
 * (2.2).
 */
#define WEIR_PROXY_V1_MAX	104
#define WEIR_PROXY_V2_IPV4	28
#define WEIR_PROXY_V2_IPV6	52
#define WEIR_PROXY_MAX		WEIR_PROXY_V1_MAX

/**
 * struct weir_proxy - what the header says; network byte order
 * @src: the client; IPv4: the first four bytes
 * @dst: the address that it asked for, likewise
 * @sport: the client's port
 * @dport: the port that it asked for
 * @ipv6: the addresses are IPv6 ones
 * @datagram: UDP, which version 1 has no word for
 */
struct weir_proxy {
	u8	src[16];
	u8	dst[16];
	u8	sport[2];
	u8	dport[2];
	u8	ipv6;
	u8	datagram;
};

/* Writes the header of version 1 (a line of TCP) or 2, without TLVs, to @buf of WEIR_PROXY_MAX bytes: its length. */
u32 weir_proxy_v1(u8 *buf, const struct weir_proxy *proxy);
u32 weir_proxy_v2(u8 *buf, const struct weir_proxy *proxy);

/*
 * The acknowledgment @ack of a server that has got a header of @len bytes from @first on, as the client is to hear it,
 * who knows nothing of the header: nothing is acknowledged before the header is. What is before @first is of another
 * time.
 */
static inline u32 weir_proxy_ack(u32 ack, u32 first, u32 len)
{
	const u32 off = ack - first;

	if ((s32)off <= 0)
		return ack;
	return off < len ? first : ack - len;
}

/* How much of the header @ack leaves to be acknowledged: 0 to @len. */
static inline u32 weir_proxy_rest(u32 ack, u32 first, u32 len)
{
	const u32 off = ack - first;

	if ((s32)off < 0)
		return 0;
	return off < len ? len - off : 0;
}

/* The window @window, in units of 2^@scale bytes, less @rest bytes. */
static inline u16 weir_proxy_window(u16 window, u8 scale, u32 rest)
{
	const u32 bytes = (u32)window << scale;

	return bytes > rest ? (bytes - rest) >> scale : 0;
}

/*
 * Makes what @len bytes of options of a segment that acknowledges @ack say of selective acknowledgment (RFC 2018,
 * 2883) true for the client: blocks move by the header's length @by, and what is said of the header, whose first byte
 * is @first, goes. While the header is not acknowledged, so does the block that begins where it ends: the client could
 * never send again what it says has arrived. 1: the options have changed.
 */
u32 weir_proxy_sack(u8 *options, u32 len, u32 ack, u32 first, u32 by);

#endif /* _WEIR_ALGO_PROXY_H */
