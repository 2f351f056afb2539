// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "keeper/config/model.h"

namespace weir::keeper {

enum class ConfigPart : std::uint8_t {
    all,
    without_services, ///< no virtual servers
};

/// The configuration as the guard left it in a memfd; null if it cannot be read. What is wrong with it, the
/// loader has said.
[[nodiscard]] std::unique_ptr<Config> read_config_memory(int fd, ConfigPart part);

/// The same, read in another thread, for which this one waits: the C library gives threads memory of their
/// own. Reading takes many times the space of what is kept; who copies that finds the rest in one piece, to
/// be given back (give_back_memory()), and not between what stays.
[[nodiscard]] std::unique_ptr<Config> read_config_apart(int fd, ConfigPart part);

/// Takes out what only virtual routers need. BFD sessions stay: checks follow them.
void drop_routers(Config& config);

/// A copy of a configuration shares the specs of its checks with the original: gives it its own, still one
/// for all servers that are asked alike.
void own_checks(Config& config);

void give_back_memory();

} // namespace weir::keeper
