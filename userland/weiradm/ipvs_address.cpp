// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_address.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>

#include "libweir/service.h"

namespace weir::ipvs {
namespace {

std::optional<in_addr> look_up_host(const std::string& name)
{
    if (name.empty())
        return std::nullopt;
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0)
        return std::nullopt;
    std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, freeaddrinfo);
    sockaddr_in address{};
    std::memcpy(&address, found->ai_addr, sizeof(address));
    return address.sin_addr;
}

std::optional<in_addr> to_v4(const std::string& text)
{
    in_addr address{};
    if (inet_aton(text.c_str(), &address))
        return address;
    return look_up_host(text);
}

std::optional<PortRange> to_ports(const std::string& text, int protocol)
{
    if (auto number = to_number(text, 0, 65535)) {
        auto port = static_cast<std::uint16_t>(*number);
        return PortRange{port, port};
    }
    // service names hold dashes too ("http-alt"), but never digits alone around one
    if (auto range = PortRange::parse(text))
        return *range;
    const char* name = protocol == IPPROTO_TCP    ? "tcp"
                       : protocol == IPPROTO_UDP  ? "udp"
                       : protocol == IPPROTO_SCTP ? "sctp"
                                                  : nullptr;
    servent* service = name ? getservbyname(text.c_str(), name) : nullptr;
    if (!service)
        return std::nullopt;
    std::uint16_t port = ntohs(static_cast<std::uint16_t>(service->s_port));
    return PortRange{port, port};
}

bool digits_only(const std::string& text)
{
    return std::ranges::all_of(text, [](unsigned char c) { return c >= '0' && c <= '9'; });
}

} // namespace

std::optional<long> to_number(const std::string& text, long min, long max)
{
    char* end = nullptr;
    errno = 0;
    long number = std::strtol(text.c_str(), &end, 10);
    if (end == text.c_str() || *end != '\0' || errno == ERANGE || number < min || number > max)
        return std::nullopt;
    return number;
}

std::optional<ServiceAddress> to_service_address(const std::string& text, int protocol)
{
    if (digits_only(text)) // "80" is inet_aton's 0.0.0.80, and nobody means that
        return std::nullopt;
    std::string host = text;
    std::optional<std::string> port;
    if (host.starts_with('[')) {
        auto close = host.find(']');
        if (close == std::string::npos || host.compare(close + 1, 1, ":") != 0)
            return std::nullopt;
        port = host.substr(close + 2);
        host = host.substr(1, close - 1);
    }

    ServiceAddress result;
    in6_addr v6{};
    if (inet_pton(AF_INET6, host.c_str(), &v6) > 0) {
        result.address = Address(v6);
    } else {
        auto colon = host.rfind(':');
        port.reset();
        if (colon != std::string::npos) {
            port = host.substr(colon + 1);
            host.resize(colon);
        }
        auto v4 = to_v4(host);
        if (!v4)
            return std::nullopt;
        result.address = Address(*v4);
    }
    if (port) {
        result.ports = to_ports(*port, protocol);
        if (!result.ports)
            return std::nullopt;
    }
    return result;
}

std::optional<std::uint32_t> to_netmask(const std::string& text)
{
    auto address = to_v4(text);
    return address ? std::optional<std::uint32_t>(address->s_addr) : std::nullopt;
}

std::optional<unsigned> mask_to_prefix(std::uint32_t mask)
{
    std::uint32_t bits = ntohl(mask);
    auto ones = static_cast<unsigned>(std::countl_one(bits));
    return static_cast<unsigned>(std::popcount(bits)) == ones ? std::optional<unsigned>(ones) : std::nullopt;
}

} // namespace weir::ipvs
