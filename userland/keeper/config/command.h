// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "keeper/config/diagnostic.h"

/// What every part of the configuration is made of.
namespace weir::keeper {

using Duration = std::chrono::microseconds;

/// A program to run, never by way of a shell.
struct Command {
    std::vector<std::string> words;
    /// "" is global_defs' script_user
    std::string user, group;

    [[nodiscard]] bool empty() const { return words.empty(); }
    bool operator==(const Command&) const = default;
};

/// A program that the daemon runs for itself: startup_script, shutdown_script, notify_fifo_script.
struct Program {
    Command command;
    Position at;
    Duration limit = std::chrono::seconds(10); ///< keepalived's, for start and stop
};

/// A FIFO that states are written to.
struct Fifo {
    std::string path, user, group;

    bool operator==(const Fifo&) const = default;
};

} // namespace weir::keeper
