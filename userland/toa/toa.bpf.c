// SPDX-License-Identifier: GPL-2.0
/*
 * toa.bpf: reads the client's address from the options of connections that come from directors, and shows it in the place of the
 * director's. Needs nothing of the kernel but what is its interface: no type of the kernel's own, so nothing to relocate.
 *
 *	handshake's last packet		sockops PASSIVE_ESTABLISHED: the socket is there
 *	those after it			sockops PARSE_HDR, until the option came or data did
 *	accept(), getpeername()		cgroup/getpeername4, getpeername6; both run with the socket locked, as the above do
 *
 * bpf_load_hdr_opt() refuses kinds 253 and 254 without a magic number, so the header is read where it is.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;

#include "kernel/algo/toa.h"
#include "toa/shared.h"

#define AF_INET		2
#define TCP_HLEN	20
#define TCP_FLAGS	13
#define TCP_FLAG_SYN	0x02

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WEIR_TOA_DIRECTORS_MAX);
	__type(key, struct weir_toa_prefix);
	__type(value, u8);
} directors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct weir_toa_client);
} clients SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_TOA_CNT_MAX);
	__type(key, u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct weir_toa_about);
} about SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

static __always_inline void count(u32 which)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &which);

	if (value)
		*value += 1;
}

/* The options, out of the packet: 64 bytes, so that an offset and what it may lead to stay inside. */
struct walk {
	u8		opts[64];
	u32		len;
	u32		off;
	u32		at;
	u32		addr_len;
	u32		found;		/* enum weir_toa_found */
};

static long walk_step(u32 i, struct walk *walk)
{
	u32 off = walk->off, len = walk->len, next;
	u8 kind;

	if (off >= len || off >= WEIR_TOA_SPACE)
		return 1;
	kind = walk->opts[off];
	next = weir_toa_next(walk->opts, off, len);
	if (next == WEIR_TOA_STOP) {
		if (kind != WEIR_TOA_OPT_EOL)
			walk->found = WEIR_TOA_MALFORMED;
		return 1;
	}
	if (kind == WEIR_TOA_KIND_IPV4 || kind == WEIR_TOA_KIND_IPV6) {
		walk->at = off;
		walk->addr_len = weir_toa_addr_len(kind, next - off);
		walk->found = walk->addr_len ? WEIR_TOA_FOUND : WEIR_TOA_MALFORMED;
		return 1;
	}
	walk->off = next;
	return 0;
}

/* A SYN (of Fast Open) has none: kind 254 means something else there. */
static __always_inline u32 read_options(struct bpf_sock_ops *ctx, struct walk *walk)
{
	const u8 *data = ctx->skb_data, *end = ctx->skb_data_end;
	u32 i, len;

	__builtin_memset(walk, 0, sizeof(*walk));
	if (data + TCP_HLEN > end || data[TCP_FLAGS] & TCP_FLAG_SYN)
		return WEIR_TOA_NONE;
	len = (data[12] >> 4) * 4;
	if (len <= TCP_HLEN)
		return WEIR_TOA_NONE;
#pragma unroll
	for (i = 0; i < WEIR_TOA_SPACE / 4; i++) {
		if (data + TCP_HLEN + 4 * i + 4 > end)
			break;
		__builtin_memcpy(walk->opts + 4 * i, data + TCP_HLEN + 4 * i, 4);
	}
	walk->len = len - TCP_HLEN;
	bpf_loop(WEIR_TOA_SPACE, walk_step, walk, 0);
	return walk->found;
}

static __always_inline bool from_director(struct bpf_sock_ops *ctx)
{
	struct weir_toa_prefix key = { .length = 128 };
	u32 *words = (u32 *)key.addr;
	u32 ipv4 = ctx->remote_ip4;

	words[0] = ctx->remote_ip6[0];
	words[1] = ctx->remote_ip6[1];
	words[2] = ctx->remote_ip6[2];
	words[3] = ctx->remote_ip6[3];
	/* The verifier refuses a load from one of two places in the context, which the compiler would make of the loads above. */
	barrier();
	if (ctx->family == AF_INET) {
		words[0] = 0;
		words[1] = 0;
		words[2] = bpf_htonl(0xffff);
		words[3] = ipv4;
	}
	return bpf_map_lookup_elem(&directors, &key) != NULL;
}

static __always_inline void ask(struct bpf_sock_ops *ctx, struct weir_toa_client *client)
{
	client->waiting = 1;
	if (ctx->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG)
		return;
	/*
	 * Of all, not of those with unknown options: a client's port may be Fast Open's magic number, and the kernel takes the option for
	 * a known one then.
	 */
	bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG);
	client->asked = 1;
}

