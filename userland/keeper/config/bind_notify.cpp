// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "keeper/config/bind.h"

namespace weir::keeper {

void check_program(const Command& command, Position at, Diagnostics& diagnostics)
{
    // a bare name is looked for in the usual directories, as keepalived does
    const std::string& program = command.words[0];
    if (!program.starts_with('/') && program.find('/') != std::string::npos)
        diagnostics.error(at, fmt::format("'{}' has to be an absolute path or a bare name", program));
}

Command bind_command(const Statement& statement, Diagnostics& diagnostics, bool user_follows)
{
    // keyword COMMAND [user [group]]: the command with its arguments is one word if quoted, the first word
    // else
    std::string_view line = statement.line.view();
    auto words = split_command(line.substr(std::min(line.find_first_of(" \t"), line.size())));
    Command command;
    if (!words || words->empty())
        return command;
    auto inner = split_command(words->front());
    if (!inner || inner->empty()) {
        diagnostics.error(statement.at(), fmt::format("'{}' has an empty command", statement.name()));
        return command;
    }
    command.words = std::move(*inner);
    if (user_follows && words->size() > 1)
        command.user = (*words)[1];
    if (user_follows && words->size() > 2)
        command.group = (*words)[2];
    check_program(command, statement.words[std::min<std::size_t>(1, statement.words.size() - 1)].at,
                  diagnostics);
    if (user_follows && words->size() > 3)
        diagnostics.error(statement.at(),
                          fmt::format("{}: after the command stand a user and a group; a command "
                                      "with arguments has to be in quotes",
                                      statement.name()));
    return command;
}

void bind_program(const Values& values, Program& program)
{
    const Statement& line = values.statement();
    if (!program.command.empty())
        return values.diagnostics().warning(
            line.at(), fmt::format("'{}' is given a second time, the first one stays", line.name()));
    program.command = bind_command(line, values.diagnostics());
    program.at = line.at();
}

bool bind_notify(const Statement& statement, Rare<Notify>& notify, Diagnostics& diagnostics)
{
    struct Kind {
        std::string_view name;
        Command Notify::*target;
    };
    static constexpr Kind kinds[] = {
        {"notify_master", &Notify::master},
        {"notify_backup", &Notify::backup},
        {"notify_fault", &Notify::fault},
        {"notify_stop", &Notify::stop},
        {"notify", &Notify::any},
        {"notify_master_rx_lower_pri", &Notify::master_rx_lower},
        {"notify_deleted", &Notify::deleted},
    };
    for (const auto& kind : kinds) {
        if (statement.name() != kind.name)
            continue;
        Command& target = notify.edit().*kind.target;
        if (kind.name == "notify_deleted" && statement.words.size() == 1) {
            notify.edit().say_deleted = true;
        } else if (!target.empty()) {
            diagnostics.warning(statement.at(),
                                fmt::format("'{}' is given a second time, the first one stays", kind.name));
        } else {
            target = bind_command(statement, diagnostics);
        }
        return true;
    }
    return false;
}

} // namespace weir::keeper
