// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "libweir/config.h"
#include "libweir/conn.h"
#include "libweir/counter.h"
#include "libweir/event.h"
#include "libweir/service.h"

/// The one model behind JSON output, YAML output and documents: what a thing is called and how its value is
/// written.
namespace weir {

using Json = nlohmann::ordered_json;

/// Settings alone, all of them or those that differ from the defaults.
enum class Detail { all, changed };

[[nodiscard]] Json settings_json(const ServiceConfig& config, Detail detail);
[[nodiscard]] Json settings_json(const ServerConfig& config, Detail detail);
[[nodiscard]] Json settings_json(const Config& config);

/// Names of the flags that are set: "ops", "sh-port", "conntrack", ...
[[nodiscard]] Json flags_json(std::uint32_t flags);
/// 0 for a name that no flag has.
[[nodiscard]] std::uint32_t flag_from_word(std::string_view word);

// listings: everything, read-only parts included
[[nodiscard]] Json listing_json(const Service& service);
[[nodiscard]] Json listing_json(const Server& server);
[[nodiscard]] Json listing_json(const Conn& conn);
[[nodiscard]] Json settings_json(const PoolConfig& config);
[[nodiscard]] Json listing_json(const Pool& pool);
[[nodiscard]] Json listing_json(const Config& config);
[[nodiscard]] Json listing_json(const Event& event);

/// Two spaces deep, a newline at the end; invalid UTF-8 is replaced.
[[nodiscard]] std::string to_text(const Json& json);
/// In one line.
[[nodiscard]] std::string to_line(const Json& json);

} // namespace weir
