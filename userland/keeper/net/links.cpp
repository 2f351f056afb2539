// SPDX-License-Identifier: GPL-2.0
#include "keeper/net/links.h"

#include <algorithm>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace weir::keeper {

bool Link::running() const
{
    return (flags & IFF_UP) && (flags & IFF_RUNNING);
}

bool Link::has(const Address& address) const
{
    return std::ranges::any_of(addresses,
                               [&](const LinkAddress& known) { return known.prefix.address == address; });
}

Result<Links> Links::create()
{
    auto events = NetlinkSocket::create(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (!events)
        return pass_on(events);
    auto requests = NetlinkSocket::create();
    if (!requests)
        return pass_on(requests);
    Links links(std::move(*events), std::move(*requests));
    if (auto result = links.refresh(); !result)
        return pass_on(result);
    return links;
}

Result<void> Links::refresh()
{
    links_.clear();
    names_.clear();
    auto take_one = [this](const nlmsghdr& message) { take(message); };
    auto result = requests_.dump(RTM_GETLINK, AF_UNSPEC, take_one);
    return result ? requests_.dump(RTM_GETADDR, AF_UNSPEC, take_one) : result;
}

Result<bool> Links::update()
{
    bool changed = false;
    auto result = events_.receive([&](const nlmsghdr& message) {
        take(message);
        changed = true;
    });
    if (!result && result.error().code == ENOBUFS) {
        result = refresh();
        changed = true;
    }
    if (!result)
        return pass_on(result);
    return changed;
}

void Links::take(const nlmsghdr& message)
{
    if (message.nlmsg_type == RTM_NEWLINK || message.nlmsg_type == RTM_DELLINK)
        take_link(message);
    else if (message.nlmsg_type == RTM_NEWADDR || message.nlmsg_type == RTM_DELADDR)
        take_address(message);
}

void Links::take_link(const nlmsghdr& message)
{
    const auto* header = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
    if (header->ifi_family != AF_UNSPEC)
        return; // a bridge port's event about itself
    auto known = links_.find(header->ifi_index);
    if (known != links_.end())
        names_.erase(known->second.name); // it may be renamed
    if (message.nlmsg_type == RTM_DELLINK) {
        links_.erase(header->ifi_index);
        return;
    }
    Attributes attributes(message, sizeof(*header));
    Link& link = links_[header->ifi_index];
    link.index = header->ifi_index;
    link.flags = header->ifi_flags;
    link.name = attributes.text(IFLA_IFNAME);
    names_[link.name] = link.index;
    Attributes info(attributes[IFLA_LINKINFO]);
    link.kind = info.text(IFLA_INFO_KIND);
    link.table = link.kind == "vrf" ? Attributes(info[IFLA_INFO_DATA]).u32(IFLA_VRF_TABLE) : 0;
    link.master = static_cast<int>(attributes.u32(IFLA_MASTER));
    auto mac = attributes[IFLA_ADDRESS];
    if (mac.size() == link.mac.size())
        std::ranges::copy(mac, link.mac.begin());
}

void Links::take_address(const nlmsghdr& message)
{
    const auto* header = static_cast<const ifaddrmsg*>(NLMSG_DATA(&message));
    auto link = links_.find(static_cast<int>(header->ifa_index));
    if (link == links_.end())
        return;
    Attributes attributes(message, sizeof(*header));
    auto local = attributes[IFA_LOCAL];
    auto address = Address::from_bytes(local.empty() ? attributes[IFA_ADDRESS] : local);
    if (!address)
        return;
    auto& list = link->second.addresses;
    Prefix prefix{*address, header->ifa_prefixlen};
    auto known = std::ranges::find(list, prefix, &LinkAddress::prefix);
    if (message.nlmsg_type == RTM_DELADDR) {
        if (known != list.end())
            list.erase(known);
        return;
    }
    if (known == list.end())
        known = list.insert(list.end(), LinkAddress{prefix, 0, 0, false});
    auto protocol = attributes[IFA_PROTO];
    known->ours = !protocol.empty() && protocol[0] == RTPROT_KEEPALIVED;
    known->flags = attributes.u32(IFA_FLAGS, header->ifa_flags);
    known->scope = header->ifa_scope;
}

const Link* Links::find(const std::string& name) const
{
    auto index = names_.find(name);
    return index == names_.end() ? nullptr : find(index->second);
}

const Link* Links::find(int index) const
{
    auto link = links_.find(index);
    return link == links_.end() ? nullptr : &link->second;
}

Address Links::primary(const Link& link, int family, const std::function<bool(const Address&)>& is_virtual)
{
    Address secondary;
    for (const auto& candidate : link.addresses) {
        const Address& address = candidate.prefix.address;
        if (address.family() != family || is_virtual(address))
            continue;
        if (family == AF_INET6) {
            if (address.is_link_local() && !(candidate.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
                return address;
        } else if (!(candidate.flags & IFA_F_SECONDARY)) {
            return address;
        } else if (secondary.empty()) {
            secondary = address;
        }
    }
    return secondary;
}

} // namespace weir::keeper
