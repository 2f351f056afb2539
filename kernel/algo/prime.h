/* SPDX-License-Identifier: GPL-2.0 */
/* prime: sizes of tables that a step must walk in full */
#ifndef _WEIR_ALGO_PRIME_H
#define _WEIR_ALGO_PRIME_H

#include <linux/types.h>

/* The least prime that is not below @n; @n up to 2^31. */
u32 weir_prime_next(u32 n);

#endif /* _WEIR_ALGO_PRIME_H */
