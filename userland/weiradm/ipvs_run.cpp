// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_run.h"

#include <cstdio>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/config.h"
#include "libweir/conn.h"
#include "libweir/transaction.h"
#include "weiradm/ipvs_errors.h"
#include "weiradm/ipvs_format.h"
#include "weiradm/ipvs_help.h"
#include "weiradm/ipvs_restore.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"

namespace weir::ipvs {
namespace {

constexpr std::uint32_t own_flags = WEIR_SERVICE_F_CONNTRACK | WEIR_SERVICE_F_NO_EXPRESS |
                                    WEIR_SERVICE_F_CLAMP_MSS | WEIR_SERVICE_F_TOA | WEIR_SERVICE_F_TOA_DPVS;

class Runner {
  public:
    Runner(NlSocket socket, bool as_ipvsadm) : socket_(std::move(socket)), as_ipvsadm_(as_ipvsadm) {}

    int run(const Command& command, const std::string& program);

  private:
    Result<void> change(const Command& command);
    Result<void> edit_service(const Command& command);
    Result<void> set_timeouts(const Command& command);
    int list(const Command& command);
    Result<void> list_services(const Format& format);
    Result<void> list_service(const ServiceKey& key, const Format& format);
    Result<void> list_connections(const Format& format);
    Result<void> list_timeouts(const Format& format);
    Result<void> save(const Format& format);
    int restore(const std::string& program);
    Result<bool> merge(const std::vector<NumberedCommand>& commands);

