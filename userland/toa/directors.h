// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "toa/shared.h"

namespace weir::toa {

/// Prefixes of directors' addresses from words that may be lists: {"10.0.0.0/24,2001:db8::/64", "192.0.2.1"}.
/// Sorted, each once, at least one and at most WEIR_TOA_DIRECTORS_MAX. All of IPv4 or of IPv6 is refused:
/// everybody would be a director.
[[nodiscard]] Result<std::vector<Prefix>> parse_directors(const std::vector<std::string>& words);

/// The key of a prefix in the map of directors, and back.
[[nodiscard]] weir_toa_prefix key_of(const Prefix& prefix);
[[nodiscard]] Prefix prefix_of(const weir_toa_prefix& key);

/// Separated by blanks.
[[nodiscard]] std::string to_string(const std::vector<Prefix>& directors);

} // namespace weir::toa
