// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/script_queue.h"

#include <algorithm>

namespace weir::keeper {
namespace {

constexpr auto time_limit = std::chrono::seconds(60);
constexpr std::size_t most_waiting = 32;

} // namespace

void ScriptQueues::enqueue(const std::string& owner, Command command)
{
    Queue& queue = queues_[owner];
    if (queue.waiting.size() >= most_waiting) {
        log_.warning("{}: {} notifications wait, the oldest is dropped", owner, queue.waiting.size());
        queue.waiting.pop_front();
    }
    queue.waiting.push_back(std::move(command));
    if (!queue.running)
        run_next(owner);
}

bool ScriptQueues::idle() const
{
    return std::ranges::none_of(queues_, [](const auto& item) { return item.second.running; });
}

void ScriptQueues::run_next(const std::string& owner)
{
    Queue& queue = queues_[owner];
    queue.running = false;
    while (!queue.waiting.empty() && !queue.running) {
        Command command = std::move(queue.waiting.front());
        queue.waiting.pop_front();
        queue.running = runner_.run(command, global_.script_user, global_.script_group, time_limit,
                                    [this, owner](int) { run_next(owner); });
    }
    if (!queue.running && idle_callback_)
        idle_callback_();
}

} // namespace weir::keeper
