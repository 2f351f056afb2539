/* SPDX-License-Identifier: GPL-2.0 */
/* wrr: weighted round robin, precomputed; pure: the caller gives the memory */
#ifndef _WEIR_ALGO_WRR_H
#define _WEIR_ALGO_WRR_H

#include <linux/types.h>

/* Cycles up to this length are written out. */
#define WEIR_WRR_CYCLE_MAX	65536
/* Servers at most: an index fits 16 bits beside the mark for "none". */
#define WEIR_WRR_SERVERS_MAX	65535

/* Scratch memory of weir_wrr_fill(), one for each server. */
struct weir_wrr_job {
	u32 weight;	/* reduced */
	u32 count;	/* turns had so far */
	u16 next;	/* list of those that become eligible in the same turn */
	u16 ready;	/* the heap: not this server's, but the heap's i-th entry */
};

/*
 * Length of the cycle in which every server has exactly its weight over @gcd turns: the weights' sum over their greatest common
 * divisor, which goes to @gcd. 0: no server has a weight. Weights are below 2^32 / 256, their number below 2^16.
 */
u64 weir_wrr_cycle(const u32 *weights, u32 n, u32 *gcd);

/*
 * Writes out a cycle of @len = weir_wrr_cycle() <= WEIR_WRR_CYCLE_MAX turns, @seq[turn] being a server's index.
 *
 * Of n servers with a weight none is ever further from its share than 1 - 1/(2n - 2) turns, after any number of turns, which is
 * the best that can be promised (R. Tijdeman, "The chairman assignment problem", Discrete Mathematics 32, 1980): it is
 * exact over the cycle and smooth inside it. O(len log n).
 */
void weir_wrr_fill(u16 *seq, u32 len, const u32 *weights, u32 n, u32 gcd, struct weir_wrr_job *work);

/*
 * For cycles too long to be written out: the sums of the weights up to and including each server. Any 65,536 turns in a row
 * give every server its share within 0.1 %. O(n) memory, O(log n) a turn.
 */
void weir_wrr_sums(u64 *sums, const u32 *weights, u32 n);

/* Index of the server whose turn @turn is; @sums[n - 1] is not 0. */
u32 weir_wrr_sums_pick(const u64 *sums, u32 n, u32 turn);

#endif /* _WEIR_ALGO_WRR_H */
