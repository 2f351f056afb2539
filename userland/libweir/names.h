// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libweir/attr.h"

namespace weir {

/// The dotted name of the attribute that starts `offset` bytes into `attrs`, the attributes of a message of
/// the family: "service.port". Empty where no attribute starts there.
[[nodiscard]] std::string attr_name_at(Bytes attrs, std::size_t offset);

/// The dotted name of attribute `type` inside the nest that starts `offset` bytes into `attrs`; of the top
/// level where `nest_given` is false.
[[nodiscard]] std::string attr_name_missing(Bytes attrs, bool nest_given, std::size_t offset, unsigned type);

} // namespace weir
