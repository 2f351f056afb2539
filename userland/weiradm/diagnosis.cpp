// SPDX-License-Identifier: GPL-2.0
#include "weiradm/diagnosis.h"

#include <algorithm>

#include <fmt/format.h>

#include "weiradm/service_word.h"

namespace weir::diagnosis {
namespace {

using Findings = std::vector<Finding>;

void problem(Findings& findings, std::string text, std::string remedy = {})
{
    findings.push_back({Finding::Weight::problem, std::move(text), std::move(remedy)});
}

void note(Findings& findings, std::string text, std::string remedy = {})
{
    findings.push_back({Finding::Weight::note, std::move(text), std::move(remedy)});
}

bool on_device(const Facts& facts, const Address& address)
{
    return std::ranges::any_of(facts.addresses, [&](const auto& entry) { return entry.address == address; });
}

bool is_local(const Facts& facts, const Address& address)
{
    return on_device(facts, address) || std::ranges::find(facts.local, address) != facts.local.end();
}

/// The device whose network holds the address, or null.
const DeviceAddress* neighbour_device(const Facts& facts, const Address& address)
{
    const DeviceAddress* best = nullptr;
    for (const DeviceAddress& entry : facts.addresses) {
        bool inside = entry.device != "lo" && Prefix{entry.address, entry.prefix}.contains(address);
        if (inside && entry.prefix < address.width() && (!best || entry.prefix > best->prefix))
            best = &entry;
    }
    return best;
}

bool has_method(const Service& service, weir_method method)
{
    return std::ranges::any_of(service.servers,
                               [&](const Server& server) { return server.config.method == method; });
}

std::uint32_t weight_of(const Server& server)
{
    return server.flags & WEIR_SERVER_F_DRAINING ? 0 : server.weight_override.value_or(server.config.weight);
}

void check_servers_up(const Service& service, Findings& findings)
{
    std::string name = service_word(service.key);
    if (service.servers.empty())
        return problem(findings, "the service has no server",
                       fmt::format("weiradm server add {} ADDRESS:PORT --method nat", name));
    auto usable = [](const Server& server) {
        return weight_of(server) && !(server.flags & WEIR_SERVER_F_OVERLOADED);
    };
    if (std::ranges::any_of(service.servers, usable))
        return;
    problem(findings, "no server takes new connections:");
    for (const Server& server : service.servers) {
        std::string word = server.endpoint.to_string();
        if (server.flags & WEIR_SERVER_F_DRAINING)
            problem(findings, word + " is being drained",
                    fmt::format("weiradm drain {} -r {} --undo", name, word));
        else if (server.weight_override == 0u)
            problem(findings, word + " has the operator's weight 0",
                    fmt::format("weiradm override {} -r {} --clear", name, word));
        else if (server.config.weight == 0)
            problem(findings, word + " has weight 0",
                    fmt::format("weiradm server set {} {} --weight 1", name, word));
        else if (server.flags & WEIR_SERVER_F_OVERLOADED)
            problem(findings,
                    fmt::format("{} is overloaded: {} connections reached its upper threshold {}", word,
                                server.active + server.inactive, server.config.upper),
                    fmt::format("weiradm server set {} {} --u-threshold 0", name, word));
    }
}

void check_vip(const Service& service, const Facts& facts, Findings& findings)
{
    const Address& vip = service.key.address;
    if (service.key.fwmark) {
        note(findings,
             fmt::format("packets have to carry the mark {}, and their addresses to be local here",
                         service.key.fwmark),
             fmt::format("nft add rule inet filter prerouting ip daddr ADDRESS meta mark set {}",
                         service.key.fwmark));
        return;
    }
    if (!is_local(facts, vip))
        problem(
            findings,
            fmt::format("the address {} is on no device of this machine, so that packets to it are not taken",
                        vip.to_string()),
            fmt::format("ip address add {}/{} dev lo", vip.to_string(), vip.width()));
}

void check_dr_server(const Service& service, const Server& server, const Facts& facts, Findings& findings)
{
    std::string word = server.endpoint.to_string();
    if (!neighbour_device(facts, server.endpoint.address))
        problem(
            findings,
            fmt::format("{} is reached by dr and is in no network that this machine is attached to: direct "
                        "routing goes to neighbours only",
                        word),
            fmt::format("weiradm server set {} {} --method nat", service_word(service.key), word));
}

void check_server(const Service& service, const Server& server, const Facts& facts, Findings& findings)
{
    std::string word = server.endpoint.to_string();
    bool here = is_local(facts, server.endpoint.address);
    // method local knows the service's family only
    bool translated =
        server.config.method == WEIR_METHOD_FULLNAT && server.endpoint.address.family() != service.key.family;
    if (here && server.config.method != WEIR_METHOD_LOCAL && !translated)
        problem(findings,
                fmt::format("{} is this machine itself, but its method is {}", word,
                            method_word(server.config.method)),
                fmt::format("weiradm server set {} {} --method local", service_word(service.key), word));
    else if (!here && server.config.method == WEIR_METHOD_LOCAL)
        problem(findings, fmt::format("{} has method local, but is not an address of this machine", word),
                fmt::format("weiradm server set {} {} --method nat", service_word(service.key), word));
    else if (server.config.method == WEIR_METHOD_DR)
        check_dr_server(service, server, facts, findings);
    if (server.config.method == WEIR_METHOD_NAT && server.stats->in_pkts > 10 && server.stats->out_pkts == 0)
        problem(
            findings,
            fmt::format("{} was sent {} packets and none came back through here: with nat its default route "
                        "has to be this director",
                        word, server.stats->in_pkts),
            "ip route replace default via DIRECTOR      (on the server)");
}

void check_forwarding(const Service& service, const Facts& facts, Findings& findings)
{
    if (!has_method(service, WEIR_METHOD_NAT))
        return;
    bool v6 = service.key.family == AF_INET6;
    if (v6 ? !facts.forward_v6 : !facts.forward_v4)
        problem(findings,
                fmt::format("{} forwarding is off: with nat the servers' replies pass through here",
                            v6 ? "IPv6" : "IPv4"),
                v6 ? "sysctl -w net.ipv6.conf.all.forwarding=1" : "sysctl -w net.ipv4.ip_forward=1");
}

bool drops_invalid(const std::string& rules)
{
    for (std::size_t start = 0; start < rules.size();) {
        std::size_t end = std::min(rules.find('\n', start), rules.size());
        std::string_view line(rules.data() + start, end - start);
        bool about_invalid = line.find("ct state") != std::string_view::npos ||
                             line.find("--ctstate") != std::string_view::npos ||
                             line.find("--state") != std::string_view::npos;
        std::size_t word = line.find("invalid");
        if (word == std::string_view::npos)
            word = line.find("INVALID");
        bool drops =
            line.find("drop") != std::string_view::npos || line.find("DROP") != std::string_view::npos;
        if (about_invalid && word != std::string_view::npos && drops)
            return true;
        start = end + 1;
    }
    return false;
}

void check_conntrack(const Service& service, const Facts& facts, Findings& findings)
{
    if (!(service.config.flags & WEIR_SERVICE_F_CONNTRACK) || !drops_invalid(facts.firewall_rules))
        return;
    problem(findings,
            "the service leaves its connections to conntrack, and a firewall rule drops what conntrack calls "
            "invalid, which the packets of balanced connections often are",
            fmt::format("weiradm service set {} --flags none", service_word(service.key)));
}

/// Ports of `range` that are in none of `others`: at least one?
bool uncovered(const PortRange& range, const std::vector<PortRange>& others)
{
    for (unsigned port = range.first; port <= range.last; port++)
        if (std::ranges::none_of(others,
                                 [&](const PortRange& o) { return o.first <= port && port <= o.last; }))
            return true;
    return false;
}

void check_local_clients(const Service& service, Findings& findings)
{
    if (has_method(service, WEIR_METHOD_DR) || has_method(service, WEIR_METHOD_TUN))
        note(findings,
             "clients on this machine itself cannot use a service by dr or tun: their packets leave with the "
             "service's "
             "address as their source, and the server keeps the replies",
             "use method nat or local for them");
}

} // namespace

std::vector<Finding> examine_service(const Service& service, const Facts& facts)
{
    Findings findings;
    check_vip(service, facts, findings);
    check_servers_up(service, findings);
    for (const Server& server : service.servers)
        check_server(service, server, facts, findings);
    check_forwarding(service, facts, findings);
    check_conntrack(service, facts, findings);
    check_local_clients(service, findings);
    return findings;
}

std::vector<Finding> examine_pool(const Pool& pool, const Facts& facts)
{
    constexpr std::size_t addresses_max = 4096; // more are not looked at
    Findings findings;
    const PortRange& ports = pool.config.ports;
    for (const AddressRange& range : pool.config.ranges)
        for (const Address& address : range.addresses(addresses_max))
            if (!is_local(facts, address))
                problem(
                    findings,
                    fmt::format("the address {} is not this machine's, so that servers' answers to it do not "
                                "come here",
                                address.to_string()),
                    fmt::format("ip address add {}/{} dev DEVICE", address.to_string(), address.width()));
    PortRange both{std::max(ports.first, facts.ephemeral.first), std::min(ports.last, facts.ephemeral.last)};
    if (both.first <= both.last && uncovered(both, facts.reserved))
        note(findings,
             fmt::format("sockets of this machine may get ports of the pool: {} are not reserved",
                         both.to_string()),
             fmt::format("sysctl -w net.ipv4.ip_local_reserved_ports={}", ports.to_string()));
    if (pool.refused)
        problem(
            findings,
            fmt::format("{} connections found no address and port left towards their server", pool.refused),
            fmt::format("weiradm pool set {} MORE-ADDRESSES", pool.name));
    if (!pool.services)
        note(findings, "no service uses the pool",
             fmt::format("weiradm service set SERVICE --pool {}", pool.name));
    return findings;
}

std::vector<Finding> examine_director(const std::vector<Service>& services, const Facts& facts)
{
    Findings findings;
    if (services.empty())
        problem(findings, "there is no service", "weiradm service add tcp:ADDRESS:PORT");
    if (facts.config.conn_max && facts.config.conn_count >= facts.config.conn_max)
        problem(findings,
                fmt::format("the connection table is full: {} of {}", facts.config.conn_count,
                            facts.config.conn_max),
                fmt::format("weiradm config conn-max={}", std::uint64_t{facts.config.conn_max} * 2));
    bool v4 =
        std::ranges::any_of(services, [](const Service& service) { return service.key.family == AF_INET; });
    for (const DeviceSettings& device : facts.devices)
        if (v4 && device.rp_filter == 1)
            note(
                findings,
                fmt::format("{} filters strictly by reverse path: packets of clients that this machine would "
                            "answer through another device are dropped before weir sees them",
                            device.device),
                fmt::format("sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.{}.rp_filter=2",
                            device.device));
    for (const Counter& counter : facts.counters)
        if (counter.name.starts_with("drop") && counter.value)
            note(findings, fmt::format("{} packets were dropped: {}", counter.value, counter.name));
    return findings;
}

std::vector<Finding> examine_real_server(const Address& vip, const Facts& facts)
{
    Findings findings;
    if (!on_device(facts, vip))
        problem(findings,
                fmt::format("{} is on no device: a server by dr has to take packets to it", vip.to_string()),
                fmt::format("ip address add {}/{} dev lo", vip.to_string(), vip.width()));
    for (const DeviceAddress& entry : facts.addresses)
        if (entry.address == vip && entry.device != "lo")
            note(findings,
                 fmt::format("{} is on {}: on lo other machines do not learn of it", vip.to_string(),
                             entry.device),
                 fmt::format("ip address del {0}/{1} dev {2} && ip address add {0}/{3} dev lo",
                             vip.to_string(), entry.prefix, entry.device, vip.width()));
    if (vip.is_v6())
        return findings; // neighbour discovery does not answer for addresses of lo
    for (const DeviceSettings& device : facts.devices) {
        if (device.arp_ignore == 0)
            problem(findings,
                    fmt::format("{} answers ARP requests for {}, which are the director's to answer",
                                device.device, vip.to_string()),
                    "sysctl -w net.ipv4.conf.all.arp_ignore=1");
        if (device.arp_announce != 2)
            problem(
                findings,
                fmt::format("{} may announce {} as its own in ARP requests", device.device, vip.to_string()),
                "sysctl -w net.ipv4.conf.all.arp_announce=2");
    }
    return findings;
}

} // namespace weir::diagnosis
