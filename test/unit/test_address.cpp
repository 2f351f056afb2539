// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "base/address.h"

using weir::Address;
using weir::Prefix;

TEST_CASE("address: what it prints it reads again", "[address]")
{
    for (const char* text :
         {"192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "::ffff:192.0.2.1"}) {
        auto address = Address::parse(text);
        REQUIRE(address);
        CHECK(address->to_string() == text);
    }
}

TEST_CASE("address: refuses names, brackets, zones, short forms and embedded zeros", "[address]")
{
    using namespace std::string_view_literals;
    for (auto text :
         {""sv, "localhost"sv, "[::1]"sv, "fe80::1%eth0"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv,
          "192.0.2.1\0"sv, "1:2:3:4:5:6:7:8:9"sv, "11111111111111111111111111111111111111111111111111"sv})
        CHECK_FALSE(Address::parse(text));
}

TEST_CASE("address: comes from 4 or 16 bytes and nothing else", "[address]")
{
    const std::uint8_t bytes[17] = {192, 0, 2, 1};
    CHECK(Address::from_bytes({bytes, 4})->to_string() == "192.0.2.1");
    CHECK(Address::from_bytes({bytes, 16})->is_v6());
    for (std::size_t size : {0, 1, 3, 5, 15, 17})
        CHECK_FALSE(Address::from_bytes({bytes, size}));
}

TEST_CASE("address: knows its kind", "[address]")
{
    CHECK(Address::parse("127.1.2.3")->is_loopback());
    CHECK(Address::parse("::1")->is_loopback());
    CHECK_FALSE(Address::parse("::2")->is_loopback());
    CHECK(Address::parse("239.1.1.1")->is_multicast());
    CHECK(Address::parse("ff02::12")->is_multicast());
    CHECK_FALSE(Address::parse("192.0.2.1")->is_multicast());
    CHECK(Address::parse("169.254.0.1")->is_link_local());
    CHECK(Address::parse("febf::1")->is_link_local());
    CHECK_FALSE(Address::parse("fec0::1")->is_link_local());
    CHECK(Address::parse("0.0.0.0")->is_any());
    CHECK(Address::parse("::")->is_any());
    CHECK_FALSE(Address().is_any());
}

TEST_CASE("address: IPv4 sorts before IPv6 and numerically", "[address]")
{
    CHECK(*Address::parse("10.0.0.9") < *Address::parse("10.0.0.10"));
    CHECK(*Address::parse("255.0.0.0") < *Address::parse("::1"));
}

TEST_CASE("prefix: contains what agrees in its leading bits", "[address]")
{
    auto prefix = Prefix::parse("192.0.2.128/25");
    REQUIRE(prefix);
    CHECK(prefix->contains(*Address::parse("192.0.2.255")));
    CHECK_FALSE(prefix->contains(*Address::parse("192.0.2.127")));
    CHECK_FALSE(prefix->contains(*Address::parse("::1")));
    CHECK(prefix->to_string() == "192.0.2.128/25");
    CHECK(Prefix::parse("192.0.2.1")->length == 32);
    CHECK(Prefix::parse("0.0.0.0/0")->contains(*Address::parse("203.0.113.7")));
    CHECK_FALSE(Prefix::parse("192.0.2.0/33"));
    CHECK_FALSE(Prefix::parse("192.0.2.0/"));
    CHECK(Prefix::parse("2001:db8::/32")->contains(*Address::parse("2001:db8:ffff::1")));
}
