// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <map>
#include <optional>
#include <span>

#include "keeper/check/spec.h"

namespace weir::keeper {

/// The first packet of a MySQL or MariaDB server, as it arrives.
struct MysqlGreeting {
    enum class Kind { partial, greeting, refusal, foreign } kind = Kind::partial;
    /// The server's version, its words of refusal, or what is wrong with the bytes.
    std::string text;
};
[[nodiscard]] MysqlGreeting mysql_greeting(std::span<const std::uint8_t> bytes);

/// A row of a result by the names of its columns; nothing is NULL.
using MysqlRow = std::map<std::string, std::optional<std::string>, std::less<>>;

/// What keeps rows of SHOW ALL SLAVES STATUS or SHOW REPLICA STATUS, one for each source, from being good
/// replication; or nothing.
[[nodiscard]] std::optional<std::string> replication_fault(const std::vector<MysqlRow>& sources,
                                                           std::optional<Duration> max_lag);

} // namespace weir::keeper
