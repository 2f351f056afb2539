// SPDX-License-Identifier: GPL-2.0
// Expected texts are the output of ipvsadm 1.31 (Debian 12) on ip_vs of Linux 6.1, captured with
//   ipvsadm -A -t 10.0.0.1:80 -s rr; ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m -w 3; ... ; ipvsadm -L -n
//   [--...]
#include "catch.h"

#include "weiradm/ipvs_format.h"
#include "weiradm/service_word.h"

using namespace weir;
using namespace weir::ipvs;

namespace {

Server server(const char* endpoint, weir_method method, std::uint32_t weight = 1)
{
    Server server;
    server.endpoint = *Endpoint::parse(endpoint);
    server.config.method = method;
    server.config.weight = weight;
    return server;
}

Service service(const char* word, const char* scheduler)
{
    Service service;
    service.key = *parse_service_word(word);
    service.config.scheduler = scheduler;
    return service;
}

Service example()
{
    Service example = service("10.0.0.1:80", "rr");
    example.servers = {server("10.0.1.1:8080", WEIR_METHOD_NAT, 3), server("10.0.1.2:80", WEIR_METHOD_NAT),
                       server("10.0.1.3:80", WEIR_METHOD_DR)};
    example.servers[2].config.upper = 100;
    example.servers[2].config.lower = 50;
    return example;
}

std::string listed(const Service& service, const Format& format = {})
{
    return service_text(service, format, no_names());
}

} // namespace

TEST_CASE("listing: is ipvsadm's, blanks at the ends included", "[ipvs]")
{
    CHECK(version_line(4096) + title({}) ==
          "IP Virtual Server version 1.2.1 (size=4096)\n"
          "Prot LocalAddress:Port Scheduler Flags\n"
          "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n");
    CHECK(listed(example()) == "TCP  10.0.0.1:80 rr\n"
                               "  -> 10.0.1.1:8080                Masq    3      0          0         \n"
                               "  -> 10.0.1.2:80                  Masq    1      0          0         \n"
                               "  -> 10.0.1.3:80                  Route   1      0          0         \n");
    Format thresholds;
    thresholds.thresholds = true;
    CHECK(title(thresholds) ==
          "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
          "  -> RemoteAddress:Port\n");
    CHECK(listed(example(), thresholds) ==
          "TCP  10.0.0.1:80 rr\n"
          "  -> 10.0.1.1:8080                0          0          0          0         \n"
          "  -> 10.0.1.2:80                  0          0          0          0         \n"
          "  -> 10.0.1.3:80                  100        50         0          0         \n");
    Format persistent;
    persistent.persistent_conn = true;
    CHECK(title(persistent) ==
          "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
          "  -> RemoteAddress:Port\n");
    Format stats;
    stats.stats = true;
    CHECK(title(stats) == "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
                          "  -> RemoteAddress:Port\n");
    CHECK(listed(service("10.0.0.1:80", "rr"), stats) ==
          "TCP  10.0.0.1:80                         0        0        0        0        0\n");
}

TEST_CASE("listing: flags, persistence and marks stand where ipvsadm has them", "[ipvs]")
{
    Service sh = service("10.0.0.3:0", "sh");
    sh.config.flags = WEIR_SERVICE_F_SH_PORT;
    sh.config.persist_timeout = 60;
    sh.config.persist_prefix = 24;
    CHECK(listed(sh) == "TCP  10.0.0.3:0 sh (sh-port) persistent 60 mask 255.255.255.0\n");
    Service mark = service("fwmark:8/ipv6", "wrr");
    mark.config.persist_timeout = 100;
    mark.config.persist_prefix = 64;
    CHECK(listed(mark) == "FWM  8 IPv6 wrr persistent 100 mask 64\n");
    Service ops = service("udp:10.0.0.1:53", "wlc");
    ops.config.flags = WEIR_SERVICE_F_ONE_PACKET;
    CHECK(listed(ops) == "UDP  10.0.0.1:53 wlc ops\n");
    CHECK(listed(service("[2001:db8::1]:80", "lc")) == "TCP  [2001:db8::1]:80 lc\n");
}

TEST_CASE("listing: large numbers are abbreviated at ipvsadm's thresholds", "[ipvs]")
{
    Format format;
    format.stats = true;
    Service big = service("10.0.0.1:80", "rr");
    big.stats = {99'999'999, 100'000'000, 1'000'000'000, 100'000'000'000, 100'000'000'000'000, 0, 0, 0, 0, 0};
    CHECK(listed(big, format) ==
          "TCP  10.0.0.1:80                  99999999  100000K    1000M     100G     100T\n");
    format.exact = true;
    CHECK(listed(big, format) ==
          "TCP  10.0.0.1:80                  99999999 100000000 1000000000 100000000000 100000000000000\n");
}

