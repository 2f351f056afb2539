// SPDX-License-Identifier: GPL-2.0
/* The settings of a service that make sense together, most of them ipvsadm's rules. Each refusal names the field and the reason. */
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <net/ipv6.h>
#include "algo/range.h"
#include "refuse.h"
#include "sched.h"
#include "server.h"
#include "service.h"

#define WEIR_SYN_RETRY_MAX	8

/* Flags that every scheduler goes with. */
#define WEIR_SERVICE_F_ANY	(WEIR_SERVICE_F_ONE_PACKET | WEIR_SERVICE_F_CONNTRACK | WEIR_SERVICE_F_NO_EXPRESS | \
				 WEIR_SERVICE_F_TOA | WEIR_SERVICE_F_TOA_DPVS)

#define WEIR_SERVICE_F_SCHED	(WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT |	\
				 WEIR_SERVICE_F_MH_FALLBACK | WEIR_SERVICE_F_MH_PORT)

static int weir_service_addr_check(const struct weir_service_key *key, struct netlink_ext_ack *extack)
{
	if (key->family == AF_INET) {
		if (ipv4_is_zeronet(key->addr.ip))
			return weir_refuse(extack, -EINVAL, "addr: a service cannot have the unspecified address");
		if (ipv4_is_multicast(key->addr.ip) || ipv4_is_lbcast(key->addr.ip))
			return weir_refuse(extack, -EINVAL, "addr: a service needs a unicast address");
		return 0;
	}
	if (ipv6_addr_any(&key->addr.in6))
		return weir_refuse(extack, -EINVAL, "addr: a service cannot have the unspecified address");
	if (ipv6_addr_is_multicast(&key->addr.in6))
		return weir_refuse(extack, -EINVAL, "addr: a service needs a unicast address");
	if (ipv6_addr_v4mapped(&key->addr.in6))
		return weir_refuse(extack, -EINVAL, "addr: an IPv4 address mapped to IPv6 is on no wire: use IPv4");
	return 0;
}

static int weir_service_key_check(const struct weir_service_key *key, u16 port_first, u16 port_last,
				  struct netlink_ext_ack *extack)
{
	static const union nf_inet_addr none;
	bool one = port_first == port_last;

	if (key->family != AF_INET && (key->family != AF_INET6 || !IS_ENABLED(CONFIG_IPV6)))
		return weir_refuse(extack, -EAFNOSUPPORT, "family: neither IPv4 nor IPv6");
	if (key->fwmark) {
		if (key->proto || key->port || memcmp(&key->addr, &none, sizeof(none)))
			return weir_refuse(extack, -EINVAL,
					   "fwmark: a service by mark has no protocol, address or port");
		return 0;
	}
	if (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP)
		return weir_refuse(extack, -EPROTONOSUPPORT, "protocol: neither TCP nor UDP");
	if (weir_range_kind(port_first, port_last) == WEIR_RANGE_INVALID)
		return weir_refuse(extack, -EINVAL, port_first ? "port_end: below the first port" :
				   "port: a range begins at 1 or above; 0 alone means all ports");
	if (key->port != (one ? htons(port_first) : 0))
		return weir_refuse(extack, -EINVAL, "port: contradicts the range");
	return weir_service_addr_check(key, extack);
}

static int weir_service_persist_check(const struct weir_service_key *key, u16 port_first,
				      const struct weir_service_config *config, struct netlink_ext_ack *extack)
{
	if (config->persist_timeout > WEIR_TIMEOUT_MAX)
		return weir_refuse(extack, -ERANGE, "persist_timeout: more than 31 days");
	if (config->persist_prefix > (key->family == AF_INET ? 32 : 128))
		return weir_refuse(extack, -ERANGE, key->family == AF_INET ?
				   "persist_prefix: an IPv4 prefix has 1 to 32 bits" :
				   "persist_prefix: an IPv6 prefix has 1 to 128 bits");
	if (!key->fwmark && !port_first && !config->persist_timeout)
		return weir_refuse(extack, -EINVAL,
				   "port: 0, all ports, needs persistence; without it use the range 1-65535");
	return 0;
}

