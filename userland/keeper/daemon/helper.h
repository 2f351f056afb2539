// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "keeper/daemon/accept_filter.h"
#include "keeper/daemon/board.h"
#include "keeper/daemon/fifo.h"
#include "keeper/daemon/reload_time.h"
#include "keeper/daemon/script_queue.h"
#include "keeper/daemon/status_server.h"
#include "keeper/daemon/tracked_process.h"

namespace weir::keeper {

/// The process that does all that may take its time: runs track and notify scripts, writes FIFOs, watches
/// files and processes, answers "status", writes the log.
class Helper {
  public:
    struct Fds {
        int vrrp = -1;    ///< NotifyMessage in, TrackMessage out
        int log = -1;     ///< LogMessage in, of all processes
        int log_out = -1; ///< LogMessage out: this process does not wait for the console either
        int config = -1;
    };

    Helper(Board& board, Fds fds, std::string status_path, pid_t guard, bool console);
    /// `generation`: of the configuration that is in use already, where another helper died; 0 else.
    int run(std::uint32_t generation);

  private:
    struct Script;
    struct File;
    /// What is to be known of a virtual router here.
    struct Instance {
        std::string name;
        Rare<Notify> notify;
        bool notify_priority = false;
    };

    void configure(std::uint32_t generation);
    void wait_for_messages();
    void handle(const NotifyMessage& message);
    void say(const NotifyMessage& message, const std::string& name, const Notify& notify);
    void write_fifos(const std::string& line);
    void write_states();
    void finish();

    // helper_track.cpp
    void start_trackers();
    void stop_trackers();
    void run_script(std::size_t index);
    void finish_script(std::size_t index, bool good);
    void read_file(std::size_t index);
    void watch_files();
    void scan_processes();
    void read_reload_time();
    void wait_for_reload();
    void report(TrackedKind kind, std::size_t index, std::int64_t value);

    // status.cpp
    [[nodiscard]] std::string answer(const std::string& request);

    Board& board_;
    Fds fds_;
    pid_t guard_;
    Log log_;
    AcceptFilter filter_;
    boost::asio::io_context io_{1};
    Runner runner_;
    ScriptQueues notifications_;
    boost::asio::posix::stream_descriptor messages_;
    StatusServer status_;
    std::vector<Instance> instances_;
    Config config_; ///< without them
    std::uint32_t generation_ = 0;
    NotifyFifo fifo_, vrrp_fifo_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> file_events_;
    std::vector<std::shared_ptr<Script>> scripts_;
    std::vector<std::shared_ptr<File>> files_;
    std::optional<ReloadTime> reload_time_;
    std::vector<TrackedProcess> processes_;
    boost::asio::steady_timer process_timer_, end_timer_, reload_timer_;
    bool finishing_ = false;
    int unread_ = 2; ///< FIFOs whose programs have not ended
};

/// What "weir-keeper status" shows, from the board alone.
[[nodiscard]] std::string status_json(const Board& board);
[[nodiscard]] std::string status_text(const Board& board);

} // namespace weir::keeper
