// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace weir::keeper {

/// What reload_time_file has said.
struct ReloadTime {
    std::chrono::system_clock::time_point at;
    bool has_date = false; ///< else it is meant for each day, with reload_repeat

    bool operator==(const ReloadTime&) const = default;
};

/// "HH:MM:SS", "YY-MM-DD HH:MM:SS" or "YYYY-MM-DD HH:MM:SS", in local time or with a Z behind it; what
/// follows the first line is not looked at. A time without a date that has passed is tomorrow's. Null if it
/// is none of these, no time that there is, or past.
[[nodiscard]] std::optional<ReloadTime> parse_reload_time(std::string_view text,
                                                          std::chrono::system_clock::time_point now);

} // namespace weir::keeper
