// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_errors.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace weir::ipvs {
namespace {

struct Words {
    Verb verb;
    int code;
    const char* text;
};

// of one command
constexpr Words words[] = {
    {Verb::add_service, EEXIST, "Service already exists"},
    {Verb::add_service, ENOENT, "Scheduler or persistence engine not found"},
    {Verb::edit_service, ESRCH, "No such service"},
    {Verb::edit_service, ENOENT, "Scheduler or persistence engine not found"},
    {Verb::delete_service, ESRCH, "No such service"},
    {Verb::zero, ESRCH, "No such service"},
    {Verb::add_server, ESRCH, "Service not defined"},
    {Verb::add_server, EEXIST, "Destination already exists"},
    {Verb::edit_server, ESRCH, "Service not defined"},
    {Verb::edit_server, ENOENT, "No such destination"},
    {Verb::delete_server, ESRCH, "Service not defined"},
    {Verb::delete_server, ENOENT, "No such destination"},
    {Verb::start_daemon, EEXIST, "Daemon has already run"},
    {Verb::stop_daemon, ESRCH, "No daemon is running"},
    {Verb::list, ESRCH, "No such service"},
    {Verb::save, ESRCH, "No such service"},
};

struct AnyWords {
    int code;
    const char* text;
};

// of all
constexpr AnyWords any_words[] = {
    {EPERM, "Permission denied (you must be root)"},
    {EINVAL, "Invalid operation.  Possibly wrong module version, address not unicast, ..."},
    {ENOPROTOOPT, "Protocol not available"},
    {ENOMEM, "Memory allocation problem"},
    {EOPNOTSUPP, "Operation not supported with IPv6"},
    {EAFNOSUPPORT, "Operation not supported with specified address family"},
    {EMSGSIZE, "Module is wrong version"},
};

const Words* find_words(Verb verb, int code)
{
    const Words* found = std::ranges::find_if(
        words, [&](const Words& entry) { return entry.verb == verb && entry.code == code; });
    return found == std::end(words) ? nullptr : found;
}

} // namespace

std::string Refusal::to_string(bool with_detail) const
{
    if (!with_detail || detail.empty())
        return text;
    return text.substr(0, text.find_last_not_of('\n') + 1) + ": " + detail + "\n";
}

bool has_own_words(Verb verb, int code)
{
    return find_words(verb, code) || code == EPERM;
}

std::string error_text(Verb verb, int code)
{
    if (const Words* found = find_words(verb, code))
        return found->text;
    const AnyWords* any = std::ranges::find(any_words, code, &AnyWords::code);
    return any == std::end(any_words) ? std::generic_category().message(code) : any->text;
}

Result<void> check_supported(const Command& command)
{
    if (!command.persistence_engine.empty())
        return fail(ENOENT, "no persistence engine '" + command.persistence_engine + "': weir has none",
                    "pe");
    return {};
}

} // namespace weir::ipvs
