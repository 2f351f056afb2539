// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"
#include "keeper/config/model.h"
#include "keeper/daemon/log.h"

namespace weir::keeper {

enum class Bond {
    none,
    parent, ///< it gets SIGTERM when the process that launched it ends
};

/// Starts a program without a shell, as the user that it is for, in a process group of its own. The caller
/// waits for it. Fails with ENOENT where there is no such user or group; a program that cannot be run ends
/// with 127.
[[nodiscard]] Result<pid_t> launch(const Command& command, const std::string& default_user,
                                   const std::string& default_group, Bond bond = Bond::none);

/// startup_script, shutdown_script: runs it to its end, or for program.limit (SIGTERM, and SIGKILL two
/// seconds later). How it ended is logged if it did not end well; nothing else follows from it. Does nothing
/// where there is none.
void run_to_end(const Program& program, const Global& global, std::string_view what, Log& log);

} // namespace weir::keeper
