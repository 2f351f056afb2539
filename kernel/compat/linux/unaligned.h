/* SPDX-License-Identifier: GPL-2.0 */
/* compat: before 6.12 it stands in asm/ */
#ifndef _WEIR_COMPAT_LINUX_UNALIGNED_H
#define _WEIR_COMPAT_LINUX_UNALIGNED_H

#if __has_include_next(<linux/unaligned.h>)
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* _WEIR_COMPAT_LINUX_UNALIGNED_H */
