// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_rules.h"

#include <span>

#include <fmt/format.h>

namespace weir::ipvs {
namespace {

constexpr const char* option_names[] = {
    "numeric",
    "connection",
    "service-address",
    "scheduler",
    "persistent",
    "netmask",
    "real-server",
    "forwarding-method",
    "weight",
    "u-threshold",
    "l-threshold",
    "mcast-interface",
    "timeout",
    "daemon",
    "stats",
    "rate",
    "thresholds",
    "persistent-conn",
    "nosort",
    "syncid",
    "exact",
    "ops",
    "pe",
    "sched-flags",
    "mcast-group",
    "mcast-port",
    "mcast-ttl",
    "sync-maxlen",
    "tun-info",
    "tun-type",
    "tun-port",
    "tun-nocsum",
    "tun-csum",
    "tun-remcsum",
    "conn-timeout",
    "slow-start",
    "syn-retry",
    "on-gone",
    "mh-size",
    "seed",
    "conntrack",
    "no-express",
    "toa",
    "toa-dpvs",
    "proxy-protocol",
    "owner",
    "pool",
    "json",
};
static_assert(std::size(option_names) == OPTIONS);

/// One command's rules: '+' needed, ' ' allowed, '1' at most one of these; whatever is not named is illegal.
struct Rules {
    const char* name;
    OptionSet needed;
    OptionSet allowed;
    OptionSet exclusive;
};

OptionSet set_of(std::initializer_list<Option> options)
{
    OptionSet set;
    for (Option option : options)
        set.set(option);
    return set;
}

Rules rules_of(Verb verb)
{
    static const OptionSet service_options = set_of(
        {OPT_SCHEDULER, OPT_PERSISTENT, OPT_NETMASK, OPT_ONEPACKET, OPT_PERSISTENCE_ENGINE, OPT_SCHED_FLAGS,
         OPT_CONN_TIMEOUT, OPT_SLOW_START, OPT_SYN_RETRY, OPT_ON_GONE, OPT_MH_SIZE, OPT_SEED, OPT_CONNTRACK,
         OPT_NO_EXPRESS, OPT_TOA, OPT_TOA_DPVS, OPT_PROXY_PROTOCOL, OPT_POOL});
    static const OptionSet server_options =
        set_of({OPT_FORWARD, OPT_WEIGHT, OPT_UTHRESHOLD, OPT_LTHRESHOLD, OPT_TUN_TYPE, OPT_TUN_PORT,
                OPT_TUN_NOCSUM, OPT_TUN_CSUM, OPT_TUN_REMCSUM});
    static const OptionSet service = set_of({OPT_SERVICE});
    static const OptionSet server = set_of({OPT_SERVICE, OPT_SERVER});

    switch (verb) {
    case Verb::add_service: return {"add-service", service, service_options | set_of({OPT_OWNER}), {}};
    case Verb::edit_service: return {"edit-service", service, service_options, {}};
    case Verb::delete_service: return {"delete-service", service, {}, {}};
    case Verb::flush: return {"flush", {}, set_of({OPT_OWNER}), {}};
    case Verb::list:
        return {"list",
                {},
                set_of({OPT_NUMERIC, OPT_STATS, OPT_RATE, OPT_THRESHOLDS, OPT_PERSISTENTCONN, OPT_NOSORT,
                        OPT_SYNCID, OPT_EXACT, OPT_TUN_INFO, OPT_JSON}),
                set_of({OPT_CONNECTION, OPT_SERVICE, OPT_TIMEOUT, OPT_DAEMON})};
    case Verb::add_server: return {"add-server", server, server_options, {}};
    case Verb::delete_server: return {"delete-server", server, {}, {}};
    case Verb::edit_server: return {"edit-server", server, server_options, {}};
    case Verb::set_timeouts: return {"set", {}, {}, {}};
    case Verb::start_daemon:
        return {
            "start-daemon",
            {},
            set_of({OPT_MCAST, OPT_SYNCID, OPT_MCAST_GROUP, OPT_MCAST_PORT, OPT_MCAST_TTL, OPT_SYNC_MAXLEN}),
            {}};
    case Verb::stop_daemon: return {"stop-daemon", {}, set_of({OPT_SYNCID}), {}};
    case Verb::restore: return {"restore", {}, {}, {}};
    case Verb::save: return {"save", {}, set_of({OPT_NUMERIC}), {}};
    case Verb::zero: return {"zero", {}, service, {}};
    case Verb::help:
    case Verb::version: break;
    }
    return {"help", {}, {}, {}};
}

/// `of`: "command" or "tunnel type".
std::optional<std::string> check(const Rules& rules, const OptionSet& given, std::span<const Option> options,
                                 const char* of)
{
    const char* exclusive = nullptr;
    for (Option option : options) {
        const char* name = option_name(option);
        if (!given[option]) {
            if (rules.needed[option])
                return fmt::format("You need to supply the '{}' option for the '{}' {}", name, rules.name,
                                   of);
            continue;
        }
        if (rules.exclusive[option]) {
            if (exclusive)
                return fmt::format("The option '{}' conflicts with the '{}' option in the '{}' {}", name,
                                   exclusive, rules.name, of);
            exclusive = name;
        } else if (!rules.needed[option] && !rules.allowed[option]) {
            return fmt::format("Illegal '{}' option with the '{}' {}", name, rules.name, of);
        }
    }
    return std::nullopt;
}

} // namespace

const char* option_name(Option option)
{
    return option_names[option];
}

std::optional<std::string> check_options(Verb verb, const OptionSet& given)
{
    static const auto all = [] {
        std::array<Option, OPTIONS> options{};
        for (int i = 0; i < OPTIONS; i++)
            options[static_cast<std::size_t>(i)] = static_cast<Option>(i);
        return options;
    }();
    return check(rules_of(verb), given, all, "command");
}

std::optional<std::string> check_tunnel_options(weir_tunnel_type type, const OptionSet& given)
{
    static constexpr Option options[] = {OPT_TUN_PORT, OPT_TUN_NOCSUM, OPT_TUN_CSUM, OPT_TUN_REMCSUM};
    switch (type) {
    case WEIR_TUNNEL_IPIP: return check({"ipip", {}, {}, {}}, given, options, "tunnel type");
    case WEIR_TUNNEL_GUE:
        return check(
            {"gue", set_of({OPT_TUN_PORT}), {}, set_of({OPT_TUN_NOCSUM, OPT_TUN_CSUM, OPT_TUN_REMCSUM})},
            given, options, "tunnel type");
    case WEIR_TUNNEL_GRE:
        return check({"gre", {}, {}, set_of({OPT_TUN_NOCSUM, OPT_TUN_CSUM})}, given, options, "tunnel type");
    }
    return std::nullopt;
}

} // namespace weir::ipvs
