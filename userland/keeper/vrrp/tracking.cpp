// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/tracking.h"

#include <algorithm>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

struct Sum {
    std::int64_t weight = 0;
    std::string fault;

    void add_fault(std::string_view what, const std::string& name)
    {
        if (fault.empty())
            fault = fmt::format("{} {}", what, name);
    }
};

void add_switches(Sum& sum, std::string_view what, const std::vector<Track>& tracks,
                  const std::map<std::string, bool>& state, const std::set<std::string>& fresh = {})
{
    for (const auto& track : tracks) {
        auto known = state.find(track.name);
        if (known == state.end()) {
            if (track.weight == 0 && !fresh.contains(track.name))
                sum.add_fault(what, track.name);
            continue;
        }
        bool up = known->second;
        if (track.weight == 0) {
            if (up == track.reverse)
                sum.add_fault(what, track.name);
        } else if ((track.weight > 0) == up) {
            sum.weight += track.reverse ? -track.weight : track.weight;
        }
    }
}

void add_files(Sum& sum, const std::vector<Track>& tracks, const std::map<std::string, std::int64_t>& state)
{
    for (const auto& track : tracks) {
        auto known = state.find(track.name);
        std::int64_t value =
            known == state.end() ? 0 : std::clamp<std::int64_t>(known->second, INT32_MIN, INT32_MAX);
        if (track.weight == 0) {
            if ((value != 0) != track.reverse)
                sum.add_fault("file", track.name);
            continue;
        }
        std::int64_t weight = value * track.weight * (track.reverse ? -1 : 1);
        if (weight <= -254)
            sum.add_fault("file", track.name);
        else
            sum.weight += std::min<std::int64_t>(weight, 254);
    }
}

} // namespace

TrackVerdict judge(std::uint8_t base, const std::vector<TrackLists>& lists, const TrackedState& state)
{
    Sum sum;
    for (const auto& list : lists) {
        add_switches(sum, "interface", *list.interfaces, state.interfaces);
        add_switches(sum, "script", *list.scripts, state.scripts, state.new_scripts);
        add_switches(sum, "process", *list.processes, state.processes, state.new_processes);
        if (list.bfds)
            add_switches(sum, "BFD session", *list.bfds, state.bfds);
        add_files(sum, *list.files, state.files);
    }
    TrackVerdict verdict;
    verdict.faulty = !sum.fault.empty();
    verdict.fault = std::move(sum.fault);
    verdict.priority =
        base == 255 ? base : static_cast<std::uint8_t>(std::clamp<std::int64_t>(base + sum.weight, 1, 254));
    return verdict;
}

} // namespace weir::keeper
