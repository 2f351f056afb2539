// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

#include "base/result.h"
#include "keeper/config/config.h"

/// Whom programs run as. To ask the machine for a user may take its time (a directory server), so that it is
/// done when a configuration is read, and not when a program is to be started.
namespace weir::keeper {

struct Account {
    uid_t user = 0;
    gid_t group = 0;
};

/// keepalived's: the user given, else keepalived_script if there is one, else root. ENOENT: there is no such
/// user or group; then as the message says.
[[nodiscard]] Result<Account> ask_account(const std::string& user, const std::string& group);
/// As it was when it was asked for last; asks where it never was.
[[nodiscard]] Result<Account> find_account(const std::string& user, const std::string& group);
/// Of a program: its own, or else these.
[[nodiscard]] Result<Account> find_account(const Command& command, const std::string& default_user,
                                           const std::string& default_group);
/// Asks for all that programs of this configuration run as, and forgets the others.
void learn_accounts(const Config& config);

/// Every program that a configuration runs, and where it stands.
void for_each_command(const Config& config, const std::function<void(const Command&, Position)>& tell);

} // namespace weir::keeper
