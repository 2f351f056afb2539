// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "keeper/config/bind.h"

namespace weir::keeper {
namespace {

/// "[weight N] [reverse|noreverse]" from word `i` on
void bind_weight(const Values& values, std::size_t i, int limit, Track& track)
{
    Diagnostics& diagnostics = values.diagnostics();
    for (; i < values.size(); i++) {
        if (values.text(i) == "weight") {
            track.weight_given = true;
            auto weight = parse_integer(values.text(i + 1), -limit, limit);
            if (i + 1 == values.size())
                diagnostics.error(values.at(i), "'weight' needs a value");
            else if (!weight)
                diagnostics.error(values.at(i + 1), "weight: " + weight.error().message);
            else
                track.weight = static_cast<int>(*weight);
            i++;
        } else if (values.text(i) == "reverse") {
            track.reverse = true;
        } else if (values.text(i) == "noreverse") {
            track.reverse = false;
        } else {
            auto meant = nearest(values.text(i), {"weight", "reverse", "noreverse"});
            diagnostics.error(values.at(i), meant.empty()
                                                ? fmt::format("'{}' is not known here", values.text(i))
                                                : fmt::format("'{}' is not known here; did you mean '{}'?",
                                                              values.text(i), meant));
        }
    }
}

/// "N [reverse]" of a script, process or file of its own
void bind_own_weight(const Values& values, int limit, int& weight, bool& reverse)
{
    values.integer(weight, -limit, limit);
    reverse = values.text(2) == "reverse";
}

} // namespace

std::vector<Track> bind_tracks(const Statement& block, int limit, Diagnostics& diagnostics)
{
    std::vector<Track> tracks;
    for (const auto& line : block.children) {
        Track track{line.name(), 0, false, false};
        if (std::ranges::find(tracks, track.name, &Track::name) != tracks.end()) {
            diagnostics.warning(line.at(),
                                fmt::format("'{}' is tracked already, this line is ignored", track.name));
            continue;
        }
        bind_weight(Values(line, diagnostics), 1, limit, track);
        tracks.push_back(std::move(track));
    }
    return tracks;
}

void bind_group(const Statement& block, SyncGroupConfig& group, Diagnostics& diagnostics)
{
    group.at = block.at();
    for (const auto& line : block.children) {
        const std::string& name = line.name();
        if (name == "group") {
            for (const auto& member : line.children) {
                for (const auto& word : member.words)
                    group.members.push_back(word.text);
            }
        } else if (name == "track_interface") {
            group.interfaces = bind_tracks(line, 253, diagnostics);
        } else if (name == "track_script") {
            group.scripts = bind_tracks(line, 253, diagnostics);
        } else if (name == "track_file") {
            group.files = bind_tracks(line, 254, diagnostics);
        } else if (name == "track_process") {
            group.processes = bind_tracks(line, 254, diagnostics);
        } else if (name == "track_bfd") {
            group.bfds = bind_tracks(line, 253, diagnostics);
        } else if (name == "global_tracking") {
            group.global_tracking = true;
        } else if (name == "sync_group_tracking_weight") {
            group.weights = true;
        } else if (name == "notify_priority_changes") {
            Values(line, diagnostics).boolean(group.notify_priority);
        } else {
            (void)bind_notify(line, group.notify, diagnostics);
        }
    }
    if (group.members.empty())
        diagnostics.error(group.at, fmt::format("sync group '{}' has no instances", group.name));
}

void bind_script(const Statement& block, ScriptConfig& script, Diagnostics& diagnostics)
{
    script.at = block.at();
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        const std::string& name = line.name();
        if (name == "script") {
            // here the rest of the line is the command, quoted or not
            std::string user = script.command.user, group = script.command.group;
            std::string_view rest = line.line.view();
            rest.remove_prefix(std::min(rest.find_first_of(" \t"), rest.size()));
            if (auto words = split_command(rest); words && words->size() > 1) {
                script.command.words = std::move(*words);
                check_program(script.command, line.words[1].at, diagnostics);
            } else {
                script.command = bind_command(line, diagnostics, false);
            }
            script.command.user = user;
            script.command.group = group;
        } else if (name == "interval") {
            values.seconds(script.interval);
        } else if (name == "timeout") {
            values.seconds(script.timeout);
        } else if (name == "weight") {
            bind_own_weight(values, 253, script.weight, script.reverse);
        } else if (name == "rise") {
            values.integer(script.rise, 1, INT32_MAX);
        } else if (name == "fall") {
            values.integer(script.fall, 1, INT32_MAX);
        } else if (name == "user") {
            script.command.user = values.text(1);
            script.command.group = values.text(2);
        } else if (name == "init_fail") {
            script.init_fail = true;
        }
    }
    if (script.command.empty())
        diagnostics.error(script.at, fmt::format("vrrp_script '{}' has no script", script.name));
    if (script.timeout.count() == 0)
        script.timeout = script.interval;
}

void bind_file(const Statement& block, FileConfig& file, Diagnostics& diagnostics)
{
    file.at = block.at();
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        if (line.name() == "file") {
            file.path = values.text();
        } else if (line.name() == "weight") {
            bind_own_weight(values, 254, file.weight, file.reverse);
        } else if (line.name() == "init_file") {
            file.init = true;
            for (std::size_t i = 1; i < values.size(); i++) {
                if (values.text(i) == "overwrite")
                    file.overwrite = true;
                else
                    values.integer(file.init_value, INT32_MIN, INT32_MAX, i);
            }
        }
    }
    if (file.path.empty())
        diagnostics.error(file.at, fmt::format("track_file '{}' names no file", file.name));
}

void bind_process(const Statement& block, ProcessConfig& process, Diagnostics& diagnostics)
{
    process.at = block.at();
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        const std::string& name = line.name();
        if (name == "process") {
            std::string_view rest = line.line.view();
            auto words = split_command(rest.substr(std::min(rest.find_first_of(" \t"), rest.size())));
            if (words && !words->empty()) {
                process.process = words->front();
                process.arguments.assign(words->begin() + 1, words->end());
                if (process.match == ProcessConfig::Match::name && !process.arguments.empty())
                    process.match = ProcessConfig::Match::exact;
            }
        } else if (name == "param_match") {
            using Match = ProcessConfig::Match;
            process.match = values.size() < 2            ? Match::exact
                            : values.text() == "partial" ? Match::partial
                                                         : Match::initial;
        } else if (name == "weight") {
            bind_own_weight(values, 254, process.weight, process.reverse);
        } else if (name == "quorum") {
            values.integer(process.quorum, 1, 65535);
        } else if (name == "quorum_max") {
            unsigned most = 0;
            values.integer(most, 0, 65535);
            process.quorum_max = most;
        } else if (name == "delay") {
            values.seconds(process.up_delay);
            process.down_delay = process.up_delay;
        } else if (name == "fork_delay") {
            values.seconds(process.up_delay);
        } else if (name == "terminate_delay") {
            values.seconds(process.down_delay);
        } else if (name == "full_command") {
            process.full_command = true;
        }
    }
    if (process.process.empty())
        diagnostics.error(process.at, fmt::format("vrrp_track_process '{}' names no process", process.name));
    if (process.quorum_max == 0u && process.quorum == 1)
        process.quorum = 0; // as in keepalived: it is not to run
    if (process.quorum_max && *process.quorum_max < process.quorum)
        diagnostics.error(
            process.at, fmt::format("quorum_max {} is below quorum {}", *process.quorum_max, process.quorum));
}

} // namespace weir::keeper
