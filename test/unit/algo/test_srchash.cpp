// SPDX-License-Identifier: GPL-2.0
// Against ip_vs_sh.c of Linux 6.1, restated here: a circular list of servers that is walked while the buckets
// are filled.
#include "catch.h"

extern "C" {
#include "algo/srchash.h"
}

#include <algorithm>
#include <random>
#include <vector>

namespace {

// include/linux/hash.h: hash_32(val, 8)
u32 hash_32(u32 val)
{
    return static_cast<u32>(val * 0x61C88647U) >> 24;
}

// ip_vs_sh_hashkey() for host-order input
u32 ip_vs_hashkey(u32 addr, u16 port, u32 offset)
{
    return (offset + hash_32(port + addr)) & 255;
}

// ip_vs_sh_reassign()
std::vector<size_t> ip_vs_buckets(const std::vector<u32>& weights)
{
    std::vector<size_t> buckets;
    size_t p = 0;
    int d_count = 0;
    for (int i = 0; i < 256; ++i) {
        if (p == weights.size())
            p = 0;
        buckets.push_back(p);
        if (++d_count >= static_cast<int>(weights[p])) {
            ++p;
            d_count = 0;
        }
    }
    return buckets;
}

std::vector<size_t> filled(const std::vector<u32>& weights)
{
    u16 table[WEIR_SRCHASH_SLOTS];
    weir_srchash_fill(table, weights.data(), static_cast<u32>(weights.size()));
    return {std::begin(table), std::end(table)};
}

} // namespace

TEST_CASE("srchash: the slots are ip_vs_sh's for any number of servers and weights", "[srchash]")
{
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        std::vector<u32> weights(1 + random() % (round % 10 ? 20 : 300));
        for (u32& weight : weights)
            weight = random() % (round % 7 ? 5 : 400);
        REQUIRE(filled(weights) == ip_vs_buckets(weights));
    }
}

TEST_CASE("srchash: a client's slot is ip_vs_sh's", "[srchash]")
{
    std::mt19937 random(2);
    bool right = true;
    for (int round = 0; round < 1'000'000; ++round) {
        u32 addr = random(), offset = random() % 512;
        u16 port = round % 2 ? random() : 0;
        right = right && weir_srchash_slot(addr, port, offset) == ip_vs_hashkey(addr, port, offset);
    }
    CHECK(right);
    CHECK(weir_srchash_slot(0xffffffff, 65535, 0) == ip_vs_hashkey(0xffffffff, 65535, 0));
}
