// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keeper/config/model.h"

namespace weir::keeper {

/// What is known of tracked things. Absent: not known yet.
struct TrackedState {
    std::map<std::string, bool> interfaces, scripts, processes, bfds;
    std::map<std::string, std::int64_t> files;
    /// Came with a reload: without meaning until they are known.
    std::set<std::string> new_scripts, new_processes;
};

struct TrackVerdict {
    std::uint8_t priority = 100;
    bool faulty = false;
    /// The first thing that makes it faulty, for people.
    std::string fault;
};

/// The lists of an instance or a sync group.
struct TrackLists {
    const std::vector<Track>*interfaces, *scripts, *processes, *files, *bfds = nullptr;
};

/// keepalived's rules: weight 0 is FAULT while down; a positive weight counts while up, a negative one while
/// down; "reverse" turns FAULT to while up, and the sign of what counts; a file's number times its weight is
/// added, and of weight 0 any number but 0 is FAULT. The sum stays in 1..254, and an address owner's 255 is
/// not touched. A script that has not answered yet is down if its weight is 0, but for those that a reload
/// brings.
[[nodiscard]] TrackVerdict judge(std::uint8_t base, const std::vector<TrackLists>& lists,
                                 const TrackedState& state);

} // namespace weir::keeper
