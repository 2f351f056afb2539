// SPDX-License-Identifier: GPL-2.0
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/kernel.h>
#include "xlat.h"

/* An IPv6 header is so much longer than an IPv4 one. */
#define LONGER		20
/* Every link of IPv6 carries this. */
#define IPV6_LEAST	1280U

/* There is no such field in the other header. */
#define NOWHERE		0xff

/* RFC 7915, figures 3 and 6: where the field is that a pointer into the first 20, or 40, bytes points to. */
static const u8 pointers_to_ipv6[] = {
	0, 1, 4, 4, NOWHERE, NOWHERE, NOWHERE, NOWHERE, 7, 6, NOWHERE, NOWHERE, 8, 8, 8, 8, 24, 24, 24, 24,
};

static const u8 pointers_to_ipv4[] = {
	0, 1, NOWHERE, NOWHERE, 2, 2, 9, 8, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
	16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
};

static bool set(struct weir_xlat_error *error, u8 type, u8 code, u32 info)
{
	*error = (struct weir_xlat_error){ .type = type, .code = code, .info = info };
	return true;
}

/* What a link is likely to carry that did not carry @len bytes (RFC 1191 7); less than IPv6 needs is of no interest. */
static u32 plateau(u32 len)
{
	static const u32 plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (plateaus[i] < len)
			return plateaus[i];
	return 0;
}

static bool too_big_to_ipv6(struct weir_xlat_error *error, u32 len, u32 mtu)
{
	u32 told = (error->info ?: plateau(len)) + LONGER;

	if (told > mtu)
		told = mtu;
	return set(error, ICMPV6_PKT_TOOBIG, 0, max(told, IPV6_LEAST));
}

static bool unreachable_to_ipv6(struct weir_xlat_error *error, u32 len, u32 mtu)
{
	switch (error->code) {
	case ICMP_PROT_UNREACH:
		/* The pointer: next header. */
		return set(error, ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR, 6);
	case ICMP_PORT_UNREACH:
		return set(error, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
	case ICMP_FRAG_NEEDED:
		return too_big_to_ipv6(error, len, mtu);
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
	case ICMP_PREC_CUTOFF:
		return set(error, ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, 0);
	case ICMP_PREC_VIOLATION:
		return false;
	default:
		return error->code <= ICMP_HOST_UNR_TOS && set(error, ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, 0);
	}
}

bool weir_xlat_error_to_ipv6(struct weir_xlat_error *error, u32 len, u32 mtu)
{
	switch (error->type) {
	case ICMP_DEST_UNREACH:
		return unreachable_to_ipv6(error, len, mtu);
	case ICMP_TIME_EXCEEDED:
		return set(error, ICMPV6_TIME_EXCEED, error->code, 0);
	case ICMP_PARAMETERPROB:
		/* A pointer, or a bad length; the other code misses an option, and IPv6 has none of those. */
		if ((error->code != 0 && error->code != 2) || error->info >= ARRAY_SIZE(pointers_to_ipv6) ||
		    pointers_to_ipv6[error->info] == NOWHERE)
			return false;
		return set(error, ICMPV6_PARAMPROB, ICMPV6_HDR_FIELD, pointers_to_ipv6[error->info]);
	default:
		return false;
	}
}

static bool unreachable_to_ipv4(struct weir_xlat_error *error)
{
	switch (error->code) {
	case ICMPV6_NOROUTE:
	case ICMPV6_NOT_NEIGHBOUR:
	case ICMPV6_ADDR_UNREACH:
		return set(error, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	case ICMPV6_ADM_PROHIBITED:
		return set(error, ICMP_DEST_UNREACH, ICMP_HOST_ANO, 0);
	case ICMPV6_PORT_UNREACH:
		return set(error, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	default:
		return false;
	}
}

static bool problem_to_ipv4(struct weir_xlat_error *error)
{
	if (error->code == ICMPV6_UNK_NEXTHDR)
		return set(error, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	if (error->code != ICMPV6_HDR_FIELD || error->info >= ARRAY_SIZE(pointers_to_ipv4) ||
	    pointers_to_ipv4[error->info] == NOWHERE)
		return false;
	return set(error, ICMP_PARAMETERPROB, 0, pointers_to_ipv4[error->info]);
}

bool weir_xlat_error_to_ipv4(struct weir_xlat_error *error, u32 mtu)
{
	u32 told;

	switch (error->type) {
	case ICMPV6_DEST_UNREACH:
		return unreachable_to_ipv4(error);
	case ICMPV6_PKT_TOOBIG:
		/* No link of IPv6 carries less; the field has 16 bits. */
		told = max(error->info, IPV6_LEAST) - LONGER;
		if (told > mtu)
			told = mtu;
		return set(error, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, told > 0xffff ? 0xffff : told);
	case ICMPV6_TIME_EXCEED:
		return set(error, ICMP_TIME_EXCEEDED, error->code, 0);
	case ICMPV6_PARAMPROB:
		return problem_to_ipv4(error);
	default:
		return false;
	}
}
