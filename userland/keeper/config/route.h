// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <linux/rtnetlink.h>

#include "base/address.h"
#include "base/rare.h"
#include "keeper/config/diagnostic.h"

/// virtual_routes, virtual_rules and their static kin: what ip-route(8) and ip-rule(8) would be told.
namespace weir::keeper {

/// A header that packets get on their way (lwtunnel): "encap ip", "ip6", "mpls" and "ila" of ip-route(8).
struct Encapsulation {
    std::uint16_t type = 0; ///< LWTUNNEL_ENCAP_*; 0: none
    Address destination, source;
    std::optional<std::uint64_t> id;
    std::optional<std::uint8_t> tos, ttl; ///< IPv6: traffic class and hop limit
    std::optional<std::uint16_t> flags;
    std::vector<std::uint32_t> labels; ///< MPLS, the outermost first
    std::uint64_t locator = 0;         ///< ILA

    bool operator==(const Encapsulation&) const = default;
};

/// One way out. A route without "via" and "nexthop" has one hop without gateway, or none.
struct RouteHop {
    Address gateway; ///< may be of the other family (RFC 5549)
    std::string device;
    unsigned weight = 1; ///< 1..256
    bool onlink = false;
    std::optional<std::uint32_t> realms; ///< IPv4
    Rare<Encapsulation> encap;

    bool operator==(const RouteHop&) const = default;
};

struct RouteConfig {
    /// Where it goes in relation to what is there, as "ip route prepend", "add" and "append".
    enum class Place : std::uint8_t { prepend, add, append } place = Place::prepend;
    Prefix destination; ///< 0.0.0.0/0 or ::/0 for "default"
    Prefix from;        ///< IPv6: of the packet's source; without address if not given
    Address source;     ///< preferred for packets that the director itself sends
    std::vector<RouteHop> hops;
    std::uint32_t table = RT_TABLE_MAIN;
    std::string vrf; ///< its table is meant
    std::optional<std::uint32_t> metric;
    std::optional<std::uint8_t> scope;
    std::uint8_t type = RTN_UNICAST;
    std::uint8_t protocol = RTPROT_KEEPALIVED;
    std::uint8_t tos = 0;
    std::optional<std::uint8_t> preference;         ///< RFC 4191, as the kernel encodes it
    std::map<std::uint16_t, std::uint32_t> metrics; ///< RTAX_*; "lock" is RTAX_LOCK
    std::string congestion;
    std::optional<std::uint32_t> realms;  ///< IPv4, of all hops
    std::optional<std::uint32_t> expires; ///< IPv6, seconds
    std::optional<bool> propagate_ttl;
    bool no_track = false;
    std::string track_group;

    bool operator==(const RouteConfig&) const = default;
};

struct RuleConfig {
    int family = AF_INET;
    bool invert = false;
    Prefix from, to; ///< without address if not given
    std::string in, out;
    std::optional<std::uint32_t> mark, mask, priority, table, jump, suppress_length, suppress_group;
    std::uint8_t action = 0; ///< FR_ACT_*
    std::uint8_t tos = 0;
    std::uint8_t protocol = RTPROT_KEEPALIVED;
    std::optional<std::uint64_t> tunnel;
    std::optional<std::uint32_t> realms;
    std::optional<std::uint8_t> ip_protocol;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> users;
    std::optional<std::pair<std::uint16_t, std::uint16_t>> source_ports, destination_ports;
    bool l3mdev = false;
    bool no_track = false;
    std::string track_group;

    bool operator==(const RuleConfig&) const = default;
};

} // namespace weir::keeper
