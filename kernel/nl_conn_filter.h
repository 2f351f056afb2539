/* SPDX-License-Identifier: GPL-2.0 */
/* nl_conn_filter: which connections a dump is to list */
#ifndef _WEIR_NL_CONN_FILTER_H
#define _WEIR_NL_CONN_FILTER_H

#include <linux/netfilter.h>
#include <uapi/linux/weir.h>

struct netlink_ext_ack;
struct nlattr;
struct weir_net;

/* What a listing shows of a connection or a template. */
struct weir_conn_view {
	union nf_inet_addr	client;
	union nf_inet_addr	virtual;
	union nf_inet_addr	server;
	union nf_inet_addr	local;		/* fullnat */
	__be16			client_port;
	__be16			virtual_port;
	__be16			server_port;
	__be16			local_port;	/* 0: there is none */
	u8			family;
	u8			server_family;
	u8			proto;
	u8			method;
	u8			state;
	u32			service_id;
	u32			server_id;
	u32			flags;
	u32			expires;	/* milliseconds */
};

/**
 * struct weir_conn_filter - what has to agree
 * @fields: BIT(WEIR_A_CONN_*) of the members of @want that count
 * @want: the values
 * @prefix: leading bits of @want.client
 */
struct weir_conn_filter {
	u32			fields;
	struct weir_conn_view	want;
	u32			prefix;
};

/* wn->lock held. */
int weir_conn_filter_parse(struct weir_net *wn, struct nlattr **attrs, struct weir_conn_filter *filter,
			   struct netlink_ext_ack *extack);
bool weir_conn_filter_match(const struct weir_conn_filter *filter, const struct weir_conn_view *view);

#endif /* _WEIR_NL_CONN_FILTER_H */
