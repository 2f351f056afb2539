// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include "maglev.h"

/* Claims of @a before those of @b: count / weight, then the order of the entries. Below 2^17 * 2^16. */
static bool weir_maglev_before(const struct weir_maglev_entry *entries, u32 a, u32 b)
{
	u64 when_a = (u64)entries[a].count * entries[b].weight;
	u64 when_b = (u64)entries[b].count * entries[a].weight;

	return when_a < when_b || (when_a == when_b && a < b);
}

/* The first of the heap was changed to come later: lets it sink. */
static void weir_maglev_sink(struct weir_maglev_entry *entries, u32 len)
{
	u32 moved = entries[0].heap, i = 0, child;

	while ((child = 2 * i + 1) < len) {
		if (child + 1 < len && weir_maglev_before(entries, entries[child + 1].heap, entries[child].heap))
			child++;
		if (!weir_maglev_before(entries, entries[child].heap, moved))
			break;
		entries[i].heap = entries[child].heap;
		i = child;
	}
	entries[i].heap = moved;
}

void weir_maglev_fill(u16 *table, u32 size, struct weir_maglev_entry *entries, u32 n)
{
	u32 i, len = 0;

	for (i = 0; i < size; i++)
		table[i] = WEIR_MAGLEV_NONE;
	for (i = 0; i < n; i++) {
		struct weir_maglev_entry *entry = &entries[i];

		if (!entry->weight)
			continue;
		entry->next = (u32)entry->hash % size;
		entry->skip = (u32)(entry->hash >> 32) % (size - 1) + 1;
		entry->count = 0;
		/* all claims stand at 0: the order of the entries is a heap */
		entries[len++].heap = i;
	}
	if (!len)
		return;

	for (i = 0; i < size; i++) {
		struct weir_maglev_entry *entry = &entries[entries[0].heap];

		/* ends: @size is prime, so @skip steps over every slot, and one is free */
		while (table[entry->next] != WEIR_MAGLEV_NONE) {
			entry->next += entry->skip;
			if (entry->next >= size)
				entry->next -= size;
		}
		table[entry->next] = entry->id;
		entry->count++;
		weir_maglev_sink(entries, len);
	}
}

u32 weir_maglev_size(u32 servers)
{
	static const u32 sizes[] = { 4093, 8191, 16381, 32749, 65521, 131071 };
	u32 i = 0;

	while (i + 1 < ARRAY_SIZE(sizes) && sizes[i] < max(100ULL * servers, 3ULL * servers * servers))
		i++;
	return sizes[i];
}
