// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "config_text.h"

using namespace weir;
using namespace weir::keeper;
using namespace weir::keeper::test;
using namespace std::chrono_literals;
using Messages = std::vector<std::string>;

namespace {

std::string service(const std::string& body, const std::string& name = "192.0.2.1 80")
{
    bool named = body.find("protocol ") != std::string::npos;
    return "virtual_server " + name + " {\n" + body + (named ? "" : "\nprotocol TCP") + "\n}\n";
}

const std::string server = "real_server 10.0.0.1 8080 {\n}\n";

const VirtualServerConfig& only(const Loaded& loaded)
{
    INFO((loaded.messages.empty() ? "" : loaded.messages[0]));
    REQUIRE(loaded.diagnostics.usable());
    REQUIRE(loaded.config.virtual_servers.size() == 1);
    return loaded.config.virtual_servers[0];
}

} // namespace

TEST_CASE("services: defaults are keepalived's", "[keeper]")
{
    auto loaded = load(service(server));
    CHECK(loaded.messages.empty());
    const auto& s = only(loaded);
    CHECK(s.name == "[192.0.2.1]:tcp:80");
    CHECK(s.scheduler == "wlc");
    CHECK(s.quorum == 1);
    CHECK(s.servers.at(0).forwarding.method == WEIR_METHOD_NAT);
    CHECK(s.servers[0].weight == 1);
    CHECK(s.servers[0].checks.empty());
}

TEST_CASE("services: what keepalived does not leave as it stands", "[keeper]")
{
    auto loaded = load("virtual_server 192.0.2.1 53 {\n" + server + "}");
    CHECK(loaded.messages == Messages{"1:1: warning: no protocol is set: UDP is taken, as keepalived does"});
    CHECK(only(loaded).protocol == IPPROTO_UDP);
    CHECK(only(load(service("protocol udp\n" + server))).protocol == IPPROTO_UDP);
    CHECK(only(load(service("protocol tcp\n" + server))).protocol == IPPROTO_TCP);

    auto much = load(service("quorum 3\nhysteresis 5\n" + server));
    CHECK(much.messages ==
          Messages{"1:1: warning: quorum 3 is more than the weights of all servers: 1 is taken",
                   "1:1: warning: hysteresis 5 is not below quorum 1: 0 is taken"});
    CHECK((only(much).quorum == 1 && only(much).hysteresis == 0));
    auto two = load(service("quorum 2\nhysteresis 2\nreal_server 10.0.0.1 80 {\nweight 9\n}\n"));
    CHECK((only(two).quorum == 2 && only(two).hysteresis == 1));
}

TEST_CASE("services: settings of a virtual server", "[keeper]")
{
    auto loaded =
        load(service("lb_algo sh\nlb_kind DR\nflag-1\nflag-2\nprotocol UDP\nops\npersistence_timeout\n"
                     "persistence_granularity 255.255.255.0\nquorum 3\nhysteresis 2\nomega\nha_suspend\n"
                     "on_failure reset\nquorum_up \"/bin/up a\" nobody\nsorry_server 10.0.0.9 80\n"
                     "sorry_server_inhibit\nsorry_server_lvs_method NAT\n"
                     "real_server 10.0.0.1 8080 {\nweight 3\n}\n"));
    const auto& s = only(loaded);
    CHECK(s.flags == (WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT | WEIR_SERVICE_F_ONE_PACKET));
    CHECK(s.protocol == IPPROTO_UDP);
    CHECK(s.persist_timeout == 360);
    CHECK(s.persist_prefix == 24);
    CHECK((s.quorum == 3 && s.hysteresis == 2 && s.omega && s.suspend));
    CHECK(s.on_failure == OnFailure::reset);
    CHECK(s.quorum_up == Command{{"/bin/up", "a"}, "nobody", ""});
    REQUIRE(s.sorry);
    CHECK((s.sorry->inhibit && s.sorry->forwarding.method == WEIR_METHOD_NAT));
    CHECK(s.servers[0].forwarding.method == WEIR_METHOD_DR);
}

