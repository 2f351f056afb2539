// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/script_security.h"

#include <optional>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/daemon/accounts.h"

namespace weir::keeper {
namespace {

constexpr std::string_view directories[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                            "/usr/bin",        "/sbin",          "/bin"};

std::optional<std::string> find_program(const std::string& program)
{
    if (program.starts_with('/'))
        return ::access(program.c_str(), X_OK) == 0 ? std::optional(program) : std::nullopt;
    for (auto directory : directories) {
        std::string path = fmt::format("{}/{}", directory, program);
        if (::access(path.c_str(), X_OK) == 0)
            return path;
    }
    return std::nullopt;
}

bool root_alone_changes(const std::string& path)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0)
        return false;
    bool others = (status.st_mode & S_IWOTH) || ((status.st_mode & S_IWGRP) && status.st_gid != 0);
    // in a sticky directory nobody replaces another's file
    return status.st_uid == 0 && (!others || (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX)));
}

/// Whoever can change a directory on the way can put another program there.
bool secure(const std::string& path)
{
    for (std::size_t slash = 0; slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (!root_alone_changes(slash ? path.substr(0, slash) : "/"))
            return false;
    }
    return root_alone_changes(path);
}

void check(const Command& command, const Config& config, Position at, Diagnostics& diagnostics)
{
    auto account = find_account(command, config.global.script_user, config.global.script_group);
    if (!account && !command.user.empty()) // the default one's is said once
        diagnostics.error(
            at, fmt::format("{}: '{}' could not be run", account.error().message, command.words[0]));
    auto path = find_program(command.words[0]);
    if (!path)
        return diagnostics.note(at,
                                fmt::format("there is no program '{}' on this machine", command.words[0]));
    if (!account || account->user != 0 || secure(*path))
        return;
    std::string text = fmt::format("'{}' would run as root, and others than root can change it", *path);
    if (config.global.script_security)
        return diagnostics.error(at, text);
    diagnostics.warning(at, text);
    diagnostics.insecure_script = true;
}

void check_owner(const std::optional<Fifo>& fifo, Diagnostics& diagnostics)
{
    if (!fifo || fifo->user.empty())
        return;
    if (auto account = ask_account(fifo->user, fifo->group); !account)
        diagnostics.error(
            {}, fmt::format("{}: whom the FIFO '{}' is to belong to", account.error().message, fifo->path));
}

} // namespace

void check_script_security(const Config& config, Diagnostics& diagnostics)
{
    const Global& global = config.global;
    learn_accounts(config);
    if (auto account = find_account(global.script_user, global.script_group); !account)
        diagnostics.error(global.script_user_at, fmt::format("script_user: {}", account.error().message));
    for (const auto* fifo : {&global.fifo, &global.vrrp_fifo, &config.services.fifo})
        check_owner(*fifo, diagnostics);
    for_each_command(config,
                     [&](const Command& command, Position at) { check(command, config, at, diagnostics); });
    diagnostics.sort();
}

} // namespace weir::keeper
