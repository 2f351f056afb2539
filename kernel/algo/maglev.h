/* SPDX-License-Identifier: GPL-2.0 */
/* maglev: consistent hashing by a lookup table (Eisenbud et al., "Maglev", NSDI 2016, section 3.4), with weights */
#ifndef _WEIR_ALGO_MAGLEV_H
#define _WEIR_ALGO_MAGLEV_H

#include <linux/types.h>

/* An empty slot; only where no entry has a weight. */
#define WEIR_MAGLEV_NONE	0xffff

/**
 * struct weir_maglev_entry - a server that claims slots
 * @hash: of the server's identity; tells its permutation of the slots
 * @weight: its weight, up to 2^16; 0: no slot
 * @id: what the table says for it
 * @heap: private: not this entry's, but the heap's i-th entry
 * @next: private: slot of the permutation that comes next
 * @skip: private: step of the permutation
 * @count: private: slots claimed
 */
struct weir_maglev_entry {
	u64 hash;
	u32 weight;
	u16 id;
	u16 heap;
	u32 next;
	u32 skip;
	u32 count;
};

/*
 * Fills @table of @size slots, a prime up to 131071. Entries, 65,535 at most, are to come in an order that depends on nothing but
 * their identities: then so does the table.
 *
 * Servers claim slots in the order of (slots claimed) / weight: each has one before any has two, and with share s it ends with
 * (size - n) * s to size * s + 1 slots. The time of a server's k-th claim depends on its own weight only, which is what keeps a
 * change of one server from moving the slots of others. O(size log size log n).
 */
void weir_maglev_fill(u16 *table, u32 size, struct weir_maglev_entry *entries, u32 n);

/*
 * Slots by default, in steps that double, so that a table seldom changes its size, which moves everything. Balance asks for
 * 100 slots a server. Of n servers a removal moves, beside the slots of the one that goes, some 1.5 n / sqrt(size) times as many
 * of the others': 3 n^2 slots keep that below one share, which the largest table does for 209 servers.
 */
u32 weir_maglev_size(u32 servers);

#endif /* _WEIR_ALGO_MAGLEV_H */
