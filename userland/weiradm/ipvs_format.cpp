// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_format.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

namespace weir::ipvs {
namespace {

// columns that a name of an IPv4 service or server may take
constexpr std::size_t service_columns = 33;
constexpr std::size_t server_columns = 28;

std::string_view forward_name(weir_method method)
{
    switch (method) {
    case WEIR_METHOD_NAT: return "Masq";
    case WEIR_METHOD_LOCAL: return "Local";
    case WEIR_METHOD_TUN: return "Tunnel";
    case WEIR_METHOD_DR: return "Route";
    case WEIR_METHOD_FULLNAT: return "FullNat";
    }
    return "?";
}

std::string_view forward_option(weir_method method, bool lossless)
{
    switch (method) {
    case WEIR_METHOD_NAT: return "-m";
    case WEIR_METHOD_TUN: return "-i";
    case WEIR_METHOD_LOCAL: return lossless ? "--local" : "-g";     // ip_vs finds out by itself what is local
    case WEIR_METHOD_FULLNAT: return lossless ? "--fullnat" : "-m"; // what comes next to it
    default: return "-g";
    }
}

/// The word for a tunnel's checksum: a remote one, its own, none.
std::string_view checksum_word(const Tunnel& tunnel, std::array<std::string_view, 3> words)
{
    if (tunnel.flags & WEIR_TUNNEL_F_REMCSUM)
        return words[0];
    return tunnel.flags & WEIR_TUNNEL_F_CSUM ? words[1] : words[2];
}

/// The column TunnelInfo: "gue:6080:+c", "gre:-c", "ipip", "n/a".
std::string tunnel_info(const ServerConfig& config)
{
    if (config.method != WEIR_METHOD_TUN)
        return "n/a";
    const Tunnel& tunnel = config.tunnel;
    std::string_view sum = checksum_word(tunnel, {"r+c", "+c", "-c"});
    switch (tunnel.type) {
    case WEIR_TUNNEL_GUE: return fmt::format("gue:{}:{}", tunnel.port, sum);
    case WEIR_TUNNEL_GRE: return fmt::format("gre:{}", sum);
    case WEIR_TUNNEL_IPIP: return "ipip";
    }
    return "?";
}

std::string tunnel_options(const Tunnel& tunnel)
{
    std::string_view sum = checksum_word(tunnel, {"--tun-remcsum", "--tun-csum", "--tun-nocsum"});
    switch (tunnel.type) {
    case WEIR_TUNNEL_GUE: return fmt::format(" --tun-type gue --tun-port {} {}", tunnel.port, sum);
    case WEIR_TUNNEL_GRE: return fmt::format(" --tun-type gre {}", sum);
    case WEIR_TUNNEL_IPIP: break;
    }
    return " --tun-type ipip";
}

/// The title's space and eight columns; a letter takes the ninth where the number is abbreviated.
std::string large_number(std::uint64_t number, const Format& format)
{
    if (format.exact) {
        std::string digits = std::to_string(number);
        return fmt::format("{:>{}}", digits, std::max<std::size_t>(9, digits.size() + 1));
    }
    if (number < 100'000'000)
        return fmt::format("{:>9}", number);
    if (number < 1'000'000'000)
        return fmt::format("{:>8}K", number / 1'000);
    if (number < 100'000'000'000)
        return fmt::format("{:>8}M", number / 1'000'000);
    if (number < 100'000'000'000'000)
        return fmt::format("{:>8}G", number / 1'000'000'000);
    return fmt::format("{:>8}T", number / 1'000'000'000'000);
}

std::string counters(const Stats& stats, const Format& format)
{
    std::string text;
    for (auto number : {stats.conns, stats.in_pkts, stats.out_pkts, stats.in_bytes, stats.out_bytes})
        text += large_number(number, format);
    return text;
}

std::string scheduler_flags(const ServiceConfig& config)
{
    std::string text;
    auto add = [&](std::uint32_t flag, const char* name) {
        if (config.flags & flag)
            text += (text.empty() ? "" : ",") + std::string(name);
    };
    if (config.scheduler == "sh") {
        add(WEIR_SERVICE_F_SH_FALLBACK, "sh-fallback");
        add(WEIR_SERVICE_F_SH_PORT, "sh-port");
    } else if (config.scheduler == "mh") {
        add(WEIR_SERVICE_F_MH_FALLBACK, "mh-fallback");
        add(WEIR_SERVICE_F_MH_PORT, "mh-port");
    }
    return text;
}

/// The mask as it is printed behind " mask " and " -M "; nothing where the whole address counts.
std::string mask_text(const Service& service)
{
    std::uint32_t prefix = service.config.persist_prefix;
    if (!prefix)
        return {};
    if (service.key.family == AF_INET6)
        return std::to_string(prefix);
    return Address(in_addr{0xffffffff}).masked(prefix).to_string();
}

/// Signed differences of 32 bits, as ipvsadm has them: 200.0.0.1 comes before 10.0.0.1.
int compare_address(const Address& a, const Address& b)
{
    for (std::size_t i = 0; i < a.bytes().size() && i < b.bytes().size(); i += 4) {
        std::uint32_t left;
        std::uint32_t right;
        std::memcpy(&left, a.bytes().data() + i, 4);
        std::memcpy(&right, b.bytes().data() + i, 4);
        if (auto difference = static_cast<std::int32_t>(ntohl(left) - ntohl(right)))
            return difference;
    }
    return 0;
}

int compare_services(const void* left, const void* right)
{
    const ServiceKey& a = (*static_cast<const Service* const*>(left))->key;
    const ServiceKey& b = (*static_cast<const Service* const*>(right))->key;
    if (auto difference = static_cast<std::int32_t>(a.fwmark - b.fwmark))
        return difference;
    if (a.family != b.family)
        return a.family - b.family;
    if (a.protocol != b.protocol)
        return a.protocol - b.protocol;
    if (int difference = compare_address(a.address, b.address))
        return difference;
    if (a.ports.first != b.ports.first)
        return a.ports.first - b.ports.first;
    return a.ports.last - b.ports.last;
}

int compare_servers(const void* left, const void* right)
{
    const Endpoint& a = (*static_cast<const Server* const*>(left))->endpoint;
    const Endpoint& b = (*static_cast<const Server* const*>(right))->endpoint;
    if (a.address.family() != b.address.family())
        return a.address.family() - b.address.family();
    if (int difference = compare_address(a.address, b.address))
        return difference;
    return a.port - b.port;
}

/// qsort() itself, as in ipvsadm: with a comparison that is no order (differences overflow) the algorithm
/// decides too.
template <typename T>
std::vector<const T*> sorted(const std::vector<T>& objects, int (*compare)(const void*, const void*),
                             bool nosort)
{
    std::vector<const T*> pointers;
    pointers.reserve(objects.size());
    for (const T& object : objects)
        pointers.push_back(&object);
    if (nosort)
        std::ranges::reverse(pointers); // ip_vs lists the newest first, weir the oldest
    else if (!pointers.empty())
        std::qsort(pointers.data(), pointers.size(), sizeof(const void*), compare);
    return pointers;
}

std::string service_name(const Service& service, const Names& names)
{
    const ServiceKey& key = service.key;
    if (key.fwmark)
        return fmt::format("FWM  {}{}", static_cast<std::int32_t>(key.fwmark),
                           key.family == AF_INET6 ? " IPv6" : "");
    std::string name = fmt::format("{:<4} {}", protocol_label(key.protocol),
                                   endpoint_text(key.address, key.ports, key.protocol, names));
    return key.family == AF_INET6 ? name : name.substr(0, service_columns);
}

std::string service_line(const Service& service, const Format& format, const Names& names)
{
    const ServiceConfig& config = service.config;
    const Stats& stats = service.stats;
    std::string name = service_name(service, names);
    if (format.stats)
        return fmt::format("{:<33}{}\n", name, counters(stats, format));
    if (format.rate) {
        std::string text = fmt::format("{:<33}", name);
        for (auto number : {stats.cps, stats.in_pps, stats.out_pps, stats.in_bps, stats.out_bps})
            text += large_number(number, format);
        return text + "\n";
    }
    std::string text = fmt::format("{} {}", name, config.scheduler);
    if (std::string flags = scheduler_flags(config); !flags.empty())
        text += fmt::format(" ({})", flags);
    if (config.persist_timeout) {
        text += fmt::format(" persistent {}", config.persist_timeout);
        if (std::string mask = mask_text(service); !mask.empty())
            text += " mask " + mask;
    }
    if (config.flags & WEIR_SERVICE_F_ONE_PACKET)
        text += " ops";
    return text + "\n";
}

std::string server_line(const Server& server, int protocol, const Format& format, const Names& names)
{
    const Stats& stats = *server.stats;
    const Endpoint& end = server.endpoint;
    std::string name = endpoint_text(end.address, {end.port, end.port}, protocol, names);
    if (!end.address.is_v6())
        name = name.substr(0, server_columns);
    std::string start = fmt::format("  -> {:<28}", name);
    if (format.stats)
        return start + counters(stats, format) + "\n";
    if (format.rate)
        return fmt::format("{} {:>8} {:>8} {:>8}{}{}\n", start, stats.cps, stats.in_pps, stats.out_pps,
                           large_number(stats.in_bps, format), large_number(stats.out_bps, format));
    if (format.thresholds)
        return fmt::format("{} {:<10} {:<10} {:<10} {:<10}\n", start, server.config.upper,
                           server.config.lower, server.active, server.inactive);
    if (format.persistent_conn)
        return fmt::format("{} {:<9} {:<11} {:<10} {:<10}\n", start, server.config.weight, server.persistent,
                           server.active, server.inactive);
    std::string tunnel = format.tun_info ? fmt::format(" {:<13}", tunnel_info(server.config)) : "";
    return fmt::format("{} {:<7}{} {:<6} {:<10} {:<10}\n", start, forward_name(server.config.method), tunnel,
                       server.config.weight, server.active, server.inactive);
}

std::string service_option(const Service& service, const Names& names)
{
    const ServiceKey& key = service.key;
    if (key.fwmark)
        return fmt::format("-f {}{}", static_cast<std::int32_t>(key.fwmark),
                           key.family == AF_INET6 ? " -6" : "");
    return fmt::format("{} {}", protocol_option(key.protocol),
                       endpoint_text(key.address, key.ports, key.protocol, names));
}

/// What only weir knows of a service, as options.
std::string own_options(const Service& service)
{
    const ServiceConfig& config = service.config;
    std::string text;
    if (!config.timeouts.empty()) {
        const char* separator = " --conn-timeout ";
        for (auto [state, seconds] : config.timeouts) {
            text += fmt::format("{}{}={}", separator, state_word(state), seconds);
            separator = ",";
        }
    }
    if (config.slow_start)
        text += fmt::format(" --slow-start {}", config.slow_start);
    if (config.syn_retry)
        text += fmt::format(" --syn-retry {}", config.syn_retry);
    if (config.on_gone != WEIR_ON_GONE_KEEP)
        text += fmt::format(" --on-gone {}", on_gone_word(config.on_gone));
    if (config.mh_size)
        text += fmt::format(" --mh-size {}", config.mh_size);
    if (config.seed)
        text += fmt::format(" --seed {}", seed_to_string(*config.seed));
    if (config.flags & WEIR_SERVICE_F_CONNTRACK)
        text += " --conntrack";
    if (config.flags & WEIR_SERVICE_F_NO_EXPRESS)
        text += " --no-express";
    if (!config.pool.empty())
        text += " --pool " + config.pool;
    if (config.flags & WEIR_SERVICE_F_TOA)
        text += " --toa";
    if (config.flags & WEIR_SERVICE_F_TOA_DPVS)
        text += " --toa-dpvs";
    if (config.proxy_protocol != WEIR_PROXY_PROTOCOL_NONE)
        text += fmt::format(" --proxy-protocol {}", proxy_protocol_word(config.proxy_protocol));
    if (!service.owner.empty() && service.owner != default_owner)
        text += " --owner " + service.owner;
    return text;
}

} // namespace

Names no_names()
{
    return {[](const Address& address) { return address.to_string(); },
            [](std::uint16_t port, int) { return std::to_string(port); }};
}

Names system_names()
{
    auto host = [](const Address& address) -> std::string {
        const hostent* found = gethostbyaddr(
            address.bytes().data(), static_cast<socklen_t>(address.bytes().size()), address.family());
        return found ? found->h_name : address.to_string();
    };
    auto port = [](std::uint16_t number, int protocol) -> std::string {
        const char* name = protocol == IPPROTO_UDP ? "udp" : protocol == IPPROTO_SCTP ? "sctp" : "tcp";
        const servent* found = protocol ? getservbyport(htons(number), name) : nullptr;
        return found ? found->s_name : std::to_string(number);
    };
    return {host, port};
}

std::string endpoint_text(const Address& address, PortRange ports, int protocol, const Names& names)
{
    std::string host = names.host(address);
    std::string port = ports.single() ? names.port(ports.first, protocol) : ports.to_string();
    return address.is_v6() ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string protocol_option(int protocol)
{
    return protocol == IPPROTO_UDP ? "-u" : protocol == IPPROTO_SCTP ? "--sctp-service" : "-t";
}

std::string version_line(std::uint32_t table_size)
{
    return fmt::format("IP Virtual Server version 1.2.1 (size={})\n", table_size);
}

std::string title(const Format& format)
{
    constexpr const char* second = "  -> RemoteAddress:Port\n";
    auto line = [](auto... columns) {
        std::string text = fmt::format("{:<33}", "Prot LocalAddress:Port");
        ((text += fmt::format(" {:>8}", columns)), ...);
        return text + "\n";
    };
    if (format.stats)
        return line("Conns", "InPkts", "OutPkts", "InBytes", "OutBytes") + second;
    if (format.rate)
        return line("CPS", "InPPS", "OutPPS", "InBPS", "OutBPS") + second;
    if (format.thresholds)
        return fmt::format("{:<33} {:<10} {:<10} {:<10} {:<10}\n{}", "Prot LocalAddress:Port", "Uthreshold",
                           "Lthreshold", "ActiveConn", "InActConn", second);
    if (format.persistent_conn)
        return fmt::format("{:<33} {:<9} {:<11} {:<10} {:<10}\n{}", "Prot LocalAddress:Port", "Weight",
                           "PersistConn", "ActiveConn", "InActConn", second);
    return fmt::format("Prot LocalAddress:Port Scheduler Flags\n"
                       "  -> RemoteAddress:Port           Forward {}Weight ActiveConn InActConn\n",
                       format.tun_info ? "TunnelInfo    " : "");
}

std::string service_text(const Service& service, const Format& format, const Names& names)
{
    std::string text = service_line(service, format, names);
    int protocol = service.key.protocol;
    for (const Server* server : sorted(service.servers, compare_servers, format.nosort))
        text += server_line(*server, protocol, format, names);
    return text;
}

void sort_services(std::vector<Service>& services)
{
    std::vector<Service> ordered;
    ordered.reserve(services.size());
    for (const Service* service : sorted(services, compare_services, false))
        ordered.push_back(std::move(*const_cast<Service*>(service)));
    services = std::move(ordered);
}

std::string conn_title(const Format& format)
{
    std::string text = "IPVS connection entries\n";
    if (format.persistent_conn)
        return text + fmt::format("pro expire {:<11} {:<18} {:<18} {:<18} {:<16} {}\n", "state", "source",
                                  "virtual", "destination", "pe name", "pe_data");
    return text +
           fmt::format("pro expire {:<11} {:<18} {:<18} {}\n", "state", "source", "virtual", "destination");
}

std::string conn_text(const Conn& conn, const Names& names)
{
    auto text = [&](const Endpoint& end) {
        return endpoint_text(end.address, {end.port, end.port}, conn.protocol, names);
    };
    std::uint32_t seconds = conn.expires / 1000;
    return fmt::format("{:<3} {:<6} {:<11} {:<18} {:<18} {}\n", protocol_label(conn.protocol),
                       fmt::format("{:02}:{:02}", seconds / 60, seconds % 60), state_label(conn.state),
                       text(conn.client), text(conn.virtual_end), text(conn.server));
}

std::string timeouts_text(const Config& config)
{
    auto seconds = [&](weir_state state) {
        auto found = config.timeouts.find(state);
        return found == config.timeouts.end() ? 0u : found->second;
    };
    return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n", seconds(WEIR_STATE_TCP_ESTABLISHED),
                       seconds(WEIR_STATE_TCP_FIN_WAIT), seconds(WEIR_STATE_UDP));
}

std::string save_text(const Service& service, const Names& names, bool nosort, bool lossless)
{
    const ServiceConfig& config = service.config;
    std::string name = service_option(service, names);
    std::string text = fmt::format("-A {} -s {}", name, config.scheduler);
    if (config.persist_timeout) {
        text += fmt::format(" -p {}", config.persist_timeout);
        if (std::string mask = mask_text(service); !mask.empty())
            text += " -M " + mask;
    }
    if (config.flags & WEIR_SERVICE_F_ONE_PACKET)
        text += " -o";
    if (std::string flags = scheduler_flags(config); !flags.empty())
        text += " -b " + flags;
    if (lossless)
        text += own_options(service);
    text += "\n";

    int protocol = service.key.protocol;
    for (const Server* server : sorted(service.servers, compare_servers, nosort)) {
        const Endpoint& end = server->endpoint;
        text += fmt::format("-a {} -r {} {} -w {}", name,
                            endpoint_text(end.address, {end.port, end.port}, protocol, names),
                            forward_option(server->config.method, lossless), server->config.weight);
        if (server->config.method == WEIR_METHOD_TUN)
            text += tunnel_options(server->config.tunnel);
        if (lossless && server->config.upper)
            text += fmt::format(" -x {}", server->config.upper);
        if (lossless && server->config.lower)
            text += fmt::format(" -y {}", server->config.lower);
        text += "\n";
    }
    return text;
}

} // namespace weir::ipvs
