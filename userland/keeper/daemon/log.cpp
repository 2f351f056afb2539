// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/log.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include <poll.h>
#include <syslog.h>

namespace weir::keeper {
namespace {

void log_loop(int fd, bool console, Board& board)
{
    Log sink(console);
    LogMessage message;
    std::uint64_t told = 0;
    pollfd ready{fd, POLLIN, 0};
    while (::poll(&ready, 1, -1) >= 0 || errno == EINTR) {
        while (take(fd, message))
            sink.put(message);
        if (std::uint64_t lost = board.log_lost.load(); lost != told) {
            sink.warning("{} log lines were lost: the log could not keep up", lost - told);
            told = lost;
        }
        if (ready.revents & (POLLHUP | POLLERR))
            return;
    }
}

} // namespace

void Log::put(const LogMessage& message)
{
    if (fd_ >= 0) {
        if (!post(fd_, message))
            board_->log_lost.fetch_add(1, std::memory_order_relaxed);
    } else if (console_) {
        // the prefix is what the journal takes a line's level from
        std::fprintf(stderr, "<%d>weir-keeper: %s\n", message.level, message.text.data());
    } else {
        syslog(LOG_DAEMON | message.level, "%s", message.text.data());
    }
}

void finish_log(int fd)
{
    using namespace std::chrono_literals;
    pollfd waiting{fd, POLLIN, 0};
    for (auto left = 500ms; left > 0ms && ::poll(&waiting, 1, 0) > 0; left -= 5ms)
        std::this_thread::sleep_for(5ms);
    std::this_thread::sleep_for(5ms); // the last line is on its way
}

void start_log_thread(int fd, bool console, Board& board)
{
    std::thread(log_loop, fd, console, std::ref(board)).detach();
}

} // namespace weir::keeper
