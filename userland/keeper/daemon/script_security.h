// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/config/config.h"

namespace weir::keeper {

/// Looks at the programs that a configuration runs, and whom they run as, as they are on this machine. A user
/// or group that is not there is an error. A program that runs as root and that others than root can change
/// is one with enable_script_security; without it a warning, and exit status 6 for --check, as keepalived has
/// it.
void check_script_security(const Config& config, Diagnostics& diagnostics);

} // namespace weir::keeper
