// SPDX-License-Identifier: GPL-2.0
// When reload_time_file says that the configuration is to be read again.
#include "catch.h"

#include <cstdlib>
#include <ctime>

#include "keeper/daemon/reload_time.h"

using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

/// 2026-03-01 12:00:00 UTC
const auto noon = std::chrono::system_clock::from_time_t(1772366400);

std::optional<ReloadTime> parse(std::string_view text)
{
    return parse_reload_time(text, noon);
}

} // namespace

TEST_CASE("reload time: a time of day is today's or tomorrow's", "[keeper]")
{
    CHECK(parse("12:00:01Z") == ReloadTime{noon + 1s, false});
    CHECK(parse("12:00:00Z") == ReloadTime{noon + 24h, false});
    CHECK(parse("11:59:59Z") == ReloadTime{noon + 24h - 1s, false});
}

TEST_CASE("reload time: a date and time, that has to be to come", "[keeper]")
{
    CHECK(parse("2026-03-01 12:00:01Z\nmore") == ReloadTime{noon + 1s, true});
    CHECK(parse("26-03-02 12:00:00Z") == ReloadTime{noon + 24h, true});
    CHECK(!parse("2026-03-01 12:00:00Z"));
    CHECK(!parse("2025-03-01 13:00:00Z"));
}

TEST_CASE("reload time: local time follows the zone", "[keeper]")
{
    setenv("TZ", "EST5", 1);
    tzset();
    CHECK(parse("08:00:00") == ReloadTime{noon + 1h, false});
    CHECK(parse("2026-03-01 07:00:01") == ReloadTime{noon + 1s, true});
    CHECK(parse("12:00:01Z") == ReloadTime{noon + 1s, false});
    unsetenv("TZ");
    tzset();
}

TEST_CASE("reload time: what is no time is none", "[keeper]")
{
    for (const char* text : {"", "Z", "tomorrow", "12:00", "12:00:61Z", "2026-06-31 12:00:00Z", "24:00:01Z",
                             "12:00:0xZ", "2026-13-01 12:00:00Z", "2026/06/01 12:00:00Z"})
        CHECK(!parse(text));
}
