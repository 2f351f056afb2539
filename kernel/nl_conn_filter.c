// SPDX-License-Identifier: GPL-2.0
/* nl_conn_filter: which connections a dump is to list */
#include <linux/bits.h>
#include <net/ipv6.h>
#include "net.h"
#include "nl.h"
#include "nl_conn_filter.h"
#include "server.h"
#include "service.h"
#include "transaction.h"

static bool prefix_equal(u8 family, const union nf_inet_addr *a, const union nf_inet_addr *b, u32 prefix)
{
	if (family == AF_INET6)
		return ipv6_prefix_equal(&a->in6, &b->in6, prefix);
	return !prefix || !((ntohl(a->ip) ^ ntohl(b->ip)) >> (32 - prefix));
}

static bool same(const struct weir_conn_filter *filter, int attr, bool equal)
{
	return equal || !(filter->fields & BIT(attr));
}

bool weir_conn_filter_match(const struct weir_conn_filter *filter, const struct weir_conn_view *view)
{
	const struct weir_conn_view *want = &filter->want;

	return same(filter, WEIR_A_CONN_SERVICE_ID, want->service_id == view->service_id) &&
	       same(filter, WEIR_A_CONN_SERVER_ID, want->server_id == view->server_id) &&
	       same(filter, WEIR_A_CONN_FAMILY, want->family == view->family) &&
	       same(filter, WEIR_A_CONN_PROTOCOL, want->proto == view->proto) &&
	       same(filter, WEIR_A_CONN_CLIENT_ADDR,
		    prefix_equal(view->family, &want->client, &view->client, filter->prefix)) &&
	       same(filter, WEIR_A_CONN_CLIENT_PORT, want->client_port == view->client_port) &&
	       same(filter, WEIR_A_CONN_VIRTUAL_ADDR, nf_inet_addr_cmp(&want->virtual, &view->virtual)) &&
	       same(filter, WEIR_A_CONN_VIRTUAL_PORT, want->virtual_port == view->virtual_port) &&
	       same(filter, WEIR_A_CONN_SERVER_FAMILY, want->server_family == view->server_family) &&
	       same(filter, WEIR_A_CONN_SERVER_ADDR, nf_inet_addr_cmp(&want->server, &view->server)) &&
	       same(filter, WEIR_A_CONN_SERVER_PORT, want->server_port == view->server_port) &&
	       same(filter, WEIR_A_CONN_METHOD, want->method == view->method) &&
	       same(filter, WEIR_A_CONN_STATE, want->state == view->state) &&
	       same(filter, WEIR_A_CONN_FLAGS, (view->flags & want->flags) == want->flags);
}

static int parse_client(struct nlattr **tb, struct weir_conn_filter *filter, struct netlink_ext_ack *extack)
{
	u32 width = filter->want.family == AF_INET ? 32 : 128;
	struct nlattr *prefix = tb[WEIR_A_CONN_CLIENT_PREFIX];
	int err;

	if (prefix && !tb[WEIR_A_CONN_CLIENT_ADDR]) {
		NL_SET_ERR_MSG_ATTR(extack, prefix, "a prefix length without the client's address");
		return -EINVAL;
	}
	if (!tb[WEIR_A_CONN_CLIENT_ADDR])
		return 0;
	err = weir_nl_addr(tb[WEIR_A_CONN_CLIENT_ADDR], filter->want.family, &filter->want.client, extack);
	if (err)
		return err;
	filter->prefix = prefix ? nla_get_u32(prefix) : width;
	if (filter->prefix > width) {
		NL_SET_ERR_MSG_ATTR(extack, prefix, "the prefix is longer than an address");
		return -ERANGE;
	}
	return 0;
}

/* Addresses say nothing without their families. */
static int parse_addrs(struct nlattr *nest, struct nlattr **tb, struct weir_conn_filter *filter,
		       struct netlink_ext_ack *extack)
{
	struct weir_conn_view *want = &filter->want;
	int err;

	if (tb[WEIR_A_CONN_FAMILY]) {
		err = weir_nl_family_of(tb[WEIR_A_CONN_FAMILY], &want->family, extack);
		if (err)
			return err;
	} else if (tb[WEIR_A_CONN_CLIENT_ADDR] || tb[WEIR_A_CONN_VIRTUAL_ADDR]) {
		(void)weir_nl_missing(extack, nest, tb, WEIR_A_CONN_FAMILY, "an address needs the family beside it");
		return -EINVAL;
	}
	want->server_family = want->family;
	if (tb[WEIR_A_CONN_SERVER_FAMILY]) {
		err = weir_nl_family_of(tb[WEIR_A_CONN_SERVER_FAMILY], &want->server_family, extack);
		if (err)
			return err;
	}
	if (tb[WEIR_A_CONN_SERVER_ADDR]) {
		if (!want->server_family) {
			(void)weir_nl_missing(extack, nest, tb, WEIR_A_CONN_SERVER_FAMILY,
					      "an address needs the family beside it");
			return -EINVAL;
		}
		filter->fields |= BIT(WEIR_A_CONN_SERVER_FAMILY);
		err = weir_nl_addr(tb[WEIR_A_CONN_SERVER_ADDR], want->server_family, &want->server, extack);
		if (err)
			return err;
	}
	if (tb[WEIR_A_CONN_VIRTUAL_ADDR]) {
		err = weir_nl_addr(tb[WEIR_A_CONN_VIRTUAL_ADDR], want->family, &want->virtual, extack);
		if (err)
			return err;
	}
	return parse_client(tb, filter, extack);
}

