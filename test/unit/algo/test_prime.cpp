// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

extern "C" {
#include "algo/prime.h"
}

#include <vector>

TEST_CASE("prime: up to 140,000 the next prime is the one that a sieve finds", "[prime]")
{
    constexpr u32 limit = 140'100;
    std::vector<bool> composite(limit + 1);
    for (u32 i = 2; i * i <= limit; ++i)
        for (u32 j = i * i; !composite[i] && j <= limit; j += i)
            composite[j] = true;

    u32 next = 0;
    bool right = true;
    for (u32 n = 140'000; n > 1; --n) {
        if (n == 140'000)
            for (next = n; composite[next];)
                ++next;
        if (!composite[n])
            next = n;
        right = right && weir_prime_next(n) == next;
    }
    CHECK(right);
}

TEST_CASE("prime: 0 and 1 are none, the largest table's size is one", "[prime]")
{
    CHECK(weir_prime_next(0) == 2);
    CHECK(weir_prime_next(1) == 2);
    CHECK(weir_prime_next(131'071) == 131'071);
    CHECK(weir_prime_next(2'147'483'630) == 2'147'483'647);
}
