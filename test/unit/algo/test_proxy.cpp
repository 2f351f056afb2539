// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

extern "C" {
#include "algo/proxy.h"
}

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<u8>;

weir_proxy proxy_of(const std::string& src, u16 sport, const std::string& dst, u16 dport)
{
    weir_proxy proxy{};
    proxy.ipv6 = src.find(':') != std::string::npos;
    const int family = proxy.ipv6 ? AF_INET6 : AF_INET;
    REQUIRE(inet_pton(family, src.c_str(), proxy.src) == 1);
    REQUIRE(inet_pton(family, dst.c_str(), proxy.dst) == 1);
    proxy.sport[0] = static_cast<u8>(sport >> 8);
    proxy.sport[1] = static_cast<u8>(sport & 0xff);
    proxy.dport[0] = static_cast<u8>(dport >> 8);
    proxy.dport[1] = static_cast<u8>(dport & 0xff);
    return proxy;
}

// In a buffer of its own size: a write past the end is the sanitizer's.
std::string v1(const std::string& src, u16 sport, const std::string& dst, u16 dport)
{
    weir_proxy proxy = proxy_of(src, sport, dst, dport);
    Bytes buf(WEIR_PROXY_MAX);
    const u32 len = weir_proxy_v1(buf.data(), &proxy);
    REQUIRE(len <= WEIR_PROXY_V1_MAX);
    return {buf.begin(), buf.begin() + len};
}

Bytes v2(const weir_proxy& proxy)
{
    Bytes buf(WEIR_PROXY_MAX);
    buf.resize(weir_proxy_v2(buf.data(), &proxy));
    return buf;
}

void put(Bytes& to, u32 value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        to.push_back(static_cast<u8>(value >> shift));
}

// An option of selective acknowledgement behind two NOPs, and what becomes of it.
Bytes sack(const std::vector<u32>& edges)
{
    Bytes options{1, 1, 5, static_cast<u8>(2 + 4 * edges.size())};
    for (u32 edge : edges)
        put(options, edge);
    return options;
}

Bytes told(Bytes options, u32 ack, u32 first, u32 by)
{
    CHECK(weir_proxy_sack(options.data(), static_cast<u32>(options.size()), ack, first, by) == 1);
    return options;
}

Bytes padded(Bytes options, std::size_t len)
{
    options.resize(len, 1);
    return options;
}

} // namespace