static int parse_conn(struct nlattr *nest, struct weir_conn_filter *filter, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_CONN_MAX + 1];
	struct weir_conn_view *want = &filter->want;
	int attr, err;

	nla_parse_nested(tb, WEIR_A_CONN_MAX, nest, NULL, NULL);
	for (attr = 1; attr <= WEIR_A_CONN_MAX; attr++)
		if (tb[attr])
			filter->fields |= BIT(attr);
	err = parse_addrs(nest, tb, filter, extack);
	if (err)
		return err;
	if (tb[WEIR_A_CONN_PROTOCOL]) {
		err = weir_nl_proto(tb[WEIR_A_CONN_PROTOCOL], &want->proto, extack);
		if (err)
			return err;
	}
	if (tb[WEIR_A_CONN_CLIENT_PORT])
		want->client_port = nla_get_be16(tb[WEIR_A_CONN_CLIENT_PORT]);
	if (tb[WEIR_A_CONN_VIRTUAL_PORT])
		want->virtual_port = nla_get_be16(tb[WEIR_A_CONN_VIRTUAL_PORT]);
	if (tb[WEIR_A_CONN_SERVER_PORT])
		want->server_port = nla_get_be16(tb[WEIR_A_CONN_SERVER_PORT]);
	if (tb[WEIR_A_CONN_SERVICE_ID])
		want->service_id = nla_get_u32(tb[WEIR_A_CONN_SERVICE_ID]);
	if (tb[WEIR_A_CONN_SERVER_ID])
		want->server_id = nla_get_u32(tb[WEIR_A_CONN_SERVER_ID]);
	if (tb[WEIR_A_CONN_METHOD])
		want->method = nla_get_u32(tb[WEIR_A_CONN_METHOD]);
	if (tb[WEIR_A_CONN_STATE])
		want->state = nla_get_u32(tb[WEIR_A_CONN_STATE]);
	if (tb[WEIR_A_CONN_FLAGS])
		want->flags = nla_get_u32(tb[WEIR_A_CONN_FLAGS]);
	return 0;
}

/* A server by its key: with its service the very one, else every server of this address and, unless 0, port. */
static int parse_server(struct weir_service *svc, struct nlattr **attrs, struct weir_conn_filter *filter,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WEIR_A_SERVER_MAX + 1], *nest = attrs[WEIR_A_SERVER];
	struct weir_conn_view *want = &filter->want;
	struct weir_server_spec spec;
	struct weir_server *server;
	int err;

	if (svc) {
		server = weir_nl_server_find(svc, attrs, tb, extack);
		if (IS_ERR(server))
			return PTR_ERR(server);
		filter->fields |= BIT(WEIR_A_CONN_SERVER_ID);
		want->server_id = server->id;
		return 0;
	}
	nla_parse_nested(tb, WEIR_A_SERVER_MAX, nest, NULL, NULL);
	if (weir_nl_missing(extack, nest, tb, WEIR_A_SERVER_FAMILY, "without its service a server needs its family"))
		return -EINVAL;
	err = weir_nl_server_key(nest, AF_UNSPEC, tb, &spec, extack);
	if (err)
		return err;
	filter->fields |= BIT(WEIR_A_CONN_SERVER_FAMILY) | BIT(WEIR_A_CONN_SERVER_ADDR);
	want->server_family = spec.family;
	want->server = spec.addr;
	if (spec.port) {
		filter->fields |= BIT(WEIR_A_CONN_SERVER_PORT);
		want->server_port = spec.port;
	}
	return 0;
}

int weir_conn_filter_parse(struct weir_net *wn, struct nlattr **attrs, struct weir_conn_filter *filter,
			   struct netlink_ext_ack *extack)
{
	struct weir_service *svc = NULL;
	int err;

	if (attrs[WEIR_A_CONN]) {
		err = parse_conn(attrs[WEIR_A_CONN], filter, extack);
		if (err)
			return err;
	}
	if (attrs[WEIR_A_SERVICE]) {
		svc = weir_nl_service_find(wn, attrs, extack);
		if (IS_ERR(svc))
			return PTR_ERR(svc);
		filter->fields |= BIT(WEIR_A_CONN_SERVICE_ID);
		filter->want.service_id = svc->id;
	}
	if (attrs[WEIR_A_SERVER])
		return parse_server(svc, attrs, filter, extack);
	return 0;
}
