// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/spec.h"

#include "catch.h"

using namespace weir;
using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

const Endpoint server{Address::parse("192.0.2.1").value(), 80};

std::string field_of(const CheckSpec& spec, const Endpoint& at = server)
{
    auto good = validate(spec, at);
    if (good)
        return "";
    CHECK_FALSE(good.error().message.empty());
    return good.error().field;
}

CheckSpec of(CheckDetail detail)
{
    CheckSpec spec;
    spec.detail = std::move(detail);
    return spec;
}

} // namespace

TEST_CASE("spec: keepalived's defaults by kind", "[check]")
{
    CHECK(default_retry(TcpCheck{}) == 1);
    CHECK(default_retry(DnsCheck{}) == 3);
    CHECK(default_retry(MiscCheck{}) == 0);
    CHECK(default_delay_before_retry(TcpCheck{}, 60s) == 1s);
    CHECK(default_delay_before_retry(HttpCheck{}, 60s) == 3s);
    CHECK(default_delay_before_retry(DnsCheck{}, 60s) == 60s);
}

TEST_CASE("spec: a description says what is asked of whom", "[check]")
{
    CHECK(describe(of(TcpCheck{}), server) == "TCP_CHECK 192.0.2.1:80");
    auto moved = of(TcpCheck{});
    moved.connect.address = Address::parse("2001:db8::2").value();
    moved.connect.port = 8080;
    CHECK(describe(moved, server) == "TCP_CHECK [2001:db8::2]:8080");
    CHECK(describe(of(PingCheck{}), server) == "PING_CHECK 192.0.2.1");
    HttpCheck http;
    http.urls.resize(2);
    http.urls[1].path = "/b";
    CHECK(describe(of(http), server) == "HTTP_GET 192.0.2.1:80 / /b");
    http.tls = true;
    CHECK(describe(of(http), server) == "SSL_GET 192.0.2.1:80 / /b");
    CHECK(describe(of(DnsCheck{}), server) == "DNS_CHECK 192.0.2.1:80 SOA .");
    CHECK(describe(of(MiscCheck{{{"/bin/check", "-v"}, "", ""}, 0s, false}), server) ==
          "MISC_CHECK /bin/check -v");
    CHECK(describe(of(FileCheck{"/run/load"}), server) == "FILE_CHECK /run/load");
    CHECK(describe(of(BfdCheck{"b"}), server) == "BFD_CHECK b");
    CHECK(describe(of(MysqlCheck{}), server) == "MYSQL_CHECK 192.0.2.1:80");
}

TEST_CASE("spec: what cannot work is named by its keyword", "[check]")
{
    CHECK(field_of(of(TcpCheck{})) == "");
    CHECK(field_of(of(TcpCheck{}), {server.address, 0}) == "connect_port");
    CHECK(field_of(of(PingCheck{}), {server.address, 0}) == "");
    CHECK(field_of(of(TcpCheck{}), {{}, 80}) == "connect_ip");
    auto bound = of(TcpCheck{});
    bound.connect.bind_address = Address::parse("2001:db8::1").value();
    CHECK(field_of(bound) == "bindto");
    CHECK(field_of(of(TcpCheck{}), {Address::parse("fe80::1").value(), 80}) == "bind_if");
    CHECK(field_of(of(HttpCheck{})) == "url");
    HttpCheck http;
    http.urls.resize(1);
    http.urls[0].path = "/a b";
    CHECK(field_of(of(http)) == "path");
    http.urls[0].path = "/a\r\nX: y";
    CHECK(field_of(of(http)) == "path");
    http.urls[0].path = "/";
    http.urls[0].regex_no_match = true;
    CHECK(field_of(of(http)) == "regex");
    http.urls[0].regex = "(";
    CHECK(field_of(of(http)) == "regex");
    http.urls[0].regex = "x";
    CHECK(field_of(of(http)) == "");
    http.urls[0].regex_min_offset = http.urls[0].regex_max_offset = 5;
    CHECK(field_of(of(http)) == "regex_max_offset");
    CHECK(field_of(of(SmtpCheck{"a\nb"})) == "helo_name");
    CHECK(field_of(of(DnsCheck{"ANY", "."})) == "type");
    CHECK(field_of(of(DnsCheck{"A", "a..b"})) == "name");
    UdpCheck udp;
    udp.min_reply_length = 256;
    CHECK(field_of(of(udp)) == "min_reply_length");
    CHECK(field_of(of(MiscCheck{})) == "misc_path");
    CHECK(field_of(of(FileCheck{})) == "track_file");
    CHECK(field_of(of(BfdCheck{})) == "name");
    MysqlCheck mysql;
    mysql.require_writable = true;
    CHECK(field_of(of(mysql)) == "user");
    auto marked = of(MysqlCheck{});
    marked.connect.fwmark = 1;
    CHECK(field_of(marked) == "fwmark");
    auto never = of(TcpCheck{});
    never.timing.delay_loop = 0s;
    CHECK(field_of(never) == "delay_loop");
}
