// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/routes.h"

#include <algorithm>

#include <linux/fib_rules.h>
#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls.h>
#include <linux/mpls_iptunnel.h>
#include <linux/rtnetlink.h>

namespace weir::keeper {
namespace {

template <typename T>
std::span<const std::uint8_t> bytes_of(const T& value)
{
    return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)};
}

/// iproute2's default: what has no gateway is on the link.
std::uint8_t scope_of(const RouteConfig& route)
{
    if (route.scope)
        return *route.scope;
    bool gateway = std::ranges::any_of(route.hops, [](const RouteHop& hop) { return !hop.gateway.empty(); });
    if (route.destination.address.is_v6() || gateway)
        return RT_SCOPE_UNIVERSE;
    switch (route.type) {
    case RTN_LOCAL: return RT_SCOPE_HOST;
    case RTN_UNICAST:
    case RTN_BROADCAST:
    case RTN_MULTICAST:
    case RTN_ANYCAST: return RT_SCOPE_LINK;
    default: return RT_SCOPE_UNIVERSE;
    }
}

void put_gateway(NetlinkBatch& batch, const RouteHop& hop, int family)
{
    if (hop.gateway.empty())
        return;
    if (hop.gateway.family() == family)
        return batch.attribute(RTA_GATEWAY, hop.gateway.bytes());
    std::vector<std::uint8_t> via(sizeof(__kernel_sa_family_t));
    auto of = static_cast<__kernel_sa_family_t>(hop.gateway.family());
    std::ranges::copy(bytes_of(of), via.begin());
    std::ranges::copy(hop.gateway.bytes(), std::back_inserter(via));
    batch.attribute(RTA_VIA, via);
}

void put_tunnel(NetlinkBatch& batch, const Encapsulation& encap)
{
    bool v6 = encap.type == LWTUNNEL_ENCAP_IP6;
    if (encap.id) {
        std::uint64_t id = htobe64(*encap.id);
        batch.attribute(LWTUNNEL_IP_ID, bytes_of(id));
    }
    if (!encap.destination.empty())
        batch.attribute(LWTUNNEL_IP_DST, encap.destination.bytes());
    if (!encap.source.empty())
        batch.attribute(LWTUNNEL_IP_SRC, encap.source.bytes());
    // the same numbers for both families but for these two
    static_assert(LWTUNNEL_IP_ID == static_cast<int>(LWTUNNEL_IP6_ID) &&
                  LWTUNNEL_IP_DST == static_cast<int>(LWTUNNEL_IP6_DST) &&
                  LWTUNNEL_IP_SRC == static_cast<int>(LWTUNNEL_IP6_SRC) &&
                  LWTUNNEL_IP_FLAGS == static_cast<int>(LWTUNNEL_IP6_FLAGS));
    if (encap.ttl)
        batch.attribute_u8(v6 ? static_cast<std::uint16_t>(LWTUNNEL_IP6_HOPLIMIT)
                              : static_cast<std::uint16_t>(LWTUNNEL_IP_TTL),
                           *encap.ttl);
    if (encap.tos)
        batch.attribute_u8(v6 ? static_cast<std::uint16_t>(LWTUNNEL_IP6_TC)
                              : static_cast<std::uint16_t>(LWTUNNEL_IP_TOS),
                           *encap.tos);
    if (encap.flags)
        batch.attribute(LWTUNNEL_IP_FLAGS, bytes_of(*encap.flags));
}

void put_encapsulation(NetlinkBatch& batch, const Encapsulation& encap)
{
    if (!encap.type)
        return;
    std::size_t nest = batch.begin_nest(RTA_ENCAP);
    if (encap.type == LWTUNNEL_ENCAP_MPLS) {
        std::vector<std::uint32_t> stack;
        for (std::uint32_t label : encap.labels)
            stack.push_back(htonl(label << MPLS_LS_LABEL_SHIFT));
        stack.back() |= htonl(1u << MPLS_LS_S_SHIFT);
        batch.attribute(MPLS_IPTUNNEL_DST, {reinterpret_cast<const std::uint8_t*>(stack.data()),
                                            stack.size() * sizeof(stack[0])});
    } else if (encap.type == LWTUNNEL_ENCAP_ILA) {
        std::uint64_t locator = htobe64(encap.locator);
        batch.attribute(ILA_ATTR_LOCATOR, bytes_of(locator));
    } else {
        put_tunnel(batch, encap);
    }
    batch.end_nest(nest);
    batch.attribute(RTA_ENCAP_TYPE, bytes_of(encap.type));
}

