/* SPDX-License-Identifier: GPL-2.0 */
/* xmit_nat: what fullnat has in common with nat */
#ifndef _WEIR_XMIT_NAT_H
#define _WEIR_XMIT_NAT_H

#include <linux/netfilter.h>

struct weir_pkt;

/* Which end of a packet is rewritten. */
enum weir_nat_end {
	WEIR_NAT_SOURCE,
	WEIR_NAT_DESTINATION,
};

/* What stands there instead. */
struct weir_nat_to {
	const union nf_inet_addr	*addr;
	__be16				port;
	u8				family;
};

/*
 * Rewrites an ICMP error: @end of the outer packet and, for that went the other way, the opposite one of the embedded packet. 0 or
 * -ENOMEM. May move the head.
 */
int weir_nat_rewrite_icmp(struct weir_pkt *pkt, enum weir_nat_end end, struct weir_nat_to to);

#endif /* _WEIR_XMIT_NAT_H */
