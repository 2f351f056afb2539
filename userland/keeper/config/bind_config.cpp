// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "keeper/config/bind.h"
#include "keeper/config/bind_service.h"
#include "keeper/config/config.h"
#include "keeper/config/flatten.h"

namespace weir::keeper {
namespace {

/// Binds each top-level block `keyword NAME { }` and refuses second ones of a name.
template <typename T, typename Bind>
void bind_named(const std::vector<Statement>& tree, std::string_view keyword, std::vector<T>& list,
                Diagnostics& diagnostics, Bind bind)
{
    for (const auto& block : tree) {
        if (block.name() != keyword || block.words.size() < 2 || !block.block)
            continue;
        const std::string& name = block.words[1].text;
        if (std::ranges::find(list, name, &T::name) != list.end()) {
            diagnostics.error(block.words[1].at, fmt::format("there is a {} '{}' already", keyword, name));
            continue;
        }
        T item;
        item.name = name;
        bind(block, item);
        list.push_back(std::move(item));
    }
}

void bind_pace(const Statement& block, Config& config, Diagnostics& diagnostics)
{
    AnnouncePace pace;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        if (line.name() == "garp_interval")
            values.seconds(pace.arp);
        else if (line.name() == "gna_interval")
            values.seconds(pace.na);
        else if (line.name() == "interface")
            pace.interfaces.push_back(values.text());
        else if (line.name() == "interfaces") {
            for (const auto& child : line.children) {
                for (const auto& word : child.words)
                    pace.interfaces.push_back(word.text);
            }
        }
    }
    if (pace.arp.count() == 0 && pace.na.count() == 0)
        diagnostics.warning(block.at(), "this garp_group has no interval and is ignored");
    else
        config.paces.push_back(std::move(pace));
}

/// Two instances that would answer for one virtual router.
void check_routers(const Config& config, Diagnostics& diagnostics)
{
    std::map<std::tuple<std::string, int, unsigned, bool, Address>, const InstanceConfig*> routers;
    for (const auto& instance : config.instances) {
        Address source = instance.unicast ? instance.source : Address();
        auto [known, added] = routers.try_emplace(
            {instance.interface, instance.family, instance.vrid, instance.unicast, source}, &instance);
        if (!added && instance.vrid != 0)
            diagnostics.error(instance.at, fmt::format("'{}' and '{}' both are virtual router {} on {}",
                                                       known->second->name, instance.name, instance.vrid,
                                                       instance.interface));
    }
    std::map<std::pair<std::string, Address>, const InstanceConfig*> addresses;
    for (const auto& instance : config.instances) {
        for (const auto* list : {&instance.addresses, &instance.excluded}) {
            for (const auto& address : *list) {
                const std::string& device = address.device.empty() ? instance.interface : address.device;
                auto [known, added] = addresses.try_emplace({device, address.address.address}, &instance);
                if (!added && known->second != &instance)
                    diagnostics.warning(instance.at, fmt::format("{} is an address of '{}' and of '{}'",
                                                                 address.address.address.to_string(),
                                                                 known->second->name, instance.name));
            }
        }
    }
}

/// Tracked names have to exist; weights that a line leaves out come from the tracked thing.
template <typename T>
void resolve_tracks(std::vector<Track>& tracks, const std::vector<T>& known, std::string_view what,
                    Position at, Diagnostics& diagnostics)
{
    std::vector<std::string_view> names;
    names.reserve(known.size());
    for (const auto& item : known)
        names.push_back(item.name);
    for (auto& track : tracks) {
        auto item = std::ranges::find(known, track.name, &T::name);
        if (item == known.end()) {
            auto meant = nearest(track.name, names);
            diagnostics.error(at,
                              fmt::format("there is no {} '{}'{}", what, track.name,
                                          meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
        } else if (!track.weight_given) {
            track.weight = item->weight;
            track.reverse |= item->reverse;
        }
    }
}

template <typename T>
void resolve_all_tracks(T& owner, const Config& config, Diagnostics& diagnostics)
{
    resolve_tracks(owner.scripts, config.scripts, "vrrp_script", owner.at, diagnostics);
    resolve_tracks(owner.files, config.files, "track_file", owner.at, diagnostics);
    resolve_tracks(owner.processes, config.processes, "vrrp_track_process", owner.at, diagnostics);
    resolve_tracks(owner.bfds, config.bfds, "bfd_instance", owner.at, diagnostics);
}

/// global_tracking: what one member follows, all do.
void share_tracks(InstanceConfig& instance, SyncGroupConfig& group)
{
    auto move = [](std::vector<Track>& from, std::vector<Track>& to) {
        for (auto& track : from) {
            if (std::ranges::find(to, track.name, &Track::name) == to.end())
                to.push_back(std::move(track));
        }
        from.clear();
    };
    move(instance.interfaces, group.interfaces), move(instance.scripts, group.scripts);
    move(instance.files, group.files), move(instance.processes, group.processes);
    move(instance.bfds, group.bfds);
}

void check_groups(Config& config, Diagnostics& diagnostics)
{
    std::map<std::string, std::string> group_of;
    std::vector<std::string_view> names;
    for (const auto& instance : config.instances)
        names.push_back(instance.name);
    for (auto& group : config.groups) {
        for (const auto& member : group.members) {
            if (std::ranges::find(names, member) == names.end()) {
                auto meant = nearest(member, names);
                diagnostics.error(
                    group.at,
                    fmt::format("sync group '{}' names an instance '{}' that is not there{}", group.name,
                                member, meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
            }
            auto [known, added] = group_of.try_emplace(member, group.name);
            if (!added)
                diagnostics.error(group.at, fmt::format("'{}' is in two sync groups, '{}' and '{}'", member,
                                                        known->second, group.name));
        }
        resolve_all_tracks(group, config, diagnostics);
        for (auto& instance : config.instances)
            instance.notify_priority |=
                group.notify_priority &&
                std::ranges::find(group.members, instance.name) != group.members.end();
    }
    // a member whose own priority wanders would pull its group apart
    for (auto& instance : config.instances) {
        auto name = group_of.find(instance.name);
        if (name == group_of.end())
            continue;
        auto group = std::ranges::find(config.groups, name->second, &SyncGroupConfig::name);
        if (group->global_tracking) {
            share_tracks(instance, *group);
            continue;
        }
        if (group->weights)
            continue;
        auto drop = [&](std::vector<Track>& tracks) {
            for (auto& track : tracks) {
                if (track.weight != 0) {
                    diagnostics.warning(
                        instance.at,
                        fmt::format("the weight of '{}' on '{}' is ignored: sync group '{}' has no "
                                    "sync_group_tracking_weight",
                                    track.name, instance.name, group->name));
                }
            }
            std::erase_if(tracks, [](const Track& track) { return track.weight != 0; });
        };
        drop(instance.interfaces), drop(instance.scripts), drop(instance.files), drop(instance.processes);
        drop(instance.bfds);
    }
}

void check_unused(const Config& config, Diagnostics& diagnostics)
{
    for (const auto& script : config.scripts) {
        auto uses = [&](const auto& owner) {
            return std::ranges::find(owner.scripts, script.name, &Track::name) != owner.scripts.end();
        };
        if (std::ranges::none_of(config.instances, uses) && std::ranges::none_of(config.groups, uses))
            diagnostics.note(script.at, fmt::format("vrrp_script '{}' is not used", script.name));
    }
}

/// The first counts, as in keepalived.
void bind_net_namespace(const Statement& line, std::string& target, const char* without_name,
                        Diagnostics& diagnostics)
{
    if (target.empty())
        target = line.words.size() > 1 ? line.words[1].text : without_name;
    else
        diagnostics.warning(line.at(),
                            fmt::format("{} has been said already, this one is left aside", line.name()));
}

/// Unknown words become warnings, and what stands in their braces is passed over.
void forgive_unknown(Diagnostics& diagnostics)
{
    Diagnostics forgiven = diagnostics;
    diagnostics = Diagnostics();
    for (std::uint32_t file = 0; forgiven.file_name(file) != "configuration"; file++)
        (void)diagnostics.add_file(forgiven.file_name(file));
    diagnostics.file_missing = forgiven.file_missing;
    diagnostics.insecure_script = forgiven.insecure_script;
    for (const auto& item : forgiven.all()) {
        bool unknown = item.severity == Severity::error && item.text.starts_with("unknown keyword");
        diagnostics.add(unknown ? Severity::warning : item.severity, item.at, item.text);
    }
}

} // namespace

bool ScriptConfig::operator==(const ScriptConfig& other) const
{
    auto tie = [](const ScriptConfig& s) {
        return std::tie(s.name, s.command, s.interval, s.timeout, s.weight, s.reverse, s.rise, s.fall,
                        s.init_fail);
    };
    return tie(*this) == tie(other);
}

Config read_config(const std::string& path, const ConfigFiles& files, const ConfigHost& host,
                   Diagnostics& diagnostics, const ConfigOptions& options)
{
    ConfigReader reader(files, host, diagnostics);
    reader.open(path);
    auto tree = read_tree(reader, diagnostics);
    if (options.flat)
        *options.flat = flat_text(tree);
    check_keywords(tree, diagnostics);
    if (options.lenient)
        forgive_unknown(diagnostics);

    Config config;
    // global definitions hold for all instances, wherever they stand
    for (const auto& block : tree) {
        if (block.name() == "global_defs") {
            bind_global(block, config.global, diagnostics);
            for (const auto& line : block.children)
                (void)bind_service_global(Values(line, diagnostics), config.services);
        }
        if (block.name() == "net_namespace")
            bind_net_namespace(block, config.global.net_namespace, "", diagnostics);
        else if (block.name() == "net_namespace_ipvs")
            bind_net_namespace(block, config.global.net_namespace_ipvs, "/proc/1/ns/net", diagnostics);
        else if (block.name() == "garp_group")
            bind_pace(block, config, diagnostics);
        else if (block.name() == "interface_up_down_delays")
            bind_delays(block, config.delays, diagnostics);
    }
    bind_static(tree, config, diagnostics);
    bind_named(tree, "vrrp_script", config.scripts, diagnostics,
               [&](const auto& b, auto& i) { bind_script(b, i, diagnostics); });
    bind_named(tree, "track_file", config.files, diagnostics,
               [&](const auto& b, auto& i) { bind_file(b, i, diagnostics); });
    bind_named(tree, "vrrp_track_file", config.files, diagnostics,
               [&](const auto& b, auto& i) { bind_file(b, i, diagnostics); });
    bind_named(tree, "vrrp_track_process", config.processes, diagnostics,
               [&](const auto& b, auto& i) { bind_process(b, i, diagnostics); });
    bind_named(tree, "bfd_instance", config.bfds, diagnostics,
               [&](const auto& b, auto& i) { bind_bfd(b, i, diagnostics); });
    bind_named(tree, "vrrp_sync_group", config.groups, diagnostics,
               [&](const auto& b, auto& i) { bind_group(b, i, diagnostics); });
    bind_named(tree, "vrrp_instance", config.instances, diagnostics,
               [&](const auto& b, auto& i) { bind_instance(b, config.global, i, diagnostics); });
    bind_services(tree, config, diagnostics);
    for (auto& instance : config.instances) {
        settle_instance(instance, diagnostics);
        resolve_all_tracks(instance, config, diagnostics);
    }
    check_bfds(config, diagnostics);
    settle_static(config, diagnostics);
    check_groups(config, diagnostics);
    check_routers(config, diagnostics);
    name_made_interfaces(config, diagnostics);
    check_unused(config, diagnostics);
    diagnostics.sort();
    return config;
}

int check_status(const Diagnostics& diagnostics)
{
    if (diagnostics.file_missing)
        return 4;
    if (diagnostics.insecure_script)
        return 6;
    return diagnostics.usable() && diagnostics.count(Severity::warning) == 0 ? 0 : 5;
}

} // namespace weir::keeper
