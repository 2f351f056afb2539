// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>

#include "keeper/config/model.h"
#include "keeper/daemon/board.h"
#include "keeper/daemon/launch.h"
#include "keeper/daemon/log.h"

namespace weir::keeper {

/// Runs commands without a shell, as the user that they are for, in a process group of their own, for a
/// bounded time.
class Runner {
  public:
    /// Exit status 0..255, or -1 for a signal, a timeout or a program that cannot be run.
    using Done = std::function<void(int status)>;

    /// `groups`: where programs are noted that are to end with this process.
    Runner(boost::asio::io_context& io, Log& log, ProgramGroups* groups = nullptr);
    /// Null account names mean the defaults. False if it could not be started; `done` is not called then.
    bool run(const Command& command, const std::string& default_user, const std::string& default_group,
             std::chrono::microseconds limit, Done done, Bond bond = Bond::none);
    /// Runs a program until it ends or end() is called, or this process ends. Its process id, or 0 if it
    /// could not be started; `done` is not called then.
    pid_t keep(const Command& command, Done done);
    /// SIGTERM, and SIGKILL two seconds later.
    void end(pid_t pid);
    void kill_all();

  private:
    struct Child {
        Child(boost::asio::io_context& io, Done when_done, std::string name)
            : timer(io),
              done(std::move(when_done)),
              program(std::move(name))
        {
        }
        boost::asio::steady_timer timer;
        Done done;
        std::string program;
        bool timed_out = false;
        std::atomic<pid_t>* noted = nullptr;
    };
    void wait_for_children();
    [[nodiscard]] std::atomic<pid_t>* note(pid_t pid);
    void limit_child(pid_t pid, std::chrono::microseconds limit);

    boost::asio::io_context& io_;
    Log& log_;
    ProgramGroups* groups_;
    boost::asio::signal_set child_signal_;
    std::map<pid_t, std::unique_ptr<Child>> children_;
};

} // namespace weir::keeper
