/* SPDX-License-Identifier: GPL-2.0 */
/* addr: arithmetic of addresses, which are big-endian numbers of 4 or 16 bytes */
#ifndef _WEIR_ALGO_ADDR_H
#define _WEIR_ALGO_ADDR_H

#include <linux/types.h>

/* @addr + @n, modulo its width. */
static inline void weir_addr_add(u8 *addr, unsigned int len, u32 n)
{
	u64 carry = n;

	while (len-- && carry) {
		carry += addr[len];
		addr[len] = carry & 0xff;
		carry >>= 8;
	}
}

/* @to - @from in @n. False: @to comes before @from, or the distance is 2^32 or more. */
static inline bool weir_addr_distance(const u8 *from, const u8 *to, unsigned int len, u32 *n)
{
	unsigned int i, shift = 0;
	u64 distance = 0;
	int borrow = 0;

	for (i = len; i--; shift += 8) {
		int digit = to[i] - from[i] - borrow;

		borrow = digit < 0;
		if (borrow)
			digit += 256;
		if (shift < 32)
			distance |= (u64)digit << shift;
		else if (digit)
			return false;
	}
	*n = distance;
	return !borrow;
}

#endif /* _WEIR_ALGO_ADDR_H */
