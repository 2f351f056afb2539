// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/alarm.h"

namespace weir::keeper {

void AlarmClock::set(Alarm& alarm, Alarm::Time due)
{
    alarm.clear();
    alarm.due_ = due;
    alarms_.insert(alarm);
    if (&*alarms_.begin() == &alarm)
        wait();
}

/// For the first; where it is cleared meanwhile the clock wakes up for nothing.
void AlarmClock::wait()
{
    timer_.expires_at(alarms_.begin()->due_);
    timer_.async_wait([alive = weak_from_this()](const auto& error) {
        auto clock = alive.lock();
        if (clock && !error)
            clock->ring();
    });
}

void AlarmClock::ring()
{
    // what is set meanwhile has its turn after what else the loop has to do
    auto now = std::chrono::steady_clock::now();
    while (!alarms_.empty() && alarms_.begin()->due_ <= now) {
        Alarm& first = *alarms_.begin();
        first.clear();
        first.ring();
    }
    if (!alarms_.empty())
        wait();
}

} // namespace weir::keeper
