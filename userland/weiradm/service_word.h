// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "libweir/service.h"

namespace weir {

/// A service in one word: "tcp:192.0.2.1:80", "udp:[2001:db8::1]:53", "tcp:192.0.2.1:80-443", "fwmark:5",
/// "fwmark:5/ipv6".
[[nodiscard]] std::string service_word(const ServiceKey& key);

/// The same read; without a protocol in front it is TCP.
[[nodiscard]] Result<ServiceKey> parse_service_word(std::string_view text);

} // namespace weir
