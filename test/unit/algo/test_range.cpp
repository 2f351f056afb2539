// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

extern "C" {
#include "algo/range.h"
}

TEST_CASE("range: kinds", "[range]")
{
    CHECK(weir_range_kind(80, 80) == WEIR_RANGE_ONE);
    CHECK(weir_range_kind(65535, 65535) == WEIR_RANGE_ONE);
    CHECK(weir_range_kind(80, 443) == WEIR_RANGE_MANY);
    CHECK(weir_range_kind(1, 65535) == WEIR_RANGE_MANY);
    CHECK(weir_range_kind(0, 65535) == WEIR_RANGE_ALL);
    CHECK(weir_range_kind(0, 0) == WEIR_RANGE_INVALID);
    CHECK(weir_range_kind(0, 443) == WEIR_RANGE_INVALID);
    CHECK(weir_range_kind(443, 80) == WEIR_RANGE_INVALID);
}

TEST_CASE("range: both ends belong to it", "[range]")
{
    CHECK(weir_range_has(80, 443, 80));
    CHECK(weir_range_has(80, 443, 443));
    CHECK_FALSE(weir_range_has(80, 443, 79));
    CHECK_FALSE(weir_range_has(80, 443, 444));
    CHECK(weir_range_has(1, 65535, 65535));
}

TEST_CASE("range: ranges conflict exactly where a port is in both", "[range]")
{
    bool right = true;
    for (u16 a = 1; a < 12; ++a)
        for (u16 b = a + 1; b < 12; ++b)
            for (u16 c = 1; c < 12; ++c)
                for (u16 d = c + 1; d < 12; ++d) {
                    bool both = false;
                    for (u16 port = 1; port < 12; ++port)
                        both = both || (weir_range_has(a, b, port) && weir_range_has(c, d, port));
                    right = right && weir_range_conflict(a, b, c, d) == both;
                }
    CHECK(right);
}

TEST_CASE("range: one port, a range and all ports stand side by side", "[range]")
{
    CHECK_FALSE(weir_range_conflict(80, 80, 1, 65535));
    CHECK_FALSE(weir_range_conflict(1, 65535, 80, 80));
    CHECK_FALSE(weir_range_conflict(0, 65535, 1, 65535));
    CHECK_FALSE(weir_range_conflict(0, 65535, 80, 80));
    CHECK(weir_range_conflict(0, 65535, 0, 65535));
    CHECK(weir_range_conflict(80, 80, 80, 80));
}
