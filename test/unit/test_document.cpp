// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include <nlohmann/json.hpp>

#include "weiradm/document.h"
#include "weiradm/service_word.h"
#include "weiradm/yaml.h"

using namespace weir;

namespace {

constexpr const char* example = R"(# a comment
config:
  express: false
  express-devices: [eth0, eth1.7]
  conn-max: 1000
  timeouts: {established: 60}
pools:
  - {pool: lan, addresses: [10.0.0.64/30, 10.0.0.80], ports: 2000-2999, owner: me}
  - pool: six
    addresses: ["2001:db8::1-2001:db8::3"]
services:
  - service: tcp:192.0.2.1:80-443
    owner: me
    pool: lan
    proxy-protocol: v2
    scheduler: mh
    persistent: 100
    netmask: 24
    flags: [mh-port, conntrack]
    slow-start: 5
    syn-retry: 1
    on-gone: move
    mh-size: 1009
    seed: 00112233445566778899aabbccddeeff
    timeouts: {fin-wait: 7}
    servers:
      - {server: "10.0.0.1:8080", method: nat, weight: 3, u-threshold: 10, l-threshold: 5, override: 0}
      - server: 10.0.0.2
        drain: 30
  - service: fwmark:0x10/ipv6
)";

void refused(const std::string& text, const std::string& field, const std::string& part)
{
    INFO(text);
    auto document = parse_document(text);
    REQUIRE_FALSE(document.has_value());
    CHECK(document.error().field == field);
    CHECK(document.error().message.find(part) != std::string::npos);
}

} // namespace

TEST_CASE("document: every setting is read", "[document]")
{
    auto document = parse_document(example);
    REQUIRE(document);
    REQUIRE(document->config);
    CHECK(document->config->express == false);
    CHECK(document->config->express_devices == std::vector<std::string>{"eth0", "eth1.7"});
    CHECK(document->config->conn_max == 1000u);
    CHECK(document->config->timeouts.at(WEIR_STATE_TCP_ESTABLISHED) == 60);
    REQUIRE(document->pools.size() == 2);
    CHECK(document->pools[0].name == "lan");
    CHECK(document->pools[0].owner == "me");
    CHECK(ranges_word(document->pools[0].config.ranges) == "10.0.0.64-10.0.0.67,10.0.0.80");
    CHECK(document->pools[0].config.ports == PortRange{2000, 2999});
    CHECK(document->pools[1].config.ports == PortRange{1024, 65535});
    REQUIRE(document->services.size() == 2);
    CHECK(document->services[0].config.pool == "lan");
    CHECK(document->services[1].config.pool.empty());
    CHECK(document->services[0].config.proxy_protocol == WEIR_PROXY_PROTOCOL_V2);
    CHECK(document->services[1].config.proxy_protocol == WEIR_PROXY_PROTOCOL_NONE);
    const Service& service = document->services[0];
    CHECK(service_word(service.key) == "tcp:192.0.2.1:80-443");
    CHECK(service.owner == "me");
    CHECK(service.config.scheduler == "mh");
    CHECK(service.config.persist_timeout == 100);
    CHECK(service.config.persist_prefix == 24);
    CHECK(service.config.flags == (WEIR_SERVICE_F_MH_PORT | WEIR_SERVICE_F_CONNTRACK));
    CHECK(service.config.on_gone == WEIR_ON_GONE_MOVE);
    CHECK(service.config.timeouts.at(WEIR_STATE_TCP_FIN_WAIT) == 7);
    CHECK(service.config.seed.has_value());
    REQUIRE(service.servers.size() == 2);
    CHECK(service.servers[0].config.method == WEIR_METHOD_NAT);
    CHECK(service.servers[0].config.weight == 3);
    CHECK(service.servers[0].weight_override == 0u);
    CHECK(service.servers[1].endpoint.port == 0);
    CHECK(service.servers[1].drain == 30u);
    CHECK(service_word(document->services[1].key) == "fwmark:16/ipv6");
}

TEST_CASE("document: nothing is lost through YAML and JSON and back", "[document]")
{
    auto document = parse_document(example);
    REQUIRE(document);
    Json json = document_json(*document);
    auto from_json = parse_document(to_text(json));
    REQUIRE(from_json);
    CHECK(document_json(*from_json) == json);
    auto from_yaml = parse_document(yaml_from_json(json));
    REQUIRE(from_yaml);
    CHECK(document_json(*from_yaml) == json);
}

TEST_CASE("document: commands are one of its formats", "[document]")
{
    auto document =
        parse_document("# saved\n-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 2 -x 9\n");
    REQUIRE(document);
    REQUIRE(document->services.size() == 1);
    CHECK(document->services[0].servers.at(0).config.upper == 9);
    refused("-A -t 192.0.2.1:80\n-C\n", "line 2", "only -A and -a");
    refused("-A -t 192.0.2.1:80\n-A -t 192.0.2.1:80\n", "line 2", "already exists");
}

