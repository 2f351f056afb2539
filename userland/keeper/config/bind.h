// SPDX-License-Identifier: GPL-2.0
// Inside of the configuration: how statements become Config. One file a noun: bind_global.cpp,
// bind_instance.cpp, bind_track.cpp, bind_notify.cpp; bind_config.cpp puts them together and looks at the
// whole.
#pragma once

#include <functional>
#include <string_view>

#include "keeper/config/keyword.h"
#include "keeper/config/model.h"

namespace weir::keeper {

/// Reads the values of one statement. A value that check_keywords has refused already gives the default here,
/// so that each mistake is reported once.
class Values {
  public:
    Values(const Statement& statement, Diagnostics& diagnostics)
        : statement_(statement),
          diagnostics_(diagnostics)
    {
    }

    [[nodiscard]] std::size_t size() const { return statement_.words.size(); }
    [[nodiscard]] std::string text(std::size_t i = 1) const
    {
        return i < size() ? statement_.words[i].text : "";
    }
    [[nodiscard]] Position at(std::size_t i = 0) const { return statement_.words[i < size() ? i : 0].at; }
    template <typename T>
    void integer(T& target, std::int64_t min, std::int64_t max, std::size_t i = 1) const
    {
        if (auto value = parse_integer(text(i), min, max))
            target = static_cast<T>(*value);
    }
    void seconds(Duration& target, std::size_t i = 1) const
    {
        if (auto value = parse_seconds(text(i), 0, 100'000'000))
            target = Duration(*value);
    }
    /// Absent is true.
    void boolean(bool& target, std::size_t i = 1) const
    {
        target = i < size() ? parse_bool(text(i)).value_or(target) : true;
    }
    void address(Address& target, std::size_t i = 1) const
    {
        target = Address::parse(text(i)).value_or(target);
    }
    [[nodiscard]] const Statement& statement() const { return statement_; }
    [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }

  private:
    const Statement& statement_;
    Diagnostics& diagnostics_;
};

void bind_global(const Statement& block, Global& global, Diagnostics& diagnostics);
void bind_vmac(const Values& values, InstanceConfig& instance);
void bind_ipvlan(const Values& values, InstanceConfig& instance);
/// Names and MACs of vmacs and ipvlans that are not given, one interface for each; addresses that have one
/// are on it.
void name_made_interfaces(Config& config, Diagnostics& diagnostics);
void bind_instance(const Statement& block, const Global& global, InstanceConfig& instance,
                   Diagnostics& diagnostics);
/// Contradictions inside one instance; what keepalived clears with a message is cleared here with a warning.
void settle_instance(InstanceConfig& instance, Diagnostics& diagnostics);
[[nodiscard]] std::vector<VirtualAddress> bind_addresses(const Statement& block, Diagnostics& diagnostics);
[[nodiscard]] std::vector<RouteConfig> bind_routes(const Statement& block, Diagnostics& diagnostics);
[[nodiscard]] std::vector<RuleConfig> bind_rules(const Statement& block, Diagnostics& diagnostics);
/// static_ipaddress, static_routes, static_rules, track_group; global definitions are known.
void bind_static(const std::vector<Statement>& tree, Config& config, Diagnostics& diagnostics);
/// Rules without a priority get one; groups and their users have to know each other.
void settle_static(Config& config, Diagnostics& diagnostics);

void bind_group(const Statement& block, SyncGroupConfig& group, Diagnostics& diagnostics);
void bind_script(const Statement& block, ScriptConfig& script, Diagnostics& diagnostics);
void bind_file(const Statement& block, FileConfig& file, Diagnostics& diagnostics);
void bind_bfd(const Statement& block, BfdConfig& bfd, Diagnostics& diagnostics);
void check_bfds(const Config& config, Diagnostics& diagnostics);
/// The lines of interface_up_down_delays.
void bind_delays(const Statement& block, std::vector<InterfaceDelay>& delays, Diagnostics& diagnostics);
/// garp_extra_if [all] SECONDS
void bind_extra(const Values& values, Duration& interval, bool& all);
void bind_process(const Statement& block, ProcessConfig& process, Diagnostics& diagnostics);
/// The lines of a track_* block.
[[nodiscard]] std::vector<Track> bind_tracks(const Statement& block, int limit, Diagnostics& diagnostics);

/// The keyword's command: with `user` and `group` where "user [group]" may follow it.
[[nodiscard]] Command bind_command(const Statement& statement, Diagnostics& diagnostics,
                                   bool user_follows = true);
/// startup_script and the like; the first of a name stays.
void bind_program(const Values& values, Program& program);
void check_program(const Command& command, Position at, Diagnostics& diagnostics);
/// Takes notify, notify_master ... into `notify`; false where the statement is none of them.
[[nodiscard]] bool bind_notify(const Statement& statement, Rare<Notify>& notify, Diagnostics& diagnostics);

[[nodiscard]] std::optional<Mac> parse_mac(std::string_view text);

} // namespace weir::keeper
