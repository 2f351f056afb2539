// SPDX-License-Identifier: GPL-2.0
// What the tables of keywords, keywords_*.cpp, say alike.
#pragma once

#include "keeper/config/keyword.h"

namespace weir::keeper {

inline constexpr auto full = Support::full;
inline constexpr auto no_effect = Support::no_effect;
inline constexpr auto refused = Support::refused;

inline constexpr std::string_view mail = "this program sends no mail";
inline constexpr std::string_view snmp = "this program speaks no SNMP";

} // namespace weir::keeper
