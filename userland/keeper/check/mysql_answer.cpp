// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/mysql_answer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/number.h"

namespace weir::keeper {
namespace {

// MySQL's protocol: "Protocol::HandshakeV10", "ERR_Packet"
constexpr std::size_t header_size = 4;
constexpr std::uint8_t protocol_10 = 10, error_packet = 0xff;
constexpr std::size_t greeting_limit = 4096;
constexpr std::size_t text_limit = 200;

std::string printable(std::span<const std::uint8_t> bytes)
{
    std::string text;
    for (auto byte : bytes.first(std::min(bytes.size(), text_limit)))
        text += byte >= ' ' && byte <= '~' ? static_cast<char>(byte) : '?';
    return text;
}

/// The old word and the new one for it.
const std::optional<std::string>* column(const MysqlRow& row, std::string_view old_name,
                                         std::string_view new_name)
{
    auto found = row.find(new_name);
    if (found == row.end())
        found = row.find(old_name);
    return found == row.end() ? nullptr : &found->second;
}

bool runs(const std::optional<std::string>* thread)
{
    return thread && *thread && **thread == "Yes";
}

} // namespace

MysqlGreeting mysql_greeting(std::span<const std::uint8_t> bytes)
{
    using Kind = MysqlGreeting::Kind;
    if (bytes.size() < header_size)
        return {};
    std::size_t size = bytes[0] | bytes[1] << 8 | bytes[2] << 16;
    if (size < 2 || size > greeting_limit || bytes[3] != 0)
        return {Kind::foreign, "no greeting of a MySQL server"};
    if (bytes.size() < header_size + size)
        return {};
    auto body = bytes.subspan(header_size, size);
    if (body[0] == error_packet) // and a number of two bytes
        return {Kind::refusal, printable(body.subspan(std::min<std::size_t>(3, size)))};
    auto end = std::ranges::find(body, std::uint8_t{0});
    if (body[0] != protocol_10 || end == body.end())
        return {Kind::foreign, fmt::format("protocol {} is not MySQL's", body[0])};
    std::string version = printable(body.subspan(1, static_cast<std::size_t>(end - body.begin()) - 1));
    // MariaDB 10 pretends to old replicas that it is a MySQL
    constexpr std::string_view pretence = "5.5.5-";
    return {Kind::greeting, version.starts_with(pretence) ? version.substr(pretence.size()) : version};
}

std::optional<std::string> replication_fault(const std::vector<MysqlRow>& sources,
                                             std::optional<Duration> max_lag)
{
    if (sources.empty())
        return "replicates from no server";
    for (const auto& source : sources) {
        if (!runs(column(source, "Slave_IO_Running", "Replica_IO_Running")))
            return "the replication's I/O thread does not run";
        if (!runs(column(source, "Slave_SQL_Running", "Replica_SQL_Running")))
            return "the replication's SQL thread does not run";
        if (!max_lag)
            continue;
        const auto* lag = column(source, "Seconds_Behind_Master", "Seconds_Behind_Source");
        auto behind = lag && *lag ? parse_number(**lag, 0, UINT32_MAX) : fail(EINVAL, "");
        if (!behind)
            return "how far replication lags is not known";
        if (std::chrono::seconds(*behind) > *max_lag)
            return fmt::format("replication is {} s behind", *behind);
    }
    return std::nullopt;
}

} // namespace weir::keeper
