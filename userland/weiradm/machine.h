// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <vector>

#include "weiradm/diagnosis.h"

namespace weir::diagnosis {

/// Looks at addresses, sysctls and firewall rules of this network namespace. `asked`: addresses of which
/// Facts::local is to tell. What cannot be read stays as if it were in order.
[[nodiscard]] Facts look_at_machine(const std::vector<Address>& asked);

} // namespace weir::diagnosis
