// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

namespace weir::ipvs {

/// What -v prints. As ipvsadm the version that this program agrees with, since scripts look at it.
[[nodiscard]] std::string version_text(bool as_ipvsadm);
/// What -h prints.
[[nodiscard]] std::string help_text(const std::string& program, bool as_ipvsadm);

} // namespace weir::ipvs
