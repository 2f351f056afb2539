// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "keeper/check/alarm.h"
#include "keeper/check/bfd_source.h"
#include "keeper/check/spec.h"

/// Health checks that run on the loop of the process that uses them. Nothing here blocks, apart from reading
/// FILE_CHECK's file and those of the block SSL. One thread.
namespace weir::keeper {

/// Where checks live. Must outlive them.
struct CheckContext {
    boost::asio::io_context& io;
    /// Runs a command without a shell for at most `limit`, then ends it; `done` gets its exit status, or -1
    /// for a signal, a timeout or a program that cannot be run. False if it could not be started; `done` is
    /// not called then, and never from within the call. (Runner::run, with the default user bound.)
    using Done = std::function<void(int status)>;
    std::function<bool(const Command& command, Duration limit, Done done)> run;
    BfdSource* bfd = nullptr; ///< null: BFD_CHECK never learns anything
    /// For the log: what concerns no server, and is said once for all checks. Good: it is well again.
    std::function<void(bool good, const std::string& text)> say = {};
    std::shared_ptr<AlarmClock> clock = std::make_shared<AlarmClock>(io); ///< of all checks
};

/// What one attempt found.
struct CheckResult {
    bool good = false;
    /// Why, for people: "connection refused", "/health: status 503". Never empty when it failed.
    std::string reason;
    Duration latency{0}; ///< of the attempt
    /// misc_dynamic: what the real server's weight is to be, 0..253; unset: as configured.
    std::optional<std::uint32_t> weight;
    /// FILE_CHECK with a weight: what is added to the real server's weight.
    std::int64_t weight_change = 0;
    /// The attempt could not be made (no descriptors, no memory, no process) or nobody knows (BFD): says
    /// nothing about the server, and leaves the state and the count of failures as they are.
    bool local_fault = false;
};

enum class CheckState : std::uint8_t {
    unknown, ///< nothing answered yet: up, unless the check is in alpha mode
    up,
    down,
};

struct CheckReport {
    CheckState state = CheckState::unknown;
    bool changed = false;  ///< state differs from the report before
    unsigned failures = 0; ///< in a row, this one included
    bool retrying = false; ///< failed, but forgiven as yet: log it where log_all_failures is set
    bool damped = false;   ///< good, and held down for flapping
    std::chrono::steady_clock::time_point at; ///< when the attempt ended
    CheckResult result;
};

/// Called for every attempt that ends, from the loop, never from within start(). May destroy the check.
using CheckCallback = std::function<void(const CheckReport&)>;

/// One check of one real server, attempt after attempt. Destroying it ends it: no callback after that.
class Check {
  public:
    virtual ~Check() = default;
    /// The first attempt `delay` from now, then by the spec's timing. Again: from anew, what is known stays.
    virtual void start(Duration delay) = 0;
    /// No attempts any more until start(): ha_suspend.
    virtual void stop() = 0;
    /// Goes on from what another check of the same question knew.
    virtual void assume(const CheckReport& report) = 0;
    /// The newest report; state `unknown` before the first.
    [[nodiscard]] virtual const CheckReport& last() const = 0;
    /// What is wrong on this side though attempts go on, as with files of SSL that were renewed and cannot be
    /// used; empty: nothing.
    [[nodiscard]] virtual std::string fault() const = 0;
};

/// Fails as validate() does, and where the SSL block's files cannot be used and never could.
[[nodiscard]] Result<std::unique_ptr<Check>> make_check(const SharedSpec& spec, const Endpoint& server,
                                                        CheckContext& context, CheckCallback callback);

} // namespace weir::keeper
