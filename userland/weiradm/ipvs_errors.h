// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "weiradm/ipvs_command.h"

namespace weir::ipvs {

/// ipvsadm's words for an errno that a command came back with.
[[nodiscard]] std::string error_text(Verb verb, int code);

/// Whether ipvsadm has words of its own for this command and errno, which say it all.
[[nodiscard]] bool has_own_words(Verb verb, int code);

/// What can be asked for and weir cannot do, which is known without the kernel: persistence engines, tunnels'
/// options.
[[nodiscard]] Result<void> check_supported(const Command& command);

} // namespace weir::ipvs
