// SPDX-License-Identifier: GPL-2.0
#include <linux/in.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/sock.h>
#include <net/udp.h>
#include "hostsock.h"
#include "tuple.h"

/* Established, in TIME_WAIT, listening: in that order, as tcp_v4_rcv() asks. Listeners come without a reference. */
static bool has_tcp4(struct net *net, const struct weir_tuple *tuple)
{
	struct sock *sk;

	sk = __inet_lookup_established(net, tuple->src.ip, tuple->sport, tuple->dst.ip, ntohs(tuple->dport),
				       tuple->l3dom, 0);
	if (sk) {
		sock_gen_put(sk);
		return true;
	}
	return __inet_lookup_listener(net, NULL, 0, tuple->src.ip, tuple->sport, tuple->dst.ip, ntohs(tuple->dport),
				      tuple->l3dom, 0);
}

static bool has_udp4(struct net *net, const struct weir_tuple *tuple)
{
	struct sock *sk = udp4_lib_lookup(net, tuple->src.ip, tuple->sport, tuple->dst.ip, tuple->dport, tuple->l3dom);

	if (sk)
		sock_put(sk);
	return sk;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool has_tcp6(struct net *net, const struct weir_tuple *tuple)
{
	struct sock *sk;

	sk = __inet6_lookup_established(net, &tuple->src.in6, tuple->sport, &tuple->dst.in6, ntohs(tuple->dport),
					tuple->l3dom, 0);
	if (sk) {
		sock_gen_put(sk);
		return true;
	}
	return inet6_lookup_listener(net, NULL, 0, &tuple->src.in6, tuple->sport, &tuple->dst.in6, ntohs(tuple->dport),
				     tuple->l3dom, 0);
}

static bool has_udp6(struct net *net, const struct weir_tuple *tuple)
{
	struct sock *sk = udp6_lib_lookup(net, &tuple->src.in6, tuple->sport, &tuple->dst.in6, tuple->dport,
					  tuple->l3dom);

	if (sk)
		sock_put(sk);
	return sk;
}
#else
static bool has_tcp6(struct net *net, const struct weir_tuple *tuple)
{
	return false;
}

static bool has_udp6(struct net *net, const struct weir_tuple *tuple)
{
	return false;
}
#endif

bool weir_hostsock_has(struct net *net, const struct weir_tuple *tuple)
{
	if (tuple->family == AF_INET6)
		return tuple->proto == IPPROTO_TCP ? has_tcp6(net, tuple) : has_udp6(net, tuple);
	return tuple->proto == IPPROTO_TCP ? has_tcp4(net, tuple) : has_udp4(net, tuple);
}
