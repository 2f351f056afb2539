// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <linux/if_link.h>
#include <net/if.h>

#include <fmt/format.h>

#include "keeper/config/bind_route.h"

namespace weir::keeper {
namespace {

Mac virtual_mac(bool v6, std::uint8_t vrid)
{
    return {0x00, 0x00, 0x5e, 0x00, static_cast<std::uint8_t>(v6 ? 2 : 1), vrid};
}

/// As keepalived's: PREFIX.VRID, then for IPv6 PREFIX6.VRID, then PREFIX1.VRID and on; a long prefix is cut.
std::string free_name(const std::string& prefix, std::uint8_t vrid, bool v6, std::set<std::string>& used)
{
    for (unsigned tried = 0;; tried++) {
        unsigned number = v6 && tried == 1 ? 6 : v6 && tried > 1 && tried <= 6 ? tried - 1 : tried;
        std::string end = fmt::format("{}.{}", tried ? std::to_string(number) : "", vrid);
        std::string name = prefix.substr(0, IFNAMSIZ - 1 - end.size()) + end;
        if (used.insert(name).second)
            return name;
    }
}

/// The interface of an address: a vmac of its own, what it names, or "" for the instance's.
std::string address_vmac(InstanceConfig& instance, VirtualAddress& address, const std::string& prefix,
                         std::set<std::string>& used, Diagnostics& diagnostics)
{
    bool v6 = address.address.address.is_v6();
    bool here = address.device.empty() || address.device == instance.interface;
    bool same_family = v6 == (instance.family == AF_INET6);
    if (here && same_family && instance.vmac) {
        if (address.use_vmac)
            diagnostics.warning(instance.at, fmt::format("'{}': {} is on the instance's virtual MAC already",
                                                         instance.name, address.address.to_string()));
        return "";
    }
    if (!address.use_vmac && !(instance.vmac_addresses && !(here && same_family)))
        return here && (instance.vmac || instance.ipvlan) ? instance.interface : address.device;
    Mac mac =
        instance.vmac && instance.vmac->mac_given ? *instance.vmac->mac : virtual_mac(v6, instance.vrid);
    const std::string& base = here ? instance.interface : address.device;
    auto& vmacs = instance.address_vmacs;
    auto known = std::ranges::find_if(
        vmacs, [&](const AddressVmac& vmac) { return vmac.base == base && vmac.mac == mac; });
    if (known == vmacs.end())
        known = vmacs.insert(known, {free_name(prefix, instance.vrid, v6, used), base, mac});
    return known->name;
}

/// "name NAME" or NAME
void bind_name(Words& words, std::string& name)
{
    std::string given = words.word() == "name" && !words.ahead().empty() ? words.value() : words.word();
    bool mistyped = given.find_first_of("/:") != std::string::npos ||
                    given.find_first_not_of("0123456789.") == std::string::npos;
    if (mistyped) // of an address
        words.complain(fmt::format("'{}' is neither an address nor the name of an interface", given));
    else if (given.size() >= IFNAMSIZ)
        words.complain(fmt::format("'{}' is too long for an interface", given));
    else if (!name.empty())
        words.complain(fmt::format("the interface has a name already, '{}'", name));
    name = given;
}

/// A kernel's interface carries macvlans or ipvlans, and all ipvlans of one interface are of one kind.
void check_bases(const Config& config, Diagnostics& diagnostics)
{
    std::map<std::string, const InstanceConfig*> macvlans, ipvlans;
    for (const auto& instance : config.instances) {
        if (instance.vmac)
            macvlans.emplace(instance.interface, &instance);
        for (const auto& vmac : instance.address_vmacs)
            macvlans.emplace(vmac.base, &instance);
    }
    for (const auto& instance : config.instances) {
        if (!instance.ipvlan)
            continue;
        if (auto other = macvlans.find(instance.interface); other != macvlans.end())
            diagnostics.error(instance.at,
                              fmt::format("{} cannot have an ipvlan ('{}') and a virtual MAC ('{}')",
                                          instance.interface, instance.name, other->second->name));
        auto [first, added] = ipvlans.emplace(instance.interface, &instance);
        if (!added && first->second->ipvlan->flags != instance.ipvlan->flags)
            diagnostics.error(
                instance.at,
                fmt::format("the ipvlans of '{}' and '{}' are both on {} and have to be of one kind",
                            first->second->name, instance.name, instance.interface));
    }
}

} // namespace

/// use_vmac [[name] NAME] [MAC] [group GROUP] [netlink_notify_msg], with five bytes of a MAC that the VRID
/// follows
void bind_vmac(const Values& values, InstanceConfig& instance)
{
    Vmac vmac;
    Words words(values);
    for (words.next(); !words.done(); words.next()) {
        const std::string word = words.word();
        if (word == "group") {
            words.put(vmac.group, parse_link_group(words.value()), "a group of interfaces");
        } else if (word == "netlink_notify_msg") {
            words.note("programs that follow the interfaces get the kernel's own events");
        } else if (word.find(':') == std::string::npos) {
            bind_name(words, vmac.name);
        } else {
            vmac.mac = parse_mac(word);
            vmac.mac_given = true;
            vmac.ends_in_vrid = false;
            if (!vmac.mac) {
                vmac.mac = parse_mac(word + (word.ends_with(':') ? "0" : ":0"));
                vmac.ends_in_vrid = true;
            }
            if (!vmac.mac || ((*vmac.mac)[0] & 1))
                words.complain(fmt::format("'{}' is not a unicast MAC address", word));
        }
    }
    instance.vmac = vmac;
}

/// use_ipvlan [[name] NAME] [ADDRESS] [bridge|private|vepa] [group GROUP]
void bind_ipvlan(const Values& values, InstanceConfig& instance)
{
    constexpr std::pair<std::string_view, std::uint16_t> kinds[] = {
        {"bridge", 0}, {"private", IPVLAN_F_PRIVATE}, {"vepa", IPVLAN_F_VEPA}};
    Ipvlan ipvlan;
    bool kind_given = false;
    Words words(values);
    for (words.next(); !words.done(); words.next()) {
        const std::string word = words.word();
        const auto* kind = std::ranges::find(kinds, word, &std::pair<std::string_view, std::uint16_t>::first);
        if (kind != std::end(kinds)) {
            if (std::exchange(kind_given, true))
                words.complain(fmt::format("'{}': an ipvlan is one of bridge, private and vepa", word));
            ipvlan.flags = kind->second;
        } else if (word == "group") {
            words.put(ipvlan.group, parse_link_group(words.value()), "a group of interfaces");
        } else if (auto address = Prefix::parse(word)) {
            if (ipvlan.address)
                words.complain(
                    fmt::format("the ipvlan has an address already, {}", ipvlan.address->to_string()));
            ipvlan.address = *address;
        } else {
            bind_name(words, ipvlan.name);
        }
    }
    instance.ipvlan = ipvlan;
}

void name_made_interfaces(Config& config, Diagnostics& diagnostics)
{
    const Global& global = config.global;
    std::set<std::string> used;
    for (const auto& instance : config.instances) {
        for (const auto& name : instance.made_interfaces()) {
            if (!name.empty() && !used.insert(name).second)
                diagnostics.error(instance.at, fmt::format("the name '{}' is used for two interfaces", name));
        }
    }
    std::set<std::pair<std::string, Mac>> macs;
    auto once = [&](const InstanceConfig& instance, const std::string& base, const Mac& mac) {
        if (!macs.emplace(base, mac).second)
            diagnostics.error(
                instance.at,
                fmt::format("a virtual MAC of '{}' is on {} for another instance too", instance.name, base));
    };
    for (auto& instance : config.instances) {
        bool v6 = instance.family == AF_INET6;
        auto name_it = [&](std::string& name) {
            if (name.empty())
                name = free_name(global.vmac_prefix, instance.vrid, v6, used);
        };
        if (instance.ipvlan)
            name_it(instance.ipvlan->name);
        if (!instance.vmac)
            continue;
        Vmac& vmac = *instance.vmac;
        name_it(vmac.name);
        if (!vmac.mac)
            vmac.mac = virtual_mac(v6, instance.vrid);
        if (vmac.ends_in_vrid)
            vmac.mac->back() = instance.vrid;
        once(instance, instance.interface, *vmac.mac);
    }
    const std::string& prefix =
        global.vmac_addr_prefix.empty() ? global.vmac_prefix : global.vmac_addr_prefix;
    for (auto& instance : config.instances) {
        for (auto* list : {&instance.addresses, &instance.excluded}) {
            for (auto& address : *list)
                address.device = address_vmac(instance, address, prefix, used, diagnostics);
        }
        for (const auto& vmac : instance.address_vmacs)
            once(instance, vmac.base, vmac.mac);
    }
    check_bases(config, diagnostics);
}

} // namespace weir::keeper