static int weir_service_sched_check(const struct weir_service_config *config, struct netlink_ext_ack *extack)
{
	const struct weir_scheduler *sched = config->sched;
	u32 alien;

	if (!sched)
		return weir_refuse(extack, -ENOENT, "scheduler: unknown");
	if (config->flags & WEIR_SERVICE_F_CLAMP_MSS)
		return weir_refuse(extack, -EOPNOTSUPP, "flags: clamp-mss is not available yet");
	if (config->flags & ~(WEIR_SERVICE_F_ANY | WEIR_SERVICE_F_SCHED))
		return weir_refuse(extack, -EINVAL, "flags: unknown");
	alien = config->flags & WEIR_SERVICE_F_SCHED & ~sched->flags;
	if (alien & (WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT))
		return weir_refuse(extack, -EINVAL, "flags: sh-fallback and sh-port go with scheduler sh only");
	if (alien)
		return weir_refuse(extack, -EINVAL, "flags: mh-fallback and mh-port go with scheduler mh only");
	if (config->slow_start > WEIR_SLOW_START_MAX)
		return weir_refuse(extack, -ERANGE, "slow_start: more than a day");
	if (config->slow_start && !sched->slow_start)
		return weir_refuse(extack, -EINVAL, "slow_start: not with schedulers fo, ovf, sh, dh and mh");
	if (config->mh_size > WEIR_MH_TABLE_MAX)
		return weir_refuse(extack, -ERANGE, "mh_size: more than 131071 slots");
	if (config->mh_size && sched != &weir_sched_mh)
		return weir_refuse(extack, -EINVAL, "mh_size: goes with scheduler mh only");
	if (config->has_seed && sched != &weir_sched_mh)
		return weir_refuse(extack, -EINVAL, "seed: goes with scheduler mh only");
	return 0;
}

static int weir_service_proxy_check(const struct weir_service_key *key, const struct weir_service_config *config,
				    struct netlink_ext_ack *extack)
{
	switch (config->proxy_protocol) {
	case WEIR_PROXY_PROTOCOL_NONE:
		return 0;
	case WEIR_PROXY_PROTOCOL_V1:
		if (key->proto == IPPROTO_UDP)
			return weir_refuse(extack, -EINVAL, "proxy_protocol: version 1 is for TCP, UDP has version 2");
		break;
	case WEIR_PROXY_PROTOCOL_V2:
		break;
	default:
		return weir_refuse(extack, -EINVAL, "proxy_protocol: unknown");
	}
	if (config->flags & (WEIR_SERVICE_F_TOA | WEIR_SERVICE_F_TOA_DPVS))
		return weir_refuse(extack, -EINVAL, "proxy_protocol: the service has flag toa, which tells the same");
	if (config->flags & WEIR_SERVICE_F_ONE_PACKET)
		return weir_refuse(extack, -EINVAL,
				   "proxy_protocol: needs connections, and one-packet scheduling has none");
	return 0;
}

int weir_service_servers_check(const struct weir_service *svc, const struct weir_service_config *config,
			       struct netlink_ext_ack *extack)
{
	const struct weir_server *server;

	if (!config->proxy_protocol)
		return 0;
	list_for_each_entry(server, &svc->servers, list)
		if (server->config.method != WEIR_METHOD_FULLNAT)
			return weir_refuse(extack, -EINVAL,
					   "proxy_protocol: the service has a server of another method than fullnat");
	return 0;
}

int weir_service_config_check(const struct weir_service_key *key, u16 port_first, u16 port_last,
			      const struct weir_service_config *config, struct netlink_ext_ack *extack)
{
	int err, state;

	err = weir_service_key_check(key, port_first, port_last, extack);
	if (!err)
		err = weir_service_sched_check(config, extack);
	if (!err)
		err = weir_service_persist_check(key, port_first, config, extack);
	if (!err)
		err = weir_service_proxy_check(key, config, extack);
	if (err)
		return err;

	if (config->flags & WEIR_SERVICE_F_ONE_PACKET && key->proto == IPPROTO_TCP)
		return weir_refuse(extack, -EINVAL, "flags: one-packet scheduling is for UDP and marks");
	if (config->flags & (WEIR_SERVICE_F_TOA | WEIR_SERVICE_F_TOA_DPVS) && key->proto == IPPROTO_UDP)
		return weir_refuse(extack, -EINVAL, "flags: toa is an option of TCP");
	if (config->syn_retry > WEIR_SYN_RETRY_MAX)
		return weir_refuse(extack, -ERANGE, "syn_retry: more than 8");
	if (config->syn_retry && key->proto == IPPROTO_UDP)
		return weir_refuse(extack, -EINVAL, "syn_retry: is for TCP and marks");
	if (config->on_gone > WEIR_ON_GONE_MOVE)
		return weir_refuse(extack, -EINVAL, "on_gone: unknown");
	for (state = 0; state < __WEIR_STATE_MAX; state++)
		if (config->timeouts[state] > WEIR_TIMEOUT_MAX)
			return weir_refuse(extack, -ERANGE, "timeout: more than 31 days");
	return 0;
}
