// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/netfilter.h>
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "trace.h"

static const char *const weir_counter_names[WEIR_CNT_MAX] = {
#define WEIR_COUNTER_NAME(id, name) name,
	WEIR_COUNTERS(WEIR_COUNTER_NAME)
#undef WEIR_COUNTER_NAME
};

const char *weir_counter_name(enum weir_counter cnt)
{
	return weir_counter_names[cnt];
}

u64 weir_counter_fold(const struct weir_net *wn, enum weir_counter cnt)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(wn->counters, cpu)->v[cnt]);
	return sum;
}

unsigned int weir_drop(const struct weir_pkt *pkt, enum weir_counter cnt)
{
	weir_count(pkt->wn, cnt);
	trace_weir_drop(pkt, cnt);
	return NF_DROP;
}