/// What a route is given, and is not known by when it is removed.
void put_hop_extras(NetlinkBatch& batch, const RouteHop& hop)
{
    if (hop.realms)
        batch.attribute_u32(RTA_FLOW, *hop.realms);
    put_encapsulation(batch, *hop.encap);
}

void put_hops(NetlinkBatch& batch, const RouteConfig& route, const std::vector<int>& devices, bool add)
{
    int family = route.destination.address.family();
    if (route.hops.size() == 1) {
        put_gateway(batch, route.hops[0], family);
        if (add)
            put_hop_extras(batch, route.hops[0]);
        if (devices[0])
            batch.attribute_u32(RTA_OIF, static_cast<std::uint32_t>(devices[0]));
        return;
    }
    std::size_t all = batch.begin_nest(RTA_MULTIPATH);
    for (std::size_t i = 0; i < route.hops.size(); i++) {
        rtnexthop hop{};
        hop.rtnh_ifindex = devices[i];
        hop.rtnh_hops = static_cast<unsigned char>(route.hops[i].weight - 1);
        hop.rtnh_flags = route.hops[i].onlink ? RTNH_F_ONLINK : 0;
        std::size_t start = batch.bytes().size();
        batch.header(hop);
        put_gateway(batch, route.hops[i], family);
        if (add)
            put_hop_extras(batch, route.hops[i]);
        batch.end_nest(start); // its length is where an attribute's is
    }
    batch.end_nest(all);
}

void put_metrics(NetlinkBatch& batch, const RouteConfig& route)
{
    if (route.metrics.empty() && route.congestion.empty())
        return;
    std::size_t nest = batch.begin_nest(RTA_METRICS);
    for (auto [metric, value] : route.metrics)
        batch.attribute_u32(metric, value);
    if (!route.congestion.empty())
        batch.attribute(RTAX_CC_ALGO, route.congestion);
    batch.end_nest(nest);
}

bool put_route(NetlinkBatch& batch, RouteConfig route, const Links& links, int interface, bool add)
{
    if (route.hops.empty() && route.type == RTN_UNICAST)
        route.hops.emplace_back();
    std::vector<int> devices;
    for (const auto& hop : route.hops) {
        const Link* link = hop.device.empty() ? nullptr : links.find(hop.device);
        if (!hop.device.empty() && !link)
            return false;
        devices.push_back(link ? link->index : hop.gateway.empty() ? interface : 0);
    }
    if (!route.vrf.empty()) {
        const Link* vrf = links.find(route.vrf);
        if (!vrf || !vrf->table)
            return false;
        route.table = vrf->table;
    }
    std::uint16_t place = route.place == RouteConfig::Place::add      ? NLM_F_CREATE | NLM_F_EXCL
                          : route.place == RouteConfig::Place::append ? NLM_F_CREATE | NLM_F_APPEND
                                                                      : NLM_F_CREATE;
    batch.begin(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? place : 0);
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(route.destination.address.family());
    header.rtm_dst_len = static_cast<unsigned char>(route.destination.length);
    header.rtm_src_len = static_cast<unsigned char>(route.from.length);
    header.rtm_tos = route.tos;
    header.rtm_table = static_cast<unsigned char>(route.table < 256 ? route.table : RT_TABLE_COMPAT);
    header.rtm_protocol = route.protocol;
    header.rtm_scope = add ? scope_of(route) : route.scope.value_or(RT_SCOPE_NOWHERE);
    header.rtm_type = route.type;
    if (route.hops.size() == 1 && route.hops[0].onlink)
        header.rtm_flags = RTNH_F_ONLINK;
    batch.header(header);
    if (route.destination.length)
        batch.attribute(RTA_DST, route.destination.address.bytes());
    if (route.from.length)
        batch.attribute(RTA_SRC, route.from.address.bytes());
    batch.attribute_u32(RTA_TABLE, route.table);
    if (route.metric)
        batch.attribute_u32(RTA_PRIORITY, *route.metric);
    if (!route.hops.empty())
        put_hops(batch, route, devices, add);
    if (add) {
        if (!route.source.empty())
            batch.attribute(RTA_PREFSRC, route.source.bytes());
        if (route.preference)
            batch.attribute_u8(RTA_PREF, *route.preference);
        if (route.realms)
            batch.attribute_u32(RTA_FLOW, *route.realms);
        if (route.expires)
            batch.attribute_u32(RTA_EXPIRES, *route.expires);
        if (route.propagate_ttl)
            batch.attribute_u8(RTA_TTL_PROPAGATE, *route.propagate_ttl);
        put_metrics(batch, route);
    }
    batch.end();
    return true;
}

