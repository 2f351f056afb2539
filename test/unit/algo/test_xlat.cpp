// SPDX-License-Identifier: GPL-2.0
// ICMP errors from one family to the other, by the tables of RFC 7915 4.2 and 5.2; numbers as they are on the
// wire.
#include <optional>
#include <tuple>

#include "catch.h"

extern "C" {
#include "algo/xlat.h"
}

namespace {

using Error = std::optional<std::tuple<int, int, u32>>;

Error to_ipv6(u8 type, u8 code, u32 info = 0, u32 len = 1500, u32 mtu = 9000)
{
    weir_xlat_error error{type, code, info};
    if (!weir_xlat_error_to_ipv6(&error, len, mtu))
        return std::nullopt;
    return Error({error.type, error.code, error.info});
}

Error to_ipv4(u8 type, u8 code, u32 info = 0, u32 mtu = 9000)
{
    weir_xlat_error error{type, code, info};
    if (!weir_xlat_error_to_ipv4(&error, mtu))
        return std::nullopt;
    return Error({error.type, error.code, error.info});
}

const Error none;

} // namespace

TEST_CASE("xlat: unreachable destinations of IPv4", "[xlat]")
{
    for (u8 code : {0, 1, 5, 6, 7, 8, 11, 12})
        CHECK(to_ipv6(3, code) == Error({1, 0, 0}));
    for (u8 code : {9, 10, 13, 15})
        CHECK(to_ipv6(3, code) == Error({1, 1, 0}));
    CHECK(to_ipv6(3, 2) == Error({4, 1, 6}));
    CHECK(to_ipv6(3, 3) == Error({1, 4, 0}));
    CHECK(to_ipv6(3, 14) == none);
    CHECK(to_ipv6(3, 16) == none);
    CHECK(to_ipv6(3, 255) == none);
}

TEST_CASE(
    "xlat: the MTU that IPv4 tells is 20 bytes more, never below IPv6's least, never above the way's own",
    "[xlat]")
{
    CHECK(to_ipv6(3, 4, 1400) == Error({2, 0, 1420}));
    CHECK(to_ipv6(3, 4, 1260) == Error({2, 0, 1280}));
    CHECK(to_ipv6(3, 4, 576) == Error({2, 0, 1280}));
    CHECK(to_ipv6(3, 4, 1490, 1500, 1500) == Error({2, 0, 1500}));
    CHECK(to_ipv6(3, 4, 65535, 1500, 1500) == Error({2, 0, 1500}));
}

TEST_CASE("xlat: a router that tells no MTU: the next plateau below the packet's length", "[xlat]")
{
    CHECK(to_ipv6(3, 4, 0, 9000) == Error({2, 0, 8186}));
    CHECK(to_ipv6(3, 4, 0, 8166) == Error({2, 0, 4372}));
    CHECK(to_ipv6(3, 4, 0, 1500) == Error({2, 0, 1512}));
    CHECK(to_ipv6(3, 4, 0, 1492) == Error({2, 0, 1280}));
    CHECK(to_ipv6(3, 4, 0, 65535, 100000) == Error({2, 0, 32020}));
    CHECK(to_ipv6(3, 4, 0, 0) == Error({2, 0, 1280}));
}

TEST_CASE("xlat: other errors of IPv4", "[xlat]")
{
    CHECK(to_ipv6(11, 0) == Error({3, 0, 0}));
    CHECK(to_ipv6(11, 1) == Error({3, 1, 0}));
    CHECK(to_ipv6(4, 0) == none); // source quench
    CHECK(to_ipv6(5, 1) == none); // redirect
    CHECK(to_ipv6(8, 0) == none);
    CHECK(to_ipv6(12, 1, 0) == none);
    CHECK(to_ipv6(12, 3, 0) == none);
    CHECK(to_ipv6(12, 0, 0) == Error({4, 0, 0}));
    CHECK(to_ipv6(12, 2, 2) == Error({4, 0, 4}));
    CHECK(to_ipv6(12, 0, 8) == Error({4, 0, 7}));
    CHECK(to_ipv6(12, 0, 9) == Error({4, 0, 6}));
    CHECK(to_ipv6(12, 0, 15) == Error({4, 0, 8}));
    CHECK(to_ipv6(12, 0, 16) == Error({4, 0, 24}));
    for (u32 pointer : {4, 5, 6, 7, 10, 11, 20, 255})
        CHECK(to_ipv6(12, 0, pointer) == none);
}

TEST_CASE("xlat: errors of IPv6", "[xlat]")
{
    for (u8 code : {0, 2, 3})
        CHECK(to_ipv4(1, code) == Error({3, 1, 0}));
    CHECK(to_ipv4(1, 1) == Error({3, 10, 0}));
    CHECK(to_ipv4(1, 4) == Error({3, 3, 0}));
    CHECK(to_ipv4(1, 5) == none);
    CHECK(to_ipv4(3, 0) == Error({11, 0, 0}));
    CHECK(to_ipv4(3, 1) == Error({11, 1, 0}));
    CHECK(to_ipv4(0, 0) == none);
    CHECK(to_ipv4(5, 0) == none);
    CHECK(to_ipv4(128, 0) == none);
    CHECK(to_ipv4(4, 1, 6) == Error({3, 2, 0}));
    CHECK(to_ipv4(4, 2, 40) == none);
    CHECK(to_ipv4(4, 0, 4) == Error({12, 0, 2}));
    CHECK(to_ipv4(4, 0, 6) == Error({12, 0, 9}));
    CHECK(to_ipv4(4, 0, 7) == Error({12, 0, 8}));
    CHECK(to_ipv4(4, 0, 23) == Error({12, 0, 12}));
    CHECK(to_ipv4(4, 0, 24) == Error({12, 0, 16}));
    CHECK(to_ipv4(4, 0, 39) == Error({12, 0, 16}));
    for (u32 pointer : {2u, 3u, 40u, 0xffffffffu})
        CHECK(to_ipv4(4, 0, pointer) == none);
}

TEST_CASE("xlat: the MTU that IPv6 tells is 20 bytes less", "[xlat]")
{
    CHECK(to_ipv4(2, 0, 1500) == Error({3, 4, 1480}));
    CHECK(to_ipv4(2, 0, 1280) == Error({3, 4, 1260}));
    CHECK(to_ipv4(2, 0, 0) == Error({3, 4, 1260}));
    CHECK(to_ipv4(2, 0, 1500, 1400) == Error({3, 4, 1400}));
    CHECK(to_ipv4(2, 0, 0xffffffff, 0xffffffff) == Error({3, 4, 65535}));
}
