// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "keeper/daemon/runner.h"

namespace weir::keeper {

/// Notify scripts: one at a time for each owner (an instance, a group, a virtual server), in order, with
/// bounded time and number.
class ScriptQueues {
  public:
    /// `global` gives the user that scripts run as by default; it may change while this lives.
    ScriptQueues(Runner& runner, Log& log, const Global& global) : runner_(runner), log_(log), global_(global)
    {
    }

    void enqueue(const std::string& owner, Command command);
    [[nodiscard]] bool idle() const;
    /// Called whenever a script has ended and nothing of its owner waits.
    void on_idle(std::function<void()> callback) { idle_callback_ = std::move(callback); }

  private:
    struct Queue {
        std::deque<Command> waiting;
        bool running = false;
    };
    void run_next(const std::string& owner);

    Runner& runner_;
    Log& log_;
    const Global& global_;
    std::map<std::string, Queue> queues_;
    std::function<void()> idle_callback_;
};

} // namespace weir::keeper
