// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/runner.h"

#include <algorithm>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace weir::keeper {
namespace {

constexpr auto grace = std::chrono::seconds(2);

} // namespace

Runner::Runner(boost::asio::io_context& io, Log& log, ProgramGroups* groups)
    : io_(io),
      log_(log),
      groups_(groups),
      child_signal_(io, SIGCHLD)
{
    wait_for_children();
}

bool Runner::run(const Command& command, const std::string& default_user, const std::string& default_group,
                 std::chrono::microseconds limit, Done done, Bond bond)
{
    auto pid = launch(command, default_user, default_group, bond);
    if (!pid) {
        log_.error("{}: {}", command.words[0], pid.error().message);
        return false;
    }
    auto child = std::make_unique<Child>(io_, std::move(done), command.words[0]);
    if (bond == Bond::parent)
        child->noted = note(*pid);
    children_.emplace(*pid, std::move(child));
    limit_child(*pid, limit);
    return true;
}

pid_t Runner::keep(const Command& command, Done done)
{
    auto pid = launch(command, "", "", Bond::parent);
    if (!pid) {
        log_.error("{}: {}", command.words[0], pid.error().message);
        return 0;
    }
    children_.emplace(*pid, std::make_unique<Child>(io_, std::move(done), command.words[0]));
    return *pid;
}

/// Null where there is no place.
std::atomic<pid_t>* Runner::note(pid_t pid)
{
    if (!groups_)
        return nullptr;
    auto place = std::ranges::find_if(*groups_, [](const auto& group) { return group == 0; });
    if (place == groups_->end())
        return nullptr;
    *place = pid;
    return &*place;
}

void Runner::end(pid_t pid)
{
    auto known = children_.find(pid);
    if (known == children_.end() || std::exchange(known->second->timed_out, true))
        return;
    kill(-pid, SIGTERM);
    limit_child(pid, grace);
}

void Runner::limit_child(pid_t pid, std::chrono::microseconds limit)
{
    Child& child = *children_.at(pid);
    child.timer.expires_after(limit);
    child.timer.async_wait([this, pid](const auto& error) {
        auto known = children_.find(pid);
        if (error || known == children_.end())
            return;
        bool again = std::exchange(known->second->timed_out, true);
        if (!again)
            log_.warning("{} runs for too long, ending it", known->second->program);
        kill(-pid, again ? SIGKILL : SIGTERM);
        limit_child(pid, grace);
    });
}

void Runner::wait_for_children()
{
    child_signal_.async_wait([this](const auto& error, int) {
        if (error)
            return;
        int status = 0;
        while (pid_t pid = waitpid(-1, &status, WNOHANG)) {
            if (pid < 0)
                break;
            auto known = children_.find(pid);
            if (known == children_.end())
                continue;
            auto child = std::move(known->second);
            children_.erase(known);
            kill(-pid, SIGKILL); // what it left behind in its group
            if (child->noted)
                *child->noted = 0;
            if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !child->timed_out)
                log_.warning("{} cannot be run, or was killed", child->program);
            child->timer.cancel();
            child->done(WIFEXITED(status) && !child->timed_out ? WEXITSTATUS(status) : -1);
        }
        wait_for_children();
    });
}

void Runner::kill_all()
{
    for (const auto& [pid, child] : children_)
        kill(-pid, SIGTERM);
}

} // namespace weir::keeper
