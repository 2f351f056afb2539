// SPDX-License-Identifier: GPL-2.0
#include "weiradm/command.h"

#include <algorithm>

#include "weiradm/output.h"

namespace weir {

std::span<const CommandEntry* const> commands()
{
    static constexpr const CommandEntry* table[] = {
        &cmd_list,   &cmd_service,  &cmd_server,   &cmd_pool,     &cmd_conn,
        &cmd_config, &cmd_counters, &cmd_apply,    &cmd_save,     &cmd_monitor,
        &cmd_top,    &cmd_drain,    &cmd_override, &cmd_diagnose, &cmd_help,
    };
    return table;
}

const CommandEntry* find_command(std::string_view name)
{
    auto all = commands();
    auto found =
        std::ranges::find_if(all, [&](const CommandEntry* command) { return name == command->name; });
    return found == all.end() ? nullptr : *found;
}

int run_command(const CommandEntry& command, const Arguments& arguments)
{
    if (std::ranges::any_of(arguments, [](const auto& word) { return word == "--help" || word == "-h"; })) {
        print(command.help);
        return exit_ok;
    }
    return command.run(arguments);
}

} // namespace weir
