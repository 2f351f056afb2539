/* SPDX-License-Identifier: GPL-2.0 */
/* bench: the benchmark's sender of known flows, its bare ingress hook and its sink */
#ifndef _WEIR_BENCH_H
#define _WEIR_BENCH_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct net;

/**
 * struct bench_flow - packets to send
 * @dev: device of the namespace that the command was given in
 * @smac: source MAC
 * @dmac: destination MAC
 * @src: source address; flow f adds f >> 15 to the varying end's last 32 bits
 * @dst: destination address
 * @sport: source port; flow f adds f & 0x7fff to the varying end's
 * @dport: destination port
 * @family: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @tcp_flags: 13th and 14th byte of the TCP header: data offset and flags; offset 8 is a header with timestamps, otherwise 5
 * @vary_dst: the destination varies by flow, not the source: a server's replies
 * @first: first flow
 * @flows: their number, taken in turn
 * @count: packets
 * @size: of the frame
 */
struct bench_flow {
	char			dev[16];
	u8			smac[6];
	u8			dmac[6];
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	u16			sport;
	u16			dport;
	u16			tcp_flags;
	u8			family;
	u8			proto;
	bool			vary_dst;
	u32			first;
	u32			flows;
	u64			count;
	u32			size;
};

/* What the last command found. */
struct bench_result {
	u64	packets;
	u64	ns;
};

/* Sends; process context. -ENETDOWN and the like where the device refuses. */
int bench_send(struct net *net, const struct bench_flow *flow, struct bench_result *result);

/* One hook a device: what it does with every packet. */
enum bench_hook_kind {
	BENCH_DROP,	/* counts and drops */
	BENCH_FLOOR,	/* rewrites the MAC addresses and transmits by another device */
};

int bench_hook_add(struct net *net, enum bench_hook_kind kind, const char *dev, const char *out, const u8 *smac,
		   const u8 *dmac);
/* Takes the hook of @dev away; its count in @result. */
int bench_hook_del(struct net *net, const char *dev, struct bench_result *result);
int bench_hook_count(struct net *net, const char *dev, struct bench_result *result);

int bench_hook_init(void);
void bench_hook_exit(void);

#endif /* _WEIR_BENCH_H */
