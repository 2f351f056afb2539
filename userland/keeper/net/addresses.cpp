// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/addresses.h"

#include <cstring>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr std::uint32_t forever = UINT32_MAX;

in_addr broadcast_of(const VirtualAddress& address)
{
    in_addr result = address.address.address.v4();
    if (address.address.length < 32)
        result.s_addr |= htonl(UINT32_MAX >> address.address.length);
    return result;
}

void put_address(NetlinkBatch& batch, const VirtualAddress& address, int interface)
{
    const Prefix& own = address.address;
    ifaddrmsg header{};
    header.ifa_family = static_cast<std::uint8_t>(own.address.family());
    header.ifa_prefixlen =
        static_cast<std::uint8_t>(address.extras->peer.empty() ? own.length : address.extras->peer_length);
    header.ifa_scope = address.scope;
    header.ifa_index = static_cast<std::uint32_t>(interface);
    batch.header(header);
    batch.attribute(IFA_LOCAL, own.address.bytes());
    batch.attribute(IFA_ADDRESS,
                    address.extras->peer.empty() ? own.address.bytes() : address.extras->peer.bytes());
}

void begin_link(NetlinkBatch& batch, const MadeLink& link)
{
    batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    batch.header(header);
    batch.attribute(IFLA_IFNAME, link.name);
    batch.attribute_u32(IFLA_LINK, static_cast<std::uint32_t>(link.parent));
    batch.attribute_u32(IFLA_GROUP, link.group);
    if (link.vrf)
        batch.attribute_u32(IFLA_MASTER, static_cast<std::uint32_t>(link.vrf));
}

} // namespace

void add_address_message(NetlinkBatch& batch, const VirtualAddress& address, int interface, bool ours)
{
    const Prefix& own = address.address;
    bool v6 = own.address.is_v6();
    batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    put_address(batch, address, interface);
    if (ours)
        batch.attribute_u8(IFA_PROTO, RTPROT_KEEPALIVED);
    if (!address.extras->label.empty())
        batch.attribute(IFA_LABEL, address.extras->label);
    if (!address.extras->broadcast.empty())
        batch.attribute(IFA_BROADCAST, address.extras->broadcast.bytes());
    else if (address.extras->broadcast_auto && !v6) {
        in_addr broadcast = broadcast_of(address);
        batch.attribute(IFA_BROADCAST,
                        std::span(reinterpret_cast<const std::uint8_t*>(&broadcast), sizeof(broadcast)));
    }
    std::uint32_t flags = 0;
    if (v6 && !address.dad)
        flags |= IFA_F_NODAD;
    flags |= address.home ? IFA_F_HOMEADDRESS : 0;
    flags |= address.mngtmpaddr ? IFA_F_MANAGETEMPADDR : 0;
    flags |= address.noprefixroute ? IFA_F_NOPREFIXROUTE : 0;
    flags |= address.autojoin ? IFA_F_MCAUTOJOIN : 0;
    batch.attribute_u32(IFA_FLAGS, flags);
    // a /128 is there to be answered from, not to be chosen as a source
    std::uint32_t preferred = address.extras->preferred_lft.value_or(v6 && own.length == 128 ? 0 : forever);
    if (preferred != forever) {
        ifa_cacheinfo lifetime{};
        lifetime.ifa_prefered = preferred;
        lifetime.ifa_valid = forever;
        batch.attribute(IFA_CACHEINFO,
                        std::span(reinterpret_cast<const std::uint8_t*>(&lifetime), sizeof(lifetime)));
    }
    batch.end();
}

void remove_address_message(NetlinkBatch& batch, const VirtualAddress& address, int interface)
{
    batch.begin(RTM_DELADDR, 0);
    put_address(batch, address, interface);
    batch.end();
}

void add_macvlan_message(NetlinkBatch& batch, const MadeLink& link, const Mac& mac)
{
    begin_link(batch, link);
    batch.attribute(IFLA_ADDRESS, mac);
    std::size_t info = batch.begin_nest(IFLA_LINKINFO);
    batch.attribute(IFLA_INFO_KIND, "macvlan");
    std::size_t data = batch.begin_nest(IFLA_INFO_DATA);
    batch.attribute_u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
    batch.end_nest(data);
    batch.end_nest(info);
    batch.end();

    // a new interface has its IPv6 settings only once it is there
    batch.begin(RTM_SETLINK, 0);
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    batch.header(header);
    batch.attribute(IFLA_IFNAME, link.name);
    // the kernel's own link-local address would be made from the virtual MAC (RFC 9568 7.4)
    std::size_t specific = batch.begin_nest(IFLA_AF_SPEC);
    std::size_t inet6 = batch.begin_nest(AF_INET6);
    batch.attribute_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    batch.end_nest(inet6);
    batch.end_nest(specific);
    batch.end();
}

void add_ipvlan_message(NetlinkBatch& batch, const MadeLink& link, std::uint16_t flags)
{
    begin_link(batch, link);
    std::size_t info = batch.begin_nest(IFLA_LINKINFO);
    batch.attribute(IFLA_INFO_KIND, "ipvlan");
    std::size_t data = batch.begin_nest(IFLA_INFO_DATA);
    batch.attribute_u16(IFLA_IPVLAN_MODE, IPVLAN_MODE_L2);
    batch.attribute_u16(IFLA_IPVLAN_FLAGS, flags);
    batch.end_nest(data);
    batch.end_nest(info);
    batch.end();
}

void link_up_message(NetlinkBatch& batch, const std::string& name)
{
    batch.begin(RTM_NEWLINK, 0);
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_flags = header.ifi_change = IFF_UP;
    batch.header(header);
    batch.attribute(IFLA_IFNAME, name);
    batch.end();
}

void remove_link_message(NetlinkBatch& batch, const std::string& name)
{
    batch.begin(RTM_DELLINK, 0);
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    batch.header(header);
    batch.attribute(IFLA_IFNAME, name);
    batch.end();
}

Result<void> set_interface_sysctl(int family, const std::string& interface, const std::string& name,
                                  int value)
{
    std::string path =
        fmt::format("/proc/sys/net/{}/conf/{}/{}", family == AF_INET6 ? "ipv6" : "ipv4", interface, name);
    Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    std::string text = std::to_string(value);
    if (!fd || ::write(fd.get(), text.data(), text.size()) < 0)
        return fail_errno(path);
    return {};
}

} // namespace weir::keeper
