// SPDX-License-Identifier: GPL-2.0
// The refusals and their exit statuses are ipvsadm 1.31's (Debian 12) own: see
// test/netns/t_ipvsadm_same_listing.sh, which compares both programs call by call.
#include "catch.h"

#include <sstream>

#include "weiradm/ipvs_command.h"

using namespace weir;
using namespace weir::ipvs;

namespace {

tl::expected<Command, Refusal> parse(const std::string& line)
{
    std::vector<std::string> words{"ipvsadm"};
    std::istringstream stream(line);
    for (std::string word; stream >> word;)
        words.push_back(word);
    return parse_command(words);
}

Command good(const std::string& line)
{
    auto command = parse(line);
    INFO(line);
    if (!command)
        FAIL(command.error().text);
    return *command;
}

void refused(const std::string& line, int status, const std::string& text)
{
    INFO(line);
    auto command = parse(line);
    REQUIRE_FALSE(command.has_value());
    CHECK(command.error().status == status);
    CHECK(command.error().text == text + "\n");
}

} // namespace

TEST_CASE("ipvsadm: a service is what its options say", "[ipvs]")
{
    Command command = good("-A -t 192.0.2.1:80 -s sh -b sh-port,sh-fallback -p 60 -M 255.255.255.0");
    CHECK(command.verb == Verb::add_service);
    CHECK(command.service.key.to_string() == "TCP 192.0.2.1:80");
    CHECK(command.service.config.scheduler == "sh");
    CHECK(command.service.config.flags == (WEIR_SERVICE_F_SH_PORT | WEIR_SERVICE_F_SH_FALLBACK));
    CHECK(command.service.config.persist_timeout == 60);
    CHECK(command.service.config.persist_prefix == 24);
    CHECK(good("-A -t 192.0.2.1:80").service.config.scheduler == "wlc");
    CHECK(good("-A -t [2001:db8::1]:80 -p -M 64").service.config.persist_prefix == 64);
    CHECK(good("-A -f 7 -6").service.key.to_string() == "FWM 7 IPv6");
    CHECK(good("-A -f 7 -6 -s rr -p").service.key.family == AF_INET6);
}

TEST_CASE("ipvsadm: -p takes the next word unless it is an option", "[ipvs]")
{
    CHECK(good("-A -t 192.0.2.1:80 -p").service.config.persist_timeout == 360);
    CHECK(good("-A -t 192.0.2.1:80 -p -s rr").service.config.persist_timeout == 360);
    CHECK(good("-A -t 192.0.2.1:80 -p 10 -s rr").service.config.persist_timeout == 10);
    CHECK(good("-A -t 192.0.2.1:80 --persistent=10").service.config.persist_timeout == 10);
    CHECK(good("-A -t 192.0.2.1:0 -p").service.key.ports == PortRange());
}

TEST_CASE("ipvsadm: options combine as popt combines them", "[ipvs]")
{
    CHECK(good("-Ln").format.numeric);
    CHECK(good("-Lnc").listing == Listing::connections);
    Command command = good("-At192.0.2.5:80 -srr");
    CHECK(command.service.config.scheduler == "rr");
    CHECK(good("--list --numeric --sort").format.numeric);
    CHECK(good("--add-service --tcp-service=192.0.2.1:80 --scheduler=wrr").service.config.scheduler == "wrr");
}

TEST_CASE("ipvsadm: a server's port is the service's where the method cannot change it", "[ipvs]")
{
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m").server.endpoint.port == 8080);
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1 -m").server.endpoint.port == 80);
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -g").server.endpoint.port == 80);
    CHECK(good("-a -f 1 -r 10.0.0.1:8080 -g").server.endpoint.port == 8080);
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1").server.config.method == WEIR_METHOD_DR);
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1").server.config.weight == 1);
    CHECK(good("-a -t 192.0.2.1:80-443 -r 10.0.0.1 -m").server.endpoint.port == 0);
    CHECK(good("-a -t 192.0.2.1:80-443 -r 10.0.0.1").server.endpoint.port == 0);
}

TEST_CASE("ipvsadm: tunnels", "[ipvs]")
{
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -i").server.config.tunnel == Tunnel());
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -i").server.endpoint.port == 80);
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type gre --tun-csum").server.config.tunnel ==
          Tunnel{WEIR_TUNNEL_GRE, 0, WEIR_TUNNEL_F_CSUM});
    CHECK(good("-a -t 192.0.2.1:80 -r 2001:db8::1 -i --tun-type gue --tun-port 6080 --tun-nocsum")
              .server.config.tunnel == Tunnel{WEIR_TUNNEL_GUE, 6080, 0});
    CHECK(good("-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type gue --tun-port 1 --tun-remcsum")
              .server.config.tunnel == Tunnel{WEIR_TUNNEL_GUE, 1, WEIR_TUNNEL_F_REMCSUM});
}

