// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libweir/config.h"
#include "libweir/pool.h"
#include "libweir/service.h"
#include "weiradm/json.h"

namespace weir {

/// A configuration as a file holds it, for `apply` and `save`.
struct Document {
    /// Overrides and drains, which are an operator's and not the owner's, are in Server::weight_override and
    /// Server::drain.
    std::vector<Service> services;
    std::vector<Pool> pools;
    std::optional<ConfigChange> config;
};

/// Reads JSON (starts with "{"), the commands of ipvsadm -S or weiradm -S, or YAML. Unknown members, wrong
/// types, values out of range, and services or servers named twice are refused; the error names the place:
/// "services[2].servers[0].weight".
[[nodiscard]] Result<Document> parse_document(const std::string& text);
[[nodiscard]] Result<Document> document_from_json(const Json& json);
/// From commands as -S writes them; only those that add are allowed.
[[nodiscard]] Result<Document> document_from_commands(const std::string& text);

/// Everything that document_from_json() reads and that differs from the defaults.
[[nodiscard]] Json document_json(const Document& document);

} // namespace weir
