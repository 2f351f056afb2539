// SPDX-License-Identifier: GPL-2.0
// ipvsadm's command line: what its options mean, and the order in which they are looked at.
#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <popt.h>

#include "libweir/pool.h"
#include "weiradm/ipvs_address.h"
#include "weiradm/ipvs_command.h"
#include "weiradm/ipvs_rules.h"
#include "weiradm/ipvs_words.h"

namespace weir::ipvs {
namespace {

constexpr std::uint32_t default_persistence = 360;

struct FreeContext {
    void operator()(poptContext context) const noexcept { poptFreeContext(context); }
};

/// Ends the parse; caught in parse_command() alone and never seen outside this file. Options are checked in
/// the order in which they stand, some ten levels of `if` deep otherwise.
struct Stop {
    Refusal refusal;
};

template <typename... Args>
[[noreturn]] void usage(fmt::format_string<Args...> text, Args&&... args)
{
    throw Stop{{exit_usage, fmt::format(text, std::forward<Args>(args)...) + "\n"}};
}

[[noreturn]] void usage_detailed(std::string text, std::string detail)
{
    throw Stop{{exit_usage, std::move(text) + "\n", std::move(detail)}};
}

class Parser {
  public:
    explicit Parser(const std::vector<std::string>& words);
    Command parse();

  private:
    void command_word(int tag);
    void option_word(int tag);
    bool service_option(int tag);
    bool server_option(int tag);
    bool list_option(int tag);
    bool daemon_option(int tag);
    bool own_option(int tag);
    void arguments();
    void finish_service();
    void finish_server();
    void finish_listing();

    void set(Option option);
    void service_address(int protocol);
    void fwmark();
    void netmask();
    void server_address();
    void scheduler_flags();
    void conn_timeouts();
    void own_flag(Option option, std::uint32_t flag);
    std::uint32_t number(long min, long max, const char* complaint);
    std::uint32_t persist_prefix() const;
    std::uint32_t timeout(const std::string& text, long min) const;
    [[noreturn]] void try_help() const;

    const std::vector<std::string>& words_;
    std::vector<const char*> argv_;
    std::unique_ptr<std::remove_pointer_t<poptContext>, FreeContext> context_;
    Command command_;
    OptionSet given_;
    std::string value_; ///< the option's argument
    bool has_value_ = false;

