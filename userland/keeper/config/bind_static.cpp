// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "keeper/config/bind.h"

namespace weir::keeper {
namespace {

/// keepalived counts down from here where a rule has no priority of its own.
constexpr std::uint32_t first_rule_priority = 16384;

template <typename T>
void append(std::vector<T>& target, std::vector<T> more)
{
    std::ranges::move(more, std::back_inserter(target));
}

template <typename T>
const std::string& track_group_of(const T& item)
{
    return item.track_group;
}
const std::string& track_group_of(const VirtualAddress& address)
{
    return address.extras->track_group;
}

void bind_track_group(const Statement& block, TrackGroupConfig& group)
{
    group.at = block.at();
    group.name = block.words[1].text;
    for (const auto& line : block.children) {
        for (const auto& member : line.children) {
            for (const auto& word : member.words)
                group.instances.push_back(word.text);
        }
    }
}

void check_track_groups(const Config& config, Diagnostics& diagnostics)
{
    for (const auto& group : config.track_groups) {
        for (const auto& name : group.instances) {
            if (std::ranges::find(config.instances, name, &InstanceConfig::name) == config.instances.end())
                diagnostics.error(group.at,
                                  fmt::format("track_group '{}' names an instance '{}' that is not there",
                                              group.name, name));
        }
    }
    auto check = [&](const auto& list) {
        for (const auto& item : list) {
            const std::string& name = track_group_of(item);
            if (!name.empty() && std::ranges::find(config.track_groups, name, &TrackGroupConfig::name) ==
                                     config.track_groups.end())
                diagnostics.error({}, fmt::format("there is no track_group '{}'", name));
        }
    };
    check(config.fixed.addresses), check(config.fixed.routes), check(config.fixed.rules);
    for (const auto& instance : config.instances) {
        auto grouped = [](const auto& item) { return !track_group_of(item).empty(); };
        if (std::ranges::any_of(instance.addresses, grouped) ||
            std::ranges::any_of(instance.excluded, grouped) ||
            std::ranges::any_of(instance.routes, grouped) || std::ranges::any_of(instance.rules, grouped))
            diagnostics.error(
                instance.at,
                fmt::format("'{}': track_group is for static addresses, routes and rules", instance.name));
    }
}

} // namespace

void bind_static(const std::vector<Statement>& tree, Config& config, Diagnostics& diagnostics)
{
    for (const auto& block : tree) {
        if (!block.block)
            continue;
        if (block.name() == "static_ipaddress")
            append(config.fixed.addresses, bind_addresses(block, diagnostics));
        else if (block.name() == "static_routes")
            append(config.fixed.routes, bind_routes(block, diagnostics));
        else if (block.name() == "static_rules")
            append(config.fixed.rules, bind_rules(block, diagnostics));
        else if (block.name() == "track_group" && block.words.size() > 1)
            bind_track_group(block, config.track_groups.emplace_back());
    }
    for (auto& address : config.fixed.addresses) {
        if (address.device.empty())
            address.device = config.global.default_interface;
    }
}

void settle_static(Config& config, Diagnostics& diagnostics)
{
    std::uint32_t next4 = first_rule_priority, next6 = first_rule_priority;
    auto number = [&](std::vector<RuleConfig>& rules) {
        for (auto& rule : rules) {
            if (!rule.priority)
                rule.priority = rule.family == AF_INET6 ? next6-- : next4--;
        }
    };
    number(config.fixed.rules);
    for (auto& instance : config.instances)
        number(instance.rules);
    check_track_groups(config, diagnostics);
}

} // namespace weir::keeper
