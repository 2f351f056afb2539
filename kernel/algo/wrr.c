// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include "wrr.h"

#define WEIR_WRR_NONE	0xffff

static u32 weir_wrr_gcd(u32 a, u32 b)
{
	while (b) {
		u32 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

u64 weir_wrr_cycle(const u32 *weights, u32 n, u32 *gcd)
{
	u64 sum = 0;
	u32 i;

	*gcd = 0;
	for (i = 0; i < n; i++) {
		sum += weights[i];
		*gcd = weir_wrr_gcd(weights[i], *gcd);
	}
	return *gcd ? div_u64(sum, *gcd) : 0;
}

/*
 * Tijdeman's rule. With m = 2n - 2, shares w / len and turns counted from 1, a server that had c turns
 *  - may have turn t once t * w / len - c >= 1 / m,
 *  - is wanted the sooner the smaller (c + 1 - 1 / m) / (w / len) is.
 * Bounds: len <= 2^16, c <= w <= len, m < 2^17: products stay below 2^50.
 */
static u32 weir_wrr_release(const struct weir_wrr_job *job, u32 len, u32 m)
{
	u64 num = (u64)len * ((u64)job->count * m + 1);
	u64 den = (u64)job->weight * m;

	return div64_u64(num + den - 1, den);
}

static bool weir_wrr_before(const struct weir_wrr_job *work, u32 a, u32 b, u32 m)
{
	u64 due_a = ((u64)(work[a].count + 1) * m - 1) * work[b].weight;
	u64 due_b = ((u64)(work[b].count + 1) * m - 1) * work[a].weight;

	return due_a < due_b || (due_a == due_b && a < b);
}

static void weir_wrr_push(struct weir_wrr_job *work, u32 *len, u32 job, u32 m)
{
	u32 i = (*len)++;

	while (i && weir_wrr_before(work, job, work[(i - 1) / 2].ready, m)) {
		work[i].ready = work[(i - 1) / 2].ready;
		i = (i - 1) / 2;
	}
	work[i].ready = job;
}

static u32 weir_wrr_pop(struct weir_wrr_job *work, u32 *len, u32 m)
{
	u32 first = work[0].ready, last = work[--(*len)].ready, i = 0, child;

	while ((child = 2 * i + 1) < *len) {
		if (child + 1 < *len && weir_wrr_before(work, work[child + 1].ready, work[child].ready, m))
			child++;
		if (!weir_wrr_before(work, work[child].ready, last, m))
			break;
		work[i].ready = work[child].ready;
		i = child;
	}
	work[i].ready = last;
	return first;
}

void weir_wrr_fill(u16 *seq, u32 len, const u32 *weights, u32 n, u32 gcd, struct weir_wrr_job *work)
{
	u32 i, turn, job, m, active = 0, ready = 0;

	for (i = 0; i < n; i++) {
		work[i].weight = weights[i] / gcd;
		work[i].count = 0;
		active += work[i].weight > 0;
	}
	m = active > 1 ? 2 * active - 2 : 1;

	/* A turn that is still to come holds the list of those that become eligible in it. */
	for (turn = 0; turn < len; turn++)
		seq[turn] = WEIR_WRR_NONE;
	for (i = n; i-- > 0; ) {
		if (!work[i].weight)
			continue;
		turn = weir_wrr_release(&work[i], len, m) - 1;
		work[i].next = seq[turn];
		seq[turn] = i;
	}

	for (turn = 0; turn < len; turn++) {
		for (job = seq[turn]; job != WEIR_WRR_NONE; job = work[job].next)
			weir_wrr_push(work, &ready, job, m);
		/* never empty: the shares that are due add up to 1 */
		job = weir_wrr_pop(work, &ready, m);
		seq[turn] = job;
		if (++work[job].count == work[job].weight)
			continue;
		i = weir_wrr_release(&work[job], len, m) - 1;
		if (i <= turn) {
			weir_wrr_push(work, &ready, job, m);
		} else {
			work[job].next = seq[i];
			seq[i] = job;
		}
	}
}

void weir_wrr_sums(u64 *sums, const u32 *weights, u32 n)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		sum += weights[i];
		sums[i] = sum;
	}
}

static u32 weir_wrr_reverse(u32 v)
{
	v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
	v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
	v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
	v = (v >> 8 & 0x00ff00ff) | (v & 0x00ff00ff) << 8;
	return v >> 16 | v << 16;
}

u32 weir_wrr_sums_pick(const u64 *sums, u32 n, u32 turn)
{
	/*
	 * The van der Corput sequence visits every part of [0, 1) as often as it is wide: of N consecutive points an interval
	 * misses or exceeds its due by 2 log2 N at most, 0.05 % of 65,536.
	 */
	u32 point = weir_wrr_reverse(turn), low = 0, high = n - 1;
	u64 total = sums[n - 1];
	u64 at = (total >> 32) * point + ((total & 0xffffffff) * point >> 32);

	/* the first server whose sum exceeds @at; servers without a weight have an empty interval */
	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (sums[mid] > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}
