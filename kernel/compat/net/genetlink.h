/* SPDX-License-Identifier: GPL-2.0 */
/* compat: genl_info_dump() for kernels before 6.7 */
#ifndef _WEIR_COMPAT_NET_GENETLINK_H
#define _WEIR_COMPAT_NET_GENETLINK_H

#include <linux/version.h>
#include_next <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
/* Of struct genl_info only what both have may be used: attrs. */
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

#endif /* _WEIR_COMPAT_NET_GENETLINK_H */
