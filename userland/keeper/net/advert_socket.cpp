// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/advert_socket.h"

#include <cstring>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr int receive_buffer = 1 << 20;

Result<void> set_up_v4(int fd, const Transport& transport)
{
    bool done = set_option(fd, IPPROTO_IP, IP_TOS, tos_internetwork_control) &&
                set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) &&
                set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr = transport.group.empty() ? transport.local.v4() : transport.group.v4();
    if (!transport.group.empty()) {
        ip_mreqn request{};
        request.imr_multiaddr = transport.group.v4();
        request.imr_ifindex = transport.interface;
        done = done && setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) == 0 &&
               setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) == 0;
    } else {
        // the address may come back later
        done = done && set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
    }
    if (!done || ::bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof(local)) < 0)
        return fail_errno(fmt::format("VRRP socket on {}", transport.interface_name));
    return {};
}

Result<void> set_up_v6(int fd, const Transport& transport)
{
    bool done = set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, tos_internetwork_control) &&
                set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) &&
                set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) &&
                set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    sockaddr_in6 local{};
    local.sin6_family = AF_INET6;
    local.sin6_addr = transport.group.empty() ? transport.local.v6() : transport.group.v6();
    local.sin6_scope_id = static_cast<std::uint32_t>(transport.interface);
    if (!transport.group.empty()) {
        ipv6_mreq request{};
        request.ipv6mr_multiaddr = transport.group.v6();
        request.ipv6mr_interface = static_cast<unsigned>(transport.interface);
        done = done && setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request)) == 0 &&
               set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, transport.interface);
    } else {
        done = done && set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
    }
    if (!done || ::bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof(local)) < 0)
        return fail_errno(fmt::format("VRRP socket on {}", transport.interface_name));
    return {};
}

} // namespace

Result<AdvertSocket> AdvertSocket::create(const Transport& transport)
{
    Fd fd(::socket(transport.family(), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   transport.ah ? ah_protocol : vrrp_protocol));
    if (!fd || (transport.ah && !set_option(fd.get(), IPPROTO_IP, IP_HDRINCL, 1)))
        return fail_errno("VRRP socket");
    if (setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, transport.interface_name.c_str(),
                   static_cast<socklen_t>(transport.interface_name.size())) < 0)
        return fail_errno(fmt::format("VRRP socket on {}", transport.interface_name));
    auto result =
        transport.family() == AF_INET6 ? set_up_v6(fd.get(), transport) : set_up_v4(fd.get(), transport);
    if (!result)
        return pass_on(result);
    if (!set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer))
        (void)set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, receive_buffer);
    return AdvertSocket(std::move(fd), transport);
}

int AdvertSocket::send(std::span<const std::uint8_t> message, const Address& source,
                       const Address& destination, int ttl) noexcept
{
    return send_datagram(fd_.get(), message, {source, destination, 0, interface_, ttl});
}

int AdvertSocket::send_packet(std::span<const std::uint8_t> packet, const Address& destination) noexcept
{
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr = destination.v4();
    return ::sendto(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&to), sizeof(to)) < 0
               ? errno
               : 0;
}

std::optional<ReceivedAdvert> AdvertSocket::receive() noexcept
{
    for (;;) {
        DatagramPath path;
        ssize_t size = receive_datagram(fd_.get(), buffer_, path);
        error_ = size >= 0 || errno == EAGAIN ? 0 : errno;
        if (size < 0)
            return std::nullopt;
        auto bytes = std::span<const std::uint8_t>(buffer_).first(static_cast<std::size_t>(size));
        ReceivedAdvert advert;
        if (family_ == AF_INET) {
            // the kernel has checked the IP header
            std::size_t ip_size = static_cast<std::size_t>(bytes[0] & 0x0f) * 4;
            if (bytes.size() < ip_size || ip_size < sizeof(iphdr))
                continue;
            advert.ttl = bytes[8];
            advert.source = Address::from_bytes(bytes.subspan(12, 4)).value();
            advert.destination = Address::from_bytes(bytes.subspan(16, 4)).value();
            advert.packet = bytes;
            advert.message = bytes.subspan(ip_size);
            return advert;
        }
        advert.source = path.source;
        advert.destination = path.destination;
        advert.ttl = path.ttl;
        advert.message = bytes;
        return advert;
    }
}

} // namespace weir::keeper
