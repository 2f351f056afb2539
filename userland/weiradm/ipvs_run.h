// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

namespace weir::ipvs {

/// Runs ipvsadm's command line, words[0] being the program's name. `as_ipvsadm`: called by that name, so that
/// its version line, its -v and its -S are ipvsadm's own. The exit status.
[[nodiscard]] int run(const std::vector<std::string>& words, bool as_ipvsadm);

} // namespace weir::ipvs
