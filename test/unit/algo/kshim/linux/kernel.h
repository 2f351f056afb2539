/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace's stand-in for the kernel's header. */
#ifndef KSHIM_LINUX_KERNEL_H
#define KSHIM_LINUX_KERNEL_H

#define max(a, b) ((a) > (b) ? (a) : (b))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
