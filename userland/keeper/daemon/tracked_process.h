// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "keeper/config/model.h"

namespace weir::keeper {

/// A process as /proc has it.
struct ProcessEntry {
    pid_t pid = 0, parent = 0;
    bool ended = false; ///< a zombie
    std::string name;
};

/// Nothing for what is none: the content of /proc/PID/stat.
[[nodiscard]] std::optional<ProcessEntry> parse_process(const std::string& stat);
/// Whether the command line is asked for, and not the name alone.
[[nodiscard]] bool needs_words(const ProcessConfig& wanted);
/// `words`: its command line, if that is asked for.
[[nodiscard]] bool matches(const ProcessConfig& wanted, const ProcessEntry& process,
                           const std::vector<std::string>& words);

/// Whether as many processes are there as a vrrp_track_process wants, from one look at them to the next.
class TrackedProcess {
  public:
    using Clock = std::chrono::steady_clock;

    explicit TrackedProcess(ProcessConfig config) : config_(std::move(config)) {}
    [[nodiscard]] const ProcessConfig& config() const { return config_; }
    /// These match now. The verdict, if it is another one than before. As in keepalived, a process that was
    /// started counts at once, one that one of them forked when fork_delay has gone by, and one that ended
    /// after terminate_delay.
    [[nodiscard]] std::optional<bool> look(std::vector<ProcessEntry> found, Clock::time_point now);

  private:
    [[nodiscard]] Duration delay_of(const std::vector<ProcessEntry>& found) const;

    ProcessConfig config_;
    std::vector<ProcessEntry> found_; ///< at the last look
    std::optional<bool> enough_;
    std::optional<Clock::time_point> since_; ///< it is otherwise than enough_ says
    Duration delay_{0};
};

} // namespace weir::keeper