TEST_CASE("document: refusals name place and reason", "[document]")
{
    refused("services: 5", "services", "list");
    refused("[]", "", "mapping");
    refused("", "", "mapping");
    refused("nothing: 1\nservices: []", "", "'nothing' is not known");
    refused("config: {}", "", "'services' is missing");
    refused("services:\n  - scheduler: rr", "services[0]", "'service' is missing");
    refused("services:\n  - service: tcp:192.0.2.1:x", "services[0].service", "no service");
    refused("services:\n  - service: 192.0.2.1:80\n    weight: 1", "services[0]", "'weight' is not known");
    refused("services:\n  - service: 192.0.2.1:80\n    owner: 'a b'", "services[0].owner", "visible");
    refused("services:\n  - service: 192.0.2.1:80\n    persistent: -1", "services[0].persistent",
            "0 or above");
    refused("services:\n  - service: 192.0.2.1:80\n    netmask: 33", "services[0].netmask", "0 to 32");
    refused("services:\n  - service: 192.0.2.1:80\n    flags: [nosuch]", "services[0].flags", "nosuch");
    refused("services:\n  - service: 192.0.2.1:80\n    servers: [{server: 10.0.0.1:80, weight: 65536}]",
            "services[0].servers[0].weight", "65535");
    refused(
        "services:\n  - service: 192.0.2.1:80\n    servers: [{server: 10.0.0.1:80}, {server: 10.0.0.1:80}]",
        "services[0].servers[1]", "twice");
    refused("services:\n  - service: 192.0.2.1:80\n  - service: tcp:192.0.2.1:80", "services[1]", "twice");
    refused("services:\n  - {service: 192.0.2.1:80, service: 192.0.2.2:80}", "line 2, column 29", "twice");
    refused("services: [", "line 1, column 1", "");
    refused("{\"services\": [}", "JSON", "parse error");
    refused("{\"services\":" + std::string(100, '[') + std::string(100, ']') + "}", "JSON", "too deep");
}

TEST_CASE("yaml: scalars mean what they look like, quotes make text", "[yaml]")
{
    auto json =
        json_from_yaml("a: 1\nb: '1'\nc: true\nd: ~\ne: 010\nf: 99999999999999999999\ng: tcp:[::1]:80\n");
    REQUIRE(json);
    CHECK(to_line(*json) ==
          R"({"a":1,"b":"1","c":true,"d":null,"e":"010","f":"99999999999999999999","g":"tcp:[::1]:80"})");
}

TEST_CASE("yaml: what is written is read back the same", "[yaml]")
{
    Json json = Json::parse(
        R"({"text":["on","1","","a: b","#x","[y","ü\n","tcp:[::1]:80"],"n":[1,-2,true,null],"o":{"p":{}},
                               "l":[{"a":1,"b":[{"c":2}]},{"a":3}],"e":[]})");
    auto again = json_from_yaml(yaml_from_json(json));
    REQUIRE(again);
    CHECK(*again == json);
}

TEST_CASE("yaml: a document that grows without measure is refused", "[yaml]")
{
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 9; i++) {
        std::string before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int k = 0; k < 9; k++)
            bomb += "," + before;
        bomb += "]\n";
    }
    auto json = json_from_yaml(bomb);
    REQUIRE_FALSE(json.has_value());
    CHECK(json.error().code == E2BIG);
}

TEST_CASE("document: pools that make no sense are refused", "[document]")
{
    auto pools = [](const std::string& text) { return "services: []\npools:\n  - {" + text + "}\n"; };
    refused(pools("addresses: [10.0.0.1]"), "pools[0]", "'pool' is missing");
    refused(pools("pool: lan"), "pools[0]", "'addresses' is missing");
    refused(pools("pool: lan, addresses: []"), "pools[0].addresses", "a list of addresses");
    refused(pools("pool: lan, addresses: [10.0.0.1, \"2001:db8::1\"]"), "pools[0].addresses", "one family");
    refused(pools("pool: lan, addresses: [10.0.0.9-10.0.0.1]"), "pools[0].addresses", "has to rise");
    refused(pools("pool: lan, addresses: [10.0.0.1/30]"), "pools[0].addresses", "behind the prefix");
    refused(pools("pool: lan, addresses: [10.0.0.1], ports: 0"), "pools[0].ports", "1 or above");
    refused(pools("pool: lan, addresses: [10.0.0.1], ports: [1]"), "pools[0].ports", "text is expected");
    refused(pools("pool: \"a b\", addresses: [10.0.0.1]"), "pools[0].pool", "visible characters");
    refused(
        "services: []\npools:\n  - {pool: a, addresses: [10.0.0.1]}\n  - {pool: a, addresses: [10.0.0.2]}\n",
        "pools[1]", "twice");
}
