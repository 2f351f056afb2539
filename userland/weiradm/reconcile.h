// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libweir/config.h"
#include "libweir/pool.h"
#include "libweir/service.h"

namespace weir {

/// One setting that differs.
struct FieldChange {
    std::string name;
    std::string from;
    std::string to;
};

/// One object that has to be added, changed or removed.
struct Change {
    enum class Kind { add, change, remove };

    Kind kind;
    ServiceKey service;
    std::optional<Endpoint> server;  ///< nothing: the service itself
    std::vector<FieldChange> fields; ///< of Kind::change
    std::string pool = {};           ///< its name; empty: not of a pool
};

/// What turns `current`, all the services that there are, into `desired` for one owner. Services of others
/// stay out of it; one that is desired and is another's is refused. Operators' overrides and drains do not
/// count. Changes come in the order of `desired`, removals of services last.
[[nodiscard]] Result<std::vector<Change>>
reconcile(const std::vector<Service>& desired, const std::vector<Service>& current, const std::string& owner);

/// The same of pools.
[[nodiscard]] Result<std::vector<Change>>
reconcile_pools(const std::vector<Pool>& desired, const std::vector<Pool>& current, const std::string& owner);

/// What takes `change` back where `current` are the settings: the values that it would replace. Equal to
/// ConfigChange() where it changes nothing.
[[nodiscard]] ConfigChange config_undo(const ConfigChange& change, const Config& current);

/// "+ pool lan", "+ tcp:192.0.2.1:80", "~ tcp:192.0.2.1:80 10.0.0.1:80: weight 1 -> 2", "- ..."; a line each.
[[nodiscard]] std::string changes_text(const std::vector<Change>& changes);

} // namespace weir
