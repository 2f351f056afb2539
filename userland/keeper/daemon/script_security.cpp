// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/script_security.h"

#include <optional>

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool runs_as_root(const Command& command, const Global& global)
{
    const std::string& user = command.user.empty() ? global.script_user : command.user;
    const passwd* entry = getpwnam(user.empty() ? "keepalived_script" : user.c_str());
    return user.empty() ? !entry : entry && entry->pw_uid == 0;
}

void check(const Command& command, const Config& config, Position at, Diagnostics& diagnostics)
{
    if (command.empty())
        return;
    auto path = find_program(command.words[0]);
    if (!path)
        return diagnostics.note(at,
                                fmt::format("there is no program '{}' on this machine", command.words[0]));
    if (!runs_as_root(command, config.global) || secure(*path))
        return;
    std::string text = fmt::format("'{}' would run as root, and others than root can change it", *path);
    if (config.global.script_security)
        return diagnostics.error(at, text);
    diagnostics.warning(at, text);
    diagnostics.insecure_script = true;
}

void check_all(const Notify& notify, const Config& config, Position at, Diagnostics& diagnostics)
{
    for (const Command* command : {&notify.master, &notify.backup, &notify.fault, &notify.stop,
                                   &notify.deleted, &notify.any, &notify.master_rx_lower})
        check(*command, config, at, diagnostics);
}

} // namespace

void check_script_security(const Config& config, Diagnostics& diagnostics)
{
    for (const Program* program :
         {&config.global.startup, &config.global.shutdown, &config.global.fifo_reader,
          &config.global.vrrp_fifo_reader, &config.services.fifo_reader})
        check(program->command, config, program->at, diagnostics);
    for (const auto& script : config.scripts)
        check(script.command, config, script.at, diagnostics);
    for (const auto& instance : config.instances)
        check_all(*instance.notify, config, instance.at, diagnostics);
    for (const auto& group : config.groups)
        check_all(*group.notify, config, group.at, diagnostics);
    for (const auto& service : config.virtual_servers) {
        check(service.quorum_up, config, service.at, diagnostics);
        check(service.quorum_down, config, service.at, diagnostics);
        for (const auto& server : service.servers) {
            check(server.notify->up, config, server.at, diagnostics);
            check(server.notify->down, config, server.at, diagnostics);
            for (const auto& spec : server.checks) {
                if (const auto* misc = std::get_if<MiscCheck>(&spec->detail))
                    check(misc->command, config, server.at, diagnostics);
            }
        }
    }
    diagnostics.sort();
}

} // namespace weir::keeper
