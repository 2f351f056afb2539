// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace weir {

/// A whole decimal number without sign, blanks or anything after it, within [min, max].
/// The error names neither the field nor the file: the caller knows them.
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max);

/// As parse_number; "0x" and hexadecimal digits are taken too.
[[nodiscard]] Result<std::uint64_t> parse_number_any_base(std::string_view text, std::uint64_t min,
                                                          std::uint64_t max);

} // namespace weir
