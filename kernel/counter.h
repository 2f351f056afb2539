/* SPDX-License-Identifier: GPL-2.0 */
/* counter: what happened to packets in a namespace, per CPU; every drop names one */
#ifndef _WEIR_COUNTER_H
#define _WEIR_COUNTER_H

#include <linux/percpu.h>
#include <linux/types.h>

struct weir_net;
struct weir_pkt;

/*
 * X(enumerator, "name as listed"). A name that starts with "drop-" counts packets that weir dropped.
 * Extend freely; the order is no ABI, userland reads names.
 */
#define WEIR_COUNTERS(X)						\
	X(ADMIT_NEW,		"admit-new-connection")			\
	X(ADMIT_KNOWN,		"admit-known-connection")		\
	X(ADMIT_REPLY,		"admit-reply")				\
	X(ADMIT_ONE_PACKET,	"admit-one-packet")			\
	X(ADMIT_ICMP,		"admit-icmp-error")			\
	X(EXPRESS_NEW,		"express-new-connection")		\
	X(TUNNEL_ICMP,		"tunnel-icmp-error")			\
	X(EXPRESS_REQUEST,	"express-request")			\
	X(EXPRESS_REPLY,	"express-reply")			\
	X(EXPRESS_NOT_PLAIN,	"express-not-plain")			\
	X(EXPRESS_NOT_LEARNED,	"express-not-learned")			\
	X(EXPRESS_NOT_STEADY,	"express-not-steady")			\
	X(EXPRESS_NOT_DEVICE,	"express-not-device")			\
	X(EXPRESS_NOT_PATH,	"express-not-path")			\
	X(EXPRESS_NOT_HEADER,	"express-not-header")			\
	X(EXPRESS_NOT_SIZE,	"express-not-size")			\
	X(EXPRESS_NOT_MEMORY,	"express-not-memory")			\
	X(EXPRESS_REFUSED,	"express-refused")			\
	X(UNTRACKED,		"untracked")				\
	X(MALFORMED,		"malformed")				\
	X(DROP_NO_SERVER,	"drop-no-server")			\
	X(DROP_NO_PORT,		"drop-pool-exhausted")			\
	X(DROP_CONN_MAX,	"drop-connection-limit")		\
	X(DROP_NO_MEMORY,	"drop-no-memory")			\
	X(DROP_NO_ROUTE,	"drop-no-route")			\
	X(DROP_TOO_BIG,		"drop-too-big")				\
	X(DROP_TTL,		"drop-ttl")				\
	X(DROP_GONE,		"drop-server-gone")			\
	X(DROP_CHECKSUM,	"drop-checksum")			\
	X(DROP_DRAINED,		"drop-drained")				\
	X(DROP_LRO,		"drop-lro")				\
	X(DROP_NESTED,		"drop-encapsulated-before")		\
	X(DROP_XLAT,		"drop-untranslatable")			\
	X(DROP_CONNTRACK,	"drop-conntrack")			\
	X(DROP_POLICY,		"drop-ipsec-policy")			\
	X(DROP_LOCAL_DR,	"drop-local-client-dr")			\
	X(CONN_CREATED,		"connection-created")			\
	X(CONN_EXPIRED,		"connection-expired")			\
	X(CONN_REUSED,		"connection-tuple-reused")		\
	X(CONN_EVICTED,		"connection-half-open-evicted")		\
	X(CONN_RESET,		"connection-reset")			\
	X(CONN_RETRIED,		"connection-retried")			\
	X(TOA_SENT,		"toa-sent")				\
	X(TOA_SCRUBBED,		"toa-of-client-removed")		\
	X(TOA_NO_ROOM,		"toa-skipped-options-full")		\
	X(TOA_TOO_BIG,		"toa-skipped-too-big")			\
	X(PROXY_SENT,		"proxy-sent")				\
	X(PROXY_NO_SYN,		"proxy-skipped-no-handshake")		\
	X(PROXY_TOO_BIG,	"proxy-skipped-too-big")

enum weir_counter {
#define WEIR_COUNTER_ENUM(id, name) WEIR_CNT_##id,
	WEIR_COUNTERS(WEIR_COUNTER_ENUM)
#undef WEIR_COUNTER_ENUM
	WEIR_CNT_MAX
};

struct weir_counters {
	unsigned long v[WEIR_CNT_MAX];
};

/* Softirq or process context; a plain per-CPU increment, folded on read. */
#define weir_count(wn, cnt) this_cpu_inc((wn)->counters->v[cnt])

/* Name as listed. @cnt below WEIR_CNT_MAX. */
const char *weir_counter_name(enum weir_counter cnt);
/* Sum over all CPUs. */
u64 weir_counter_fold(const struct weir_net *wn, enum weir_counter cnt);

/* Counts @cnt, tells the tracepoint, returns NF_DROP: `return weir_drop(pkt, WEIR_CNT_DROP_TTL);` */
unsigned int weir_drop(const struct weir_pkt *pkt, enum weir_counter cnt);

#endif /* _WEIR_COUNTER_H */
