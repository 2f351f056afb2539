/* SPDX-License-Identifier: GPL-2.0 */
/* compat: the oldest kernel that weir is built for */
#ifndef _WEIR_COMPAT_LINUX_MODULE_H
#define _WEIR_COMPAT_LINUX_MODULE_H

#include <linux/version.h>
#include_next <linux/module.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "weir needs Linux 6.1 or newer"
#endif

#endif /* _WEIR_COMPAT_LINUX_MODULE_H */
