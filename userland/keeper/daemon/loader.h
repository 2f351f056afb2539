// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <climits>
#include <string_view>

#include "keeper/daemon/guard.h"
#include "keeper/daemon/log.h"

/// Reading the configuration for the daemon, always in a child of the guard: the guard never reads one
/// itself. What that takes would be its own for good, and that of every process that it starts.
namespace weir::keeper {

/// What the guard has to know of the configuration that was loaded at first.
struct Loaded {
    int rt_priority = 0;
    bool services = false, starts = false; ///< there is a startup_script
    char net_namespace[PATH_MAX] = {}, net_namespace_ipvs[PATH_MAX] = {};
};

/// Reads, checks and stores the configuration in the memfd, and says what is wrong with it. An exit status;
/// 0: it may be used.
[[nodiscard]] int load_first(const DaemonOptions& options, int memory, Loaded& loaded, Log& log);

enum class Reload { failed = 1, done = 0, done_with_services = 3 };
/// The same for another configuration, in a process that was made for it; what the old one says of reloads
/// holds. Nothing is changed if it may not be used.
[[nodiscard]] Reload load_again(const DaemonOptions& options, int memory, Log& log);

/// startup_script or shutdown_script, where the configuration has it.
void run_own_program(int memory, std::string_view word, Program Global::*program, Log& log);

} // namespace weir::keeper