TEST_CASE("listing: sorts by mark, family, protocol, address as 32-bit differences, port", "[ipvs]")
{
    std::vector<Service> services;
    for (const char* word : {"fwmark:8/ipv6", "[2001:db8::1]:80", "udp:10.0.0.1:53", "10.0.0.2:443",
                             "fwmark:7", "10.0.0.1:80", "200.0.0.1:8443"})
        services.push_back(service(word, "rr"));
    sort_services(services);
    std::string order;
    for (const Service& entry : services)
        order += service_word(entry.key) + " ";
    CHECK(order ==
          "tcp:200.0.0.1:8443 tcp:10.0.0.1:80 tcp:10.0.0.2:443 udp:10.0.0.1:53 tcp:[2001:db8::1]:80 fwmark:7 "
          "fwmark:8/ipv6 ");
}

TEST_CASE("listing: servers without order come newest first", "[ipvs]")
{
    Format format;
    format.nosort = true;
    std::string text = listed(example(), format);
    CHECK(text.find("10.0.1.3") < text.find("10.0.1.1"));
}

TEST_CASE("save: is ipvsadm's, and lossless beyond it", "[ipvs]")
{
    Service entry = example();
    entry.config.slow_start = 30;
    entry.config.timeouts[WEIR_STATE_UDP] = 9;
    entry.owner = "me";
    CHECK(save_text(entry, no_names(), false, false) == "-A -t 10.0.0.1:80 -s rr\n"
                                                        "-a -t 10.0.0.1:80 -r 10.0.1.1:8080 -m -w 3\n"
                                                        "-a -t 10.0.0.1:80 -r 10.0.1.2:80 -m -w 1\n"
                                                        "-a -t 10.0.0.1:80 -r 10.0.1.3:80 -g -w 1\n");
    std::string lossless = save_text(entry, no_names(), false, true);
    CHECK(lossless.find("-A -t 10.0.0.1:80 -s rr --conn-timeout udp=9 --slow-start 30 --owner me\n") == 0);
    CHECK(lossless.find("-r 10.0.1.3:80 -g -w 1 -x 100 -y 50\n") != std::string::npos);
}

TEST_CASE("connections: are listed as ipvsadm lists them", "[ipvs]")
{
    Conn conn;
    conn.protocol = IPPROTO_TCP;
    conn.client = *Endpoint::parse("192.0.2.9:40000");
    conn.virtual_end = *Endpoint::parse("10.0.0.1:80");
    conn.server = *Endpoint::parse("10.0.1.1:8080");
    conn.state = WEIR_STATE_TCP_ESTABLISHED;
    conn.expires = 899'999;
    CHECK(conn_title({}) == "IPVS connection entries\n"
                            "pro expire state       source             virtual            destination\n");
    CHECK(conn_text(conn, no_names()) ==
          "TCP 14:59  ESTABLISHED 192.0.2.9:40000    10.0.0.1:80        10.0.1.1:8080\n");
}

// ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.4 -i; ... -r 10.0.1.5 -i --tun-type gre --tun-csum;
// ... -r 10.0.1.6 -i --tun-type gue --tun-port 6080 --tun-remcsum; ipvsadm -L -n --tun-info; ipvsadm -S -n
TEST_CASE("listing: tunnels", "[ipvs]")
{
    Service tunnels = service("10.0.0.1:80", "rr");
    tunnels.servers = {server("10.0.1.4:80", WEIR_METHOD_TUN), server("10.0.1.5:80", WEIR_METHOD_TUN),
                       server("10.0.1.6:80", WEIR_METHOD_TUN)};
    tunnels.servers[1].config.tunnel = {WEIR_TUNNEL_GRE, 0, WEIR_TUNNEL_F_CSUM};
    tunnels.servers[2].config.tunnel = {WEIR_TUNNEL_GUE, 6080, WEIR_TUNNEL_F_REMCSUM};
    Format info;
    info.tun_info = true;
    CHECK(listed(tunnels, info) ==
          "TCP  10.0.0.1:80 rr\n"
          "  -> 10.0.1.4:80                  Tunnel  ipip          1      0          0         \n"
          "  -> 10.0.1.5:80                  Tunnel  gre:+c        1      0          0         \n"
          "  -> 10.0.1.6:80                  Tunnel  gue:6080:r+c  1      0          0         \n");
    CHECK(save_text(tunnels, no_names(), false, false) ==
          "-A -t 10.0.0.1:80 -s rr\n"
          "-a -t 10.0.0.1:80 -r 10.0.1.4:80 -i -w 1 --tun-type ipip\n"
          "-a -t 10.0.0.1:80 -r 10.0.1.5:80 -i -w 1 --tun-type gre --tun-csum\n"
          "-a -t 10.0.0.1:80 -r 10.0.1.6:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum\n");
}
