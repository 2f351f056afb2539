// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/bind_service.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr unsigned default_persistence = 360; // seconds, keepalived's

/// The kernel module's.
constexpr std::string_view schedulers[] = {"rr",  "wrr",  "lc", "wlc", "sed", "nq",   "fo",
                                           "ovf", "twos", "sh", "dh",  "mh",  "lblc", "lblcr"};

void refuse(const Values& values, std::size_t word, std::string_view reason)
{
    values.diagnostics().refuse(values.at(word),
                                fmt::format("'{}' is not supported: {}", values.text(word), reason));
}

void bind_scheduler(const Values& values, VirtualServerConfig& service)
{
    service.scheduler = values.text();
    std::vector<std::string_view> known(std::begin(schedulers), std::end(schedulers));
    if (std::ranges::find(known, service.scheduler) != known.end())
        return;
    auto meant = nearest(service.scheduler, known);
    values.diagnostics().error(values.at(1),
                               fmt::format("'{}' is no scheduler{}", service.scheduler,
                                           meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

/// A netmask, or an IPv6 prefix length.
void bind_granularity(const Values& values, VirtualServerConfig& service)
{
    std::string text = values.text();
    if (auto mask = Address::parse(text); mask && mask->is_v4()) {
        for (unsigned bits = 1; bits <= 32; bits++) {
            if (Address::parse("255.255.255.255")->masked(bits) == *mask) {
                service.persist_prefix = bits;
                return;
            }
        }
    } else if (auto bits = parse_integer(text, 1, 128)) {
        service.persist_prefix = static_cast<std::uint32_t>(*bits);
        return;
    }
    values.diagnostics().error(
        values.at(1), fmt::format("'{}' is neither a netmask nor a prefix length of 1 to 128", text));
}

void bind_weight(const Values& values, std::uint32_t& weight)
{
    auto given = parse_integer(values.text(), 0, INT32_MAX);
    if (!given)
        return;
    if (*given > WEIR_WEIGHT_MAX)
        values.diagnostics().error(
            values.at(1), fmt::format("weight: {} is too much, {} is the most", *given, WEIR_WEIGHT_MAX));
    weight = static_cast<std::uint32_t>(*given);
}

void bind_on_failure(const Values& values, VirtualServerConfig& service)
{
    service.on_failure = values.text() == "reset"   ? OnFailure::reset
                         : values.text() == "drain" ? OnFailure::drain
                                                    : OnFailure::forget;
}

/// What hands down to real servers, while the block is read.
struct Block {
    explicit Block(VirtualServerConfig& target) : service(target) {}

    VirtualServerConfig& service;
    CheckDefaults checks;
    std::uint32_t weight = 1;
    Forwarding forwarding;
    std::optional<Forwarding> sorry_forwarding;
    bool inhibit = false, sorry_inhibit = false;
    Address sorry;
    std::uint16_t sorry_port = 0;
    const Statement* sorry_line = nullptr;
    std::vector<const Statement*> servers;
    int family = AF_UNSPEC;
};

using Handler = void (*)(const Values&, Block&);

template <std::uint32_t flag>
void set_flag(const Values&, Block& block)
{
    block.service.flags |= flag;
}

// flag-1 and flag-2 mean what the scheduler makes of them: settled when it is known
constexpr std::uint32_t flag_1 = 1u << 30, flag_2 = 1u << 31;

void bind_sorry(const Values& values, Block& block)
{
    if (block.sorry_line)
        return values.diagnostics().warning(values.at(),
                                            "there is a sorry_server already, this one is ignored");
    block.sorry_line = &values.statement();
    values.address(block.sorry);
    values.integer(block.sorry_port, 1, UINT16_MAX, 2);
}

constexpr std::pair<std::string_view, Handler> handlers[] = {
    {"lvs_sched", [](const Values& v, Block& b) { bind_scheduler(v, b.service); }},
    {"lb_algo", [](const Values& v, Block& b) { bind_scheduler(v, b.service); }},
    {"lvs_method", [](const Values& v, Block& b) { bind_forwarding(v, b.forwarding); }},
    {"lb_kind", [](const Values& v, Block& b) { bind_forwarding(v, b.forwarding); }},
    {"ops", set_flag<WEIR_SERVICE_F_ONE_PACKET>},
    {"sh-port", set_flag<WEIR_SERVICE_F_SH_PORT>},
    {"sh-fallback", set_flag<WEIR_SERVICE_F_SH_FALLBACK>},
    {"mh-port", set_flag<WEIR_SERVICE_F_MH_PORT>},
    {"mh-fallback", set_flag<WEIR_SERVICE_F_MH_FALLBACK>},
    {"flag-1", set_flag<flag_1>},
    {"flag-2", set_flag<flag_2>},
    {"persistence_timeout",
     [](const Values& v, Block& b) {
         b.service.persist_timeout = default_persistence;
         v.integer(b.service.persist_timeout, 1, WEIR_TIMEOUT_MAX);
     }},
    {"persistence_granularity", [](const Values& v, Block& b) { bind_granularity(v, b.service); }},
    {"ha_suspend", [](const Values&, Block& b) { b.service.suspend = true; }},
    {"omega", [](const Values& v, Block& b) { v.boolean(b.service.omega); }},
    {"quorum", [](const Values& v, Block& b) { v.integer(b.service.quorum, 1, INT32_MAX); }},
    {"hysteresis", [](const Values& v, Block& b) { v.integer(b.service.hysteresis, 0, INT32_MAX); }},
    {"quorum_up",
     [](const Values& v, Block& b) { b.service.quorum_up = bind_command(v.statement(), v.diagnostics()); }},
    {"quorum_down",
     [](const Values& v, Block& b) { b.service.quorum_down = bind_command(v.statement(), v.diagnostics()); }},
    {"weight", [](const Values& v, Block& b) { bind_weight(v, b.weight); }},
    {"inhibit_on_failure", [](const Values& v, Block& b) { v.boolean(b.inhibit); }},
    {"on_failure", [](const Values& v, Block& b) { bind_on_failure(v, b.service); }},
    {"virtualhost", [](const Values& v, Block& b) { b.checks.virtualhost = v.text(); }},
    {"sorry_server", bind_sorry},
    {"sorry_server_inhibit", [](const Values&, Block& b) { b.sorry_inhibit = true; }},
    {"sorry_server_lvs_method",
     [](const Values& v, Block& b) { bind_forwarding(v, b.sorry_forwarding.emplace()); }},
    {"real_server", [](const Values& v, Block& b) { b.servers.push_back(&v.statement()); }},
    {"ip_family", [](const Values& v, Block& b) { b.family = v.text() == "inet6" ? AF_INET6 : AF_INET; }},
};

/// Neither dr nor tun can change the port; keepalived and ip_vs say the service's then.
std::uint16_t target_port(std::uint16_t port, const VirtualServerConfig& service)
{
    return port ? port : service.points.empty() ? std::uint16_t(0) : service.points[0].port;
}

void bind_server(const Statement& block, const Block& outer, const ServiceContext& context,
                 RealServerConfig& server)
{
    Diagnostics& diagnostics = context.diagnostics;
    CheckDefaults defaults = outer.checks;
    Values name(block, diagnostics);
    server.at = block.at();
    name.address(server.endpoint.address);
    name.integer(server.endpoint.port, 1, UINT16_MAX, 2);
    server.weight = outer.weight;
    server.forwarding = outer.forwarding;
    server.inhibit = outer.inhibit;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        if (line.name() == "weight")
            bind_weight(values, server.weight);
        else if (line.name() == "lvs_method")
            bind_forwarding(values, server.forwarding);
        else if (line.name() == "uthreshold")
            values.integer(server.upper, 0, UINT32_MAX);
        else if (line.name() == "lthreshold")
            values.integer(server.lower, 0, UINT32_MAX);
        else if (line.name() == "inhibit_on_failure")
            values.boolean(server.inhibit);
        else if (line.name() == "notify_up")
            server.notify.edit().up = bind_command(line, diagnostics);
        else if (line.name() == "notify_down")
            server.notify.edit().down = bind_command(line, diagnostics);
        else if (line.name() == "virtualhost")
            defaults.virtualhost = values.text();
        else
            (void)bind_check_default(values, defaults);
    }
    if (server.upper > INT32_MAX || server.lower > server.upper)
        diagnostics.error(server.at,
                          fmt::format("lthreshold {} has to be below uthreshold {}, and that below {}",
                                      server.lower, server.upper, INT32_MAX));
    Endpoint target{server.endpoint.address, target_port(server.endpoint.port, outer.service)};
    for (const auto& line : block.children) {
        if (line.block)
            (void)bind_check(line, defaults, target, context, server.checks);
    }
}

/// Servers of a service are mostly asked alike: such checks are kept once.
void share_checks(RealServerConfig& server, const std::vector<RealServerConfig>& others)
{
    if (others.empty())
        return;
    for (auto& check : server.checks) {
        auto same =
            std::ranges::find_if(others.back().checks, [&](const auto& other) { return *other == *check; });
        if (same != others.back().checks.end())
            check = *same;
    }
}

/// flag-1 and flag-2 become the scheduler's flags; flags of another scheduler are refused by the kernel, and
/// by keepalived they are ignored.
void settle_flags(VirtualServerConfig& service, Diagnostics& diagnostics)
{
    constexpr std::uint32_t sh = WEIR_SERVICE_F_SH_FALLBACK | WEIR_SERVICE_F_SH_PORT,
                            mh = WEIR_SERVICE_F_MH_FALLBACK | WEIR_SERVICE_F_MH_PORT;
    bool is_sh = service.scheduler == "sh", is_mh = service.scheduler == "mh";
    if (service.flags & flag_1)
        service.flags |= is_sh ? WEIR_SERVICE_F_SH_FALLBACK : is_mh ? WEIR_SERVICE_F_MH_FALLBACK : 0;
    if (service.flags & flag_2)
        service.flags |= is_sh ? WEIR_SERVICE_F_SH_PORT : is_mh ? WEIR_SERVICE_F_MH_PORT : 0;
    service.flags &= ~(flag_1 | flag_2);
    std::uint32_t alien = service.flags & (sh | mh) & ~(is_sh ? sh : is_mh ? mh : 0);
    if (alien)
        diagnostics.warning(
            service.at, fmt::format("flags of another scheduler than '{}' are ignored", service.scheduler));
    service.flags &= ~alien;
}

void settle_family(Block& block, Diagnostics& diagnostics)
{
    VirtualServerConfig& service = block.service;
    int family = block.family;
    bool both = false;
    for (const auto& point : service.points)
        family = family == AF_UNSPEC ? point.family : family;
    if (family == AF_UNSPEC)
        family = service.servers.empty() ? AF_INET : service.servers[0].endpoint.address.family();
    for (auto& point : service.points) {
        if (point.family == AF_UNSPEC)
            point.family = family;
        both = both || point.family != family;
    }
    // tunnels carry either family in either
    auto check = [&](const Address& address, const Forwarding& forwarding, Position at) {
        if (address.empty() || forwarding.method == WEIR_METHOD_TUN)
            return;
        if (both)
            diagnostics.error(at, fmt::format("{}: a virtual server with addresses of both families needs "
                                              "TUN: make one for each family",
                                              address.to_string()));
        else if (address.family() != family)
            diagnostics.error(
                at, fmt::format("{} is of another family than its virtual server", address.to_string()));
    };
    for (const auto& server : service.servers)
        check(server.endpoint.address, server.forwarding, server.at);
    if (service.sorry)
        check(service.sorry->endpoint.address, service.sorry->forwarding, block.sorry_line->at());
}

void settle_service(Block& block, Diagnostics& diagnostics)
{
    VirtualServerConfig& service = block.service;
    settle_flags(service, diagnostics);
    settle_family(block, diagnostics);
    if (service.persist_prefix && !service.persist_timeout)
        service.persist_timeout = default_persistence;
    bool v4 = !service.points.empty() && service.points[0].family == AF_INET;
    if (v4 && service.persist_prefix > 32)
        diagnostics.error(service.at,
                          fmt::format("persistence_granularity {} is more than an IPv4 address has bits",
                                      service.persist_prefix));
    for (const auto& point : service.points) {
        if (!point.fwmark && !point.port && !service.persist_timeout) {
            diagnostics.error(service.at, "a virtual server without a port needs persistence_timeout");
            break;
        }
    }
    bool by_mark = std::ranges::all_of(service.points, [](const auto& p) { return p.fwmark != 0; });
    if ((service.flags & WEIR_SERVICE_F_ONE_PACKET) && service.protocol == IPPROTO_TCP && !by_mark) {
        diagnostics.warning(service.at, "'ops' is for UDP and is ignored");
        service.flags &= ~static_cast<std::uint32_t>(WEIR_SERVICE_F_ONE_PACKET);
    }
    std::uint16_t port = target_port(0, service);
    for (auto& server : service.servers) {
        weir_method method = server.forwarding.method;
        if (method != WEIR_METHOD_NAT && server.endpoint.port && port && server.endpoint.port != port)
            diagnostics.warning(server.at,
                                fmt::format("{} cannot change the port: {} gets packets for port {}",
                                            method == WEIR_METHOD_DR ? "DR" : "TUN",
                                            server.endpoint.to_string(), port));
    }
    std::uint64_t weights = 0;
    for (const auto& server : service.servers)
        weights += server.weight;
    if (service.quorum > weights && !service.servers.empty()) {
        auto most = static_cast<unsigned>(std::max<std::uint64_t>(weights, 1));
        diagnostics.warning(service.at,
                            fmt::format("quorum {} is more than the weights of all servers: {} is taken",
                                        service.quorum, most));
        service.quorum = most;
    }
    if (service.hysteresis >= service.quorum && service.hysteresis) {
        diagnostics.warning(service.at, fmt::format("hysteresis {} is not below quorum {}: {} is taken",
                                                    service.hysteresis, service.quorum, service.quorum - 1));
        service.hysteresis = service.quorum - 1;
    }
    if (service.servers.empty() && !service.sorry)
        diagnostics.warning(service.at, "this virtual server has no real servers");
}

void bind_service(const Statement& statement, const PointGroups& groups, const ServiceContext& context,
                  VirtualServerConfig& service)
{
    Diagnostics& diagnostics = context.diagnostics;
    Block block(service);
    service.at = statement.at();
    block.checks.log_all_failures = context.config.services.log_all_failures;
    // the protocol is part of the name, and a real server's checks go to the service's port
    bool named = false;
    for (const auto& line : statement.children) {
        if (line.name() != "protocol")
            continue;
        Values values(line, diagnostics);
        named = true;
        service.protocol = strcasecmp(values.text().c_str(), "UDP") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
        if (strcasecmp(values.text().c_str(), "SCTP") == 0)
            refuse(values, 1, "the kernel module balances TCP and UDP");
    }
    bool marked = statement.words.size() > 1 && statement.words[1].text == "fwmark";
    if (!named && !marked) {
        service.protocol = IPPROTO_UDP;
        diagnostics.warning(service.at, "no protocol is set: UDP is taken, as keepalived does");
    }
    bind_service_name(statement, groups, service, diagnostics);
    for (const auto& line : statement.children) {
        Values values(line, diagnostics);
        auto handler = std::ranges::find(handlers, line.name(), &std::pair<std::string_view, Handler>::first);
        if (handler != std::end(handlers))
            handler->second(values, block);
        else
            (void)bind_check_default(values, block.checks);
    }
    std::set<Endpoint> seen;
    for (const Statement* line : block.servers) {
        RealServerConfig server;
        bind_server(*line, block, context, server);
        if (!seen.insert(server.endpoint).second) {
            diagnostics.error(
                server.at, fmt::format("the real server {} stands here twice", server.endpoint.to_string()));
            continue;
        }
        share_checks(server, service.servers);
        service.servers.push_back(std::move(server));
    }
    if (block.sorry_line && !block.sorry.empty()) {
        service.sorry = SorryServerConfig{.endpoint = {block.sorry, block.sorry_port},
                                          .weight = 1,
                                          .forwarding = block.sorry_forwarding.value_or(block.forwarding),
                                          .inhibit = block.sorry_inhibit};
        auto twin = std::ranges::find(service.servers, service.sorry->endpoint, &RealServerConfig::endpoint);
        if (twin != service.servers.end() && twin->inhibit != service.sorry->inhibit) {
            diagnostics.warning(
                block.sorry_line->at(),
                fmt::format("the sorry server is a real server too, and {} inhibited, as that one",
                            twin->inhibit ? "is" : "is not"));
            service.sorry->inhibit = twin->inhibit;
        }
    }
    settle_service(block, diagnostics);
}

/// One address, port and protocol, or one mark, belongs to one virtual server.
void check_points(const Config& config, Diagnostics& diagnostics)
{
    std::map<std::pair<int, ServicePoint>, const VirtualServerConfig*> owners;
    for (const auto& service : config.virtual_servers) {
        for (const auto& point : service.points) {
            auto [known, added] = owners.try_emplace({point.fwmark ? 0 : service.protocol, point}, &service);
            if (added)
                continue;
            std::string what = point.fwmark ? fmt::format("fwmark {}", point.fwmark)
                                            : endpoint_word({point.address, point.port}, service.protocol);
            diagnostics.error(service.at, known->second == &service
                                              ? fmt::format("{} stands twice in this virtual server", what)
                                              : fmt::format("{} belongs to virtual server {} already", what,
                                                            known->second->name));
            break;
        }
    }
}

void bind_tls(const Statement& block, TlsFiles& files, Diagnostics& diagnostics)
{
    for (const auto& line : block.children) {
        std::string value = Values(line, diagnostics).text();
        if (line.name() == "ca")
            files.ca = value;
        else if (line.name() == "certificate")
            files.certificate = value;
        else if (line.name() == "key")
            files.key = value;
        else if (line.name() == "password")
            files.password = value;
    }
}

/// lvs_timeouts [tcp N] [tcpfin N] [udp N]; a lone number is tcp's.
void bind_timeouts(const Values& values, ServiceGlobal& global)
{
    constexpr std::pair<std::string_view, weir_state> names[] = {
        {"tcp", WEIR_STATE_TCP_ESTABLISHED}, {"tcpfin", WEIR_STATE_TCP_FIN_WAIT}, {"udp", WEIR_STATE_UDP}};
    for (std::size_t i = 1; i < values.size(); i += 2) {
        auto name = std::ranges::find(names, values.text(i), &std::pair<std::string_view, weir_state>::first);
        if (name == std::end(names))
            return values.diagnostics().error(
                values.at(i), fmt::format("'{}' is not one of tcp, tcpfin, udp", values.text(i)));
        auto seconds = parse_integer(values.text(i + 1), 1, WEIR_TIMEOUT_MAX);
        if (!seconds)
            return values.diagnostics().error(values.at(i + 1),
                                              fmt::format("{}: {}", values.text(i), seconds.error().message));
        global.timeouts[name->second] = static_cast<std::uint32_t>(*seconds);
    }
}

} // namespace

std::string endpoint_word(const Endpoint& endpoint, int protocol)
{
    return fmt::format("[{}]:{}:{}", endpoint.address.to_string(), protocol == IPPROTO_UDP ? "udp" : "tcp",
                       endpoint.port);
}

bool bind_service_global(const Values& values, ServiceGlobal& global)
{
    const std::string& name = values.statement().name();
    if (name == "lvs_timeouts")
        bind_timeouts(values, global);
    else if (name == "lvs_flush")
        global.flush = true;
    else if (name == "lvs_flush_on_stop" || name == "lvs_flush_onstop")
        global.flush_on_stop = values.size() == 1;
    else if (name == "lvs_keep_on_stop")
        values.boolean(global.keep_on_stop);
    else if (name == "lvs_notify_fifo")
        global.fifo = Fifo{values.text(1), values.text(2), values.text(3)};
    else if (name == "lvs_notify_fifo_script")
        bind_program(values, global.fifo_reader);
    else if (name == "rs_init_notifies")
        global.initial_notifies = true;
    else if (name == "checker_log_all_failures")
        values.boolean(global.log_all_failures);
    else
        return false;
    return true;
}

void bind_services(const std::vector<Statement>& tree, Config& config, Diagnostics& diagnostics)
{
    PointGroups groups;
    for (const auto& block : tree) {
        if (block.name() == "SSL")
            bind_tls(block, config.services.tls, diagnostics);
        if (block.name() != "virtual_server_group" || block.words.size() < 2 || !block.block)
            continue;
        if (!groups.try_emplace(block.words[1].text, bind_points(block, diagnostics)).second)
            diagnostics.error(block.words[1].at, fmt::format("there is a virtual_server_group '{}' already",
                                                             block.words[1].text));
    }
    ServiceContext context{config, diagnostics};
    for (const auto& block : tree) {
        if (block.name() != "virtual_server" || block.words.size() < 2 || !block.block)
            continue;
        VirtualServerConfig service;
        bind_service(block, groups, context, service);
        config.virtual_servers.push_back(std::move(service));
    }
    check_points(config, diagnostics);
}

} // namespace weir::keeper
