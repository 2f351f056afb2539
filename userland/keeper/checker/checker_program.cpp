// SPDX-License-Identifier: GPL-2.0
#include "keeper/checker/checker_program.h"

#include <climits>
#include <csignal>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/daemon/process.h"

namespace weir::keeper {
namespace {

/// Returns errno.
int execute(int program, std::vector<std::string> words)
{
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execveat(program, "", arguments.data(), environ, AT_EMPTY_PATH);
    return errno;
}

} // namespace

CheckerProgram CheckerProgram::find()
{
    CheckerProgram found;
    char own[PATH_MAX];
    ssize_t size = ::readlink("/proc/self/exe", own, sizeof(own));
    found.path_ = std::string(own, size > 0 ? static_cast<std::size_t>(size) : 0) + "-checker";
    found.program_ = Fd(::open(found.path_.c_str(), O_PATH | O_CLOEXEC));
    return found;
}

Error CheckerProgram::run(const Handed& handed) const
{
    std::vector<std::string> words{path_};
    for (int fd : {handed.board, handed.config, handed.sessions, handed.net_namespace}) {
        (void)::fcntl(fd, F_SETFD, 0); // there may be none
        words.push_back(std::to_string(fd));
    }
    words.push_back(std::to_string(handed.guard));
    words.push_back(handed.console ? "1" : "0");
    words.push_back(handed.first ? "1" : "0");
    words.push_back(handed.status_path);
    // who is not ready for it yet is not to die of it
    sigset_t reload;
    sigemptyset(&reload);
    sigaddset(&reload, SIGHUP);
    sigprocmask(SIG_BLOCK, &reload, nullptr);
    int error = program_ ? execute(program_.get(), std::move(words)) : ENOENT;
    return Error{error, path_ + ": " + std::strerror(error), {}};
}

Result<void> CheckerProgram::flush(int net_namespace) const
{
    if (!program_)
        return fail(ENOENT, path_ + " is not there");
    pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno("fork");
    if (pid == 0) {
        if (net_namespace >= 0 && !enter_net_namespace(net_namespace))
            ::_exit(1);
        (void)execute(program_.get(), {path_, checker_flush});
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return fail_errno("waitpid");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(EIO, "services could not be removed from the kernel");
    return {};
}

} // namespace weir::keeper