// proxy-protocol.txt 2.1 has this line, and the longest ones.
TEST_CASE("proxy: version 1 is the specification's line", "[proxy]")
{
    CHECK(v1("192.168.0.1", 56324, "192.168.0.11", 443) ==
          "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
    const std::string longest4 = v1("255.255.255.255", 65535, "255.255.255.255", 65535);
    CHECK(longest4 == "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n");
    CHECK(longest4.size() == 56);
    const std::string all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    CHECK(v1(all, 65535, all, 65535) == "PROXY TCP6 " + all + " " + all + " 65535 65535\r\n");
    CHECK(v1(all, 65535, all, 65535).size() == WEIR_PROXY_V1_MAX);
    CHECK(v1("0.0.0.0", 0, "1.2.3.4", 1) == "PROXY TCP4 0.0.0.0 1.2.3.4 0 1\r\n");
}

TEST_CASE("proxy: IPv6 addresses are written as inet_ntop() writes them", "[proxy]")
{
    for (const char* text :
         {"2001:db8::1", "::", "::1", "1::", "2001:db8:0:1::", "1:0:2::3:4", "0:1:2:3:4:5:6:7",
          "1:2:3:4:5:6:7:0", "1:0:2:0:3:0:4:0", "1::2:0:0:3", "fe80::a:b:c:d",
          "0:0:1::", "1:2:3:4:5:6::", "::2:3:4:5:6:7", "1:2::7:8", "1000:200:30:4::"}) {
        u8 addr[16];
        char expected[INET6_ADDRSTRLEN];
        REQUIRE(inet_pton(AF_INET6, text, addr) == 1);
        REQUIRE(inet_ntop(AF_INET6, addr, expected, sizeof(expected)));
        CHECK(v1(text, 1, text, 2) == std::string("PROXY TCP6 ") + expected + " " + expected + " 1 2\r\n");
    }
}

// proxy-protocol.txt 2.2: signature, version and command, family and protocol, length, addresses, ports.
TEST_CASE("proxy: version 2 is the specification's header", "[proxy]")
{
    const Bytes signature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    weir_proxy four = proxy_of("198.51.100.7", 49153, "192.0.2.10", 443);
    Bytes expected = signature;
    expected.insert(expected.end(),
                    {0x21, 0x11, 0, 12, 198, 51, 100, 7, 192, 0, 2, 10, 0xc0, 0x01, 0x01, 0xbb});
    CHECK(v2(four) == expected);
    CHECK(expected.size() == WEIR_PROXY_V2_IPV4);
    four.datagram = 1;
    expected[13] = 0x12;
    CHECK(v2(four) == expected);

    weir_proxy six = proxy_of("2001:db8::7", 49153, "2001:db8:1::10", 443);
    expected = signature;
    expected.insert(expected.end(), {0x21, 0x21, 0, 36});
    expected.insert(expected.end(), {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07});
    expected.insert(expected.end(), {0x20, 0x01, 0x0d, 0xb8, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10});
    expected.insert(expected.end(), {0xc0, 0x01, 0x01, 0xbb});
    CHECK(v2(six) == expected);
    CHECK(expected.size() == WEIR_PROXY_V2_IPV6);
    six.datagram = 1;
    expected[13] = 0x22;
    CHECK(v2(six) == expected);
}

TEST_CASE("proxy: nothing is acknowledged before the header is, whatever the sequence number", "[proxy]")
{
    for (u32 first : {1000u, 0u, 0xffffffffu, 0xfffffff0u, 0x7ffffff0u}) {
        const u32 len = 28;
        CHECK(weir_proxy_ack(first, first, len) == first);
        CHECK(weir_proxy_ack(first + 1, first, len) == first);
        CHECK(weir_proxy_ack(first + 27, first, len) == first);
        CHECK(weir_proxy_ack(first + 28, first, len) == first);
        CHECK(weir_proxy_ack(first + 29, first, len) == first + 1);
        CHECK(weir_proxy_ack(first - 5, first, len) == first - 5);
        CHECK(weir_proxy_rest(first, first, len) == 28);
        CHECK(weir_proxy_rest(first + 1, first, len) == 27);
        CHECK(weir_proxy_rest(first + 28, first, len) == 0);
        CHECK(weir_proxy_rest(first + 1000, first, len) == 0);
        CHECK(weir_proxy_rest(first - 1, first, len) == 0);
    }
}

TEST_CASE("proxy: a window never ends further on than without the header", "[proxy]")
{
    CHECK(weir_proxy_window(1000, 0, 28) == 972);
    CHECK(weir_proxy_window(1000, 7, 28) == 999);
    CHECK(weir_proxy_window(1000, 7, 0) == 1000);
    CHECK(weir_proxy_window(28, 0, 28) == 0);
    CHECK(weir_proxy_window(1, 0, 28) == 0);
    CHECK(weir_proxy_window(0, 14, 28) == 0);
    CHECK(weir_proxy_window(65535, 14, 1) == 65534);
}

TEST_CASE("proxy: selective acknowledgements move by the header", "[proxy]")
{
    const u32 first = 5000, by = 28;
    CHECK(told(sack({6000, 7000}), 5500, first, by) == sack({5972, 6972}));
    CHECK(told(sack({9000, 9100, 6000, 7000, 8000, 8100}), 5500, first, by) ==
          sack({8972, 9072, 5972, 6972, 7972, 8072}));
    // what was received twice (RFC 2883) is below the acknowledgement
    CHECK(told(sack({5100, 5200, 6000, 7000}), 5500, first, by) == sack({5072, 5172, 5972, 6972}));
    Bytes stamps{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
    Bytes both = stamps, expected = stamps;
    const Bytes before = sack({6000, 7000}), after = sack({5972, 6972});
    both.insert(both.end(), before.begin(), before.end());
    expected.insert(expected.end(), after.begin(), after.end());
    CHECK(told(both, 5500, first, by) == expected);
    CHECK(weir_proxy_sack(stamps.data(), 12, 5500, first, by) == 0);
    CHECK(weir_proxy_sack(nullptr, 0, 5500, first, by) == 0);
}

TEST_CASE("proxy: what is said of the header is not told", "[proxy]")
{
    const u32 first = 0xfffffff0u, by = 28, next = first + by;
    // the header came twice
    CHECK(told(sack({first, next}), next, first, by) == padded({1, 1}, 12));
    CHECK(told(sack({first, next, next + 10, next + 20}), next, first, by) ==
          padded(sack({first + 10, first + 20}), 20));
    CHECK(told(sack({first + 3, next + 7}), next + 7, first, by) == sack({first, first + 7}));
    // it has not come: what follows it at once is to be sent again, what comes later need not be
    CHECK(told(sack({next, next + 10}), first, first, by) == padded({1, 1}, 12));
    CHECK(told(sack({next + 1, next + 10}), first, first, by) == sack({first + 1, first + 10}));
    CHECK(told(sack({next + 20, next + 30, next, next + 10}), first + 5, first, by) ==
          padded(sack({first + 20, first + 30}), 20));
}

TEST_CASE("proxy: once the numbers come round the header's are data's", "[proxy]")
{
    const u32 first = 1000, by = 28;
    CHECK(told(sack({1010, 1020}), 990, first, by) == sack({982, 992}));
}
