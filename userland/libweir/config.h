// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libweir/socket.h"
#include "libweir/timeout.h"

namespace weir {

/// The settings of the network namespace, and a few numbers about it.
struct Config {
    Timeouts timeouts;
    std::uint32_t conn_max = 0;
    std::uint32_t service_max = 0;
    std::uint32_t staged_max = 0; ///< bytes
    bool express = true;
    bool sloppy_tcp = false;
    bool expire_quiescent = false;
    std::vector<std::string> express_devices; ///< that the express path may stand at; none: all

    // read-only
    std::uint32_t conn_count = 0;
    std::uint32_t conn_buckets = 0;
    std::uint32_t service_count = 0;
    std::uint32_t generation = 0; ///< number of the last commit
};

/// What a request changes.
struct ConfigChange {
    Timeouts timeouts;
    std::optional<std::uint32_t> conn_max;
    std::optional<std::uint32_t> service_max;
    std::optional<std::uint32_t> staged_max;
    std::optional<bool> express;
    std::optional<bool> sloppy_tcp;
    std::optional<bool> expire_quiescent;
    std::optional<std::vector<std::string>> express_devices;

    bool operator==(const ConfigChange&) const = default;
};

[[nodiscard]] Config parse_config(const AttrSet& attrs);
[[nodiscard]] Result<Config> config_get(NlSocket& socket);
[[nodiscard]] Result<void> config_set(NlSocket& socket, const ConfigChange& change);

} // namespace weir
