// SPDX-License-Identifier: GPL-2.0
// weir-keeper-checker: the checker process. weir-keeper starts it; nobody else does.
#include <charconv>
#include <csignal>
#include <cstring>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "keeper/checker/checker.h"
#include "keeper/checker/checker_program.h"
#include "keeper/checker/namespace_thread.h"
#include "keeper/daemon/process.h"

using namespace weir;
using namespace weir::keeper;

namespace {

/// Scripts run as other users, whom FIFOs belong to; checks may read files and come from low ports.
constexpr std::uint32_t capabilities = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL |
                                       1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_NET_BIND_SERVICE;

int number(const char* word)
{
    int value = -1;
    std::from_chars(word, word + std::strlen(word), value);
    return value;
}

/// For `weir-keeper cleanup`; no module, no services.
int flush()
{
    auto flushed = KernelTable().flush(false);
    if (flushed || flushed.error().code == ENOENT)
        return 0;
    Log(true).error("{}", flushed.error().to_string());
    return 1;
}

int check(char** words)
{
    prctl(PR_SET_NAME, "weir-checker");
    pid_t guard = number(words[5]);
    bool console = number(words[6]) == 1;
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != guard)
        return 1;
    auto board = Board::map(number(words[1]));
    if (!board) {
        Log(console).error("the checker process: {}", board.error().message);
        return 1;
    }
    // a check that waits has a descriptor, and there are thousands
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    // entered while this process still may
    Fd place(number(words[4]));
    auto there = place ? NamespaceThread::create(place.get()) : std::unique_ptr<NamespaceThread>();
    if (!there) {
        Log(console).error("net_namespace_ipvs: {}", there.error().message);
        return 1;
    }
    place.reset();
    if (auto result = keep_network_capabilities(capabilities); !result)
        Log(console).warning("{}", result.error().message);
    Checker checker(**board, {.config = number(words[2]),
                              .sessions = number(words[3]),
                              .table_namespace = there->get(),
                              .status_path = words[8],
                              .console = console,
                              .first = number(words[7]) == 1,
                              .guard = guard});
    // it can be told of another configuration from here on
    sigset_t reload;
    sigemptyset(&reload);
    sigaddset(&reload, SIGHUP);
    sigprocmask(SIG_UNBLOCK, &reload, nullptr);
    return checker.run();
}

} // namespace

int main(int argc, char** argv)
{
    try {
        if (argc == 2 && std::strcmp(argv[1], checker_flush) == 0)
            return flush();
        if (argc == 1 + checker_words)
            return check(argv);
        fmt::print(stderr, "weir-keeper-checker is a part of weir-keeper, which starts it\n");
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "weir-keeper-checker: {}\n", error.what());
        return 1;
    }
}
