// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "keeper/config/definitions.h"
#include "keeper/config/diagnostic.h"
#include "keeper/config/files.h"
#include "keeper/config/model.h"

namespace weir::keeper {

struct ConfigOptions {
    /// Unknown words are named and passed over, as keepalived does.
    bool lenient = false;
    /// Gets the whole as one text, from the same reading of the files: see flatten.h.
    std::string* flat = nullptr;
};

/// Text files to Config. Whatever was found stands in `diagnostics`, sorted by place; the result is for use
/// only if diagnostics.usable().
[[nodiscard]] Config read_config(const std::string& path, const ConfigFiles& files, const ConfigHost& host,
                                 Diagnostics& diagnostics, const ConfigOptions& options = {});

/// keepalived --config-test's: 0 all well (notes are well), 4 a file is missing, 5 anything else to say, 6 a
/// script that others could change.
[[nodiscard]] int check_status(const Diagnostics& diagnostics);

} // namespace weir::keeper
