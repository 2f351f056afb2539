// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "weiradm/json.h"

namespace weir {

/// YAML as the JSON value that it stands for. Anchors are resolved; documents that nest or grow without
/// measure are refused. The error names line and column.
[[nodiscard]] Result<Json> json_from_yaml(const std::string& text);

/// Block style, two spaces deep; strings are quoted where YAML would read something else.
[[nodiscard]] std::string yaml_from_json(const Json& json);

} // namespace weir
