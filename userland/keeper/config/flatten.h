// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "keeper/config/config.h"

namespace weir::keeper {

/// The whole configuration as one text without includes, definitions and conditions: what the processes of
/// the daemon are handed, so that all work from the same bytes whatever happens to the files.
[[nodiscard]] std::string flatten_config(const std::string& path, const ConfigFiles& files,
                                         const ConfigHost& host, Diagnostics& diagnostics);

/// Such a text, or any other, from memory.
[[nodiscard]] Config read_config_text(const std::string& text, Diagnostics& diagnostics,
                                      const ConfigOptions& options = {});

} // namespace weir::keeper
