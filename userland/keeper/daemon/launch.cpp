// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/launch.h"

#include <csignal>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "keeper/daemon/accounts.h"
#include "keeper/daemon/process.h"

namespace weir::keeper {
namespace {

constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int grace_ms = 2000;

/// No exit status is one that the program could not have had itself.
[[noreturn]] void not_run()
{
    kill(getpid(), SIGKILL);
    _exit(127);
}

/// In the child: only what is safe between fork and exec.
[[noreturn]] void become(char* const* arguments, const Account& account, Bond bond, pid_t parent)
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
    use_small_pages(false);
    if (getuid() == 0 && account.user != 0 &&
        (setgroups(0, nullptr) < 0 || setgid(account.group) < 0 || setuid(account.user) < 0))
        not_run();
    // last: another user clears it
    if (bond == Bond::parent && (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent))
        _exit(126);
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char* environment[] = {path, nullptr};
    execvpe(arguments[0], arguments, environment);
    not_run();
}

} // namespace

Result<pid_t> launch(const Command& command, const std::string& default_user,
                     const std::string& default_group, Bond bond)
{
    auto account = find_account(command, default_user, default_group);
    if (!account)
        return pass_on(account);
    std::vector<char*> arguments;
    for (const auto& word : command.words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    setenv("PATH", search_path, 1); // what execvpe searches is the caller's
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return fail_errno("fork");
    if (pid == 0)
        become(arguments.data(), *account, bond, parent);
    return pid;
}

void run_to_end(const Program& program, const Global& global, std::string_view what, Log& log)
{
    if (program.command.empty())
        return;
    const std::string& name = program.command.words[0];
    auto pid = launch(program.command, global.script_user, global.script_group, Bond::parent);
    if (!pid)
        return log.error("{} {}: {}", what, name, pid.error().message);
    Fd end(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
    pollfd ended{end.get(), POLLIN, 0};
    auto wait = [&](std::chrono::milliseconds limit) {
        auto until = std::chrono::steady_clock::now() + limit;
        int found = 0;
        do { // a signal is no end
            auto left =
                std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
            found = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        } while (found < 0 && errno == EINTR);
        return found > 0;
    };
    if (!wait(std::chrono::duration_cast<std::chrono::milliseconds>(program.limit))) {
        log.warning("{} {} runs for too long, ending it", what, name);
        kill(-*pid, SIGTERM);
        (void)wait(std::chrono::milliseconds(grace_ms));
        kill(-*pid, SIGKILL);
    }
    int status = 0;
    waitpid(*pid, &status, 0);
    if (WIFSIGNALED(status))
        log.warning("{} {} cannot be run, or was killed", what, name);
    if (WIFEXITED(status) && WEXITSTATUS(status))
        log.warning("{} {} ended with {}", what, name, WEXITSTATUS(status));
}

} // namespace weir::keeper
