// SPDX-License-Identifier: GPL-2.0
#include "weiradm/machine.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace weir::diagnosis {
namespace {

int read_number(const std::string& path, int otherwise)
{
    int value = otherwise;
    std::ifstream file(path);
    return file >> value ? value : otherwise;
}

std::optional<Address> address_of(const sockaddr* from)
{
    if (from && from->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, from, sizeof(v4));
        return Address(v4.sin_addr);
    }
    if (from && from->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, from, sizeof(v6));
        return Address(v6.sin6_addr);
    }
    return std::nullopt;
}

unsigned ones(const sockaddr* netmask)
{
    unsigned count = 0;
    if (auto mask = address_of(netmask))
        for (std::uint8_t byte : mask->bytes())
            count += static_cast<unsigned>(std::popcount(byte));
    return count;
}

void read_addresses(Facts& facts)
{
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return;
    std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> guard(list, freeifaddrs);
    for (const ifaddrs* entry = list; entry; entry = entry->ifa_next)
        if (auto address = address_of(entry->ifa_addr))
            facts.addresses.push_back({entry->ifa_name, *address, ones(entry->ifa_netmask)});
}

void read_devices(Facts& facts)
{
    std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> names(::if_nameindex(),
                                                                            if_freenameindex);
    if (!names)
        return;
    const std::string base = "/proc/sys/net/ipv4/conf/";
    for (const struct if_nameindex* entry = names.get(); entry->if_index; entry++) {
        std::string device = entry->if_name;
        if (device == "lo")
            continue;
        // the kernel counts the greater of the two for each of these
        auto effective = [&](const char* name) {
            return std::max(read_number(base + "all/" + name, 0), read_number(base + device + "/" + name, 0));
        };
        facts.devices.push_back(
            {device, effective("rp_filter"), effective("arp_ignore"), effective("arp_announce")});
    }
}

/// A socket can be bound to what the routing table calls local, whole networks on lo included.
bool can_bind(const Address& address)
{
    Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (address.is_v4()) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr = address.v4();
        return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
    }
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_addr = address.v6();
    return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
}

void read_local(const std::vector<Address>& asked, Facts& facts)
{
    bool anything_v4 = read_number("/proc/sys/net/ipv4/ip_nonlocal_bind", 0) != 0;
    bool anything_v6 = read_number("/proc/sys/net/ipv6/ip_nonlocal_bind", 0) != 0;
    for (const Address& address : asked)
        if (!(address.is_v6() ? anything_v6 : anything_v4) && can_bind(address))
            facts.local.push_back(address);
}

/// "1-3,7" as the kernel writes lists of ports.
std::vector<PortRange> read_ports(const std::string& path)
{
    std::vector<PortRange> ranges;
    std::ifstream file(path);
    for (std::string word; std::getline(file, word, ',');) {
        if (word.ends_with('\n'))
            word.pop_back();
        if (auto range = PortRange::parse(word); range && range->first)
            ranges.push_back(*range);
    }
    return ranges;
}

PortRange read_ephemeral()
{
    PortRange range;
    std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
    return file >> range.first >> range.last ? range : PortRange();
}

std::string output_of(const char* command)
{
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command, "re"), ::pclose);
    std::string text;
    char buffer[4096];
    std::size_t got;
    while (pipe && (got = std::fread(buffer, 1, sizeof(buffer), pipe.get())) > 0)
        text.append(buffer, got);
    return text;
}

} // namespace

Facts look_at_machine(const std::vector<Address>& asked)
{
    Facts facts;
    read_addresses(facts);
    read_devices(facts);
    facts.forward_v4 = read_number("/proc/sys/net/ipv4/ip_forward", 1) != 0;
    facts.forward_v6 = read_number("/proc/sys/net/ipv6/conf/all/forwarding", 1) != 0;
    facts.ephemeral = read_ephemeral();
    facts.reserved = read_ports("/proc/sys/net/ipv4/ip_local_reserved_ports");
    // nft shows the rules of iptables-nft too; iptables-legacy keeps its own
    facts.firewall_rules =
        output_of("{ nft list ruleset; iptables-legacy-save; ip6tables-legacy-save; } 2>/dev/null");
    read_local(asked, facts);
    return facts;
}

} // namespace weir::diagnosis
