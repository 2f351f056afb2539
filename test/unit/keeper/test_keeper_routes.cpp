// SPDX-License-Identifier: GPL-2.0
#include <linux/fib_rules.h>
#include <linux/lwtunnel.h>

#include "catch.h"
#include "config_text.h"

using namespace weir;
using namespace weir::keeper;
using namespace weir::keeper::test;

namespace {

Loaded load_instance(const std::string& lines)
{
    return load("vrrp_instance V {\n\tvirtual_router_id 1\n\tvirtual_ipaddress {\n\t\t192.0.2.1\n\t}\n" +
                lines + "}\n");
}

/// What one line of an instance's block becomes, where it is taken without a word.
template <typename T>
T only_one(const char* block, const std::string& line, std::vector<T> InstanceConfig::*list)
{
    auto loaded = load_instance(std::string(block) + " {\n" + line + "\n}\n");
    INFO(line);
    CHECK(loaded.messages.empty());
    const auto& items = loaded.config.instances.at(0).*list;
    REQUIRE(items.size() == 1);
    return items[0];
}

RouteConfig route_of(const std::string& line)
{
    return only_one("virtual_routes", line, &InstanceConfig::routes);
}

RuleConfig rule_of(const std::string& line)
{
    return only_one("virtual_rules", line, &InstanceConfig::rules);
}

} // namespace

TEST_CASE("routes: the lines of keepalived's manual page", "[keeper]")
{
    auto route = route_of("src 192.168.100.1 to 192.168.109.0/24 via 192.168.200.254 dev eth1");
    CHECK(route.source.to_string() == "192.168.100.1");
    CHECK(route.destination.to_string() == "192.168.109.0/24");
    REQUIRE(route.hops.size() == 1);
    CHECK(route.hops[0].gateway.to_string() == "192.168.200.254");
    CHECK(route.hops[0].device == "eth1");

    route = route_of("192.168.113.0/24 via 192.168.200.254 or 192.168.100.254 dev eth1");
    REQUIRE(route.hops.size() == 2);
    CHECK(route.hops[0].device == "eth1");
    CHECK(route.hops[1].gateway.to_string() == "192.168.100.254");
    CHECK(route_of("192.168.112.0/24 dev eth2 no_track").no_track);
    CHECK(route_of("blackhole 192.168.114.0/24").type == RTN_BLACKHOLE);
    CHECK(route_of("0.0.0.0/0 gw 192.168.0.1 table 100").table == 100);
    CHECK(route_of("default via 2001:db8::1").destination.address.is_v6());

    route = route_of("192.168.100.0/24 table 6909 nexthop via 192.168.101.1 dev wlan0 onlink weight 1 "
                     "nexthop via 192.168.101.2 dev wlan0 onlink weight 2");
    REQUIRE(route.hops.size() == 2);
    CHECK(route.hops[1].onlink);
    CHECK(route.hops[1].weight == 2);
    route = route_of(
        "192.168.200.0/24 dev p33p1.2 table 6909 tos 0x04 protocol bird scope link priority 12 mtu 1000 "
        "hoplimit 100 advmss 101 rtt 102 rttvar 103 reordering 104 window 105 cwnd 106 ssthresh lock 107 "
        "rto_min 108 initcwnd 109 initrwnd 110 vrf blue features ecn append");
    CHECK(route.metrics.at(RTAX_RTT) == 816);
    CHECK(route.metrics.at(RTAX_LOCK) == 1u << RTAX_SSTHRESH);
    CHECK(route.protocol == RTPROT_BIRD);
    CHECK(route.metric == 12u);
    CHECK(route.place == RouteConfig::Place::append);
}

TEST_CASE("routes: encapsulations, realms, lifetimes", "[keeper]")
{
    auto route =
        route_of("198.51.100.0/24 encap ip id 0x10 dst 192.0.2.9 src 192.0.2.8 tos 4 ttl 9 flags 0x20 via "
                 "192.0.2.3 dev eth1 realms 5/7");
    REQUIRE(route.hops.size() == 1);
    const Encapsulation& ip = *route.hops[0].encap;
    CHECK(ip.type == LWTUNNEL_ENCAP_IP);
    CHECK(ip.id == 16u);
    CHECK(ip.destination.to_string() == "192.0.2.9");
    CHECK(ip.source.to_string() == "192.0.2.8");
    CHECK(ip.tos == 4);
    CHECK(ip.ttl == 9);
    CHECK(ip.flags == 32);
    CHECK(route.hops[0].gateway.to_string() == "192.0.2.3");
    CHECK(route.realms == (5u << 16 | 7u));

    route =
        route_of("198.51.100.0/24 nexthop via 192.0.2.3 encap mpls 100/200 realms 3 nexthop via 192.0.2.4");
    REQUIRE(route.hops.size() == 2);
    CHECK(route.hops[0].encap->labels == std::vector<std::uint32_t>{100, 200});
    CHECK(route.hops[0].realms == 3u);
    CHECK(!route.realms);
    CHECK(route.hops[1].encap->type == LWTUNNEL_ENCAP_NONE);

    route = route_of("2001:db8:5::/48 encap ip6 dst 2001:db8::9 tc 3 hoplimit 64 via 2001:db8::2 expires 100 "
                     "ttl-propagate disabled");
    CHECK(route.hops.at(0).encap->tos == 3);
    CHECK(route.hops.at(0).encap->ttl == 64);
    CHECK(route.expires == 100u);
    CHECK(route.propagate_ttl == false);
    CHECK(route_of("2001:db8:6::/48 encap ila 2001:db8:0:1 via 2001:db8::2").hops.at(0).encap->locator ==
          0x20010db800000001u);
    CHECK(route_of("default dev eth0 expires 9").destination.address.is_v6());
}

