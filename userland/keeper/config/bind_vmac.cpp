// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <set>

#include <net/if.h>

#include <fmt/format.h>

#include "keeper/config/bind.h"

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
        return here && instance.vmac ? instance.interface : address.device;
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

} // namespace

/// use_vmac [NAME] [MAC], with five bytes of a MAC that the VRID follows
void bind_vmac(const Values& values, InstanceConfig& instance)
{
    Vmac vmac = instance.vmac.value_or(Vmac{});
    for (std::size_t i = 1; i < values.size(); i++) {
        std::string word = values.text(i);
        auto error = [&](std::string_view what) {
            values.diagnostics().error(values.at(i), fmt::format("'{}' {}", word, what));
        };
        if (word.find(':') == std::string::npos) {
            if (word == "netlink_notify_msg" || word == "group")
                values.diagnostics().refuse(values.at(i),
                                            fmt::format("'{}' of use_vmac is not supported", word));
            vmac.name = word;
            if (word.size() >= IFNAMSIZ)
                error("is too long for an interface");
            continue;
        }
        vmac.mac = parse_mac(word);
        vmac.mac_given = true;
        vmac.ends_in_vrid = false;
        if (!vmac.mac) {
            vmac.mac = parse_mac(word + (word.ends_with(':') ? "0" : ":0"));
            vmac.ends_in_vrid = true;
        }
        if (!vmac.mac || ((*vmac.mac)[0] & 1))
            error("is not a unicast MAC address");
    }
    instance.vmac = vmac;
}

void name_vmacs(Config& config, Diagnostics& diagnostics)
{
    const Global& global = config.global;
    std::set<std::string> used;
    for (auto& instance : config.instances) {
        if (instance.vmac && !instance.vmac->name.empty() && !used.insert(instance.vmac->name).second)
            diagnostics.error(instance.at,
                              fmt::format("vmac interface '{}' is used twice", instance.vmac->name));
    }
    std::set<std::pair<std::string, Mac>> macs;
    auto once = [&](const InstanceConfig& instance, const std::string& base, const Mac& mac) {
        if (!macs.emplace(base, mac).second)
            diagnostics.error(
                instance.at,
                fmt::format("a virtual MAC of '{}' is on {} for another instance too", instance.name, base));
    };
    for (auto& instance : config.instances) {
        if (!instance.vmac)
            continue;
        Vmac& vmac = *instance.vmac;
        if (vmac.name.empty())
            vmac.name = free_name(global.vmac_prefix, instance.vrid, instance.family == AF_INET6, used);
        if (!vmac.mac)
            vmac.mac = virtual_mac(instance.family == AF_INET6, instance.vrid);
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
}

} // namespace weir::keeper
