// SPDX-License-Identifier: GPL-2.0
#include "srchash.h"

void weir_srchash_fill(u16 table[WEIR_SRCHASH_SLOTS], const u32 *weights, u32 n)
{
	u32 slot, server = 0, taken = 0;

	for (slot = 0; slot < WEIR_SRCHASH_SLOTS; slot++) {
		table[slot] = server;
		if (++taken >= weights[server]) {
			server = server + 1 < n ? server + 1 : 0;
			taken = 0;
		}
	}
}