TEST_CASE("services: checks inherit from real server and virtual server", "[keeper]")
{
    auto loaded = load(service(
        "delay_loop 6\nretry 2\nalpha\nvirtualhost a.example\nflap_damping 4 60\n"
        "real_server 10.0.0.1 80 {\nretry 5\nHTTP_GET {\nurl {\npath /x\nstatus_code 200 301-302\n}\n"
        "connect_timeout 2\nconnect_port 81\n}\nTCP_CHECK {\nretry 0\ndelay_before_retry 4\nalpha no\n}\n}\n"
        "real_server 10.0.0.2 80 {\nDNS_CHECK {\nname example.org\n}\n}\n"));
    const auto& s = only(loaded);
    const CheckSpec& http = *s.servers[0].checks.at(0);
    CHECK((http.timing.delay_loop == 6s && http.timing.retry == 5 && http.timing.alpha));
    CHECK(http.timing.delay_before_retry == 3s);
    CHECK((http.timing.damping.limit == 4 && http.timing.damping.window == 60s &&
           http.timing.damping.hold == 1min));
    CHECK((http.connect.timeout == 2s && http.connect.port == 81));
    const auto& detail = std::get<HttpCheck>(http.detail);
    CHECK(detail.virtualhost == "a.example");
    CHECK((detail.urls.at(0).path == "/x" && detail.urls[0].status[301] && !detail.urls[0].status[204]));
    const CheckSpec& tcp = *s.servers[0].checks.at(1);
    CHECK((tcp.timing.retry == 0 && tcp.timing.delay_before_retry == 4s && !tcp.timing.alpha));
    CHECK(s.servers[1].checks.at(0)->timing.retry == 2);
    CHECK(std::get<DnsCheck>(s.servers[1].checks[0]->detail).name == "example.org");
}

TEST_CASE("services: servers that are asked alike share what is asked", "[keeper]")
{
    auto loaded = load(service("real_server 10.0.0.1 80 {\nTCP_CHECK {\n}\n}\n"
                               "real_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n"
                               "real_server 10.0.0.3 80 {\nTCP_CHECK {\nretry 9\n}\n}\n"));
    const auto& servers = only(loaded).servers;
    CHECK(servers[0].checks.at(0) == servers[1].checks.at(0));
    CHECK(servers[1].checks.at(0) != servers[2].checks.at(0));
    CHECK(servers[2].checks[0]->timing.retry == 9);
}

TEST_CASE("services: every kind of check is read", "[keeper]")
{
    auto loaded =
        load("track_file load {\nfile /run/load\nweight 3\n}\nSSL {\nca /etc/ca.pem\n}\n" +
             service("real_server 10.0.0.1 80 {\nSSL_GET {\nenable_sni\nurl {\npath /\n}\n}\nSMTP_CHECK "
                     "{\nhelo_name me\n"
                     "host {\nconnect_ip 10.0.0.5\n}\nhost {\nconnect_ip 10.0.0.6\n}\n}\nMISC_CHECK {\n"
                     "misc_path \"/bin/true a\"\nmisc_dynamic\nmisc_timeout 4\nuser "
                     "nobody\n}\nPING_CHECK\n{\n}\nUDP_CHECK {\n"
                     "payload 01 02\nrequire_reply 0X\n}\nFILE_CHECK {\ntrack_file load\n}\nMYSQL_CHECK "
                     "{\nuser me\nmax_lag 5\n}\n}\n"));
    const auto& checks = only(loaded).servers[0].checks;
    REQUIRE(checks.size() == 8);
    CHECK((std::get<HttpCheck>(checks[0]->detail).sni &&
           std::get<HttpCheck>(checks[0]->detail).files.ca == "/etc/ca.pem"));
    CHECK(checks[1]->connect.address.to_string() == "10.0.0.5");
    CHECK(checks[2]->connect.address.to_string() == "10.0.0.6");
    const auto& misc = std::get<MiscCheck>(checks[3]->detail);
    CHECK((misc.command == Command{{"/bin/true", "a"}, "nobody", ""} && misc.dynamic && misc.timeout == 4s));
    CHECK(std::get<UdpCheck>(checks[5]->detail).payload == std::vector<std::uint8_t>{1, 2});
    CHECK((std::get<FileCheck>(checks[6]->detail).path == "/run/load" &&
           std::get<FileCheck>(checks[6]->detail).weight == 3));
    CHECK(std::get<MysqlCheck>(checks[7]->detail).max_lag == 5s);
}

TEST_CASE("services: groups hold addresses, ranges and marks", "[keeper]")
{
    auto points = [](const std::string& lines) {
        auto loaded =
            load("virtual_server_group g {\n" + lines + "\n}\n" +
                 service("persistence_timeout\n" + std::string(lines.find("::") == std::string::npos
                                                                   ? server
                                                                   : "real_server 2001:db8::9 80 {\n}"),
                         "group g"));
        return only(loaded).points;
    };
    CHECK(points("192.0.2.1 80\n192.0.2.5-7 80\nfwmark 3").size() == 5);
    CHECK(points("192.0.2.1 80\nfwmark 3").at(1).fwmark == 3);
    CHECK(points("192.0.2.250-192.0.3.2").size() == 9);
    CHECK(points("192.0.2.9/29 80").at(0).address.to_string() == "192.0.2.8");
    CHECK(points("192.0.2.8/29 80").size() == 8);
    auto v6 = points("2001:db8::8-11 80");
    CHECK(v6.size() == 10);
    CHECK(v6.at(9).address.to_string() == "2001:db8::11");
    CHECK(load("virtual_server_group g {\n10.0.0.0/8 80\n}\n")
              .messages[0]
              .starts_with("2:1: error: '10.0.0.0/8' holds more than"));
    CHECK(load("virtual_server_group g {\n10.0.0.9-3 80\n}\n").messages[0] ==
          "2:1: error: '10.0.0.9-3' is no range: its end is before its start");
    CHECK(load(service(server, "group web") + "virtual_server_group wbe {\n192.0.2.1 80\n}\n").messages[0] ==
          "1:22: error: there is no virtual_server_group 'web'; did you mean 'wbe'?");
}

