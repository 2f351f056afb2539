// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/datagram.h"

#include <cstring>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr std::uint16_t first_dynamic_port = 49152;
/// A socket remembers one error of what was sent, so that more in a row are another matter.
constexpr int errors_stepped_over = 8;

template <typename T>
void put_control(cmsghdr* item, int level, int type, const T& value)
{
    item->cmsg_level = level;
    item->cmsg_type = type;
    item->cmsg_len = CMSG_LEN(sizeof(value));
    std::memcpy(CMSG_DATA(item), &value, sizeof(value));
}

socklen_t put_name(sockaddr_storage& name, const Address& address, std::uint16_t port, int interface)
{
    if (address.is_v6()) {
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(port);
        to.sin6_addr = address.v6();
        if (address.is_link_local() || address.is_multicast())
            to.sin6_scope_id = static_cast<std::uint32_t>(interface);
        std::memcpy(&name, &to, sizeof(to));
        return sizeof(to);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr = address.empty() ? in_addr{INADDR_ANY} : address.v4();
    std::memcpy(&name, &to, sizeof(to));
    return sizeof(to);
}

bool set_up(int fd, int family)
{
    if (family == AF_INET6)
        return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
               set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, tos_internetwork_control) &&
               set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) &&
               set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
               set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
    return set_option(fd, IPPROTO_IP, IP_TOS, tos_internetwork_control) &&
           set_option(fd, IPPROTO_IP, IP_RECVTTL, 1) && set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
           set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
}

bool bind_to(int fd, int family, const Address& local, std::uint16_t port)
{
    sockaddr_storage name{};
    name.ss_family = static_cast<sa_family_t>(family);
    if (!local.empty() || family == AF_INET)
        (void)put_name(name, local, port, 0);
    else
        reinterpret_cast<sockaddr_in6&>(name).sin6_port = htons(port);
    socklen_t size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&name), size) == 0;
}

/// The addresses, the interface and the TTL of a received message.
DatagramPath read_path(const msghdr& header) noexcept
{
    DatagramPath path;
    if (const auto* from = static_cast<const sockaddr*>(header.msg_name);
        from && from->sa_family == AF_INET6) {
        path.source = Address(reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr);
        path.port = ntohs(reinterpret_cast<const sockaddr_in6*>(from)->sin6_port);
    } else if (from && from->sa_family == AF_INET) {
        path.source = Address(reinterpret_cast<const sockaddr_in*>(from)->sin_addr);
        path.port = ntohs(reinterpret_cast<const sockaddr_in*>(from)->sin_port);
    }
    auto* changeable = const_cast<msghdr*>(&header); // CMSG_NXTHDR wants it so
    for (cmsghdr* item = CMSG_FIRSTHDR(&header); item; item = CMSG_NXTHDR(changeable, item)) {
        bool v6 = item->cmsg_level == IPPROTO_IPV6;
        if ((v6 && item->cmsg_type == IPV6_HOPLIMIT) || (!v6 && item->cmsg_type == IP_TTL)) {
            std::memcpy(&path.ttl, CMSG_DATA(item), sizeof(path.ttl));
        } else if (v6 && item->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(item), sizeof(info));
            path.destination = Address(info.ipi6_addr);
            path.interface = static_cast<int>(info.ipi6_ifindex);
        } else if (!v6 && item->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(item), sizeof(info));
            path.destination = Address(info.ipi_addr);
            path.interface = info.ipi_ifindex;
        }
    }
    return path;
}

} // namespace

int send_datagram(int fd, std::span<const std::uint8_t> message, const DatagramPath& path) noexcept
{
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))>
        control{};
    iovec data{const_cast<std::uint8_t*>(message.data()), message.size()};
    sockaddr_storage to{};
    bool v6 = path.destination.is_v6();
    msghdr header{};
    header.msg_name = &to;
    header.msg_namelen = put_name(to, path.destination, path.port, path.interface);
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    if (v6)
        put_control(item, IPPROTO_IPV6, IPV6_PKTINFO,
                    in6_pktinfo{path.source.empty() ? in6_addr{} : path.source.v6(),
                                static_cast<unsigned>(path.interface)});
    else
        put_control(
            item, IPPROTO_IP, IP_PKTINFO,
            in_pktinfo{path.interface, path.source.empty() ? in_addr{INADDR_ANY} : path.source.v4(), {}});
    std::size_t used = CMSG_SPACE(v6 ? sizeof(in6_pktinfo) : sizeof(in_pktinfo));
    item = reinterpret_cast<cmsghdr*>(control.data() + used);
    put_control(item, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_HOPLIMIT : IP_TTL, path.ttl);
    header.msg_controllen = used + CMSG_SPACE(sizeof(path.ttl));
    return ::sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

ssize_t receive_datagram(int fd, std::span<std::uint8_t> buffer, DatagramPath& path) noexcept
{
    alignas(cmsghdr) std::array<std::uint8_t, 128> control{};
    sockaddr_storage from{};
    iovec data{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof(from);
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t size = -1;
    for (int left = errors_stepped_over; size < 0 && left; left--) {
        size = ::recvmsg(fd, &header, MSG_DONTWAIT);
        if (size < 0 && errno == EAGAIN)
            break;
    }
    if (size >= 0)
        path = read_path(header);
    return size;
}

bool set_option(int fd, int level, int option, int value) noexcept
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

Result<DatagramSocket> DatagramSocket::create(int family, const Address& local, std::uint16_t port)
{
    Fd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd || !set_up(fd.get(), family))
        return fail_errno("UDP socket");
    if (port != 0) {
        if (!bind_to(fd.get(), family, local, port))
            return fail_errno(fmt::format("UDP port {}", port));
        return DatagramSocket(std::move(fd));
    }
    for (int attempt = 0; attempt < 64; attempt++) {
        std::uint16_t random = 0;
        (void)!getrandom(&random, sizeof(random), 0);
        if (bind_to(fd.get(), family, local, static_cast<std::uint16_t>(first_dynamic_port | random)))
            return DatagramSocket(std::move(fd));
    }
    return fail_errno("UDP source port");
}

std::optional<DatagramSocket::Received> DatagramSocket::receive() noexcept
{
    DatagramPath path;
    ssize_t size = receive_datagram(fd_.get(), buffer_, path);
    error_ = size >= 0 || errno == EAGAIN ? 0 : errno;
    if (size < 0)
        return std::nullopt;
    return Received{std::span<const std::uint8_t>(buffer_).first(static_cast<std::size_t>(size)), path};
}

} // namespace weir::keeper
