// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <span>
#include <string_view>

#include "weiradm/options.h"

namespace weir {

/// One of weir's own commands; each has a file of its own, cmd_NAME.cpp.
struct CommandEntry {
    const char* name;
    const char* summary;                    ///< one line
    const char* help;                       ///< a screen: usage, options, an example
    int (*run)(const Arguments& arguments); ///< what follows the name; the exit status
};

extern const CommandEntry cmd_apply;
extern const CommandEntry cmd_config;
extern const CommandEntry cmd_conn;
extern const CommandEntry cmd_counters;
extern const CommandEntry cmd_diagnose;
extern const CommandEntry cmd_drain;
extern const CommandEntry cmd_help;
extern const CommandEntry cmd_list;
extern const CommandEntry cmd_monitor;
extern const CommandEntry cmd_override;
extern const CommandEntry cmd_pool;
extern const CommandEntry cmd_save;
extern const CommandEntry cmd_server;
extern const CommandEntry cmd_service;
extern const CommandEntry cmd_top;

[[nodiscard]] std::span<const CommandEntry* const> commands();
/// Null where there is none of that name.
[[nodiscard]] const CommandEntry* find_command(std::string_view name);
/// Runs it; --help anywhere, or -h, prints its help instead.
[[nodiscard]] int run_command(const CommandEntry& command, const Arguments& arguments);

} // namespace weir
