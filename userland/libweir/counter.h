// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "libweir/socket.h"

namespace weir {

/// A count of packets or events of the namespace, as in {"drop-no-server", 3}.
struct Counter {
    std::string name;
    std::uint64_t value = 0;
};

/// In the kernel's order.
[[nodiscard]] Result<std::vector<Counter>> counters_list(NlSocket& socket);

} // namespace weir