TEST_CASE("tunnel: its word says all of it", "[server]")
{
    for (const char* word : {"ipip", "gre", "gre,csum", "gue:6080", "gue:6080,csum", "gue:65535,remcsum"}) {
        auto tunnel = tunnel_from_word(word);
        REQUIRE(tunnel);
        CHECK(tunnel_word(*tunnel) == word);
    }
    for (const char* word :
         {"", "vxlan", "gue:", "gue:0", "gue:65536", "gre,", "gre,sum", "gre csum", ",csum"})
        CHECK_FALSE(tunnel_from_word(word));
}

TEST_CASE("ipvsadm: what it refuses is refused in its words", "[ipvs]")
{
    const std::string try_help = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";
    refused("-q", 255, try_help);
    refused("-t 192.0.2.1:80 -A", 255, try_help);
    refused("-A -t 192.0.2.1:80 --bogus", 255, "--bogus: unknown option");
    refused("-A -t 192.0.2.1:80 -s", 255, "-s: missing argument");
    refused("-A", 2, "You need to supply the 'service-address' option for the 'add-service' command");
    refused("-A -t 80", 2, "illegal virtual server address[:port] specified");
    refused("-A -t 192.0.2.1:99999", 2, "illegal virtual server address[:port] specified");
    refused("-A -t [2001:db8::1", 2, "illegal virtual server address[:port] specified");
    refused("-A -t [2001:db8::1]", 2, "illegal virtual server address[:port] specified");
    refused("-A -t 192.0.2.1", 2, "Zero port specified for non-persistent service");
    refused("-A -t 192.0.2.1:80 -t 192.0.2.1:80", 2, "multiple 'service-address' options specified");
    refused("-A -t 192.0.2.1:80 extra", 2, "unexpected argument extra");
    refused("-A -t 192.0.2.1:80 -p 0", 2, "invalid timeout value `0' specified");
    refused("-A -t 192.0.2.1:80 -p 2678401", 2, "invalid timeout value `2678401' specified");
    refused("-A -t 192.0.2.1:80 -w 1", 2, "Illegal 'weight' option with the 'add-service' command");
    refused("-A -t 192.0.2.1:80 -o", 2, "One-Packet Scheduling is only for UDP virtual services");
    refused("-A -t 192.0.2.1:80 -s rr -b sh-port", 2, "incompatible scheduler flag `sh-port'");
    refused("-A -t 192.0.2.1:80 -s sh -b nosuch", 2, "invalid scheduler flag `nosuch'");
    refused("-A -f 0", 2, "invalid fwmark value `0' specified");
    refused("-A -f 4294967296", 2, "invalid fwmark value `4294967296' specified");
    refused("-A -6 -f 1", 2, "-6 used before -f\n");
    refused("-A -t [2001:db8::1]:80 -p -M 129", 2, "illegal ipv6 netmask specified");
    refused("-a -t 192.0.2.1:80", 2,
            "You need to supply the 'real-server' option for the 'add-server' command");
    refused("-a -t 192.0.2.1:80 -r 10.0.0.1 -w -1", 2, "illegal weight specified");
    refused("-a -t 192.0.2.1:80 -r 10.0.0.1 -g -m", 2, "multiple 'forwarding-method' options specified");
    refused("-a -t 192.0.2.1:80 -r 2001:db8::1 -m", 2,
            "Different address family is allowed only for tunneling servers");
    refused("-a -t 192.0.2.1:80 -r 10.0.0.1 -m --tun-type gue", 2,
            "Tunnel options conflict with forward method");
    refused("-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type gue", 2,
            "You need to supply the 'tun-port' option for the 'gue' tunnel type");
    refused("-L -c -t 192.0.2.1:80", 2,
            "The option 'service-address' conflicts with the 'connection' option in the 'list' command");
    refused("-L -c --stats", 2, "options conflicts in the list command");
    refused("--set 1 2", 2, "--set option requires 3 timeout values");
    refused("--set 1 2 3 4", 2, "unexpected argument 4");
    refused("-C -n", 2, "Illegal 'numeric' option with the 'flush' command");
}

