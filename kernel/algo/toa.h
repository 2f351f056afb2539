/* SPDX-License-Identifier: GPL-2.0 */
/* toa: the TCP option that carries a client's address to a server behind FULLNAT; pure, the server's BPF program includes it too */
#ifndef _WEIR_ALGO_TOA_H
#define _WEIR_ALGO_TOA_H

#include <linux/types.h>

/*
 * Written by LVS's FULLNAT, DPVS (include/ipvs/proto_tcp.h) and Huawei's and Alibaba's load balancers; nobody registered it. Port
 * and address in network byte order, whole words both:
 *
 *	IPv4	254  8 port[2] addr[4]
 *	IPv6	253 20 port[2] addr[16]		DPVS: 254 20
 *
 * Kind 254 is that of experiments with a magic number behind the length (RFC 6994). Fast Open's, 0xf989, is a port as well: what
 * tells the two apart is that Fast Open's belongs in a SYN.
 */
#define WEIR_TOA_KIND_IPV4	254
#define WEIR_TOA_KIND_IPV6	253
#define WEIR_TOA_LEN_IPV4	8
#define WEIR_TOA_LEN_IPV6	20
#define WEIR_TOA_LEN_MAX	WEIR_TOA_LEN_IPV6

/* All options of a segment: 15 words less the fixed header. */
#define WEIR_TOA_SPACE		40

#define WEIR_TOA_OPT_EOL	0
#define WEIR_TOA_OPT_NOP	1
#define WEIR_TOA_OPT_MSS	2
#define WEIR_TOA_OPT_FASTOPEN	34

/**
 * struct weir_toa - what the option says
 * @addr: network byte order; IPv4: the first four bytes
 * @port: network byte order
 * @ipv6: the address is an IPv6 one
 */
struct weir_toa {
	u8	addr[16];
	u8	port[2];
	u8	ipv6;
};

/* A walk over options ended before its end. */
#define WEIR_TOA_STOP		0xff

/*
 * Where the option after the one at @off begins, of @len bytes of options: at most @len. WEIR_TOA_STOP: the option at @off is the
 * last one, or no option: its length is below two or reaches past the end. @off is below @len, @len at most WEIR_TOA_SPACE; one byte
 * past @len may be read, and is not trusted.
 */
static inline u32 weir_toa_next(const u8 *opts, u32 off, u32 len)
{
	u32 size;

	if (off >= len || off >= WEIR_TOA_SPACE || opts[off] == WEIR_TOA_OPT_EOL)
		return WEIR_TOA_STOP;
	if (opts[off] == WEIR_TOA_OPT_NOP)
		return off + 1;
	if (off + 1 >= len)
		return WEIR_TOA_STOP;
	size = opts[off + 1];
	if (size < 2 || size > len - off)
		return WEIR_TOA_STOP;
	return off + size;
}

/* Of the address that an option of this kind and length carries: its bytes; 0: the option is none of these. */
static inline u32 weir_toa_addr_len(u8 kind, u32 size)
{
	if (kind == WEIR_TOA_KIND_IPV4 && size == WEIR_TOA_LEN_IPV4)
		return 4;
	if ((kind == WEIR_TOA_KIND_IPV4 || kind == WEIR_TOA_KIND_IPV6) && size == WEIR_TOA_LEN_IPV6)
		return 16;
	return 0;
}

/* Bytes that the option takes: a multiple of four. */
static inline u32 weir_toa_len(const struct weir_toa *toa)
{
	return toa->ipv6 ? WEIR_TOA_LEN_IPV6 : WEIR_TOA_LEN_IPV4;
}

/* Is there room for it beside @len bytes of options? */
static inline bool weir_toa_fits(const struct weir_toa *toa, u32 len)
{
	return len + weir_toa_len(toa) <= WEIR_TOA_SPACE;
}

enum weir_toa_found {
	WEIR_TOA_NONE,
	WEIR_TOA_FOUND,
	WEIR_TOA_MALFORMED,	/* the options do not end where the header does, or one of these kinds is of another length */
};

/* Writes the option: weir_toa_len() bytes at @opt. @kind_ipv6: WEIR_TOA_KIND_IPV6, or WEIR_TOA_KIND_IPV4 as DPVS has it. */
void weir_toa_encode(u8 *opt, const struct weir_toa *toa, u8 kind_ipv6);

/* The first such option of @len bytes of options, at most WEIR_TOA_SPACE. */
enum weir_toa_found weir_toa_find(const u8 *opts, u32 len, struct weir_toa *toa);

/*
 * Makes NOPs of all options that a server could take for this one, of whatever length, and in a SYN of Fast Open's: how many. Where
 * the list is broken, so is what comes behind it, for every reader.
 */
u32 weir_toa_scrub(u8 *opts, u32 len, bool syn);

/* Lowers the maximum segment size that the options of a SYN offer by @by: 1, or 0 where there is none or so little of it. */
u32 weir_toa_lower_mss(u8 *opts, u32 len, u32 by);

#endif /* _WEIR_ALGO_TOA_H */
