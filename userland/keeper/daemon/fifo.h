// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "base/fd.h"
#include "keeper/config/model.h"
#include "keeper/daemon/runner.h"

namespace weir::keeper {

/// A FIFO that lines are written to without ever waiting for its reader.
class FifoWriter {
  public:
    /// Makes it where it is not there. One that is open already stays so: its readers see no end. A failure
    /// is logged.
    void open(const std::optional<Fifo>& config, Log& log);
    void write(const std::string& line, Log& log) const;
    [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
    /// Nothing that was written waits to be read.
    [[nodiscard]] bool empty() const;
    /// Readers see the end once all of it is read; the name goes if this made it.
    void close();

  private:
    Fd fd_;
    Fifo config_;
    bool made_ = false;
};

/// A FIFO and the program that reads it, if it has one (notify_fifo_script): started with the FIFO's path as
/// its last argument, ended with the daemon. One that ends by itself is not started again before the next
/// reload, as in keepalived.
class NotifyFifo {
  public:
    NotifyFifo(boost::asio::io_context& io, Runner& runner, Log& log) : runner_(runner), log_(log), timer_(io)
    {
    }

    /// A program that runs as it is wanted goes on.
    void open(std::optional<Fifo> fifo, const Program& reader, const Global& global);
    void write(const std::string& line) const { writer_.write(line, log_); }
    /// Calls `done` when the program has read all that was written and has ended: it sees the end of the
    /// FIFO, and a second later gets SIGTERM. While `others` is true somebody else may still write.
    void finish(std::function<bool()> others, std::function<void()> done);

  private:
    void end_reader();

    Runner& runner_;
    Log& log_;
    FifoWriter writer_;
    Command reader_;
    pid_t pid_ = 0;
    boost::asio::steady_timer timer_;
    std::optional<std::chrono::steady_clock::time_point> closed_;
};

} // namespace weir::keeper
