/* SPDX-License-Identifier: GPL-2.0 */
/* icmp: ICMP and ICMPv6 errors about connections */
#ifndef _WEIR_ICMP_H
#define _WEIR_ICMP_H

#include <linux/types.h>

struct weir_pkt;

/* A packet that weir_pkt_parse() called WEIR_PARSE_ICMP: a verdict. RCU held, BH disabled. */
unsigned int weir_icmp(struct weir_pkt *pkt);

/* Is its checksum right? Errors are made anew with a new one, which would heal a damaged one. May change skb->ip_summed. */
bool weir_icmp_intact(const struct weir_pkt *pkt);

#endif /* _WEIR_ICMP_H */