TEST_CASE("rules: selectors, actions, priorities", "[keeper]")
{
    auto rule =
        rule_of("from 192.168.28.0/24 to 192.168.29.0/26 table 100 iif p33p1 oif wlan0 tos 0x10 fwmark 24/12 "
                "preference 39 realms 30/20");
    CHECK(rule.from.to_string() == "192.168.28.0/24");
    CHECK(rule.mark == 24u);
    CHECK(rule.mask == 12u);
    CHECK(rule.realms == (30u << 16 | 20u));
    CHECK(rule.priority == 39u);
    rule = rule_of("to 2001:db8::/112 l3mdev protocol 12 ip_proto 17 sport 10-20 dport 20");
    CHECK(rule.family == AF_INET6);
    CHECK(rule.source_ports == std::pair<std::uint16_t, std::uint16_t>(10, 20));
    CHECK(rule.destination_ports == std::pair<std::uint16_t, std::uint16_t>(20, 20));
    CHECK(rule.priority == 16384u);
    CHECK(rule_of("from 192.0.2.0/24 blackhole").action == FR_ACT_BLACKHOLE);
}

TEST_CASE("routes and rules: mistakes have a place, a word and a reason", "[keeper]")
{
    auto first = [](const std::string& block, const std::string& line) {
        auto loaded = load_instance(block + " {\n" + line + "\n}\n");
        REQUIRE(!loaded.messages.empty());
        return loaded.messages[0];
    };
    CHECK(first("virtual_routes", "192.0.2.0/33 via 192.0.2.9").starts_with("7:1: error"));
    CHECK(first("virtual_routes", "192.0.2.0/24 via").find("via needs a value") != std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 vi 192.0.2.9").find("'vi' is not known") !=
          std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 encap mpls").find("mpls needs a value") != std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 encap gre id 1").find("no encapsulation") !=
          std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 encap ip src 192.0.2.7").find("'dst' or 'id'") !=
          std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 encap ip dst 2001:db8::1").find("family") !=
          std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 encap mpls 100/1048576").find("MPLS labels") !=
          std::string::npos);
    CHECK(first("virtual_routes", "2001:db8::/32 via 2001:db8::1 realms 3").find("IPv4") !=
          std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 via 192.0.2.9 expires 3").find("IPv6") != std::string::npos);
    CHECK(first("virtual_routes", "192.0.2.0/24 via 192.0.2.9 as to 192.0.2.8").find("keepalived") !=
          std::string::npos);
    CHECK(first("virtual_rules", "from 192.0.2.0/24").find("one action") != std::string::npos);
    CHECK(first("virtual_rules", "from 192.0.2.0/24 to 2001:db8::/32 table 1").find("one family") !=
          std::string::npos);
    CHECK(first("virtual_rules", "priority 10 goto 5").find("later rule") != std::string::npos);
}

TEST_CASE("static addresses, routes, rules and their track_group", "[keeper]")
{
    auto loaded = load(R"(
global_defs {
	default_interface eth3
}
track_group G {
	group {
		V
	}
}
static_ipaddress {
	192.0.2.9/24 track_group G
}
static_routes {
	198.51.100.0/24 via 192.0.2.254 track_group G
}
static_rules {
	from 198.51.100.0/24 table 7
	from 203.0.113.0/24 table 8
}
vrrp_instance V {
	virtual_router_id 1
	virtual_ipaddress {
		192.0.2.1
	}
}
)");
    CHECK(loaded.messages.empty());
    REQUIRE(loaded.config.fixed.addresses.size() == 1);
    CHECK(loaded.config.fixed.addresses[0].device == "eth3");
    CHECK(loaded.config.fixed.routes.at(0).track_group == "G");
    CHECK(loaded.config.fixed.rules.at(1).priority == 16383u);
    CHECK(load("static_ipaddress {\n192.0.2.9/24 track_group H\n}\n").messages.size() == 1);
}

TEST_CASE("strict mode: what keepalived enforces", "[keeper]")
{
    auto strict = load_instance("strict_mode\npreempt_delay 5\n");
    REQUIRE(strict.messages.size() == 1);
    CHECK(strict.messages[0].find("preempt_delay is left out") != std::string::npos);
    CHECK(strict.config.instances[0].accept == false);
    CHECK(load_instance("no_accept\n").config.instances[0].accept == false);
    CHECK(load_instance("").config.instances[0].accept == true);
    CHECK(load_instance("priority 255\nno_accept\n").config.instances[0].accept == true);
    CHECK(!load_instance("strict_mode\nunicast_peer {\n192.0.2.7\n}\n").diagnostics.usable());
}

TEST_CASE("bfd_instance, track_bfd and takeover_bfd", "[keeper]")
{
    const std::string bfd =
        "bfd_instance B {\n\tneighbor_ip 192.0.2.20\n\tmin_rx 3.5\n\tmin_tx 3\n\tmultiplier 3\n}\n";
    auto loaded =
        load(bfd + "vrrp_instance V {\n\tvirtual_router_id 1\n\tvirtual_ipaddress {\n\t\t192.0.2.1\n\t}\n"
                   "\ttrack_bfd {\n\t\tB weight -20\n\t}\n\ttakeover_bfd B\n}\n");
    CHECK(loaded.messages.empty());
    CHECK(loaded.config.bfds.at(0).min_rx == std::chrono::microseconds(3500));
    CHECK(loaded.config.instances.at(0).bfds.at(0).weight == -20);
    CHECK(loaded.config.instances[0].takeover_bfd == "B");
    CHECK(!load_instance("takeover_bfd B\n").diagnostics.usable());
    CHECK(!load("bfd_instance B {\n}\n").diagnostics.usable());
}
