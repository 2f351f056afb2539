// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/announcer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

namespace weir::keeper {

Result<Announcer> Announcer::create()
{
    // protocol 0: sends, and receives nothing
    Fd arp(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!arp)
        return fail_errno("packet socket");
    Fd icmp(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
    if (icmp) {
        icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        (void)setsockopt(icmp.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
        int hops = 255, off = 0;
        (void)setsockopt(icmp.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
        (void)setsockopt(icmp.get(), IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off));
    } else if (errno != EAFNOSUPPORT) {
        return fail_errno("ICMPv6 socket");
    }
    return Announcer(std::move(arp), std::move(icmp));
}

int Announcer::announce(const Address& address, int interface, const Mac& mac, bool router) noexcept
{
    return address.is_v6() ? send_na(address, interface, mac, router) : send_arp(address, interface, mac);
}

int Announcer::send_arp(const Address& address, int interface, const Mac& mac) noexcept
{
    std::array<std::uint8_t, 42> frame{};
    auto put = [&frame](std::size_t at, std::span<const std::uint8_t> bytes) {
        std::ranges::copy(bytes, frame.begin() + static_cast<std::ptrdiff_t>(at));
    };
    std::fill_n(frame.begin(), 6, 0xff);
    put(6, mac);
    // Ethernet, IPv4, a request whose sender and target is the address (RFC 5227 3)
    put(12, std::array<std::uint8_t, 10>{0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01});
    put(22, mac);
    put(28, address.bytes());
    std::fill_n(frame.begin() + 32, 6, 0xff);
    put(38, address.bytes());
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(ETH_P_ARP);
    to.sll_ifindex = interface;
    to.sll_halen = ETH_ALEN;
    std::fill_n(to.sll_addr, ETH_ALEN, 0xff);
    return ::sendto(arp_.get(), frame.data(), frame.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&to),
                    sizeof(to)) < 0
               ? errno
               : 0;
}

int Announcer::send_na(const Address& address, int interface, const Mac& mac, bool router) noexcept
{
    struct {
        nd_neighbor_advert advert;
        nd_opt_hdr option;
        Mac mac;
    } packet{};
    packet.advert.nd_na_type = ND_NEIGHBOR_ADVERT;
    packet.advert.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE | (router ? ND_NA_FLAG_ROUTER : 0);
    packet.advert.nd_na_target = address.v6();
    packet.option.nd_opt_type = ND_OPT_TARGET_LINKADDR;
    packet.option.nd_opt_len = 1;
    packet.mac = mac;

    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
    iovec data{&packet, sizeof(packet)};
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_addr = in6_addr{{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
    to.sin6_scope_id = static_cast<std::uint32_t>(interface);
    msghdr header{};
    header.msg_name = &to;
    header.msg_namelen = sizeof(to);
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = IPPROTO_IPV6;
    item->cmsg_type = IPV6_PKTINFO;
    in6_pktinfo info{address.v6(), static_cast<unsigned>(interface)};
    item->cmsg_len = CMSG_LEN(sizeof(info));
    std::memcpy(CMSG_DATA(item), &info, sizeof(info));
    return ::sendmsg(icmp_.get(), &header, MSG_DONTWAIT) < 0 ? errno : 0;
}

} // namespace weir::keeper
