/* SPDX-License-Identifier: GPL-2.0 */
/* icmp: ICMP and ICMPv6 errors about connections */
#ifndef _WEIR_ICMP_H
#define _WEIR_ICMP_H

struct weir_pkt;

/* A packet that weir_pkt_parse() called WEIR_PARSE_ICMP: a verdict. RCU held, BH disabled. */
unsigned int weir_icmp(struct weir_pkt *pkt);

#endif /* _WEIR_ICMP_H */