TEST_CASE("services: marks take the family of their servers", "[keeper]")
{
    CHECK(only(load(service("real_server 2001:db8::1 80 {\n}", "fwmark 9"))).points.at(0).family == AF_INET6);
    CHECK(only(load(service("ip_family inet6", "fwmark 9"))).points.at(0).family == AF_INET6);
    CHECK(load(service("real_server 2001:db8::1 80 {\n}")).messages[0] ==
          "2:1: error: 2001:db8::1 is of another family than its virtual server");
}

TEST_CASE("services: tunnels", "[keeper]")
{
    auto tunnel = [](const std::string& words) {
        return only(load(service("lb_kind TUN " + words + "\nreal_server 2001:db8::1 80 {\n}")))
            .servers.at(0)
            .forwarding;
    };
    CHECK(tunnel("").method == WEIR_METHOD_TUN);
    CHECK(tunnel("").tunnel == Tunnel());
    CHECK(tunnel("type ipip").tunnel == Tunnel());
    CHECK(tunnel("type gre csum").tunnel == Tunnel{WEIR_TUNNEL_GRE, 0, WEIR_TUNNEL_F_CSUM});
    CHECK(tunnel("type gue port 6080 nocsum").tunnel == Tunnel{WEIR_TUNNEL_GUE, 6080, 0});
    CHECK(tunnel("remcsum port 6080 type gue").tunnel ==
          Tunnel{WEIR_TUNNEL_GUE, 6080, WEIR_TUNNEL_F_REMCSUM});

    auto complaint = [](const std::string& words) {
        return load(service("lb_kind " + words + "\n" + server)).messages.at(0);
    };
    CHECK(complaint("TUN type vxlan") == "2:18: error: the type of a tunnel is ipip, gue or gre");
    CHECK(complaint("TUN type") == "2:1: error: the type of a tunnel is ipip, gue or gre");
    CHECK(complaint("TUN type gue port 0") == "2:27: error: the port of a tunnel is a number of 1 to 65535");
    CHECK(complaint("TUN type gue") == "2:9: error: gue needs a port");
    CHECK(complaint("TUN port 6080") == "2:9: error: only gue has a port");
    CHECK(complaint("TUN csum") == "2:9: error: ipip has no checksum");
    CHECK(complaint("TUN type gre remcsum") == "2:9: error: only gue has a remote checksum");
    CHECK(complaint("TUN fast") == "2:13: error: what goes with TUN is type, port, nocsum, csum and remcsum");
    CHECK(complaint("NAT type gre") == "2:13: error: 'type' goes with TUN only");
}

TEST_CASE("services: addresses of both families are for tunnels", "[keeper]")
{
    const std::string group = "virtual_server_group both {\n192.0.2.1 80\n2001:db8::9 80\n}\n";
    auto both = only(load(group + service("lb_kind TUN\nreal_server 10.0.0.1 80 {\n}", "group both")));
    CHECK(both.points.size() == 2);
    CHECK(load(group + service("real_server 10.0.0.1 80 {\n}", "group both")).messages[0] ==
          "6:1: error: 10.0.0.1: a virtual server with addresses of both families needs TUN: make one for "
          "each family");
}

TEST_CASE("services: every scheduler of ip_vs is taken", "[keeper]")
{
    for (std::string name :
         {"rr", "wrr", "lc", "wlc", "sed", "nq", "fo", "ovf", "twos", "sh", "dh", "mh", "lblc", "lblcr"})
        CHECK(only(load(service("lb_algo " + name + "\n" + server))).scheduler == name);
}

TEST_CASE("services: what cannot be done is refused by name", "[keeper]")
{
    CHECK(load(service("lb_algo wrrr\n" + server)).messages[0] ==
          "2:9: error: 'wrrr' is no scheduler; did you mean 'wrr'?");
    CHECK_FALSE(load(service("protocol SCTP\n" + server)).diagnostics.usable());
    CHECK(
        load(service("persistence_engine sip\n" + server)).messages ==
        Messages{"2:1: refused: 'persistence_engine' is not supported: persistence looks at addresses only"});
}

