/* SPDX-License-Identifier: GPL-2.0 */
/* compat: policies with constant ranges for kernels before 6.7 */
#ifndef _WEIR_COMPAT_NET_NETLINK_H
#define _WEIR_COMPAT_NET_NETLINK_H

#include <linux/version.h>
#include_next <net/netlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
/* The kernel only reads the range, but has no const for it yet. */
#undef NLA_POLICY_FULL_RANGE
#define NLA_POLICY_FULL_RANGE(tp, _range) {		\
	.type = NLA_ENSURE_UINT_OR_BINARY_TYPE(tp),	\
	.validation_type = NLA_VALIDATE_RANGE_PTR,	\
	.range = (struct netlink_range_validation *)(_range),	\
}
#endif

#endif /* _WEIR_COMPAT_NET_NETLINK_H */
