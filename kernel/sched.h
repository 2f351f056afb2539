/* SPDX-License-Identifier: GPL-2.0 */
/* sched: the schedulers, one file each (sched_*.c) */
#ifndef _WEIR_SCHED_H
#define _WEIR_SCHED_H

#include <linux/types.h>

struct netlink_ext_ack;
struct weir_pkt;
struct weir_server;
struct weir_server_set;

/**
 * struct weir_scheduler - one way to choose a server
 * @name: as IPVS names it
 * @flags: bits of enum weir_service_flags that it understands
 * @build: fills @set->priv from the servers' weights; process context, weir_net.lock held, may sleep; sets @extack on failure.
 *	NULL: nothing to build
 * @release: frees @set->priv; any context. NULL: nothing to free
 * @pick: chooses for a packet that opens a connection; RCU held, BH disabled, no lock, no allocation; borrowed, NULL: none usable
 */
struct weir_scheduler {
	const char *name;
	u32 flags;
	int (*build)(struct weir_server_set *set, struct netlink_ext_ack *extack);
	void (*release)(struct weir_server_set *set);
	struct weir_server *(*pick)(const struct weir_server_set *set, const struct weir_pkt *pkt);
};

/* Never NULL-terminated by hand: sched.c holds the table. NULL where the name is unknown. */
const struct weir_scheduler *weir_sched_lookup(const char *name);

extern const struct weir_scheduler weir_sched_rr;
extern const struct weir_scheduler weir_sched_wrr;
extern const struct weir_scheduler weir_sched_lc;
extern const struct weir_scheduler weir_sched_wlc;
extern const struct weir_scheduler weir_sched_sh;
extern const struct weir_scheduler weir_sched_mh;

#endif /* _WEIR_SCHED_H */