TEST_CASE("services: contradictions have a place", "[keeper]")
{
    CHECK(load(service(server + server)).messages ==
          Messages{"4:1: error: the real server 10.0.0.1:8080 stands here twice"});
    CHECK(load(service(server, "192.0.2.1")).messages ==
          Messages{"1:1: error: a virtual server without a port needs persistence_timeout"});
    CHECK(load(service(server) + service(server)).messages ==
          Messages{"7:1: error: [192.0.2.1]:tcp:80 belongs to virtual server [192.0.2.1]:tcp:80 already"});
    CHECK(load(service("real_server 10.0.0.1 80 {\nweight 70000\n}")).messages.size() == 2);
    CHECK(load(service("real_server 10.0.0.1 80 {\nlthreshold 5\n}")).diagnostics.count(Severity::error) ==
          1);
    CHECK(load(service("lb_kind DR\n" + server)).messages[0] ==
          "3:1: warning: DR cannot change the port: 10.0.0.1:8080 gets packets for port 80");
    CHECK(load(service("real_server 10.0.0.1 80 {\nHTTP_GET {\n}\n}")).diagnostics.count(Severity::error) ==
          1);
    CHECK(load(service("real_server 10.0.0.1 80 {\nFILE_CHECK {\ntrack_file none\n}\n}")).messages[0] ==
          "3:1: error: there is no track_file 'none'");
    CHECK(
        load(service("persistence_granularity 255.0.255.0\n" + server)).diagnostics.count(Severity::error) ==
        1);
}

TEST_CASE("services: the sorry server may be one of the real servers, as in keepalived", "[keeper]")
{
    auto loaded = load(service(server + "sorry_server 10.0.0.1 8080"));
    CHECK(loaded.messages.empty());
    CHECK(only(loaded).sorry->endpoint == only(loaded).servers[0].endpoint);
    auto differs = load(service(server + "sorry_server 10.0.0.1 8080\nsorry_server_inhibit"));
    CHECK(differs.messages == Messages{"4:1: warning: the sorry server is a real server too, and is not "
                                       "inhibited, as that one"});
    CHECK_FALSE(only(differs).sorry->inhibit);
}

TEST_CASE("services: global words", "[keeper]")
{
    auto loaded =
        load("global_defs {\nlvs_timeouts tcp 900 udp 30\nlvs_flush\nlvs_keep_on_stop\nrs_init_notifies\n"
             "lvs_notify_fifo /run/fifo root\n}\n");
    REQUIRE(loaded.messages.empty());
    const auto& s = loaded.config.services;
    CHECK((s.timeouts.at(WEIR_STATE_TCP_ESTABLISHED) == 900 && s.timeouts.at(WEIR_STATE_UDP) == 30));
    CHECK((s.flush && s.keep_on_stop && s.initial_notifies && s.fifo->path == "/run/fifo"));
    CHECK_FALSE(load("global_defs {\nlvs_timeouts tpc 900\n}\n").diagnostics.usable());
}

TEST_CASE("services: BFD_CHECK follows a bfd_instance that checks may follow", "[keeper]")
{
    auto with = [](const std::string& checks, const std::string& session = "checker") {
        return load("bfd_instance b {\nneighbor_ip 10.0.0.1\n" + session + "\n}\n" +
                    service("retry 7\ndelay_loop 9\nreal_server 10.0.0.1 80 {\n" + checks + "}\n"));
    };
    auto loaded = with("BFD_CHECK {\nname b\nalpha\n}\n");
    const CheckSpec& check = *only(loaded).servers.at(0).checks.at(0);
    CHECK(std::get<BfdCheck>(check.detail).session == "b");
    // what a session says is so: no retries are inherited
    CHECK((check.timing.retry == 0 && check.timing.delay_loop == 9s && check.timing.alpha));
    CHECK(check.timing.delay_before_retry == 1s);
    CHECK(with("BFD_CHECK {\nname c\n}\n").messages[0] == "10:6: error: there is no bfd_instance 'c'");
    CHECK(with("BFD_CHECK {\nname b\n}\n", "vrrp").messages[0] ==
          "10:6: error: BFD_CHECK: bfd_instance 'b' is for VRRP alone");
    CHECK(with("BFD_CHECK {\nname b\n}\nBFD_CHECK {\nname b\n}\n").messages[0] ==
          "13:6: error: this real server follows bfd_instance 'b' already");
    CHECK_FALSE(with("BFD_CHECK {\n}\n").diagnostics.usable());
}
