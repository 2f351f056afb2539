// SPDX-License-Identifier: GPL-2.0
#include "prime.h"

static bool weir_prime_is(u32 n)
{
	u32 i;

	if (n < 4)
		return n > 1;
	if (!(n & 1))
		return false;
	/* i <= n / i instead of i * i <= n: no overflow */
	for (i = 3; i <= n / i; i += 2)
		if (n % i == 0)
			return false;
	return true;
}

u32 weir_prime_next(u32 n)
{
	while (!weir_prime_is(n))
		n++;
	return n;
}
