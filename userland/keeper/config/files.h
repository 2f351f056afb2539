// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::keeper {

/// Where configuration text comes from; a test hands in its own.
struct ConfigFiles {
    std::function<Result<std::string>(const std::string& path)> read;
    /// Names that match a shell pattern with braces, sorted; a name without wildcards matches if it exists.
    std::function<std::vector<std::string>(const std::string& pattern)> glob;

    /// The file system, relative names being relative to this process's directory.
    [[nodiscard]] static ConfigFiles local();
};

} // namespace weir::keeper
