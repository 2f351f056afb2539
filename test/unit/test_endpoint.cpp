// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "base/endpoint.h"

using weir::Endpoint;
using weir::EndpointRange;
using weir::PortRange;

TEST_CASE("endpoint: what it prints it reads again", "[endpoint]")
{
    for (const char* text : {"192.0.2.1:80", "[2001:db8::1]:443", "0.0.0.0:0"}) {
        auto endpoint = Endpoint::parse(text);
        REQUIRE(endpoint);
        CHECK(endpoint->to_string() == text);
    }
}

TEST_CASE("endpoint: a bare address has port 0, of either family", "[endpoint]")
{
    CHECK(Endpoint::parse("192.0.2.1")->port == 0);
    CHECK(Endpoint::parse("2001:db8::1")->address.is_v6());
    CHECK(Endpoint::parse("[2001:db8::1]")->port == 0);
}

TEST_CASE("endpoint: says no to what is half an endpoint", "[endpoint]")
{
    for (const char* text :
         {"", ":", ":80", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:65536", "192.0.2.1:-1", "[::1", "[::1]80",
          "[::1]:", "[192.0.2.1]:80", "192.0.2.1:80-90", "192.0.2.1:+8", "80"})
        CHECK_FALSE(Endpoint::parse(text));
}

TEST_CASE("port range: rises from 1", "[endpoint]")
{
    CHECK(PortRange::parse("80-443")->to_string() == "80-443");
    CHECK(PortRange::parse("1-65535")->last == 65535);
    CHECK(PortRange::parse("0")->single());
    CHECK(PortRange::parse("80-80")->single());
    for (const char* text : {"0-80", "443-80", "80-", "-80", "80-90-100", "1-65536", "80 - 90"})
        CHECK_FALSE(PortRange::parse(text));
    CHECK(EndpointRange::parse("[2001:db8::1]:1-65535")->to_string() == "[2001:db8::1]:1-65535");
}
