// SPDX-License-Identifier: GPL-2.0
#include "catch.h"
#include "config_text.h"
#include "keeper/daemon/accounts.h"
#include "keeper/daemon/script_security.h"

using namespace weir;
using namespace weir::keeper;
using namespace weir::keeper::test;

namespace {

/// What is said of a configuration beside notes, once the machine was asked.
std::vector<std::string> said_of(const std::string& text)
{
    auto loaded = load(text);
    REQUIRE(loaded.messages.empty());
    check_script_security(loaded.config, loaded.diagnostics);
    std::vector<std::string> said;
    for (const auto& item : loaded.diagnostics.all()) {
        if (item.severity != Severity::note)
            said.push_back(loaded.diagnostics.format(item));
    }
    return said;
}

std::string misc_check(const std::string& user)
{
    return "virtual_server 192.0.2.1 80 {\nprotocol TCP\nreal_server 10.0.0.1 80 {\nMISC_CHECK {\n"
           "misc_path /nowhere/probe\n" +
           user + "\n}\n}\n}\n";
}

using Said = std::vector<std::string>;

} // namespace

TEST_CASE("accounts: a program's user or group that is not there is an error of the configuration",
          "[keeper]")
{
    CHECK(said_of(misc_check("user root")).empty());
    CHECK(said_of(misc_check("user root root")).empty());
    CHECK(said_of(misc_check("")).empty());
    CHECK(said_of(misc_check("user nobody-here")) ==
          Said{"/k:3:1: error: there is no user 'nobody-here': '/nowhere/probe' could not be run"});
    CHECK(said_of(misc_check("user root nobody-here")) ==
          Said{"/k:3:1: error: there is no group 'nobody-here': '/nowhere/probe' could not be run"});
    CHECK(said_of("vrrp_instance V {\ninterface lo\nvirtual_router_id 1\n"
                  "notify_master \"/nowhere/told up\" nobody-here\nvirtual_ipaddress {\n192.0.2.1\n}\n}\n") ==
          Said{"/k:1:1: error: there is no user 'nobody-here': '/nowhere/told' could not be run"});
    // the default one once, for however many programs
    CHECK(said_of("global_defs {\nscript_user nobody-here\n}\n" + misc_check("")) ==
          Said{"/k:2:13: error: script_user: there is no user 'nobody-here'"});
    CHECK(said_of("global_defs {\nlvs_notify_fifo /nowhere/fifo nobody-here\n}\n" + misc_check("")) ==
          Said{"/k: error: there is no user 'nobody-here': whom the FIFO '/nowhere/fifo' is to belong to"});
}

TEST_CASE("accounts: what was learnt is not asked for again", "[keeper]")
{
    auto loaded = load(misc_check("user root"));
    learn_accounts(loaded.config);
    auto found = find_account("root", "");
    REQUIRE(found);
    CHECK(found->user == 0);
    auto missing = find_account("nobody-here", "");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ENOENT);
    CHECK(find_account("", "")); // keepalived_script, or root
}
