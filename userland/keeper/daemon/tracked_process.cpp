// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/tracked_process.h"

#include <algorithm>
#include <sstream>

namespace weir::keeper {

std::optional<ProcessEntry> parse_process(const std::string& stat)
{
    // "PID (NAME) STATE PARENT ...", where NAME may have anything in it
    std::size_t open = stat.find('('), close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open)
        return std::nullopt;
    ProcessEntry entry;
    char state = 0;
    std::istringstream before(stat.substr(0, open)), after(stat.substr(close + 1));
    if (!(before >> entry.pid) || !(after >> state >> entry.parent))
        return std::nullopt;
    entry.ended = state == 'Z' || state == 'X';
    entry.name = stat.substr(open + 1, close - open - 1);
    return entry;
}

bool needs_words(const ProcessConfig& wanted)
{
    return wanted.full_command || wanted.match != ProcessConfig::Match::name;
}

bool matches(const ProcessConfig& wanted, const ProcessEntry& process, const std::vector<std::string>& words)
{
    using Match = ProcessConfig::Match;
    if (process.ended)
        return false;
    if (!needs_words(wanted)) {
        std::string base = wanted.process.substr(wanted.process.rfind('/') + 1); // of npos + 1 too
        return process.name == base.substr(0, 15); // the kernel keeps 15 characters
    }
    if (words.empty() || words[0] != wanted.process)
        return false;
    const auto& arguments = wanted.arguments;
    std::size_t given = words.size() - 1;
    if (wanted.match == Match::name)
        return true;
    if (given < arguments.size() || (wanted.match == Match::exact && given != arguments.size()))
        return false;
    for (std::size_t i = 0; i < arguments.size(); i++) {
        bool in_part = wanted.match == Match::initial && i + 1 == arguments.size();
        if (in_part ? !words[i + 1].starts_with(arguments[i]) : words[i + 1] != arguments[i])
            return false;
    }
    return true;
}

Duration TrackedProcess::delay_of(const std::vector<ProcessEntry>& found) const
{
    auto among = [](const std::vector<ProcessEntry>& list, pid_t pid) {
        return std::ranges::find(list, pid, &ProcessEntry::pid) != list.end();
    };
    if (found.size() < found_.size())
        return config_.down_delay;
    bool forked = std::ranges::all_of(found, [&](const auto& process) {
        return among(found_, process.pid) || among(found_, process.parent) || among(found, process.parent);
    });
    return forked ? config_.up_delay : Duration(0);
}

std::optional<bool> TrackedProcess::look(std::vector<ProcessEntry> found, Clock::time_point now)
{
    auto count = static_cast<std::int64_t>(found.size());
    bool enough = count >= config_.quorum && (!config_.quorum_max || count <= *config_.quorum_max);
    bool first = !enough_;
    if (enough_ == enough) {
        since_.reset();
    } else if (!since_) {
        since_ = now;
        delay_ = first ? Duration(0) : delay_of(found);
    }
    found_ = std::move(found);
    if (!since_ || now - *since_ < delay_)
        return std::nullopt;
    since_.reset();
    enough_ = enough;
    return enough;
}

} // namespace weir::keeper