TEST_CASE("weiradm: says what was given and what would be right", "[ipvs]")
{
    auto detailed = [](const std::string& line) { return parse(line).error().to_string(true); };
    CHECK(detailed("-a -t 192.0.2.1:80 -r 10.0.0.1 -w 70000") ==
          "illegal weight specified: '70000' is not 0 to 65535\n");
    CHECK(detailed("-A -t 192.0.2.1:80 -p 0") ==
          "invalid timeout value `0' specified: 1 to 2678400 seconds are allowed\n");
    CHECK(detailed("-A -t 192.0.2.1:70000").find("'192.0.2.1:70000'") != std::string::npos);
    CHECK(detailed("-A") == parse("-A").error().text);
}

TEST_CASE("ipvsadm: masks with holes have no prefix and are refused", "[ipvs]")
{
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 -p -M 255.0.255.0"));
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 -p -M 0.0.0.0"));
    CHECK(good("-A -t 192.0.2.1:80 -p -M 255.255.255.255").service.config.persist_prefix == 0);
}

TEST_CASE("ipvsadm: weir's own options have their place in the grammar", "[ipvs]")
{
    Command command = good(
        "-A -t 192.0.2.1:1-65535 -s mh --mh-size 1009 --seed 000102030405060708090a0b0c0d0e0f --slow-start "
        "30 "
        "--syn-retry 2 --on-gone reset --conn-timeout established=60,fin-wait=5 --conntrack --no-express "
        "--toa --owner me");
    const ServiceConfig& config = command.service.config;
    CHECK(command.service.key.ports == PortRange{1, 65535});
    CHECK(config.mh_size == 1009);
    REQUIRE(config.seed);
    CHECK(seed_to_string(*config.seed) == "000102030405060708090a0b0c0d0e0f");
    CHECK(config.slow_start == 30);
    CHECK(config.syn_retry == 2);
    CHECK(config.on_gone == WEIR_ON_GONE_RESET);
    CHECK(config.timeouts.at(WEIR_STATE_TCP_ESTABLISHED) == 60);
    CHECK(config.timeouts.at(WEIR_STATE_TCP_FIN_WAIT) == 5);
    CHECK(config.flags == (WEIR_SERVICE_F_CONNTRACK | WEIR_SERVICE_F_NO_EXPRESS | WEIR_SERVICE_F_TOA));
    CHECK(command.service.owner == "me");
    CHECK_FALSE(parse("-A -t 192.0.2.1:443-80"));
    CHECK_FALSE(parse("-A -t 192.0.2.1:0-80 -p"));
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 --seed 00"));
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 -s mh --seed 00000000000000000000000000000000"));
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 --conn-timeout asleep=1"));
    CHECK_FALSE(parse("-E -t 192.0.2.1:80 --owner me"));
}

TEST_CASE("ipvsadm: -E names what ipvsadm knows and what is given of weir's own", "[ipvs]")
{
    CHECK(good("-E -t 192.0.2.1:80").service_fields == (SERVICE_SCHEDULER | SERVICE_FLAGS | SERVICE_PERSIST));
    CHECK((good("-E -t 192.0.2.1:80 --slow-start 0").service_fields & SERVICE_SLOW_START) != 0);
}

TEST_CASE("ipvsadm: fullnat and its pool are weir's own", "[ipvs]")
{
    CHECK(good("-A -t 192.0.2.1:80 --pool lan").service.config.pool == "lan");
    CHECK((good("-E -t 192.0.2.1:80 --pool none").service_fields & SERVICE_POOL) != 0);
    CHECK((good("-E -t 192.0.2.1:80").service_fields & SERVICE_POOL) == 0);
    CHECK(good("-A -t 192.0.2.1:80 --proxy-protocol v2").service.config.proxy_protocol ==
          WEIR_PROXY_PROTOCOL_V2);
    CHECK((good("-E -t 192.0.2.1:80 --proxy-protocol none").service_fields & SERVICE_PROXY_PROTOCOL) != 0);
    CHECK((good("-E -t 192.0.2.1:80").service_fields & SERVICE_PROXY_PROTOCOL) == 0);
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 --proxy-protocol v3"));
    Command command = good("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 --fullnat");
    CHECK(command.server.config.method == WEIR_METHOD_FULLNAT);
    CHECK(command.server.endpoint.port == 8080);
    CHECK(good("-a -t [2001:db8::1]:80 -r 10.0.0.1:8080 --fullnat").server.endpoint.address.family() ==
          AF_INET);
    CHECK(good("-a -t 192.0.2.1:80 -r [2001:db8::2]:8080 --fullnat").server.endpoint.address.is_v6());
    CHECK_FALSE(parse("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 --fullnat -m"));
    CHECK_FALSE(parse("-a -t 192.0.2.1:80 -r 10.0.0.1:8080 --pool lan"));
    CHECK_FALSE(parse("-A -t 192.0.2.1:80 --pool #lan"));
}
