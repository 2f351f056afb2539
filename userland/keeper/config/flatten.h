// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "keeper/config/config.h"
#include "keeper/config/tree.h"

namespace weir::keeper {

/// The whole configuration as one text without includes, definitions and conditions: what the processes of
/// the daemon are handed, so that all work from the same bytes whatever happens to the files.
[[nodiscard]] std::string flat_text(const std::vector<Statement>& tree);

/// Such a text without its virtual servers and their groups, for who has no use for them. They may be
/// thousands of lines; leaving them out costs next to nothing beside reading them.
[[nodiscard]] std::string without_services(const std::string& text);

/// Such a text, or any other, from memory.
[[nodiscard]] Config read_config_text(const std::string& text, Diagnostics& diagnostics,
                                      const ConfigOptions& options = {});

} // namespace weir::keeper
