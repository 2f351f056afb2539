// SPDX-License-Identifier: GPL-2.0
#include "weiradm/reconcile.h"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weiradm/json.h"
#include "weiradm/service_word.h"

namespace weir {
namespace {

std::string value_text(const Json& value)
{
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "none" : to_line(value);
}

template <typename Config>
std::vector<FieldChange> differences(const Config& from, const Config& to)
{
    Json before = settings_json(from, Detail::all);
    Json after = settings_json(to, Detail::all);
    std::vector<FieldChange> fields;
    for (const auto& [name, value] : after.items())
        if (before[name] != value)
            fields.push_back({name, value_text(before[name]), value_text(value)});
    return fields;
}

/// Seeds are given out to administrators only; one that is hidden is taken for unchanged.
ServiceConfig comparable(const ServiceConfig& current, const ServiceConfig& desired)
{
    ServiceConfig config = current;
    if (!config.seed)
        config.seed = desired.seed;
    return config;
}

void compare_servers(const Service& desired, const Service& current, std::vector<Change>& changes)
{
    std::map<Endpoint, const Server*> left;
    for (const Server& server : current.servers)
        left.emplace(server.endpoint, &server);
    for (const Server& server : desired.servers) {
        auto found = left.find(server.endpoint);
        if (found == left.end()) {
            changes.push_back({Change::Kind::add, desired.key, server.endpoint, {}});
            continue;
        }
        if (!(found->second->config == server.config))
            changes.push_back({Change::Kind::change, desired.key, server.endpoint,
                               differences(found->second->config, server.config)});
        left.erase(found);
    }
    for (const Server& server : current.servers)
        if (left.contains(server.endpoint))
            changes.push_back({Change::Kind::remove, desired.key, server.endpoint, {}});
}

} // namespace

Result<std::vector<Change>> reconcile(const std::vector<Service>& desired,
                                      const std::vector<Service>& current, const std::string& owner)
{
    std::map<ServiceKey, const Service*> left;
    for (const Service& service : current)
        left.emplace(service.key, &service);

    std::vector<Change> changes;
    for (const Service& service : desired) {
        auto found = left.find(service.key);
        if (found == left.end()) {
            changes.push_back({Change::Kind::add, service.key, {}, {}});
            for (const Server& server : service.servers)
                changes.push_back({Change::Kind::add, service.key, server.endpoint, {}});
            continue;
        }
        const Service& present = *found->second;
        if (present.owner != owner)
            return fail(EEXIST,
                        fmt::format("owner '{}' keeps this service; delete it there, or apply as that owner",
                                    present.owner),
                        service_word(service.key));
        ServiceConfig config = comparable(present.config, service.config);
        if (!(config == service.config))
            changes.push_back({Change::Kind::change, service.key, {}, differences(config, service.config)});
        compare_servers(service, present, changes);
        left.erase(found);
    }
    for (const Service& service : current)
        if (service.owner == owner && left.contains(service.key))
            changes.push_back({Change::Kind::remove, service.key, {}, {}});
    return changes;
}

std::string changes_text(const std::vector<Change>& changes)
{
    std::string text;
    for (const Change& change : changes) {
        char sign = change.kind == Change::Kind::add ? '+' : change.kind == Change::Kind::remove ? '-' : '~';
        text += fmt::format("{} {}", sign, service_word(change.service));
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
