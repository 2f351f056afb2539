/* SPDX-License-Identifier: GPL-2.0 */
/* compat: before 6.13 ip_route_input_noref() takes the whole octet, not a dscp_t */
#ifndef _WEIR_COMPAT_NET_ROUTE_H
#define _WEIR_COMPAT_NET_ROUTE_H

#include <linux/version.h>
#include <net/inet_dscp.h>
#include_next <net/route.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define ip_route_input_noref(skb, daddr, saddr, dscp, dev) \
	ip_route_input_noref(skb, daddr, saddr, inet_dscp_to_dsfield(dscp), dev)
#endif

#endif /* _WEIR_COMPAT_NET_ROUTE_H */
