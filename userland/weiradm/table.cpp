// SPDX-License-Identifier: GPL-2.0
#include "weiradm/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "weiradm/service_word.h"

namespace weir {
namespace {

std::string service_head(const Service& service)
{
    const ServiceConfig& config = service.config;
    std::string text = fmt::format("{}  {}", service_word(service.key), config.scheduler);
    auto flag = [&](std::uint32_t bit, const char* word) {
        if (config.flags & bit)
            text += fmt::format("  {}", word);
    };
    flag(WEIR_SERVICE_F_SH_FALLBACK, "sh-fallback");
    flag(WEIR_SERVICE_F_SH_PORT, "sh-port");
    flag(WEIR_SERVICE_F_MH_FALLBACK, "mh-fallback");
    flag(WEIR_SERVICE_F_MH_PORT, "mh-port");
    flag(WEIR_SERVICE_F_ONE_PACKET, "ops");
    flag(WEIR_SERVICE_F_CONNTRACK, "conntrack");
    flag(WEIR_SERVICE_F_NO_EXPRESS, "no-express");
    flag(WEIR_SERVICE_F_TOA, "toa");
    flag(WEIR_SERVICE_F_TOA_DPVS, "toa-dpvs");
    if (config.persist_timeout)
        text += fmt::format("  persistent {} s", config.persist_timeout);
    if (config.persist_timeout && config.persist_prefix)
        text += fmt::format(" per /{}", config.persist_prefix);
    if (config.slow_start)
        text += fmt::format("  slow-start {} s", config.slow_start);
    if (config.syn_retry)
        text += fmt::format("  syn-retry {}", config.syn_retry);
    if (config.on_gone != WEIR_ON_GONE_KEEP)
        text += fmt::format("  on-gone {}", on_gone_word(config.on_gone));
    if (config.proxy_protocol != WEIR_PROXY_PROTOCOL_NONE)
        text += fmt::format("  proxy-protocol {}", proxy_protocol_word(config.proxy_protocol));
    for (auto [state, seconds] : config.timeouts)
        text += fmt::format("  {} {} s", state_word(state), seconds);
    return text + fmt::format("  owner {}\n", service.owner);
}

std::vector<std::string> numbers(const Stats& stats, View view)
{
    auto counts =
        view == View::stats
            ? std::array{stats.conns, stats.in_pkts, stats.out_pkts, stats.in_bytes, stats.out_bytes}
            : std::array{stats.cps, stats.in_pps, stats.out_pps, stats.in_bps, stats.out_bps};
    std::vector<std::string> cells;
    cells.reserve(counts.size());
    for (std::uint64_t number : counts)
        cells.push_back(short_number(number));
    return cells;
}

Table settings_table(const Service& service)
{
    Table table({"SERVER", "METHOD", "STATE", "WEIGHT", "ACTIVE", "INACTIVE"}, 3);
    for (const Server& server : service.servers) {
        std::string weight = std::to_string(server.config.weight);
        if (server.weight_override)
            weight = fmt::format("{} (set {})", *server.weight_override, weight);
        std::string method(method_word(server.config.method));
        if (server.config.method == WEIR_METHOD_TUN)
            method += " " + tunnel_word(server.config.tunnel);
        table.add({server.endpoint.to_string(), method, server_state(server), weight,
                   std::to_string(server.active), std::to_string(server.inactive)});
    }
    return table;
}

Table numbers_table(const Service& service, View view)
{
    Table table(
        view == View::stats
            ? std::vector<std::string>{"", "CONNS", "PKTS IN", "PKTS OUT", "BYTES IN", "BYTES OUT"}
            : std::vector<std::string>{"", "CONNS/S", "PKTS/S IN", "PKTS/S OUT", "BYTES/S IN", "BYTES/S OUT"},
        1);
    auto add = [&](std::string name, const Stats& stats) {
        std::vector<std::string> row{std::move(name)};
        for (std::string& cell : numbers(stats, view))
            row.push_back(std::move(cell));
        table.add(std::move(row));
    };
    add("service", service.stats);
    for (const Server& server : service.servers)
        add(server.endpoint.to_string(), *server.stats);
    return table;
}

} // namespace

Table::Table(std::vector<std::string> title, std::size_t right) : right_(right)
{
    rows_.push_back(std::move(title));
}

void Table::add(std::vector<std::string> row)
{
    rows_.push_back(std::move(row));
}

std::string Table::text(std::size_t indent) const
{
    std::vector<std::size_t> widths(rows_[0].size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size() && i < widths.size(); i++)
            widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const auto& row : rows_) {
        std::string line(indent, ' ');
        for (std::size_t i = 0; i < row.size() && i < widths.size(); i++) {
            line += i ? "  " : "";
            line += i < right_ ? fmt::format("{:<{}}", row[i], widths[i])
                               : fmt::format("{:>{}}", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string short_number(std::uint64_t number)
{
    constexpr const char* units[] = {"k", "M", "G", "T", "P", "E"};
    if (number < 10'000)
        return std::to_string(number);
    double value = static_cast<double>(number);
    const char* unit = "";
    for (const char* next : units) {
        if (value < 1000)
            break;
        value /= 1000;
        unit = next;
    }
    return value < 100 ? fmt::format("{:.1f}{}", value, unit) : fmt::format("{:.0f}{}", value, unit);
}

std::string server_state(const Server& server)
{
    if (server.flags & WEIR_SERVER_F_DRAINING) {
        if (!server.active && !server.inactive)
            return "drained";
        return server.drain.value_or(0) ? fmt::format("draining, {} s left", *server.drain) : "draining";
    }
    if (server.flags & WEIR_SERVER_F_OVERLOADED)
        return "overloaded";
    if (server.weight_override.value_or(server.config.weight) == 0)
        return "weight 0";
    return server.flags & WEIR_SERVER_F_SLOW_START ? "slow start" : "up";
}

std::string service_overview(const Service& service, View view)
{
    std::string text = service_head(service);
    if (service.servers.empty() && view == View::settings)
        return text + "    no servers\n";
    Table table = view == View::settings ? settings_table(service) : numbers_table(service, view);
    return text + table.text(4);
}

} // namespace weir