    NlSocket socket_;
    bool as_ipvsadm_;
};

Names names_for(const Format& format)
{
    return format.numeric ? no_names() : system_names();
}

/// ipvsadm's words where it has some for this very case, else the kernel's. As weiradm both: what and why,
/// with the attribute.
std::string words_for(Verb verb, const Error& error, bool as_ipvsadm)
{
    std::string text = error_text(verb, error.code);
    bool explained = error.message != std::generic_category().message(error.code) && error.message != text;
    bool own_words = has_own_words(verb, error.code);
    if (!explained || (as_ipvsadm && own_words))
        return text;
    if (as_ipvsadm || !own_words)
        return error.to_string();
    return fmt::format("{}: {}{}", text, error.message,
                       error.field.empty() ? "" : fmt::format(" ({})", error.field));
}

int Runner::run(const Command& command, const std::string& program)
{
    if (command.verb == Verb::restore)
        return restore(program);
    if (command.verb == Verb::list)
        return list(command);
    Result<void> done = command.verb == Verb::save ? save(command.format) : change(command);
    if (done)
        return 0;
    fmt::print(stderr, "{}\n", words_for(command.verb, done.error(), as_ipvsadm_));
    return command.verb == Verb::save ? exit_list_failed : exit_refused;
}

Result<void> Runner::change(const Command& command)
{
    const ServiceKey& key = command.service.key;
    if (auto supported = check_supported(command); !supported)
        return supported;
    switch (command.verb) {
    case Verb::add_service: return service_add(socket_, command.service);
    case Verb::edit_service: return edit_service(command);
    case Verb::delete_service: return service_del(socket_, key);
    case Verb::flush: return services_flush(socket_, command.service.owner);
    case Verb::add_server: return server_add(socket_, key, command.server);
    case Verb::edit_server: return server_set(socket_, key, command.server, SERVER_ALL);
    case Verb::delete_server: return server_del(socket_, key, command.server.endpoint);
    case Verb::zero: return command.has_service ? service_zero(socket_, key) : services_zero(socket_);
    case Verb::set_timeouts: return set_timeouts(command);
    case Verb::start_daemon: return fail(EOPNOTSUPP, "weir has no daemon that synchronises connections");
    case Verb::stop_daemon: return fail(ESRCH, "no daemon is running");
    default: return fail(EINVAL, "not a command");
    }
}

/// -E says all that ipvsadm knows anew; flags that only weir has stay unless they are named.
Result<void> Runner::edit_service(const Command& command)
{
    auto present = service_get(socket_, command.service.key);
    if (!present)
        return pass_on(present);
    Service service = command.service;
    service.config.flags |= present->config.flags & own_flags & ~command.own_flags_named;
    return service_set(socket_, service, command.service_fields);
}

/// 0 leaves a time-out as it is.
Result<void> Runner::set_timeouts(const Command& command)
{
    ConfigChange change;
    auto set = [&](weir_state state, std::uint32_t seconds) {
        if (seconds)
            change.timeouts[state] = seconds;
    };
    set(WEIR_STATE_TCP_ESTABLISHED, command.timeout_tcp);
    set(WEIR_STATE_TCP_FIN_WAIT, command.timeout_tcp_fin);
    set(WEIR_STATE_UDP, command.timeout_udp);
    return config_set(socket_, change);
}

int Runner::list(const Command& command)
{
    Result<void> done;
    switch (command.listing) {
    case Listing::services: done = list_services(command.format); break;
    case Listing::one_service: done = list_service(command.service.key, command.format); break;
    case Listing::connections: done = list_connections(command.format); break;
    case Listing::timeouts: done = list_timeouts(command.format); break;
    case Listing::daemons: // none is running
        if (command.format.json)
            print(to_text({{"daemons", Json::array()}}));
        break;
    }
    if (done)
        return 0;
    std::fflush(stdout);
    fmt::print(stderr, "{}\n", words_for(Verb::list, done.error(), as_ipvsadm_));
    return exit_list_failed;
}

Result<void> Runner::list_services(const Format& format)
{
    if (!format.json) {
        auto config = config_get(socket_);
        if (!config)
            return pass_on(config);
        print(version_line(config->conn_buckets));
    }
    auto services = services_list(socket_);
    if (!services)
        return pass_on(services);
    if (!format.nosort)
        sort_services(*services);
    if (format.json) {
        Json json;
        json["services"] = Json::array();
        for (const Service& service : *services)
            json["services"].push_back(listing_json(service));
        print(to_text(json));
        return {};
    }
    Names names = names_for(format);
    print(title(format));
    for (const Service& service : *services)
        print(service_text(service, format, names));
    return {};
}

Result<void> Runner::list_service(const ServiceKey& key, const Format& format)
{
    auto service = service_get(socket_, key);
    if (!service)
        return pass_on(service);
    if (format.json) {
        Json json;
        json["services"] = Json::array({listing_json(*service)});
        print(to_text(json));
    } else {
        print(title(format) + service_text(*service, format, names_for(format)));
    }
    return {};
}

Result<void> Runner::list_connections(const Format& format)
{
    if (format.json) {
        Json json;
        json["connections"] = Json::array();
        auto done = conns_each(socket_, {},
                               [&](const Conn& conn) { json["connections"].push_back(listing_json(conn)); });
        if (done)
            print(to_text(json));
        return done;
    }
    Names names = names_for(format);
    print(conn_title(format));
    return conns_each(socket_, {}, [&](const Conn& conn) { print(conn_text(conn, names)); });
}

Result<void> Runner::list_timeouts(const Format& format)
{
    auto config = config_get(socket_);
    if (!config)
        return pass_on(config);
    print(format.json ? to_text(listing_json(*config)) : timeouts_text(*config));
    return {};
}

Result<void> Runner::save(const Format& format)
{
    auto services = services_list(socket_);
    if (!services)
        return pass_on(services);
    sort_services(*services);
    Names names = names_for(format);
    for (const Service& service : *services)
        print(save_text(service, names, format.nosort, !as_ipvsadm_));
    return {};
}

std::string read_input()
{
    std::string text;
    char buffer[65536];
    std::size_t got;
    while ((got = std::fread(buffer, 1, sizeof(buffer), stdin)) > 0)
        text.append(buffer, got);
    return text;
}

/// Lines that only add become one transaction: all or nothing, and without a round trip a line. Others, and
/// those for services of several owners, are carried out one by one as ipvsadm does, but all are read first,
/// so that a line which is no command leaves everything as it was.
int Runner::restore(const std::string& program)
{
    auto commands = parse_lines(split_lines(read_input(), program));
    if (!commands) {
        fmt::print(stderr, "{}", commands.error().to_string(!as_ipvsadm_));
        return commands.error().status;
    }
    if (only_adds(*commands)) {
        auto merged = merge(*commands);
        if (!merged) {
            const Error& error = merged.error();
            std::string place = error.index >= 0 ? fmt::format("line {}: ", error.index) : "";
            fmt::print(stderr, "{}{}\nNothing was changed.\n", place,
                       words_for(Verb::restore, error, as_ipvsadm_));
            return exit_refused;
        }
        if (*merged)
            return 0;
    }
    int status = 0;
    for (const NumberedCommand& line : *commands) {
        status = run(line.command, program);
        if (status)
            fmt::print(stderr, "(line {})\n", line.line);
    }
    return status;
}

/// Whether it could be done: a transaction has one owner.
Result<bool> Runner::merge(const std::vector<NumberedCommand>& commands)
{
    auto config = config_get(socket_);
    if (!config)
        return pass_on(config);
    std::vector<Service> present;
    if (config->service_count) {
        auto services = services_list(socket_);
        if (!services)
            return pass_on(services);
        present = std::move(*services);
    }
    auto plan = plan_restore(commands, present);
    if (!plan)
        return pass_on(plan);
    if (plan->services.empty())
        return true;
    if (!plan->owner)
        return false;
    Transaction transaction(*plan->owner, WEIR_TRANSACTION_MERGE, config->generation);
    for (const RestorePlan::Entry& entry : plan->services)
        transaction.add_service(entry.service, static_cast<long>(entry.line));
    auto outcome = transaction.commit(socket_);
    return outcome ? Result<bool>(true) : Result<bool>(pass_on(outcome));
}

} // namespace

int run(const std::vector<std::string>& words, bool as_ipvsadm)
{
    Command command; // no words at all: the listing
    if (words.size() > 1) {
        auto parsed = parse_command(words);
        if (!parsed) {
            fmt::print(stderr, "{}", parsed.error().to_string(!as_ipvsadm));
            return parsed.error().status;
        }
        command = std::move(*parsed);
    }
    if (command.verb == Verb::version || command.verb == Verb::help) {
        print(command.verb == Verb::version ? version_text(as_ipvsadm) : help_text(words[0], as_ipvsadm));
        return 0;
    }
    auto socket = open_kernel();
    if (!socket) {
        fmt::print(stderr, "{}: {}\n", words[0], explain(socket.error()));
        return exit_usage;
    }
    return Runner(std::move(*socket), as_ipvsadm).run(command, words[0]);
}

} // namespace weir::ipvs
