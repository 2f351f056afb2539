/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace's stand-in for the kernel's header. */
#ifndef KSHIM_LINUX_BUILD_BUG_H
#define KSHIM_LINUX_BUILD_BUG_H

#include <assert.h>

#endif
