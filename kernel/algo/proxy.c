// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>
#include "proxy.h"
#include "tcpopt.h"

#define PROXY_V2_SIGNATURE	"\r\n\r\n\0\r\nQUIT\n"
#define PROXY_V2_COMMAND	0x21	/* version 2, PROXY */
#define PROXY_V2_INET		0x10
#define PROXY_V2_INET6		0x20
#define PROXY_V2_STREAM		0x01
#define PROXY_V2_DGRAM		0x02

#define SACK_BLOCK		8

static u8 *put_text(u8 *at, const char *text)
{
	const u32 len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

/* @base: 10 or 16. Without leading zeros. */
static u8 *put_number(u8 *at, u32 value, u32 base)
{
	u8 digits[10];
	u32 n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		*at++ = digits[--n];
	return at;
}

static u8 *put_ipv4(u8 *at, const u8 *addr)
{
	u32 i;

	for (i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_number(at, addr[i], 10);
	}
	return at;
}

static u32 group(const u8 *addr, u32 i)
{
	return addr[2 * i] << 8 | addr[2 * i + 1];
}

/*
 * The longest run of two zero groups or more, the first of equals (RFC 5952 4.2): its length, and in @start where it
 * begins.
 */
static u32 zero_run(const u8 *addr, u32 *start)
{
	u32 i, n = 0, longest = 1;

	*start = 8;
	for (i = 0; i < 8; i++) {
		n = group(addr, i) ? 0 : n + 1;
		if (n > longest) {
			longest = n;
			*start = i + 1 - n;
		}
	}
	return *start < 8 ? longest : 0;
}

static u8 *put_ipv6(u8 *at, const u8 *addr)
{
	u32 start, run, i;

	run = zero_run(addr, &start);
	for (i = 0; i < 8; i++) {
		if (i == start) {
			*at++ = ':';
			*at++ = ':';
			i += run - 1;
			continue;
		}
		if (i && i != start + run)
			*at++ = ':';
		at = put_number(at, group(addr, i), 16);
	}
	return at;
}

static u8 *put_end(u8 *at, const struct weir_proxy *proxy, const u8 *addr)
{
	*at++ = ' ';
	return proxy->ipv6 ? put_ipv6(at, addr) : put_ipv4(at, addr);
}

static u8 *put_port(u8 *at, const u8 *port)
{
	*at++ = ' ';
	return put_number(at, port[0] << 8 | port[1], 10);
}

u32 weir_proxy_v1(u8 *buf, const struct weir_proxy *proxy)
{
	u8 *at = buf;

	at = put_text(at, proxy->ipv6 ? "PROXY TCP6" : "PROXY TCP4");
	at = put_end(at, proxy, proxy->src);
	at = put_end(at, proxy, proxy->dst);
	at = put_port(at, proxy->sport);
	at = put_port(at, proxy->dport);
	at = put_text(at, "\r\n");
	return at - buf;
}

u32 weir_proxy_v2(u8 *buf, const struct weir_proxy *proxy)
{
	const u32 addr = proxy->ipv6 ? 16 : 4;
	u8 *at = buf;

	memcpy(at, PROXY_V2_SIGNATURE, 12);
	at += 12;
	*at++ = PROXY_V2_COMMAND;
	*at++ = (proxy->ipv6 ? PROXY_V2_INET6 : PROXY_V2_INET) | (proxy->datagram ? PROXY_V2_DGRAM : PROXY_V2_STREAM);
	*at++ = 0;
	*at++ = 2 * addr + sizeof(proxy->sport) + sizeof(proxy->dport);
	memcpy(at, proxy->src, addr);
	memcpy(at + addr, proxy->dst, addr);
	at += 2 * addr;
	memcpy(at, proxy->sport, sizeof(proxy->sport));
	memcpy(at + sizeof(proxy->sport), proxy->dport, sizeof(proxy->dport));
	return at + sizeof(proxy->sport) + sizeof(proxy->dport) - buf;
}

static u32 get_be32(const u8 *at)
{
	return (u32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void put_be32(u8 *at, u32 value)
{
	at[0] = value >> 24;
	at[1] = value >> 16;
	at[2] = value >> 8;
	at[3] = value;
}

/*
 * One block, [left, right) in the server's sequence space: false, it says nothing that the client can use. Only what is
 * below the acknowledgment can be of the header: the numbers come round again every 4 GiB.
 */
static bool sack_block(u8 *block, u32 ack, u32 first, u32 by)
{
	u32 left = get_be32(block), right = get_be32(block + 4);

	if (weir_proxy_rest(ack, first, by)) {
		if (left - first <= by)
			return false;
	} else if ((s32)(left - ack) < 0) {
		if (right - first <= by)
			return false;
		if (left - first < by)
			left = first + by;
	}
	put_be32(block, left - by);
	put_be32(block + 4, right - by);
	return true;
}

static void sack_option(u8 *option, u32 size, u32 ack, u32 first, u32 by)
{
	u32 off, end = 2;

	for (off = 2; off + SACK_BLOCK <= size; off += SACK_BLOCK) {
		if (!sack_block(option + off, ack, first, by))
			continue;
		memmove(option + end, option + off, SACK_BLOCK);
		end += SACK_BLOCK;
	}
	if (end == 2)
		end = 0;
	else
		option[1] = end;
	memset(option + end, WEIR_TCPOPT_NOP, size - end);
}

u32 weir_proxy_sack(u8 *options, u32 len, u32 ack, u32 first, u32 by)
{
	const int at = weir_tcpopt_find(options, len, WEIR_TCPOPT_SACK, 0);

	if (at < 0)
		return 0;
	sack_option(options + at, options[at + 1], ack, first, by);
	return 1;
}
