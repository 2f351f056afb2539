// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/accounts.h"

#include <cerrno>
#include <map>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

namespace weir::keeper {
namespace {

using Names = std::pair<std::string, std::string>;

std::map<Names, Result<Account>>& known_accounts()
{
    static std::map<Names, Result<Account>> known;
    return known;
}

} // namespace

Result<Account> ask_account(const std::string& user, const std::string& group)
{
    Account account;
    const passwd* entry = getpwnam(user.empty() ? "keepalived_script" : user.c_str());
    if (!entry && !user.empty())
        return fail(ENOENT, fmt::format("there is no user '{}'", user));
    if (entry)
        account = {entry->pw_uid, entry->pw_gid};
    if (group.empty())
        return account;
    const ::group* found = getgrnam(group.c_str());
    if (!found)
        return fail(ENOENT, fmt::format("there is no group '{}'", group));
    account.group = found->gr_gid;
    return account;
}

Result<Account> find_account(const std::string& user, const std::string& group)
{
    auto& known = known_accounts();
    auto found = known.find({user, group});
    if (found == known.end())
        found = known.emplace(Names(user, group), ask_account(user, group)).first;
    return found->second;
}

Result<Account> find_account(const Command& command, const std::string& default_user,
                             const std::string& default_group)
{
    bool own = !command.user.empty();
    return find_account(own ? command.user : default_user, own ? command.group : default_group);
}

void learn_accounts(const Config& config)
{
    known_accounts().clear();
    for_each_command(config, [&](const Command& command, Position) {
        (void)find_account(command, config.global.script_user, config.global.script_group);
    });
}

void for_each_command(const Config& config, const std::function<void(const Command&, Position)>& tell)
{
    auto tell_one = [&](const Command& command, Position at) {
        if (!command.empty())
            tell(command, at);
    };
    auto tell_all = [&](const Notify& notify, Position at) {
        for (const Command* command : {&notify.master, &notify.backup, &notify.fault, &notify.stop,
                                       &notify.deleted, &notify.any, &notify.master_rx_lower})
            tell_one(*command, at);
    };
    for (const Program* program :
         {&config.global.startup, &config.global.shutdown, &config.global.fifo_reader,
          &config.global.vrrp_fifo_reader, &config.services.fifo_reader})
        tell_one(program->command, program->at);
    for (const auto& script : config.scripts)
        tell_one(script.command, script.at);
    for (const auto& instance : config.instances)
        tell_all(*instance.notify, instance.at);
    for (const auto& group : config.groups)
        tell_all(*group.notify, group.at);
    for (const auto& service : config.virtual_servers) {
        tell_one(service.quorum_up, service.at);
        tell_one(service.quorum_down, service.at);
        for (const auto& server : service.servers) {
            tell_one(server.notify->up, server.at);
            tell_one(server.notify->down, server.at);
            for (const auto& spec : server.checks) {
                if (const auto* misc = std::get_if<MiscCheck>(&spec->detail))
                    tell_one(misc->command, server.at);
            }
        }
    }
}

} // namespace weir::keeper
