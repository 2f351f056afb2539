// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "libweir/service.h"

namespace weir {

/// A SERVER on the command line; without a port it has the service's, where that is one port and not many.
[[nodiscard]] Result<Endpoint> parse_server_word(const std::string& text, const ServiceKey& service);

/// "on" and "off", "yes" and "no", "1" and "0".
[[nodiscard]] Result<bool> parse_switch(const std::string& text);

/// "established=900,udp=60"; 0 is allowed and stands for the namespace's.
[[nodiscard]] Result<Timeouts> parse_timeouts_word(const std::string& text);

} // namespace weir
