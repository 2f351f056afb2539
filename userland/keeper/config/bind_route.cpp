// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/bind_route.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <linux/lwtunnel.h>
#include <net/if.h>

#include "base/number.h"

namespace weir::keeper {
namespace {

template <typename T, std::size_t size>
std::optional<T> find_name(const std::pair<std::string_view, T> (&names)[size], std::string_view text)
{
    for (const auto& [name, value] : names) {
        if (text == name)
            return value;
    }
    return std::nullopt;
}

/// "NUMBER NAME" lines, as iproute2 keeps names.
std::optional<std::uint32_t> find_in_file(const char* path, std::string_view wanted)
{
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string number, name;
        if (words >> number >> name && number[0] != '#' && name == wanted)
            return parse_u32(number);
    }
    return std::nullopt;
}

constexpr std::pair<std::string_view, std::uint8_t> scopes[] = {
    {"global", RT_SCOPE_UNIVERSE}, {"universe", RT_SCOPE_UNIVERSE}, {"nowhere", RT_SCOPE_NOWHERE},
    {"host", RT_SCOPE_HOST},       {"link", RT_SCOPE_LINK},         {"site", RT_SCOPE_SITE},
};
constexpr std::pair<std::string_view, std::uint32_t> tables[] = {
    {"main", RT_TABLE_MAIN},
    {"local", RT_TABLE_LOCAL},
    {"default", RT_TABLE_DEFAULT},
};
constexpr std::pair<std::string_view, std::uint8_t> protocols[] = {
    {"redirect", RTPROT_REDIRECT}, {"kernel", RTPROT_KERNEL},
    {"boot", RTPROT_BOOT},         {"static", RTPROT_STATIC},
    {"gated", RTPROT_GATED},       {"ra", RTPROT_RA},
    {"mrt", RTPROT_MRT},           {"zebra", RTPROT_ZEBRA},
    {"bird", RTPROT_BIRD},         {"dnrouted", RTPROT_DNROUTED},
    {"xorp", RTPROT_XORP},         {"ntk", RTPROT_NTK},
    {"dhcp", RTPROT_DHCP},         {"keepalived", RTPROT_KEEPALIVED},
    {"babel", RTPROT_BABEL},       {"bgp", RTPROT_BGP},
    {"isis", RTPROT_ISIS},         {"ospf", RTPROT_OSPF},
    {"rip", RTPROT_RIP},           {"eigrp", RTPROT_EIGRP},
};
constexpr std::pair<std::string_view, std::uint8_t> types[] = {
    {"unicast", RTN_UNICAST},         {"local", RTN_LOCAL},         {"broadcast", RTN_BROADCAST},
    {"anycast", RTN_ANYCAST},         {"multicast", RTN_MULTICAST}, {"blackhole", RTN_BLACKHOLE},
    {"unreachable", RTN_UNREACHABLE}, {"prohibit", RTN_PROHIBIT},   {"throw", RTN_THROW},
};
constexpr std::pair<std::string_view, std::uint16_t> metrics[] = {
    {"mtu", RTAX_MTU},
    {"advmss", RTAX_ADVMSS},
    {"rtt", RTAX_RTT},
    {"rttvar", RTAX_RTTVAR},
    {"reordering", RTAX_REORDERING},
    {"window", RTAX_WINDOW},
    {"cwnd", RTAX_CWND},
    {"ssthresh", RTAX_SSTHRESH},
    {"initcwnd", RTAX_INITCWND},
    {"initrwnd", RTAX_INITRWND},
    {"rto_min", RTAX_RTO_MIN},
    {"hoplimit", RTAX_HOPLIMIT},
    {"quickack", RTAX_QUICKACK},
    {"fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE},
};
constexpr std::pair<std::string_view, std::uint16_t> encapsulations[] = {{"ip", LWTUNNEL_ENCAP_IP},
                                                                         {"ip6", LWTUNNEL_ENCAP_IP6},
                                                                         {"mpls", LWTUNNEL_ENCAP_MPLS},
                                                                         {"ila", LWTUNNEL_ENCAP_ILA}};
constexpr std::pair<std::string_view, bool> switches[] = {{"enabled", true}, {"disabled", false}};
constexpr std::pair<std::string_view, std::uint8_t> preferences[] = {{"low", 3}, {"medium", 0}, {"high", 1}};

/// Milliseconds, or "300ms", "0.3s".
std::optional<std::uint32_t> parse_milliseconds(std::string_view text)
{
    if (text.ends_with("ms"))
        return parse_u32(text.substr(0, text.size() - 2));
    if (text.ends_with('s')) {
        auto seconds = parse_seconds(text.substr(0, text.size() - 1), 0, 4'000'000);
        return seconds ? std::optional(static_cast<std::uint32_t>(*seconds / 1000)) : std::nullopt;
    }
    return parse_u32(text);
}

/// The kernel counts round-trip times in eighths and their variance in quarters of a millisecond.
std::optional<std::uint32_t> parse_metric(std::uint16_t metric, const std::string& text)
{
    bool time = metric == RTAX_RTT || metric == RTAX_RTTVAR || metric == RTAX_RTO_MIN;
    auto value = time ? parse_milliseconds(text) : parse_u32(text);
    if (value && metric == RTAX_RTT)
        *value *= 8;
    if (value && metric == RTAX_RTTVAR)
        *value *= 4;
    return value;
}

std::optional<std::uint64_t> parse_u64(std::string_view text)
{
    int base = text.starts_with("0x") ? 16 : 10;
    std::uint64_t value = 0;
    text.remove_prefix(base == 16 ? 2 : 0);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && !text.empty() && end == text.data() + text.size() ? std::optional(value)
                                                                                     : std::nullopt;
}

/// "100/200": the outermost first.
std::optional<std::vector<std::uint32_t>> parse_labels(std::string_view text)
{
    std::vector<std::uint32_t> labels;
    for (;;) {
        auto label = parse_number_any_base(text.substr(0, text.find('/')), 0, (1 << 20) - 1);
        if (!label)
            return std::nullopt;
        labels.push_back(static_cast<std::uint32_t>(*label));
        if (text.find('/') == std::string_view::npos)
            return labels;
        text.remove_prefix(text.find('/') + 1);
    }
}

/// The upper half of an IPv6 address: "2001:db8:0:1".
std::optional<std::uint64_t> parse_locator(std::string_view text)
{
    auto address =
        std::ranges::count(text, ':') == 3 ? Address::parse(std::string(text) + "::") : Address::parse("");
    if (!address)
        return std::nullopt;
    std::uint64_t locator = 0;
    for (std::uint8_t byte : address->bytes().first(8))
        locator = locator << 8 | byte;
    return locator;
}

class RouteLine {
  public:
    RouteLine(const Values& values, RouteConfig& route) : words_(values), route_(route) {}

    /// False if it is no route; why has been said.
    bool read()
    {
        for (; !words_.done(); words_.next())
            take(words_.word());
        if (route_.destination.address.empty() && !failed_) {
            words_.complain("a route needs a destination");
            return false;
        }
        // without an address it cannot be told which family "default" is meant for
        if (any_ && default_family() == AF_INET6)
            route_.destination = Prefix::parse("::/0").value();
        check_families();
        return !failed_;
    }

  private:
    void take(const std::string& word)
    {
        if (auto type = find_name(types, word)) {
            route_.type = *type;
        } else if (auto metric = find_name(metrics, word)) {
            std::string value = words_.value();
            if (value == "lock") {
                route_.metrics[RTAX_LOCK] |= 1u << *metric;
                value = words_.value();
            }
            words_.put(route_.metrics[*metric], parse_metric(*metric, value), "a number");
        } else if (word == "to") {
            destination(words_.value());
        } else if (word == "via" || word == "gw" || word == "or") {
            shared_ |= word == "or";
            if (route_.hops.empty() || word == "or")
                route_.hops.emplace_back();
            gateway(words_.value());
        } else if (word == "nexthop") {
            route_.hops.emplace_back();
            nexthop_ = true;
            if (words_.value() == "via")
                gateway(words_.value());
            else if (words_.word() == "dev")
                device(words_.value());
            else
                words_.complain("'via' or 'dev' comes behind 'nexthop'");
        } else if (word == "dev" || word == "oif") {
            device(words_.value());
        } else if (word == "weight") {
            hop().weight = number(words_.value(), 1, 256);
        } else if (word == "onlink") {
            hop().onlink = true;
        } else {
            take_other(word);
        }
    }

    void take_other(const std::string& word)
    {
        if (word == "from")
            words_.put(route_.from, Prefix::parse(words_.value()), "a prefix");
        else if (word == "src")
            words_.put(route_.source, Address::parse(words_.value()), "an address");
        else if (word == "table")
            words_.put(route_.table, parse_table(words_.value()), "a table");
        else if (word == "metric" || word == "priority" || word == "preference")
            words_.put(route_.metric, parse_u32(words_.value()), "a number");
        else if (word == "scope")
            words_.put(route_.scope, parse_scope(words_.value()), "a scope");
        else if (word == "tos" || word == "dsfield")
            route_.tos = static_cast<std::uint8_t>(number(words_.value(), 0, 255));
        else if (word == "protocol" || word == "proto")
            words_.put(route_.protocol, parse_protocol(words_.value()), "a routing protocol");
        else if (word == "pref")
            words_.put(route_.preference, find_name(preferences, words_.value()), "low, medium or high");
        else if (word == "vrf")
            route_.vrf = words_.value();
        else if (word == "congctl")
            congestion();
        else if (word == "features")
            features();
        else if (word == "inet" || word == "inet6")
            family_ = word == "inet6" ? AF_INET6 : AF_INET;
        else if (word == "add" || word == "prepend" || word == "append")
            route_.place = word == "add"      ? RouteConfig::Place::add
                           : word == "append" ? RouteConfig::Place::append
                                              : RouteConfig::Place::prepend;
        else if (word == "no_track")
            route_.no_track = true;
        else if (word == "track_group")
            route_.track_group = words_.value();
        else if (word == "realms")
            words_.put(nexthop_ ? hop().realms : route_.realms, parse_realms(words_.value()), "a realm");
        else if (word == "expires")
            words_.put(route_.expires, parse_u32(words_.value()), "a number of seconds");
        else if (word == "ttl-propagate")
            words_.put(route_.propagate_ttl, find_name(switches, words_.value()), "enabled or disabled");
        else if (word == "encap")
            encapsulation(words_.value());
        else if (word == "as")
            fail("'as' is for a NAT that kernels no longer have; keepalived refuses it too");
        else if (route_.destination.address.empty())
            destination(word);
        else
            fail(fmt::format("'{}' is not known in a route", word));
    }

    void destination(const std::string& text)
    {
        any_ = text == "default" || text == "any" || text == "all";
        auto prefix = Prefix::parse(any_ ? "0.0.0.0/0" : text);
        if (!prefix)
            return fail(prefix.error().message);
        route_.destination = {prefix->address.masked(prefix->length), prefix->length};
    }
    void gateway(std::string text)
    {
        if (text == "inet" || text == "inet6") // of another family than the route
            text = words_.value();
        auto address = Address::parse(text);
        if (!address)
            return fail(address.error().message);
        if (!hop().gateway.empty())
            return fail("a second gateway is a 'nexthop' of its own");
        hop().gateway = *address;
    }
    void device(const std::string& name)
    {
        if (name.size() >= IFNAMSIZ)
            fail(fmt::format("'{}' is too long for an interface", name));
        hop().device = name;
        for (auto& other : route_.hops) {
            if (shared_) // "via A or B dev C"
                other.device = name;
        }
    }
    void encapsulation(const std::string& kind)
    {
        Encapsulation& encap = hop().encap.edit();
        auto type = find_name(encapsulations, kind);
        if (!type)
            return fail(fmt::format("'{}' is no encapsulation; ip, ip6, mpls and ila are", kind));
        encap.type = *type;
        if (encap.type == LWTUNNEL_ENCAP_MPLS)
            words_.put(encap.labels, parse_labels(words_.value()), "a row of MPLS labels");
        else if (encap.type == LWTUNNEL_ENCAP_ILA)
            words_.put(encap.locator, parse_locator(words_.value()), "a locator of four groups");
        else
            tunnel(encap);
    }
    /// The pairs behind "encap ip" and "encap ip6", up to what is none of them.
    void tunnel(Encapsulation& encap)
    {
        bool v6 = encap.type == LWTUNNEL_ENCAP_IP6;
        for (;;) {
            std::string key = words_.ahead();
            if (key != "id" && key != "dst" && key != "src" && key != "flags" && key != (v6 ? "tc" : "tos") &&
                key != (v6 ? "hoplimit" : "ttl"))
                break;
            words_.next();
            std::string value = words_.value();
            if (key == "dst" || key == "src")
                words_.put(key == "dst" ? encap.destination : encap.source, Address::parse(value),
                           "an address");
            else if (key == "id")
                words_.put(encap.id, parse_u64(value), "a number");
            else if (key == "flags")
                encap.flags = static_cast<std::uint16_t>(number(value, 0, 0xffff));
            else
                (key == "tos" || key == "tc" ? encap.tos : encap.ttl) =
                    static_cast<std::uint8_t>(number(value, 0, 255));
        }
        if (encap.destination.empty() && !encap.id)
            fail("an encapsulation needs 'dst' or 'id'");
        for (const auto& address : {encap.destination, encap.source}) {
            if (!address.empty() && address.is_v6() != v6)
                fail(fmt::format("{} is not of the encapsulation's family", address.to_string()));
        }
    }
    void congestion()
    {
        std::string name = words_.value();
        if (name == "lock") {
            route_.metrics[RTAX_LOCK] |= 1u << RTAX_CC_ALGO;
            name = words_.value();
        }
        route_.congestion = name;
    }
    void features()
    {
        if (words_.value() == "ecn")
            route_.metrics[RTAX_FEATURES] |= RTAX_FEATURE_ECN;
        else
            fail(fmt::format("'{}' is not a feature; 'ecn' is", words_.word()));
    }

    RouteHop& hop()
    {
        if (route_.hops.empty())
            route_.hops.emplace_back();
        return route_.hops.back();
    }
    unsigned number(const std::string& text, unsigned min, unsigned max)
    {
        auto value = parse_number_any_base(text, min, max);
        if (!value)
            fail(value.error().message);
        return value ? static_cast<unsigned>(*value) : min;
    }
    int default_family() const
    {
        if (family_ != AF_UNSPEC)
            return family_;
        if (!route_.source.empty())
            return route_.source.family();
        if (route_.expires)
            return AF_INET6;
        return route_.hops.empty() || route_.hops[0].gateway.empty() ? AF_INET
                                                                     : route_.hops[0].gateway.family();
    }
    void check_families()
    {
        int family = route_.destination.address.family();
        if (!route_.source.empty() && route_.source.family() != family)
            fail("source and destination of a route are of one family");
        if (!route_.from.address.empty() && (family != AF_INET6 || !route_.from.address.is_v6()))
            fail("'from' is for IPv6 routes");
        for (const auto& hop : route_.hops) {
            // IPv4 by way of an IPv6 neighbour is RFC 5549; the other way there is nothing
            if (family == AF_INET6 && hop.gateway.is_v4())
                fail("an IPv6 route has IPv6 gateways");
        }
        auto has_realms = [](const RouteHop& hop) { return hop.realms.has_value(); };
        if (family == AF_INET6 && (route_.realms || std::ranges::any_of(route_.hops, has_realms)))
            fail("realms are for IPv4 routes");
        if (family == AF_INET && route_.expires)
            fail("'expires' is for IPv6 routes");
        if (route_.type != RTN_UNICAST && route_.hops.size() > 1)
            fail("only a unicast route has more than one next hop");
    }
    void fail(const std::string& text)
    {
        failed_ = true;
        words_.complain(text);
    }

    Words words_;
    RouteConfig& route_;
    int family_ = AF_UNSPEC;
    bool any_ = false, failed_ = false, shared_ = false, nexthop_ = false;
};

} // namespace

std::optional<std::uint32_t> parse_u32(std::string_view text)
{
    auto number = parse_number_any_base(text, 0, UINT32_MAX);
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

std::optional<std::uint8_t> parse_scope(std::string_view text)
{
    if (auto known = find_name(scopes, text))
        return known;
    auto number = parse_number_any_base(text, 0, 255);
    return number ? std::optional(static_cast<std::uint8_t>(*number)) : std::nullopt;
}

std::optional<std::uint32_t> parse_table(std::string_view text)
{
    if (auto known = find_name(tables, text))
        return known;
    if (auto number = parse_u32(text))
        return *number ? number : std::nullopt;
    return find_in_file("/etc/iproute2/rt_tables", text);
}

std::optional<std::uint32_t> parse_link_group(std::string_view text)
{
    if (text == "default")
        return 0;
    auto number = parse_u32(text);
    return number ? number : find_in_file("/etc/iproute2/group", text);
}

std::optional<std::uint8_t> parse_protocol(std::string_view text)
{
    if (auto known = find_name(protocols, text))
        return known;
    auto number = parse_u32(text);
    if (!number)
        number = find_in_file("/etc/iproute2/rt_protos", text);
    return number && *number <= 255 ? std::optional(static_cast<std::uint8_t>(*number)) : std::nullopt;
}

std::optional<std::uint32_t> parse_realms(std::string_view text)
{
    auto realm = [](std::string_view name) -> std::optional<std::uint32_t> {
        auto number = parse_u32(name);
        if (!number)
            number = find_in_file("/etc/iproute2/rt_realms", name);
        return number && *number <= 0xffff ? number : std::nullopt;
    };
    std::size_t slash = text.find('/');
    if (slash == std::string_view::npos)
        return realm(text);
    auto from = realm(text.substr(0, slash)), to = realm(text.substr(slash + 1));
    return from && to ? std::optional(*from << 16 | *to) : std::nullopt;
}

std::vector<RouteConfig> bind_routes(const Statement& block, Diagnostics& diagnostics)
{
    std::vector<RouteConfig> routes;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        RouteConfig route;
        if (RouteLine(values, route).read())
            routes.push_back(std::move(route));
    }
    return routes;
}

} // namespace weir::keeper
