/* SPDX-License-Identifier: GPL-2.0 */
/* compat: before 6.6 what net/gso.h declares stands in linux/skbuff.h */
#ifndef _WEIR_COMPAT_NET_GSO_H
#define _WEIR_COMPAT_NET_GSO_H

#include <linux/skbuff.h>
#if __has_include_next(<net/gso.h>)
#include_next <net/gso.h>
#endif

#endif /* _WEIR_COMPAT_NET_GSO_H */
