// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "base/result.h"
#include "libweir/socket.h"

namespace weir {

/// A socket to the module; where it is not loaded, `modprobe weir` is tried once.
[[nodiscard]] Result<NlSocket> open_kernel();

} // namespace weir
