/* SPDX-License-Identifier: GPL-2.0 */
/* trace: tracepoints weir:weir_schedule, weir_conn_create, weir_conn_destroy, weir_drop */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM weir

#if !defined(_WEIR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _WEIR_TRACE_H

#include <linux/in.h>
#include <linux/tracepoint.h>
#include <net/ipv6.h>
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "server.h"
#include "service.h"

/* define_trace.h reads this file several times. */
#ifndef _WEIR_TRACE_ADDR
#define _WEIR_TRACE_ADDR
/* An IPv4 address as IPv6 writes it: one format for both, ::ffff:192.0.2.1. */
static inline void weir_trace_addr(u8 *to, u8 family, const union nf_inet_addr *addr)
{
	if (family == AF_INET)
		ipv6_addr_set_v4mapped(addr->ip, (struct in6_addr *)to);
	else
		memcpy(to, addr, 16);
}
#endif

/* A connection's or a packet's endpoints: the fields, how they are filled, how they are shown. */
#define WEIR_TRACE_ENDS_FIELDS						\
	__field(unsigned int, ns)					\
	__field(u8, proto)						\
	__array(u8, src, 16)						\
	__array(u8, dst, 16)						\
	__field(u16, sport)						\
	__field(u16, dport)

#define WEIR_TRACE_ENDS_ASSIGN(wn, tuple)				\
	__entry->ns = (wn)->net->ns.inum;				\
	__entry->proto = (tuple)->proto;				\
	weir_trace_addr(__entry->src, (tuple)->family, &(tuple)->src);	\
	weir_trace_addr(__entry->dst, (tuple)->family, &(tuple)->dst);	\
	__entry->sport = ntohs((tuple)->sport);				\
	__entry->dport = ntohs((tuple)->dport)

#define WEIR_TRACE_ENDS_FORMAT	"ns=%u %s [%pI6c]:%u > [%pI6c]:%u"

#define WEIR_TRACE_ENDS_ARGS						\
	__entry->ns, __entry->proto == IPPROTO_TCP ? "tcp" : "udp",	\
	__entry->src, __entry->sport, __entry->dst, __entry->dport

TRACE_EVENT(weir_schedule,
	TP_PROTO(const struct weir_service *svc, const struct weir_pkt *pkt, const struct weir_server *server),
	TP_ARGS(svc, pkt, server),
	TP_STRUCT__entry(
		WEIR_TRACE_ENDS_FIELDS
		__field(u32, service)
		__field(u32, server)
	),
	TP_fast_assign(
		WEIR_TRACE_ENDS_ASSIGN(pkt->wn, &pkt->tuple);
		__entry->service = svc->id;
		__entry->server = server ? server->id : 0;
	),
	TP_printk(WEIR_TRACE_ENDS_FORMAT " service=%u server=%u", WEIR_TRACE_ENDS_ARGS, __entry->service,
		  __entry->server)
);

DECLARE_EVENT_CLASS(weir_conn,
	TP_PROTO(const struct weir_conn *conn),
	TP_ARGS(conn),
	TP_STRUCT__entry(
		WEIR_TRACE_ENDS_FIELDS
		__field(const void *, conn)
		__field(u32, service)
		__field(u32, server)
		__field(u8, state)
	),
	TP_fast_assign(
		WEIR_TRACE_ENDS_ASSIGN(conn->wn, &conn->original.tuple);
		__entry->conn = conn;
		__entry->service = conn->server->service->id;
		__entry->server = conn->server->id;
		__entry->state = conn->state;
	),
	TP_printk(WEIR_TRACE_ENDS_FORMAT " conn=%p service=%u server=%u state=%u", WEIR_TRACE_ENDS_ARGS, __entry->conn,
		  __entry->service, __entry->server, __entry->state)
);

DEFINE_EVENT(weir_conn, weir_conn_create,
	TP_PROTO(const struct weir_conn *conn),
	TP_ARGS(conn)
);

/* The server is still held. */
DEFINE_EVENT(weir_conn, weir_conn_destroy,
	TP_PROTO(const struct weir_conn *conn),
	TP_ARGS(conn)
);

#define WEIR_TRACE_REASON_ENUM(id, name) TRACE_DEFINE_ENUM(WEIR_CNT_##id);
WEIR_COUNTERS(WEIR_TRACE_REASON_ENUM)
#undef WEIR_TRACE_REASON_ENUM
#define WEIR_TRACE_REASON(id, name) { WEIR_CNT_##id, name },

TRACE_EVENT(weir_drop,
	TP_PROTO(const struct weir_pkt *pkt, enum weir_counter reason),
	TP_ARGS(pkt, reason),
	TP_STRUCT__entry(
		WEIR_TRACE_ENDS_FIELDS
		__field(const void *, skb)
		__field(u32, reason)
	),
	TP_fast_assign(
		WEIR_TRACE_ENDS_ASSIGN(pkt->wn, &pkt->tuple);
		__entry->skb = pkt->skb;
		__entry->reason = reason;
	),
	TP_printk(WEIR_TRACE_ENDS_FORMAT " skb=%p reason=%s", WEIR_TRACE_ENDS_ARGS, __entry->skb,
		  __print_symbolic(__entry->reason, WEIR_COUNTERS(WEIR_TRACE_REASON) { WEIR_CNT_MAX, "unknown" }))
);

#endif /* _WEIR_TRACE_H */

/* This must be outside of the guard. The file lies beside those that include it: see CFLAGS of trace.o in Kbuild. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
