// SPDX-License-Identifier: GPL-2.0
#include "weiradm/reconcile.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/compare.h"
#include "weiradm/json.h"
#include "weiradm/service_word.h"

namespace weir {
namespace {

std::string value_text(const Json& value)
{
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "none" : to_line(value);
}

Json all_settings(const PoolConfig& config)
{
    return settings_json(config);
}

template <typename Config>
Json all_settings(const Config& config)
{
    return settings_json(config, Detail::all);
}

template <typename Config>
std::vector<FieldChange> differences(const Config& from, const Config& to)
{
    Json before = all_settings(from);
    Json after = all_settings(to);
    std::vector<FieldChange> fields;
    for (const auto& [name, value] : after.items())
        if (before[name] != value)
            fields.push_back({name, value_text(before[name]), value_text(value)});
    return fields;
}

Change to_change(const Difference& difference)
{
    Change change{Change::Kind::change, difference.key(), {}, {}, {}};
    bool added = difference.of_server() ? !difference.before : !difference.before_service;
    bool removed = difference.of_server() ? !difference.after : !difference.after_service;
    if (added || removed)
        change.kind = added ? Change::Kind::add : Change::Kind::remove;
    if (difference.of_server())
        change.server = difference.endpoint();
    if (change.kind != Change::Kind::change)
        return change;
    if (difference.of_server()) {
        change.fields = differences(difference.before->config, difference.after->config);
        return change;
    }
    ServiceConfig before = difference.before_service->config;
    if (!before.seed) // it may be hidden
        before.seed = difference.after_service->config.seed;
    change.fields = differences(before, difference.after_service->config);
    return change;
}

} // namespace

Result<std::vector<Change>> reconcile(const std::vector<Service>& desired,
                                      const std::vector<Service>& current, const std::string& owner)
{
    std::vector<Change> changes;
    for (const Difference& difference : compare(desired, current, owner)) {
        if (difference.after_service && difference.before_service &&
            difference.before_service->owner != owner)
            return fail(EEXIST,
                        fmt::format("owner '{}' keeps this service; delete it there, or apply as that owner",
                                    difference.before_service->owner),
                        service_word(difference.key()));
        changes.push_back(to_change(difference));
    }
    return changes;
}

Result<std::vector<Change>> reconcile_pools(const std::vector<Pool>& desired,
                                            const std::vector<Pool>& current, const std::string& owner)
{
    std::vector<Change> changes;
    for (const Pool& pool : desired) {
        auto found = std::ranges::find(current, pool.name, &Pool::name);
        if (found == current.end()) {
            changes.push_back({Change::Kind::add, {}, {}, {}, pool.name});
            continue;
        }
        if (found->owner != owner)
            return fail(EEXIST,
                        fmt::format("owner '{}' keeps this pool; delete it there, or apply as that owner",
                                    found->owner),
                        "pool " + pool.name);
        if (auto fields = differences(found->config, pool.config); !fields.empty())
            changes.push_back({Change::Kind::change, {}, {}, std::move(fields), pool.name});
    }
    for (const Pool& pool : current)
        if (pool.owner == owner && std::ranges::find(desired, pool.name, &Pool::name) == desired.end())
            changes.push_back({Change::Kind::remove, {}, {}, {}, pool.name});
    return changes;
}

ConfigChange config_undo(const ConfigChange& change, const Config& current)
{
    ConfigChange undo;
    for (auto [state, seconds] : change.timeouts) {
        auto found = current.timeouts.find(state);
        std::uint32_t present = found == current.timeouts.end() ? 0 : found->second;
        if (seconds != present)
            undo.timeouts[state] = present;
    }
    auto keep = [](auto& old, const auto& wanted, const auto& present) {
        if (wanted && *wanted != present)
            old = present;
    };
    keep(undo.conn_max, change.conn_max, current.conn_max);
    keep(undo.service_max, change.service_max, current.service_max);
    keep(undo.staged_max, change.staged_max, current.staged_max);
    keep(undo.express, change.express, current.express);
    keep(undo.sloppy_tcp, change.sloppy_tcp, current.sloppy_tcp);
    keep(undo.expire_quiescent, change.expire_quiescent, current.expire_quiescent);
    keep(undo.express_devices, change.express_devices, current.express_devices);
    return undo;
}

std::string changes_text(const std::vector<Change>& changes)
{
    std::string text;
    for (const Change& change : changes) {
        char sign = change.kind == Change::Kind::add ? '+' : change.kind == Change::Kind::remove ? '-' : '~';
        text += fmt::format("{} {}", sign,
                            change.pool.empty() ? service_word(change.service) : "pool " + change.pool);
        if (change.server)
            text += " -> " + change.server->to_string();
        const char* separator = ": ";
        for (const FieldChange& field : change.fields) {
            text += fmt::format("{}{} {} -> {}", separator, field.name, field.from, field.to);
            separator = ", ";
        }
        text += "\n";
    }
    return text;
}

} // namespace weir