static __always_inline void ask_no_more(struct bpf_sock_ops *ctx, struct weir_toa_client *client)
{
	client->waiting = 0;
	if (!client->asked)
		return;
	bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG);
	client->asked = 0;
}

static __always_inline void remember(struct bpf_sock_ops *ctx, const struct walk *walk, struct weir_toa_client *client)
{
	/* always true, but not to the verifier */
	u32 at = walk->at < WEIR_TOA_SPACE ? walk->at : 0, i;
	u8 *addr = (u8 *)client->addr;

	if (walk->addr_len == 16) {
		for (i = 0; i < 16; i++)
			addr[i] = walk->opts[at + 4 + i];
	} else {
		client->addr[0] = 0;
		client->addr[1] = 0;
		client->addr[2] = bpf_htonl(0xffff);
		for (i = 0; i < 4; i++)
			addr[12 + i] = walk->opts[at + 4 + i];
	}
	if (ctx->family == AF_INET && (client->addr[0] || client->addr[1] || client->addr[2] != bpf_htonl(0xffff))) {
		count(WEIR_TOA_CNT_FAMILY);
		return;
	}
	((u8 *)&client->port)[0] = walk->opts[at + 2];
	((u8 *)&client->port)[1] = walk->opts[at + 3];
	client->known = 1;
	count(WEIR_TOA_CNT_FOUND);
}

static __always_inline void established(struct bpf_sock_ops *ctx)
{
	struct weir_toa_client *client;
	struct bpf_sock *sk = ctx->sk;
	struct walk walk;
	u32 found;

	if (!sk)
		return;
	found = read_options(ctx, &walk);
	if (!from_director(ctx)) {
		if (found == WEIR_TOA_FOUND)
			count(WEIR_TOA_CNT_REFUSED);
		return;
	}
	count(WEIR_TOA_CNT_CONNECTIONS);
	client = bpf_sk_storage_get(&clients, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!client) {
		count(WEIR_TOA_CNT_NO_MEMORY);
		return;
	}
	if (found == WEIR_TOA_FOUND) {
		remember(ctx, &walk, client);
		return;
	}
	if (found == WEIR_TOA_MALFORMED)
		count(WEIR_TOA_CNT_MALFORMED);
	ask(ctx, client);
}

/*
 * The director puts the option into the first data, and takes what its clients send of this kind out, until the server acknowledged
 * data: what comes after data arrived is the client's own word.
 */
static __always_inline void parse(struct bpf_sock_ops *ctx)
{
	struct weir_toa_client *client;
	struct bpf_sock *sk = ctx->sk;
	struct walk walk;
	u32 found;

	if (!sk)
		return;
	client = bpf_sk_storage_get(&clients, sk, NULL, 0);
	if (!client || !client->waiting)
		return;
	if (ctx->bytes_received) {
		count(WEIR_TOA_CNT_MISSING);
		ask_no_more(ctx, client);
		return;
	}
	found = read_options(ctx, &walk);
	if (found == WEIR_TOA_MALFORMED)
		count(WEIR_TOA_CNT_MALFORMED);
	if (found != WEIR_TOA_FOUND)
		return;
	remember(ctx, &walk, client);
	ask_no_more(ctx, client);
}

SEC("sockops")
int weir_toa_options(struct bpf_sock_ops *ctx)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		established(ctx);
		break;
	case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
		parse(ctx);
		break;
	}
	return 1;
}

static __always_inline const struct weir_toa_client *known_client(struct bpf_sock_addr *ctx)
{
	struct weir_toa_client *client;
	struct bpf_sock *sk = ctx->sk;

	if (!sk)
		return NULL;
	client = bpf_sk_storage_get(&clients, sk, NULL, 0);
	return client && client->known ? client : NULL;
}

SEC("cgroup/getpeername4")
int weir_toa_peer4(struct bpf_sock_addr *ctx)
{
	const struct weir_toa_client *client = known_client(ctx);

	if (!client)
		return 1;
	ctx->user_ip4 = client->addr[3];
	ctx->user_port = client->port;
	count(WEIR_TOA_CNT_SHOWN);
	return 1;
}

SEC("cgroup/getpeername6")
int weir_toa_peer6(struct bpf_sock_addr *ctx)
{
	const struct weir_toa_client *client = known_client(ctx);

	if (!client)
		return 1;
	ctx->user_ip6[0] = client->addr[0];
	ctx->user_ip6[1] = client->addr[1];
	ctx->user_ip6[2] = client->addr[2];
	ctx->user_ip6[3] = client->addr[3];
	ctx->user_port = client->port;
	count(WEIR_TOA_CNT_SHOWN);
	return 1;
}