    // as far as they are known: options count in the order in which they stand
    int family_ = AF_UNSPEC;
    int protocol_ = 0;
    std::uint32_t mask_ = 0xffffffff; ///< network byte order, or a prefix with IPv6
    bool scheduler_given_ = false;
    bool persistent_ = false;
    std::string flags_text_;
};

Parser::Parser(const std::vector<std::string>& words) : words_(words)
{
    for (const std::string& word : words_)
        argv_.push_back(word.c_str());
    argv_.push_back(nullptr);
    context_.reset(poptGetContext("ipvsadm", static_cast<int>(words_.size()), argv_.data(), option_table, 0));
}

void Parser::try_help() const
{
    throw Stop{
        {exit_refused, fmt::format("Try `{0} -h' or '{0} --help' for more information.\n", words_[0])}};
}

void Parser::set(Option option)
{
    if (given_[option])
        usage("multiple '{}' options specified", option_name(option));
    given_.set(option);
}

std::uint32_t Parser::number(long min, long max, const char* complaint)
{
    auto value = to_number(value_, min, max);
    if (!value)
        usage_detailed(complaint, fmt::format("'{}' is not {} to {}", value_, min, max));
    return static_cast<std::uint32_t>(*value);
}

std::uint32_t Parser::timeout(const std::string& text, long min) const
{
    auto value = to_number(text, min, WEIR_TIMEOUT_MAX);
    if (!value)
        usage_detailed(fmt::format("invalid timeout value `{}' specified", text),
                       fmt::format("{} to {} seconds are allowed", min, WEIR_TIMEOUT_MAX));
    return static_cast<std::uint32_t>(*value);
}

Command Parser::parse()
{
    auto next = [&] {
        int tag = poptGetNextOpt(context_.get());
        std::unique_ptr<char, decltype(&std::free)> argument(poptGetOptArg(context_.get()), std::free);
        has_value_ = argument != nullptr;
        value_ = argument ? argument.get() : "";
        return tag;
    };

    int tag = next();
    if (tag < 0)
        try_help();
    command_word(tag);
    if (command_.verb == Verb::help || command_.verb == Verb::version)
        return command_; // whatever follows
    while ((tag = next()) >= 0)
        option_word(tag);
    if (tag < -1)
        throw Stop{
            {exit_refused, fmt::format("{}: {}\n", poptBadOption(context_.get(), POPT_BADOPTION_NOALIAS),
                                       poptStrerror(tag))}};
    arguments();
    if (!flags_text_.empty())
        scheduler_flags();
    if (auto complaint = check_options(command_.verb, given_))
        usage("{}", *complaint);
    finish_service();
    finish_server();
    finish_listing();
    return command_;
}

void Parser::command_word(int tag)
{
    switch (tag) {
    case 'A': command_.verb = Verb::add_service; break;
    case 'E': command_.verb = Verb::edit_service; break;
    case 'D': command_.verb = Verb::delete_service; break;
    case 'a': command_.verb = Verb::add_server; break;
    case 'e': command_.verb = Verb::edit_server; break;
    case 'd': command_.verb = Verb::delete_server; break;
    case 'C': command_.verb = Verb::flush; break;
    case 'L': command_.verb = Verb::list; break;
    case 'Z': command_.verb = Verb::zero; break;
    case 'R': command_.verb = Verb::restore; break;
    case 'S': command_.verb = Verb::save; break;
    case 'h': command_.verb = Verb::help; break;
    case 'v': command_.verb = Verb::version; break;
    case TAG_SET: command_.verb = Verb::set_timeouts; break;
    case TAG_START_DAEMON:
        command_.verb = Verb::start_daemon;
        if (value_ != "master" && value_ != "backup")
            usage("illegal start-daemon parameter specified");
        break;
    case TAG_STOP_DAEMON:
        command_.verb = Verb::stop_daemon;
        if (value_ != "master" && value_ != "backup")
            usage("illegal start_daemon specified");
        break;
    default: try_help();
    }
}

void Parser::option_word(int tag)
{
    if (!service_option(tag) && !server_option(tag) && !list_option(tag) && !daemon_option(tag) &&
        !own_option(tag))
        usage("invalid option `{}'", poptBadOption(context_.get(), POPT_BADOPTION_NOALIAS));
}

bool Parser::service_option(int tag)
{
    ServiceConfig& config = command_.service.config;
    switch (tag) {
    case 't': service_address(IPPROTO_TCP); return true;
    case 'u': service_address(IPPROTO_UDP); return true;
    case TAG_SCTP: service_address(IPPROTO_SCTP); return true;
    case 'f': fwmark(); return true;
    case '6':
        if (!command_.service.key.fwmark)
            usage("-6 used before -f\n");
        family_ = AF_INET6;
        mask_ = 128;
        return true;
    case 's':
        set(OPT_SCHEDULER);
        scheduler_given_ = !value_.empty();
        if (scheduler_given_)
            config.scheduler = value_.substr(0, WEIR_SCHEDULER_NAME_MAX);
        return true;
    case 'p':
        set(OPT_PERSISTENT);
        persistent_ = true;
        config.persist_timeout = has_value_ ? timeout(value_, 1) : default_persistence;
        return true;
    case 'M': netmask(); return true;
    case 'o':
        set(OPT_ONEPACKET);
        config.flags |= WEIR_SERVICE_F_ONE_PACKET;
        return true;
    case TAG_PE:
        set(OPT_PERSISTENCE_ENGINE);
        command_.persistence_engine = value_;
        return true;
    case 'b':
        set(OPT_SCHED_FLAGS);
        flags_text_ = value_.substr(0, 127);
        return true;
    default: return false;
    }
}

void Parser::service_address(int protocol)
{
    set(OPT_SERVICE);
    protocol_ = protocol;
    auto parsed = to_service_address(value_, protocol);
    if (!parsed)
        usage_detailed(
            "illegal virtual server address[:port] specified",
            fmt::format("'{}' is no address with a port of 0 to 65535 or a range of ports", value_));
    ServiceKey& key = command_.service.key;
    key.protocol = protocol;
    key.address = parsed->address;
    key.ports = parsed->ports.value_or(PortRange());
    family_ = parsed->address.family();
    if (family_ == AF_INET6)
        mask_ = 128;
}

void Parser::fwmark()
{
    set(OPT_SERVICE);
    family_ = AF_INET;
    protocol_ = IPPROTO_TCP; // for the names of servers' ports
    auto mark = to_number(value_, 1, UINT_MAX);
    if (!mark)
        usage_detailed(fmt::format("invalid fwmark value `{}' specified", value_),
                       fmt::format("1 to {} is allowed", UINT_MAX));
    command_.service.key.fwmark = static_cast<std::uint32_t>(*mark);
}

void Parser::netmask()
{
    set(OPT_NETMASK);
    if (family_ != AF_INET6) {
        auto mask = to_netmask(value_);
        if (!mask)
            usage_detailed("illegal virtual server persistent mask specified",
                           fmt::format("'{}' is no IPv4 mask", value_));
        mask_ = *mask;
        return;
    }
    int prefix = std::atoi(value_.c_str()); // NOLINT(cert-err34-c): as ipvsadm reads it
    if (prefix < 1 || prefix > 128)
        usage_detailed("illegal ipv6 netmask specified", fmt::format("'{}' is not 1 to 128", value_));
    mask_ = static_cast<std::uint32_t>(prefix);
}

/// weir counts leading bits; a mask with holes, which ipvsadm takes, has no such number.
std::uint32_t Parser::persist_prefix() const
{
    if (family_ == AF_INET6)
        return mask_ == 128 ? 0 : std::min(mask_, 128u);
    auto prefix = mask_to_prefix(mask_);
    if (!prefix || !*prefix)
        usage("illegal virtual server persistent mask specified: '{}' is not 1 to 32 leading bits",
              "netmask");
    return *prefix == 32 ? 0 : *prefix;
}

bool Parser::server_option(int tag)
{
    ServerConfig& config = command_.server.config;
    switch (tag) {
    case 'r': server_address(); return true;
    case 'i':
        set(OPT_FORWARD);
        config.method = WEIR_METHOD_TUN;
        return true;
    case 'g':
        set(OPT_FORWARD);
        config.method = WEIR_METHOD_DR;
        return true;
    case 'm':
        set(OPT_FORWARD);
        config.method = WEIR_METHOD_NAT;
        return true;
    case TAG_LOCAL:
        set(OPT_FORWARD);
        config.method = WEIR_METHOD_LOCAL;
        return true;
    case TAG_FULLNAT:
        set(OPT_FORWARD);
        config.method = WEIR_METHOD_FULLNAT;
        return true;
    case 'w':
        set(OPT_WEIGHT);
        config.weight = number(0, WEIR_WEIGHT_MAX, "illegal weight specified");
        return true;
    case 'x':
        set(OPT_UTHRESHOLD);
        config.upper = number(0, INT_MAX, "illegal u_threshold specified");
        return true;
    case 'y':
        set(OPT_LTHRESHOLD);
        config.lower = number(0, INT_MAX, "illegal l_threshold specified");
        return true;
    case TAG_TUN_TYPE:
        set(OPT_TUN_TYPE);
        if (value_ != "ipip" && value_ != "gue" && value_ != "gre")
            usage("illegal tunnel type specified");
        config.tunnel.type = value_ == "gue"   ? WEIR_TUNNEL_GUE
                             : value_ == "gre" ? WEIR_TUNNEL_GRE
                                               : WEIR_TUNNEL_IPIP;
        return true;
    case TAG_TUN_PORT:
        set(OPT_TUN_PORT);
        config.tunnel.port = static_cast<std::uint16_t>(number(1, 65535, "illegal tunnel port specified"));
        return true;
    case TAG_TUN_NOCSUM: set(OPT_TUN_NOCSUM); return true;
    case TAG_TUN_CSUM:
        set(OPT_TUN_CSUM);
        config.tunnel.flags |= WEIR_TUNNEL_F_CSUM;
        return true;
    case TAG_TUN_REMCSUM:
        set(OPT_TUN_REMCSUM);
        config.tunnel.flags |= WEIR_TUNNEL_F_REMCSUM;
        return true;
    default: return false;
    }
}

void Parser::server_address()
{
    set(OPT_SERVER);
    auto parsed = to_service_address(value_, protocol_);
    if (!parsed || (parsed->ports && !parsed->ports->single()))
        usage_detailed("illegal real server address[:port] specified",
                       fmt::format("'{}' is no address with a port of 0 to 65535", value_));
    const PortRange& service_ports = command_.service.key.ports;
    std::uint16_t same_port = service_ports.single() ? service_ports.first : 0;
    command_.server.endpoint = {parsed->address, parsed->ports ? parsed->ports->first : same_port};
}

bool Parser::list_option(int tag)
{
    Format& format = command_.format;
    auto choose = [&](Option option, bool& member) {
        set(option);
        member = true;
        return true;
    };
    switch (tag) {
    case 'c': set(OPT_CONNECTION); return true;
    case 'n': return choose(OPT_NUMERIC, format.numeric);
    case TAG_TIMEOUT: set(OPT_TIMEOUT); return true;
    case TAG_DAEMON: set(OPT_DAEMON); return true;
    case TAG_STATS: return choose(OPT_STATS, format.stats);
    case TAG_RATE: return choose(OPT_RATE, format.rate);
    case TAG_THRESHOLDS: return choose(OPT_THRESHOLDS, format.thresholds);
    case TAG_PERSISTENT_CONN: return choose(OPT_PERSISTENTCONN, format.persistent_conn);
    case TAG_NOSORT: return choose(OPT_NOSORT, format.nosort);
    case TAG_SORT: return true; // the default
    case 'X': return choose(OPT_EXACT, format.exact);
    case TAG_TUN_INFO: return choose(OPT_TUN_INFO, format.tun_info);
    case 'j': return choose(OPT_JSON, format.json);
    default: return false;
    }
}

bool Parser::daemon_option(int tag)
{
    switch (tag) {
    case TAG_MCAST_INTERFACE: set(OPT_MCAST); return true;
    case TAG_SYNCID:
        set(OPT_SYNCID);
        (void)number(0, 255, "illegal syncid specified");
        return true;
    case TAG_MCAST_GROUP: {
        set(OPT_MCAST_GROUP);
        auto group = Address::parse(value_);
        bool v6 = value_.find(':') != std::string::npos;
        if (!group || !group->is_multicast())
            usage("invalid {} mcast-group `{}'", v6 ? "IPv6" : "IPv4", value_);
        return true;
    }
    case TAG_MCAST_PORT:
        set(OPT_MCAST_PORT);
        (void)number(1, 65535, "illegal mcast-port specified");
        return true;
    case TAG_MCAST_TTL:
        set(OPT_MCAST_TTL);
        (void)number(1, 255, "illegal mcast-ttl specified");
        return true;
    case TAG_SYNC_MAXLEN:
        set(OPT_SYNC_MAXLEN);
        (void)number(1, 65535 - 20 - 8, "illegal sync-maxlen specified");
        return true;
    default: return false;
    }
}

bool Parser::own_option(int tag)
{
    Service& service = command_.service;
    ServiceConfig& config = service.config;
    switch (tag) {
    case TAG_CONN_TIMEOUT: conn_timeouts(); return true;
    case TAG_SLOW_START:
        set(OPT_SLOW_START);
        config.slow_start = number(0, WEIR_SLOW_START_MAX, "illegal slow-start specified");
        return true;
    case TAG_SYN_RETRY:
        set(OPT_SYN_RETRY);
        config.syn_retry = number(0, 8, "illegal syn-retry specified");
        return true;
    case TAG_ON_GONE: {
        set(OPT_ON_GONE);
        auto on_gone = on_gone_from_word(value_);
        if (!on_gone)
            usage("illegal on-gone `{}' specified: keep, reset or move", value_);
        config.on_gone = *on_gone;
        return true;
    }
    case TAG_MH_SIZE:
        set(OPT_MH_SIZE);
        config.mh_size = number(0, WEIR_MH_TABLE_MAX, "illegal mh-size specified");
        return true;
    case TAG_SEED: {
        set(OPT_SEED);
        auto seed = seed_from_string(value_);
        if (!seed)
            usage("illegal seed specified: {}", seed.error().message);
        config.seed = *seed;
        return true;
    }
    case TAG_CONNTRACK: own_flag(OPT_CONNTRACK, WEIR_SERVICE_F_CONNTRACK); return true;
    case TAG_NO_EXPRESS: own_flag(OPT_NO_EXPRESS, WEIR_SERVICE_F_NO_EXPRESS); return true;
    case TAG_POOL: {
        set(OPT_POOL);
        auto pool = pool_from_word(value_);
        if (!pool)
            usage("illegal pool specified: {}", pool.error().message);
        config.pool = *pool;
        return true;
    }
    case TAG_TOA: own_flag(OPT_TOA, WEIR_SERVICE_F_TOA); return true;
    case TAG_TOA_DPVS: own_flag(OPT_TOA_DPVS, WEIR_SERVICE_F_TOA_DPVS); return true;
    case TAG_PROXY_PROTOCOL: {
        set(OPT_PROXY_PROTOCOL);
        auto version = proxy_protocol_from_word(value_);
        if (!version)
            usage("illegal proxy-protocol `{}' specified: v1, v2 or none", value_);
        config.proxy_protocol = *version;
        return true;
    }
    case TAG_OWNER:
        set(OPT_OWNER);
        if (!is_owner_name(value_))
            usage("illegal owner specified: 1 to {} visible characters", WEIR_OWNER_MAX);
        service.owner = value_;
        return true;
    default: return false;
    }
}

void Parser::own_flag(Option option, std::uint32_t flag)
{
    set(option);
    command_.service.config.flags |= flag;
    command_.own_flags_named |= flag;
}

void Parser::conn_timeouts()
{
    set(OPT_CONN_TIMEOUT);
    std::size_t start = 0;
    while (start <= value_.size()) {
        std::size_t end = std::min(value_.find(',', start), value_.size());
        std::string item = value_.substr(start, end - start);
        std::size_t equals = item.find('=');
        auto state = state_from_word(std::string_view(item).substr(0, equals));
        if (equals == std::string::npos || !state)
            usage("illegal conn-timeout `{}' specified: STATE=SECONDS, as in established=900", item);
        command_.service.config.timeouts[*state] = timeout(item.substr(equals + 1), 0);
        start = end + 1;
    }
}

void Parser::scheduler_flags()
{
    struct Flag {
        std::string_view name;
        std::string_view scheduler;
        std::uint32_t bit;
    };
    static constexpr Flag flags[] = {
        {"sh-fallback", "sh", WEIR_SERVICE_F_SH_FALLBACK},
        {"sh-port", "sh", WEIR_SERVICE_F_SH_PORT},
        {"mh-fallback", "mh", WEIR_SERVICE_F_MH_FALLBACK},
        {"mh-port", "mh", WEIR_SERVICE_F_MH_PORT},
    };
    ServiceConfig& config = command_.service.config;
    std::size_t start = 0;
    while (start < flags_text_.size()) {
        std::size_t end = std::min(flags_text_.find(',', start), flags_text_.size());
        std::string name = flags_text_.substr(start, end - start);
        start = end + 1;
        if (name.empty())
            continue;
        // flag-1 and flag-2 stand for a scheduler's first and second flag
        if (name == "flag-1" || name == "flag-2") {
            bool first = name == "flag-1";
            if (config.scheduler == "sh")
                config.flags |= first ? WEIR_SERVICE_F_SH_FALLBACK : WEIR_SERVICE_F_SH_PORT;
            else if (config.scheduler == "mh")
                config.flags |= first ? WEIR_SERVICE_F_MH_FALLBACK : WEIR_SERVICE_F_MH_PORT;
            continue; // no other scheduler knows flags, nor does ip_vs refuse them
        }
        if (name == "flag-3")
            continue;
        const Flag* flag = std::ranges::find(flags, name, &Flag::name);
        if (flag == std::end(flags))
            usage("invalid scheduler flag `{}'", name);
        if (config.scheduler != flag->scheduler)
            usage("incompatible scheduler flag `{}'", name);
        config.flags |= flag->bit;
    }
}

void Parser::arguments()
{
    auto next = [&]() -> const char* { return poptGetArg(context_.get()); };
    if (command_.verb == Verb::set_timeouts) {
        const char* tcp = next();
        const char* tcp_fin = tcp ? next() : nullptr;
        const char* udp = tcp_fin ? next() : nullptr;
        if (!udp)
            usage("--set option requires 3 timeout values");
        command_.timeout_tcp = timeout(tcp, 0);
        command_.timeout_tcp_fin = timeout(tcp_fin, 0);
        command_.timeout_udp = timeout(udp, 0);
    }
    if (const char* surplus = next())
        usage("unexpected argument {}", surplus);
}

void Parser::finish_service()
{
    ServiceKey& key = command_.service.key;
    ServiceConfig& config = command_.service.config;
    command_.has_service = given_[OPT_SERVICE];
    if (family_ != AF_UNSPEC)
        key.family = family_;
    if (command_.verb != Verb::add_service && command_.verb != Verb::edit_service)
        return;
    if (!key.fwmark && key.ports == PortRange() && !persistent_)
        usage("Zero port specified for non-persistent service");
    if ((config.flags & WEIR_SERVICE_F_ONE_PACKET) && !key.fwmark && key.protocol != IPPROTO_UDP)
        usage("One-Packet Scheduling is only for UDP virtual services");
    config.persist_prefix = persist_prefix();

    // as in ipvsadm -E says anew all that ipvsadm knows; of weir's own settings it touches those that are
    // given
    command_.service_fields = SERVICE_SCHEDULER | SERVICE_FLAGS | SERVICE_PERSIST;
    auto name_if = [&](Option option, unsigned field) {
        if (given_[option])
            command_.service_fields |= field;
    };
    name_if(OPT_SLOW_START, SERVICE_SLOW_START);
    name_if(OPT_SYN_RETRY, SERVICE_SYN_RETRY);
    name_if(OPT_ON_GONE, SERVICE_ON_GONE);
    name_if(OPT_MH_SIZE, SERVICE_MH_SIZE);
    name_if(OPT_SEED, SERVICE_SEED);
    name_if(OPT_CONN_TIMEOUT, SERVICE_TIMEOUTS);
    name_if(OPT_POOL, SERVICE_POOL);
    name_if(OPT_PROXY_PROTOCOL, SERVICE_PROXY_PROTOCOL);
}

void Parser::finish_server()
{
    if (command_.verb != Verb::add_server && command_.verb != Verb::edit_server)
        return;
    const ServiceKey& key = command_.service.key;
    Server& server = command_.server;
    bool tunnel = server.config.method == WEIR_METHOD_TUN;
    bool keeps_port = tunnel || server.config.method == WEIR_METHOD_DR;
    if (!key.fwmark && keeps_port)
        server.endpoint.port = key.ports.single() ? key.ports.first : 0;
    bool any_family = tunnel || server.config.method == WEIR_METHOD_FULLNAT;
    if (server.endpoint.address.family() != key.family && !any_family)
        usage("Different address family is allowed only for tunneling servers");
    bool tunnel_options = given_[OPT_TUN_TYPE] || given_[OPT_TUN_PORT] || given_[OPT_TUN_NOCSUM] ||
                          given_[OPT_TUN_CSUM] || given_[OPT_TUN_REMCSUM];
    if (tunnel_options && !tunnel)
        usage("Tunnel options conflict with forward method");
    if (auto complaint = check_tunnel_options(server.config.tunnel.type, given_))
        usage("{}", *complaint);
}

void Parser::finish_listing()
{
    if (command_.verb != Verb::list)
        return;
    bool connections = given_[OPT_CONNECTION];
    bool settings = given_[OPT_TIMEOUT] || given_[OPT_DAEMON];
    bool columns = given_[OPT_STATS] || given_[OPT_RATE] || given_[OPT_THRESHOLDS];
    if (((connections || settings) && columns) || (settings && given_[OPT_PERSISTENTCONN]))
        usage("options conflicts in the list command");
    command_.listing = connections           ? Listing::connections
                       : given_[OPT_SERVICE] ? Listing::one_service
                       : given_[OPT_TIMEOUT] ? Listing::timeouts
                       : given_[OPT_DAEMON]  ? Listing::daemons
                                             : Listing::services;
}

} // namespace

tl::expected<Command, Refusal> parse_command(const std::vector<std::string>& words)
{
    try {
        return Parser(words).parse();
    } catch (Stop& stop) {
        return tl::unexpected(std::move(stop.refusal));
    }
}

} // namespace weir::ipvs
