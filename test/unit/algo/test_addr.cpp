// SPDX-License-Identifier: GPL-2.0
#include <array>
#include <cstring>

#include "catch.h"

extern "C" {
#include "algo/addr.h"
}

namespace {

using V4 = std::array<u8, 4>;
using V6 = std::array<u8, 16>;

template <typename A>
A plus(A addr, u32 n)
{
    weir_addr_add(addr.data(), addr.size(), n);
    return addr;
}

template <typename A>
bool distance(const A& from, const A& to, u32* n)
{
    return weir_addr_distance(from.data(), to.data(), from.size(), n);
}

V6 v6(u8 fourth_last, u8 third_last, u8 second_last, u8 last)
{
    V6 addr{0x20, 0x01, 0x0d, 0xb8};
    addr[12] = fourth_last;
    addr[13] = third_last;
    addr[14] = second_last;
    addr[15] = last;
    return addr;
}

} // namespace

TEST_CASE("addr: addition carries over bytes", "[addr]")
{
    CHECK(plus(V4{192, 0, 2, 255}, 1) == V4{192, 0, 3, 0});
    CHECK(plus(V4{192, 0, 2, 1}, 0) == V4{192, 0, 2, 1});
    CHECK(plus(V4{0, 0, 0, 0}, 0xffffffff) == V4{255, 255, 255, 255});
    CHECK(plus(V4{255, 255, 255, 255}, 1) == V4{0, 0, 0, 0});
    V6 high = v6(255, 255, 255, 255);
    V6 next = v6(0, 0, 0, 0);
    next[11] = 1;
    CHECK(plus(high, 1) == next);
}

TEST_CASE("addr: the distance is what has to be added", "[addr]")
{
    u32 n = 0;
    for (u32 step : {0u, 1u, 255u, 256u, 65536u, 0x7fffffffu, 0xffffffffu}) {
        V6 from = v6(1, 2, 3, 200);
        REQUIRE(distance(from, plus(from, step), &n));
        CHECK(n == step);
    }
    REQUIRE(distance(V4{10, 0, 0, 250}, V4{10, 0, 1, 5}, &n));
    CHECK(n == 11);
}

TEST_CASE("addr: there is no distance backwards, nor one of 2^32 and more", "[addr]")
{
    u32 n = 0;
    CHECK_FALSE(distance(V4{10, 0, 0, 2}, V4{10, 0, 0, 1}, &n));
    CHECK_FALSE(distance(v6(0, 0, 0, 1), v6(0, 0, 0, 0), &n));
    V6 far = v6(0, 0, 0, 0);
    far[11] = 1;
    CHECK_FALSE(distance(v6(0, 0, 0, 0), far, &n));
    CHECK(distance(v6(0, 0, 0, 1), far, &n));
    CHECK(n == 0xffffffff);
}
