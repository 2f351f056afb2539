// SPDX-License-Identifier: GPL-2.0
// The interfaces that routers stand on, and those that are made for them: macvlans with a virtual MAC,
// ipvlans.
#include <algorithm>

#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {

Address VrrpProcess::source_of(const Router& router, const Link& link)
{
    if (!router.config.source.empty())
        return router.config.source;
    auto [known, added] = sources_.try_emplace({link.index, router.config.family});
    if (added)
        known->second = keeper::Links::primary(link, router.config.family, [this](const Address& address) {
            return std::ranges::binary_search(virtual_addresses_, address);
        });
    if (!known->second.empty() || router.own.empty())
        return known->second;
    // an address owner's own address is a virtual one
    return keeper::Links::primary(link, router.config.family, [&](const Address& address) {
        return std::ranges::find(router.own, address, &Prefix::address) == router.own.end();
    });
}

/// Before anything is added: what of its addresses the owner has by itself. What an earlier process left
/// behind is marked.
void VrrpProcess::find_own(Router& router)
{
    const Link* link = links_->find(router.config.interface);
    if (router.config.priority != 255 || router.config.vmac || !link)
        return;
    for (const auto& item : link->addresses) {
        if (!item.ours && std::ranges::any_of(router.config.addresses, [&](const VirtualAddress& address) {
                return (address.device.empty() || address.device == link->name) &&
                       address.address.address == item.prefix.address;
            }))
            router.own.push_back(item.prefix);
    }
}

bool VrrpProcess::has_source(const Router& router) const
{
    const Link* link = links_->find(router.source_interface());
    return link && link->has(router.source);
}

/// Its index; 0 where the interface is in none.
int VrrpProcess::vrf_of(const Link& link) const
{
    const Link* master = links_->find(link.master);
    return master && master->kind == "vrf" ? master->index : 0;
}

bool VrrpProcess::in_vrf(const Link& link, const std::string& vrf) const
{
    const Link* master = links_->find(vrf_of(link));
    return master && master->name == vrf;
}

/// In place of what has its name. False where it cannot be made.
bool VrrpProcess::make_link(const Router& router, const std::string& name, const NetlinkBatch& add)
{
    NetlinkBatch batch;
    if (links_->find(name))
        remove_link_message(batch, name);
    batch.append(add);
    auto result = netlink_->send(batch.bytes());
    if (!result)
        log_.error("({}) interface {}: {}", router.config.name, name, result.error().message);
    return result.has_value();
}

/// What links_ has of a new interface, or null; other pointers into it may be gone.
const Link* VrrpProcess::bring_up(const std::string& name)
{
    NetlinkBatch batch;
    link_up_message(batch, name);
    (void)netlink_->send(batch.bytes());
    (void)links_->update();
    return links_->find(name);
}

/// The interface, or null where it cannot be made.
const Link* VrrpProcess::make_macvlan(const Router& router, const std::string& name, const Mac& mac,
                                      const Link& base, std::uint32_t group)
{
    const Link* existing = links_->find(name);
    if (existing && existing->kind == "macvlan" && existing->mac == mac && vrf_of(*existing) == vrf_of(base))
        return existing;
    NetlinkBatch add;
    add_macvlan_message(add, {name, base.index, vrf_of(base), group}, mac);
    if (!make_link(router, name, add))
        return nullptr;
    // as the addresses of the interface itself answer for themselves alone, and the vmac's likewise
    (void)set_interface_sysctl(AF_INET, name, "accept_local", 1);
    (void)set_interface_sysctl(AF_INET, name, "arp_ignore", 1);
    (void)set_interface_sysctl(AF_INET, name, "rp_filter", 0);
    (void)set_interface_sysctl(AF_INET, name, "promote_secondaries", 1);
    (void)set_interface_sysctl(AF_INET, base.name, "arp_ignore", 1);
    (void)set_interface_sysctl(AF_INET, base.name, "arp_filter", 1);
    (void)set_interface_sysctl(AF_INET6, name, "accept_ra", 0);
    return bring_up(name);
}

const Link* VrrpProcess::make_vmac(const Router& router, const Link& base)
{
    const Vmac& vmac = *router.config.vmac;
    const Link* link = make_macvlan(router, vmac.name, *vmac.mac, base, vmac.group);
    const Link* again = links_->find(router.config.interface);
    Address source = again ? source_of(router, *again) : Address();
    if (link && source.is_link_local() && source.is_v6() && !link->has(source)) {
        // adverts leave the vmac with the interface's address (RFC 9568 5.1.2.2 wants one of the sending
        // interface)
        add_own_address(*link, {source, 64});
    }
    return link;
}

/// One that another process has left is made anew: whether it has this one's flags is not told apart.
const Link* VrrpProcess::make_ipvlan(const Router& router, const Link& base)
{
    const Ipvlan& ipvlan = *router.config.ipvlan;
    const Link* link = links_->find(ipvlan.name);
    if (!link || link->index != router.interface || vrf_of(*link) != vrf_of(base)) {
        NetlinkBatch add;
        add_ipvlan_message(add, {ipvlan.name, base.index, vrf_of(base), ipvlan.group}, ipvlan.flags);
        if (!make_link(router, ipvlan.name, add))
            return nullptr;
        // as keepalived: no IPv6 where the router has none
        bool without_v6 = router.config.family == AF_INET &&
                          std::ranges::none_of(router.config.excluded, [](const VirtualAddress& address) {
                              return address.address.address.is_v6();
                          });
        if (without_v6)
            (void)set_interface_sysctl(AF_INET6, ipvlan.name, "disable_ipv6", 1);
        link = bring_up(ipvlan.name);
    }
    if (link && ipvlan.address && !link->has(ipvlan.address->address))
        add_own_address(*link, *ipvlan.address);
    return link;
}

/// That adverts come from.
void VrrpProcess::add_own_address(const Link& link, const Prefix& prefix)
{
    VirtualAddress own;
    own.address = prefix;
    NetlinkBatch batch;
    add_address_message(batch, own, link.index);
    (void)netlink_->send(batch.bytes());
}

/// Of a router that goes on after a reload: those that none of its addresses is on any more.
void VrrpProcess::drop_links(const Router& router, const Router& old)
{
    const auto kept = router.config.made_interfaces();
    NetlinkBatch batch;
    for (const auto& name : old.config.made_interfaces()) {
        if (std::ranges::find(kept, name) == kept.end())
            remove_link_message(batch, name);
    }
    if (!batch.empty())
        (void)netlink_->send(batch.bytes(), already_gone);
}

/// For good: what this router brought to the system goes.
void VrrpProcess::take_down(Router& router)
{
    NetlinkBatch batch;
    for (const auto& name : router.config.made_interfaces())
        remove_link_message(batch, name);
    if (batch.empty())
        return;
    router.channel.reset();
    (void)netlink_->send(batch.bytes(), already_gone);
    router.interface = 0;
}

} // namespace weir::keeper
