// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/reload_time.h"

#include <ctime>
#include <string>
#include <tuple>

namespace weir::keeper {
namespace {

using Clock = std::chrono::system_clock;

auto fields(const tm& time)
{
    return std::tuple(time.tm_year, time.tm_mon, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
}

} // namespace

std::optional<ReloadTime> parse_reload_time(std::string_view text, Clock::time_point now)
{
    std::string line(text.substr(0, text.find('\n')));
    bool utc = line.ends_with('Z');
    if (utc)
        line.pop_back();
    const char* format = line.size() == 8    ? "%H:%M:%S"
                         : line.size() == 17 ? "%y-%m-%d %H:%M:%S"
                         : line.size() == 19 ? "%Y-%m-%d %H:%M:%S"
                                             : nullptr;
    if (!format)
        return std::nullopt;
    std::time_t today = Clock::to_time_t(now);
    tm given{};
    (utc ? gmtime_r : localtime_r)(&today, &given);
    const char* end = strptime(line.c_str(), format, &given);
    if (!end || *end)
        return std::nullopt;
    given.tm_isdst = -1;
    auto seconds = [&](tm& time) { return utc ? timegm(&time) : mktime(&time); };
    tm real = given;
    std::time_t at = seconds(real);
    if (fields(real) != fields(given)) // the 31st of June, an hour that the clock passes over
        return std::nullopt;
    bool has_date = line.size() > 8;
    if (at <= today && has_date)
        return std::nullopt;
    if (at <= today) {
        given.tm_mday++;
        at = seconds(given);
    }
    return ReloadTime{Clock::from_time_t(at), has_date};
}

} // namespace weir::keeper
