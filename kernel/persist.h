/* SPDX-License-Identifier: GPL-2.0 */
/* persist: templates of persistence: which server a client (by its prefix) keeps */
#ifndef _WEIR_PERSIST_H
#define _WEIR_PERSIST_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct weir_net;
struct weir_persist;
struct weir_pkt;
struct weir_server;
struct weir_service;

/*
 * The template that binds the packet's client to a server of @svc, made by scheduling if there is none that is usable
 * (IPVS: ip_vs_sched_persist). One service on one port: key {client prefix, vaddr, vport}; port 0 and ranges: {client prefix,
 * vaddr}; mark: {client prefix, mark}. A template of a server of weight 0 holds unless config.expire_quiescent is set; one of a
 * server that is gone, overloaded, or drained by an operator makes room for a new choice. RCU held, BH disabled; borrowed;
 * ERR_PTR(-ENOENT): no server, -ENOMEM, -ENOSPC (as many templates as there may be connections).
 */
struct weir_persist *weir_persist_find(const struct weir_pkt *pkt, struct weir_service *svc);
/* Borrowed. */
struct weir_server *weir_persist_server(const struct weir_persist *persist);
/* A connection is made from it; it cannot end before weir_persist_put(). RCU held. False: it has ended. */
bool weir_persist_get(struct weir_persist *persist);
/*
 * One of its connections got beyond its first packet: from now on it is not given up when another one needs its place (IPVS:
 * IP_VS_CTPL_S_ASSURED). Any context, BH disabled.
 */
void weir_persist_assure(struct weir_persist *persist);
/* A connection that came from it ended: it lives on for the service's persist_timeout after the last one. Any context. */
void weir_persist_put(struct weir_persist *persist);

int weir_persist_init(void);	/* slab cache */
void weir_persist_exit(void);	/* rcu_barrier() has been called */
int weir_persist_net_init(struct weir_net *wn);
/* Connections are gone. Process context. */
void weir_persist_net_exit(struct weir_net *wn);
/* Templates of all servers that were deleted, in one walk. Process context. */
void weir_persist_flush_gone(struct weir_net *wn);

/* What a listing shows of a template. */
struct weir_persist_info {
	union nf_inet_addr client, virtual, server;
	__be16 virtual_port, server_port;
	u32 fwmark, expires;	/* expires: milliseconds */
	u8 family, server_family, proto, method;
	u32 service_id, server_id;
};

/* Of an element of weir_net.persists, which is walked with rhashtable_walk_next(). RCU held. */
void weir_persist_info_get(const struct weir_persist *persist, struct weir_persist_info *info);

/*
 * Calls @fn for each template under RCU; process context. A non-zero answer ends the walk and is returned. While the table is
 * resized it may see one twice.
 */
int weir_persist_foreach(struct weir_net *wn, int (*fn)(const struct weir_persist_info *info, void *arg), void *arg);

#endif /* _WEIR_PERSIST_H */
