// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/runner.h"

#include <csignal>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir::keeper {
namespace {

constexpr auto grace = std::chrono::seconds(2);
constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Account {
    uid_t user = 0;
    gid_t group = 0;
    bool known = true;
};

/// keepalived's: the user given, else keepalived_script if there is one, else root.
Account find_account(const std::string& user, const std::string& group)
{
    Account account;
    const passwd* entry = getpwnam(user.empty() ? "keepalived_script" : user.c_str());
    if (entry) {
        account.user = entry->pw_uid;
        account.group = entry->pw_gid;
    } else if (!user.empty()) {
        account.known = false;
    }
    if (!group.empty()) {
        const ::group* found = getgrnam(group.c_str());
        account.known = account.known && found;
        account.group = found ? found->gr_gid : account.group;
    }
    return account;
}

/// In the child: only what is safe between fork and exec.
[[noreturn]] void become(char* const* arguments, const Account& account)
{
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int signal : {SIGHUP, SIGTERM, SIGINT, SIGPIPE, SIGCHLD})
        ::signal(signal, SIG_DFL);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    close_range(3, ~0u, 0);
    if (getuid() == 0 && account.user != 0 &&
        (setgroups(0, nullptr) < 0 || setgid(account.group) < 0 || setuid(account.user) < 0))
        _exit(126);
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char* environment[] = {path, nullptr};
    execvpe(arguments[0], arguments, environment);
    _exit(127);
}

} // namespace

Runner::Runner(boost::asio::io_context& io, Log& log) : io_(io), log_(log), child_signal_(io, SIGCHLD)
{
    setenv("PATH", search_path, 1); // what execvpe searches is the caller's
    wait_for_children();
}

bool Runner::run(const Command& command, const std::string& default_user, const std::string& default_group,
                 std::chrono::microseconds limit, Done done)
{
    bool own = !command.user.empty();
    Account account = find_account(own ? command.user : default_user, own ? command.group : default_group);
    if (!account.known) {
        log_.error("{}: there is no user or group {} {}", command.words[0], own ? command.user : default_user,
                   own ? command.group : default_group);
        return false;
    }
    std::vector<char*> arguments;
    for (const auto& word : command.words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t pid = fork();
    if (pid < 0) {
        log_.error("{}: {}", command.words[0], strerror(errno));
        return false;
    }
    if (pid == 0)
        become(arguments.data(), account);
    children_.emplace(pid, std::make_unique<Child>(io_, std::move(done), command.words[0]));
    limit_child(pid, limit);
    return true;
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
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                log_.warning("{} cannot be run", child->program);
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
