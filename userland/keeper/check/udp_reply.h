// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <span>

#include "keeper/check/spec.h"

namespace weir::keeper {

/// What is wrong with an answer to UDP_CHECK that requires one, or nothing.
[[nodiscard]] std::optional<std::string> udp_reply_fault(const UdpCheck& check,
                                                         std::span<const std::uint8_t> reply);

} // namespace weir::keeper
