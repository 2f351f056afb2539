// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/config/config.h"

namespace weir::keeper {

/// Looks at the programs that a configuration runs as they are on this machine. One that runs as root and
/// that others than root can change is an error with enable_script_security; without it a warning, and exit
/// status 6 for --check, as keepalived has it.
void check_script_security(const Config& config, Diagnostics& diagnostics);

} // namespace weir::keeper
