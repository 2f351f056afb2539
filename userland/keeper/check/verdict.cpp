// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/verdict.h"

#include <algorithm>

namespace weir::keeper {
namespace {

constexpr auto local_pause = std::chrono::milliseconds(100); ///< while this machine lacks something

} // namespace

const CheckReport& Verdict::judge(CheckResult result, Time ended)
{
    // what a failure that changes nothing says of the weight is nothing
    if (!result.good)
        result.weight = last_.result.weight, result.weight_change = last_.result.weight_change;
    last_.result = std::move(result);
    last_.at = ended;
    last_.changed = last_.retrying = last_.damped = false;
    if (last_.result.good)
        good();
    else if (!last_.result.local_fault)
        bad();
    return last_;
}

void Verdict::good()
{
    last_.failures = 0;
    if (timing_.damping.limit && !history_->good_since)
        history_.edit().good_since = last_.at;
    if (last_.state == CheckState::up)
        return;
    last_.damped = last_.state == CheckState::down && flapping();
    if (!last_.damped)
        change_to(CheckState::up);
}

void Verdict::bad()
{
    last_.failures++;
    if (history_->good_since)
        history_.edit().good_since.reset();
    if (last_.state == CheckState::down)
        return;
    if (last_.state == CheckState::up && last_.failures <= timing_.retry)
        last_.retrying = true;
    else
        change_to(CheckState::down);
}

bool Verdict::flapping()
{
    const Damping& damping = timing_.damping;
    if (!damping.limit)
        return false;
    History& history = history_.edit();
    std::erase_if(history.changes, [&](Time change) { return last_.at - change > damping.window; });
    if (history.changes.size() <= damping.limit)
        return false;
    if (last_.at - *history.good_since < damping.hold)
        return true;
    history.changes.clear();
    return false;
}

void Verdict::change_to(CheckState state)
{
    if (timing_.damping.limit && last_.state != CheckState::unknown) {
        auto& changes = history_.edit().changes;
        changes.push_back(last_.at);
        if (changes.size() > timing_.damping.limit + 1u)
            changes.erase(changes.begin());
    }
    last_.state = state;
    last_.changed = true;
}

Verdict::Time Verdict::next(Time started, Time ended) const
{
    if (last_.result.local_fault)
        return ended + std::max<Duration>(timing_.delay_before_retry, local_pause);
    if (last_.retrying)
        return ended + timing_.delay_before_retry;
    return std::max(started + timing_.delay_loop, ended);
}

double spread(std::uint64_t n)
{
    // multiples of the golden ratio: each falls into one of the largest gaps that the others left
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    return static_cast<double>((n * golden) >> 11) / static_cast<double>(std::uint64_t{1} << 53);
}

} // namespace weir::keeper
