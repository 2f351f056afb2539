/* SPDX-License-Identifier: GPL-2.0 */
/* xlat: what ICMP errors of one family are in the other (RFC 7915 4.2 and 5.2); pure */
#ifndef _WEIR_ALGO_XLAT_H
#define _WEIR_ALGO_XLAT_H

#include <linux/types.h>

/**
 * struct weir_xlat_error - an ICMP error's header
 * @type: of its family
 * @code: likewise
 * @info: host order: the MTU of a packet too big, 0 where an old IPv4 router does not tell it; the pointer of a parameter
 *	problem; else 0
 */
struct weir_xlat_error {
	u8	type;
	u8	code;
	u32	info;
};

/*
 * The IPv4 error as one of IPv6, or the other way round; false: it has no counterpart, and is not to be passed on. @len:
 * total length of the packet that it is about, by the embedded header. @mtu: of the way that the error is about to take.
 */
bool weir_xlat_error_to_ipv6(struct weir_xlat_error *error, u32 len, u32 mtu);
bool weir_xlat_error_to_ipv4(struct weir_xlat_error *error, u32 mtu);

#endif /* _WEIR_ALGO_XLAT_H */
