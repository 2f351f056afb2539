// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string_view>

#include <fmt/format.h>

#include "keeper/daemon/board.h"
#include "keeper/daemon/messages.h"

namespace weir::keeper {

enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };

/// Where lines go. While the daemon runs: as datagrams to a log thread, of the helper or the checker, which
/// may block on a slow console without anybody waiting; what does not fit is counted.
class Log {
  public:
    /// Straight to the sink, for programs that may wait.
    Log(bool console) : console_(console) {}
    Log(int fd, Board& board) : fd_(fd), board_(&board) {}

    template <typename... Args>
    void write(Level level, fmt::format_string<Args...> format, Args&&... args)
    {
        LogMessage message;
        message.level = static_cast<std::uint8_t>(level);
        fmt::format_to_n(message.text.data(), message.text.size() - 1, format, std::forward<Args>(args)...);
        put(message);
    }
    template <typename... Args>
    void error(fmt::format_string<Args...> format, Args&&... args)
    {
        write(Level::error, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void warning(fmt::format_string<Args...> format, Args&&... args)
    {
        write(Level::warning, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void info(fmt::format_string<Args...> format, Args&&... args)
    {
        write(Level::info, format, std::forward<Args>(args)...);
    }

    /// To stderr, or to syslog; may block.
    void put(const LogMessage& message);

  private:
    int fd_ = -1;
    Board* board_ = nullptr;
    bool console_ = true;
};

/// Writes what arrives at `fd` (LogMessage) to the sink, in a thread of its own: the only place that may
/// block for ever. A console that nobody reads stops the log and nothing else.
void start_log_thread(int fd, bool console, Board& board);

/// At the end: gives the log thread a moment to write what is there.
void finish_log(int fd);

} // namespace weir::keeper
