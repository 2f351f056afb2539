// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "base/number.h"

using weir::parse_number;
using weir::parse_number_any_base;

TEST_CASE("number: takes whole decimal numbers within the bounds", "[number]")
{
    CHECK(parse_number("0", 0, 10) == 0u);
    CHECK(parse_number("10", 0, 10) == 10u);
    CHECK(parse_number("18446744073709551615", 0, UINT64_MAX) == UINT64_MAX);
    for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.5", "0x1", "one"})
        CHECK(parse_number(text, 0, 10).error().code == EINVAL);
    CHECK(parse_number("11", 0, 10).error().code == ERANGE);
    CHECK(parse_number("18446744073709551616", 0, UINT64_MAX).error().code == ERANGE);
}

TEST_CASE("number: takes hexadecimal only behind 0x", "[number]")
{
    CHECK(parse_number_any_base("0xff", 0, 255) == 255u);
    CHECK(parse_number_any_base("255", 0, 255) == 255u);
    CHECK_FALSE(parse_number_any_base("ff", 0, 255));
    CHECK_FALSE(parse_number_any_base("0x", 0, 255));
}
