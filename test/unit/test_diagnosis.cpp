// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "weiradm/diagnosis.h"
#include "weiradm/service_word.h"

using namespace weir;
using namespace weir::diagnosis;

namespace {

Facts healthy()
{
    Facts facts;
    facts.addresses = {{"lo", *Address::parse("127.0.0.1"), 8},
                       {"lo", *Address::parse("192.0.2.1"), 32},
                       {"eth0", *Address::parse("10.0.0.254"), 24}};
    facts.devices = {{"eth0", 0, 1, 2}};
    facts.forward_v4 = facts.forward_v6 = true;
    facts.config.conn_max = 100;
    return facts;
}

Service service(weir_method method = WEIR_METHOD_NAT, const char* server = "10.0.0.1:80")
{
    Service service;
    service.key = *parse_service_word("192.0.2.1:80");
    service.servers.emplace_back();
    service.servers[0].endpoint = *Endpoint::parse(server);
    service.servers[0].config.method = method;
    return service;
}

/// The remedies of the problems, one a line.
std::string problems(const std::vector<Finding>& findings)
{
    std::string text;
    for (const Finding& finding : findings)
        if (finding.weight == Finding::Weight::problem)
            text += finding.remedy + "\n";
    return text;
}

} // namespace

TEST_CASE("diagnose: finds nothing where nothing is wrong", "[diagnose]")
{
    CHECK(examine_service(service(), healthy()).empty());
    CHECK(examine_director({service()}, healthy()).empty());
    CHECK(problems(examine_service(service(WEIR_METHOD_DR), healthy())).empty());
}

TEST_CASE("diagnose: each fault comes with the command that mends it", "[diagnose]")
{
    Facts facts = healthy();
    facts.addresses.erase(facts.addresses.begin() + 1);
    CHECK(problems(examine_service(service(), facts)) == "ip address add 192.0.2.1/32 dev lo\n");
    facts.local = {*Address::parse("192.0.2.1")}; // a local route will do
    CHECK(problems(examine_service(service(), facts)).empty());

    facts = healthy();
    facts.forward_v4 = false;
    CHECK(problems(examine_service(service(), facts)) == "sysctl -w net.ipv4.ip_forward=1\n");
    CHECK(problems(examine_service(service(WEIR_METHOD_DR), facts)).empty());

    CHECK(problems(examine_service(service(WEIR_METHOD_DR, "10.1.0.1:80"), healthy())) ==
          "weiradm server set tcp:192.0.2.1:80 10.1.0.1:80 --method nat\n");
    CHECK(problems(examine_service(service(WEIR_METHOD_NAT, "10.0.0.254:80"), healthy())) ==
          "weiradm server set tcp:192.0.2.1:80 10.0.0.254:80 --method local\n");
    Facts both = healthy();
    both.addresses.push_back({"eth0", *Address::parse("2001:db8::1"), 64});
    CHECK(problems(examine_service(service(WEIR_METHOD_FULLNAT, "[2001:db8::1]:80"), both)).empty());
    CHECK(problems(examine_director({}, healthy())) == "weiradm service add tcp:ADDRESS:PORT\n");
    facts.config.conn_count = 100;
    CHECK(problems(examine_director({service()}, facts)) == "weiradm config conn-max=200\n");
}

TEST_CASE("diagnose: says why no server takes connections", "[diagnose]")
{
    Service weightless = service();
    weightless.servers[0].config.weight = 0;
    CHECK(problems(examine_service(weightless, healthy())).find("--weight 1") != std::string::npos);
    Service drained = service();
    drained.servers[0].flags = WEIR_SERVER_F_DRAINING;
    CHECK(problems(examine_service(drained, healthy()))
              .find("weiradm drain tcp:192.0.2.1:80 -r 10.0.0.1:80 --undo") != std::string::npos);
    Service overridden = service();
    overridden.servers[0].weight_override = 0;
    CHECK(problems(examine_service(overridden, healthy())).find("--clear") != std::string::npos);
    Service empty = service();
    empty.servers.clear();
    CHECK(problems(examine_service(empty, healthy())).find("server add") != std::string::npos);
    drained.servers.push_back(service().servers[0]); // another one is up
    CHECK(problems(examine_service(drained, healthy())).empty());
}

TEST_CASE("diagnose: rules that drop invalid packets count where conntrack is asked for", "[diagnose]")
{
    Facts facts = healthy();
    Service tracked = service();
    tracked.config.flags = WEIR_SERVICE_F_CONNTRACK;
    for (const char* rule : {"\t\tct state invalid drop\n", "\t\tct state { invalid } counter drop\n",
                             "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"}) {
        facts.firewall_rules = rule;
        CHECK_FALSE(problems(examine_service(tracked, facts)).empty());
        CHECK(problems(examine_service(service(), facts)).empty());
    }
    facts.firewall_rules = "ct state invalid accept\nudp dport 53 drop\n";
    CHECK(problems(examine_service(tracked, facts)).empty());
}

TEST_CASE("diagnose: a real server's ARP settings matter, not those of IPv6", "[diagnose]")
{
    Facts facts = healthy();
    CHECK(problems(examine_real_server(*Address::parse("192.0.2.1"), facts)).empty());
    facts.devices = {{"eth0", 0, 0, 0}};
    CHECK(problems(examine_real_server(*Address::parse("192.0.2.1"), facts)) ==
          "sysctl -w net.ipv4.conf.all.arp_ignore=1\nsysctl -w net.ipv4.conf.all.arp_announce=2\n");
    facts.addresses.push_back({"lo", *Address::parse("2001:db8::1"), 128});
    CHECK(problems(examine_real_server(*Address::parse("2001:db8::1"), facts)).empty());
    CHECK(problems(examine_real_server(*Address::parse("2001:db8::2"), facts)) ==
          "ip address add 2001:db8::2/128 dev lo\n");
}

TEST_CASE("diagnose: a pool's addresses have to be here, its ports reserved", "[diagnose]")
{
    Facts facts = healthy();
    facts.ephemeral = {32768, 60999};
    Pool pool;
    pool.name = "lan";
    pool.services = 1;
    pool.config.ranges = {*AddressRange::parse("10.0.0.254")};
    auto findings = examine_pool(pool, facts);
    CHECK(problems(findings).empty());
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].remedy == "sysctl -w net.ipv4.ip_local_reserved_ports=1024-65535");
    facts.reserved = {{1024, 40000}, {40001, 65535}};
    CHECK(examine_pool(pool, facts).empty());
    facts.reserved = {{1024, 40000}, {40002, 65535}};
    CHECK(examine_pool(pool, facts).size() == 1);
    pool.config.ports = {1024, 32767};
    CHECK(examine_pool(pool, facts).empty());
    pool.config.ranges = {*AddressRange::parse("10.0.0.253-10.0.0.254")};
    CHECK(problems(examine_pool(pool, facts)) == "ip address add 10.0.0.253/32 dev DEVICE\n");
    pool.config.ranges = {*AddressRange::parse("10.0.0.254")};
    pool.refused = 3;
    CHECK(problems(examine_pool(pool, facts)) == "weiradm pool set lan MORE-ADDRESSES\n");
}
