// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "keeper/config/text.h"

namespace weir::keeper {

/// "~SEQ(var, start, step, end) text" or "~LST({a, b}, {1, 2}, {3, 4}) text": the text once for each round,
/// the variables set to the round's values.
struct Sequence {
    std::vector<std::string> variables;
    std::vector<std::vector<std::string>> rounds;
    Text text;
};

/// Whether a line starts a sequence.
[[nodiscard]] bool is_sequence(std::string_view line);
/// Definitions in the parentheses have to be replaced already.
[[nodiscard]] Result<Sequence> parse_sequence(const Text& line);

} // namespace weir::keeper