/// The kernel removes a rule that agrees in all that is given, so both messages say the same.
void put_rule(NetlinkBatch& batch, const RuleConfig& rule, bool add)
{
    batch.begin(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
    fib_rule_hdr header{};
    header.family = static_cast<std::uint8_t>(rule.family);
    header.src_len = static_cast<std::uint8_t>(rule.from.length);
    header.dst_len = static_cast<std::uint8_t>(rule.to.length);
    header.tos = rule.tos;
    header.action = rule.action;
    header.flags = rule.invert ? FIB_RULE_INVERT : 0;
    if (rule.table)
        header.table = static_cast<std::uint8_t>(*rule.table < 256 ? *rule.table : RT_TABLE_UNSPEC);
    batch.header(header);
    auto put = [&](std::uint16_t type, const std::optional<std::uint32_t>& value) {
        if (value)
            batch.attribute_u32(type, *value);
    };
    if (rule.from.length)
        batch.attribute(FRA_SRC, rule.from.address.bytes());
    if (rule.to.length)
        batch.attribute(FRA_DST, rule.to.address.bytes());
    if (!rule.in.empty())
        batch.attribute(FRA_IIFNAME, rule.in);
    if (!rule.out.empty())
        batch.attribute(FRA_OIFNAME, rule.out);
    put(FRA_FWMARK, rule.mark);
    put(FRA_FWMASK, rule.mask);
    put(FRA_PRIORITY, rule.priority);
    put(FRA_TABLE, rule.table);
    put(FRA_GOTO, rule.jump);
    put(FRA_SUPPRESS_PREFIXLEN, rule.suppress_length);
    put(FRA_SUPPRESS_IFGROUP, rule.suppress_group);
    put(FRA_FLOW, rule.realms);
    if (rule.tunnel) {
        std::uint64_t id = htobe64(*rule.tunnel);
        batch.attribute(FRA_TUN_ID, bytes_of(id));
    }
    if (rule.users) {
        fib_rule_uid_range range{rule.users->first, rule.users->second};
        batch.attribute(FRA_UID_RANGE, bytes_of(range));
    }
    if (rule.ip_protocol)
        batch.attribute_u8(FRA_IP_PROTO, *rule.ip_protocol);
    if (rule.source_ports) {
        fib_rule_port_range range{rule.source_ports->first, rule.source_ports->second};
        batch.attribute(FRA_SPORT_RANGE, bytes_of(range));
    }
    if (rule.destination_ports) {
        fib_rule_port_range range{rule.destination_ports->first, rule.destination_ports->second};
        batch.attribute(FRA_DPORT_RANGE, bytes_of(range));
    }
    if (rule.l3mdev)
        batch.attribute_u8(FRA_L3MDEV, 1);
    batch.attribute_u8(FRA_PROTOCOL, rule.protocol);
    batch.end();
}

} // namespace

bool add_route_message(NetlinkBatch& batch, const RouteConfig& route, const Links& links, int interface)
{
    return put_route(batch, route, links, interface, true);
}

bool remove_route_message(NetlinkBatch& batch, const RouteConfig& route, const Links& links, int interface)
{
    return put_route(batch, route, links, interface, false);
}

void add_rule_message(NetlinkBatch& batch, const RuleConfig& rule)
{
    put_rule(batch, rule, true);
}

void remove_rule_message(NetlinkBatch& batch, const RuleConfig& rule)
{
    put_rule(batch, rule, false);
}

} // namespace weir::keeper
