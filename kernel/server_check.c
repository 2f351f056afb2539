// SPDX-License-Identifier: GPL-2.0
/* The settings of a server that make sense for its service. Each refusal names the field and the reason. */
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <net/ipv6.h>
#include "refuse.h"
#include "server.h"
#include "service.h"

static int weir_server_addr_check(u8 family, const union nf_inet_addr *addr, struct netlink_ext_ack *extack)
{
	if (family == AF_INET) {
		if (ipv4_is_zeronet(addr->ip))
			return weir_refuse(extack, -EINVAL, "addr: a server cannot have the unspecified address");
		if (ipv4_is_multicast(addr->ip) || ipv4_is_lbcast(addr->ip))
			return weir_refuse(extack, -EINVAL, "addr: a server needs a unicast address");
		return 0;
	}
	if (ipv6_addr_any(&addr->in6))
		return weir_refuse(extack, -EINVAL, "addr: a server cannot have the unspecified address");
	if (ipv6_addr_is_multicast(&addr->in6))
		return weir_refuse(extack, -EINVAL, "addr: a server needs a unicast address");
	if (ipv6_addr_v4mapped(&addr->in6))
		return weir_refuse(extack, -EINVAL, "addr: an IPv4 address mapped to IPv6 is on no wire: use IPv4");
	if (ipv6_addr_type(&addr->in6) & IPV6_ADDR_LINKLOCAL)
		return weir_refuse(extack, -EINVAL, "addr: a link-local address does not tell the link");
	return 0;
}

static int weir_server_method_check(const struct weir_service_key *key, u16 port_first, u16 port_last, u8 family,
				    __be16 port, u8 method, struct netlink_ext_ack *extack)
{
	switch (method) {
	case WEIR_METHOD_NAT:
	case WEIR_METHOD_FULLNAT:
		break;
	case WEIR_METHOD_DR:
	case WEIR_METHOD_LOCAL:
	case WEIR_METHOD_TUN:
		/* a service by mark keeps the port for the listing, as IPVS does */
		if (port && !key->fwmark && (port != key->port || port_first != port_last))
			return weir_refuse(extack, -EINVAL,
					   "port: dr, tun and local cannot change the port that the client asked for");
		break;
	default:
		return weir_refuse(extack, -EINVAL, "method: unknown");
	}
	if (family != key->family && method != WEIR_METHOD_TUN && method != WEIR_METHOD_FULLNAT)
		return weir_refuse(extack, -EAFNOSUPPORT,
				   "family: nat, dr and local need a server of the service's family");
	return 0;
}

static int weir_server_tunnel_check(u8 method, struct weir_tunnel tunnel, struct netlink_ext_ack *extack)
{
	if (method != WEIR_METHOD_TUN) {
		if (tunnel.type || tunnel.port || tunnel.flags)
			return weir_refuse(extack, -EINVAL, "tun-type: tunnels are for method tun");
		return 0;
	}
	if (tunnel.type == WEIR_TUNNEL_GUE && !tunnel.port)
		return weir_refuse(extack, -EINVAL, "tun-port: gue needs a UDP port");
	if (tunnel.type != WEIR_TUNNEL_GUE && tunnel.port)
		return weir_refuse(extack, -EINVAL, "tun-port: only gue has a port");
	if (tunnel.type == WEIR_TUNNEL_IPIP && tunnel.flags)
		return weir_refuse(extack, -EINVAL, "tun-flags: ipip has no checksum");
	if (tunnel.flags & WEIR_TUNNEL_F_REMCSUM && tunnel.type != WEIR_TUNNEL_GUE)
		return weir_refuse(extack, -EINVAL, "tun-flags: only gue has a remote checksum");
	if (tunnel.flags == (WEIR_TUNNEL_F_CSUM | WEIR_TUNNEL_F_REMCSUM))
		return weir_refuse(extack, -EINVAL, "tun-flags: a checksum or a remote one, not both");
	return 0;
}

int weir_server_config_check_key(const struct weir_service_key *key, u16 port_first, u16 port_last, u8 family,
				 const union nf_inet_addr *addr, __be16 port, const struct weir_server_config *config,
				 struct netlink_ext_ack *extack)
{
	int err;

	if (family != AF_INET && (family != AF_INET6 || !IS_ENABLED(CONFIG_IPV6)))
		return weir_refuse(extack, -EAFNOSUPPORT, "family: neither IPv4 nor IPv6");
	err = weir_server_addr_check(family, addr, extack);
	if (!err)
		err = weir_server_method_check(key, port_first, port_last, family, port, config->method, extack);
	if (!err)
		err = weir_server_tunnel_check(config->method, config->tunnel, extack);
	if (err)
		return err;
	if (config->weight > WEIR_WEIGHT_MAX)
		return weir_refuse(extack, -ERANGE, "weight: more than 65535");
	if (config->upper > INT_MAX)
		return weir_refuse(extack, -ERANGE, "upper: more than 2147483647");
	if (config->lower > config->upper)
		return weir_refuse(extack, -ERANGE, "lower: above the upper threshold");
	return 0;
}

int weir_server_config_check(const struct weir_service *svc, u8 family, const union nf_inet_addr *addr, __be16 port,
			     const struct weir_server_config *config, struct netlink_ext_ack *extack)
{
	return weir_server_config_check_key(&svc->key, svc->port_first, svc->port_last, family, addr, port, config,
					    extack);
}
