/* SPDX-License-Identifier: GPL-2.0 */
/* range: ranges of ports, first and last in host order, both belong to it */
#ifndef _WEIR_ALGO_RANGE_H
#define _WEIR_ALGO_RANGE_H

#include <linux/types.h>

enum weir_range_kind {
	WEIR_RANGE_INVALID,
	WEIR_RANGE_ONE,		/* one port */
	WEIR_RANGE_MANY,	/* a true range; port 0 is in none */
	WEIR_RANGE_ALL,		/* what ipvsadm calls port 0: every port that nothing else claims */
};

static inline enum weir_range_kind weir_range_kind(u16 first, u16 last)
{
	if (!first)
		return last == 65535 ? WEIR_RANGE_ALL : WEIR_RANGE_INVALID;
	if (first == last)
		return WEIR_RANGE_ONE;
	return first < last ? WEIR_RANGE_MANY : WEIR_RANGE_INVALID;
}

static inline bool weir_range_has(u16 first, u16 last, u16 port)
{
	return first <= port && port <= last;
}

/* May services of both ranges not stand side by side at one address? ALL yields to every other, ONE is looked up before MANY. */
static inline bool weir_range_conflict(u16 first_a, u16 last_a, u16 first_b, u16 last_b)
{
	return weir_range_kind(first_a, last_a) == weir_range_kind(first_b, last_b) &&
	       first_a <= last_b && first_b <= last_a;
}

#endif /* _WEIR_ALGO_RANGE_H */
