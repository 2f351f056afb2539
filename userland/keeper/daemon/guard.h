// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "keeper/config/config.h"

namespace weir::keeper {

struct DaemonOptions {
    std::string file = "/etc/keepalived/keepalived.conf";
    std::string status_path = "/run/weir-keeper.sock";
    std::string pid_file;
    std::string net_namespace;
    bool console = true;
    bool vrrp_only = false, checks_only = false;
    bool lenient = false;
    ConfigHost host;
};

/// The parent: starts the VRRP process and its helper, and takes addresses away when the VRRP process dies or
/// stops turning. Real-time, locked, and with everything prepared. Returns the exit status.
[[nodiscard]] int run_guard(const DaemonOptions& options);

/// For a service manager's stop hook: takes away what a daemon that was killed as a whole left behind.
[[nodiscard]] int clean_up(const DaemonOptions& options);

/// Prints what is wrong with a file; keepalived's exit statuses.
[[nodiscard]] int check_file(const DaemonOptions& options, bool verbose);

} // namespace weir::keeper
