// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <tuple>

#include <net/if.h>

#include <fmt/format.h>

#include "keeper/config/bind.h"

namespace weir::keeper {
namespace {

using Handler = void (*)(const Values&, InstanceConfig&);

/// keepalived takes the last of "state", unless it said MASTER before.
void bind_state(const Values& values, InstanceConfig& instance)
{
    if (instance.state_master && values.text() == "BACKUP")
        values.diagnostics().warning(values.at(), "the state was MASTER before, it stays so");
    instance.state_master |= values.text() == "MASTER";
}

void bind_interface(const Values& values, InstanceConfig& instance)
{
    instance.interface = values.text();
    if (instance.interface.size() >= IFNAMSIZ)
        values.diagnostics().error(values.at(1),
                                   fmt::format("'{}' is too long for an interface", instance.interface));
}

void bind_peers(const Values& values, InstanceConfig& instance)
{
    Diagnostics& diagnostics = values.diagnostics();
    instance.unicast = true;
    for (const auto& line : values.statement().children) {
        Values words(line, diagnostics);
        Peer peer;
        auto address = Address::parse(line.name());
        if (!address) {
            diagnostics.error(line.at(), address.error().message);
            continue;
        }
        peer.address = *address;
        for (std::size_t i = 1; i < words.size(); i += 2) {
            int* target = words.text(i) == "min_ttl"   ? &peer.min_ttl
                          : words.text(i) == "max_ttl" ? &peer.max_ttl
                                                       : nullptr;
            if (!target) {
                diagnostics.error(words.at(i), fmt::format("'{}' is not known after a peer", words.text(i)));
                break;
            }
            auto ttl = parse_integer(words.text(i + 1), 0, 255);
            if (ttl)
                *target = static_cast<int>(*ttl);
            else
                diagnostics.error(words.at(i), fmt::format("{}: {}", words.text(i), ttl.error().message));
            instance.check_peer = true;
        }
        if (peer.min_ttl >= 0 && peer.max_ttl >= 0 && peer.min_ttl > peer.max_ttl)
            diagnostics.error(line.at(),
                              fmt::format("min_ttl {} is above max_ttl {}", peer.min_ttl, peer.max_ttl));
        if (std::ranges::find(instance.peers, peer.address, &Peer::address) == instance.peers.end())
            instance.peers.push_back(peer);
        else
            diagnostics.warning(line.at(), fmt::format("the peer {} stands here twice", line.name()));
    }
}

void bind_authentication(const Values& values, InstanceConfig& instance)
{
    Diagnostics& diagnostics = values.diagnostics();
    for (const auto& line : values.statement().children) {
        Values words(line, diagnostics);
        if (line.name() == "auth_type") {
            instance.ah = words.text() == "AH";
        } else if (line.name() == "auth_pass") {
            std::string password = words.text();
            instance.password.emplace();
            if (password.size() > instance.password->size())
                diagnostics.warning(words.at(1),
                                    "the password is cut to its first 8 bytes, as in keepalived");
            std::copy_n(password.begin(), std::min(password.size(), instance.password->size()),
                        instance.password->begin());
        }
    }
    if (!instance.password) {
        diagnostics.warning(values.at(), "authentication without a password is none");
        instance.ah = false;
    }
}

constexpr std::pair<std::string_view, Handler> handlers[] = {
    {"state", bind_state},
    {"interface", bind_interface},
    {"virtual_router_id", [](const Values& v, InstanceConfig& i) { v.integer(i.vrid, 1, 255); }},
    {"priority", [](const Values& v, InstanceConfig& i) { v.integer(i.priority, 1, 255); }},
    {"advert_int", [](const Values& v, InstanceConfig& i) { v.seconds(i.advert_interval); }},
    {"version", [](const Values& v, InstanceConfig& i) { v.integer(i.version, 2, 3); }},
    {"virtual_ipaddress", [](const Values& v, InstanceConfig& i) { i.addresses = bind_addresses(v.statement(), v.diagnostics()); }},
    {"virtual_ipaddress_excluded",
     [](const Values& v, InstanceConfig& i) { i.excluded = bind_addresses(v.statement(), v.diagnostics()); }},
    {"virtual_routes", [](const Values& v, InstanceConfig& i) { i.routes = bind_routes(v.statement(), v.diagnostics()); }},
    {"virtual_rules", [](const Values& v, InstanceConfig& i) { i.rules = bind_rules(v.statement(), v.diagnostics()); }},
    {"use_vmac", bind_vmac},
    {"use_ipvlan", bind_ipvlan},
    {"use_vmac_addr", [](const Values&, InstanceConfig& i) { i.vmac_addresses = true; }},
    {"vmac_xmit_base", [](const Values&, InstanceConfig& i) { i.xmit_base = true; }},
    {"unicast_peer", bind_peers},
    {"unicast_src_ip",
     [](const Values& v, InstanceConfig& i) {
         v.address(i.source);
         i.unicast = true;
     }},
    {"unicast_ttl", [](const Values& v, InstanceConfig& i) { v.integer(i.ttl, 0, 255); }},
    {"unicast_fault_no_peer", [](const Values&, InstanceConfig& i) { i.unicast = i.fault_without_peer = true; }},
    {"check_unicast_src", [](const Values&, InstanceConfig& i) { i.check_peer = true; }},
    {"mcast_src_ip", [](const Values& v, InstanceConfig& i) { v.address(i.source); }},
    {"mcast_dst_ip",
     [](const Values& v, InstanceConfig& i) {
         v.address(i.group);
         if (!i.group.empty() && !i.group.is_multicast())
             v.diagnostics().error(v.at(1), fmt::format("{} is not a multicast address", v.text()));
     }},
    {"track_src_ip", [](const Values&, InstanceConfig& i) { i.track_source = true; }},
    {"dont_track_primary", [](const Values&, InstanceConfig& i) { i.track_primary = false; }},
    {"track_interface", [](const Values& v, InstanceConfig& i) { i.interfaces = bind_tracks(v.statement(), 253, v.diagnostics()); }},
    {"track_script", [](const Values& v, InstanceConfig& i) { i.scripts = bind_tracks(v.statement(), 253, v.diagnostics()); }},
    {"track_file", [](const Values& v, InstanceConfig& i) { i.files = bind_tracks(v.statement(), 254, v.diagnostics()); }},
    {"track_bfd", [](const Values& v, InstanceConfig& i) { i.bfds = bind_tracks(v.statement(), 253, v.diagnostics()); }},
    {"takeover_bfd", [](const Values& v, InstanceConfig& i) { i.takeover_bfd = v.text(); }},
    {"vrf", [](const Values& v, InstanceConfig& i) { i.vrf = v.text(); }},
    {"accept", [](const Values&, InstanceConfig& i) { i.accept = true; }},
    {"no_accept", [](const Values&, InstanceConfig& i) { i.accept = false; }},
    {"strict_mode",
     [](const Values& v, InstanceConfig& i) {
         bool strict = true;
         v.boolean(strict);
         i.strict = strict;
     }},
    {"garp_extra_if", [](const Values& v, InstanceConfig& i) { bind_extra(v, i.extra_interval, i.extra_all); }},
    {"vmac_garp_intvl", [](const Values& v, InstanceConfig& i) { bind_extra(v, i.extra_interval, i.extra_all); }},
    {"old_unicast_checksum",
     [](const Values& v, InstanceConfig&) {
         if (v.text() != "never")
             v.diagnostics().refuse(v.at(), "'old_unicast_checksum' is not supported: the checksum of keepalived before 1.3.7 is not spoken");
     }},
    {"track_process", [](const Values& v, InstanceConfig& i) { i.processes = bind_tracks(v.statement(), 253, v.diagnostics()); }},
    {"preempt", [](const Values&, InstanceConfig& i) { i.preempt = true; }},
    {"nopreempt", [](const Values&, InstanceConfig& i) { i.preempt = false; }},
    {"preempt_delay", [](const Values& v, InstanceConfig& i) { v.seconds(i.preempt_delay); }},
    {"down_timer_adverts", [](const Values& v, InstanceConfig& i) { v.integer(i.down_timer_adverts, 1, 100); }},
    {"lower_prio_no_advert", [](const Values& v, InstanceConfig& i) { v.boolean(i.lower_prio_no_advert); }},
    {"higher_prio_send_advert", [](const Values& v, InstanceConfig& i) { v.boolean(i.higher_prio_send_advert); }},
    {"garp_master_delay", [](const Values& v, InstanceConfig& i) { v.seconds(i.announce.delay); }},
    {"garp_master_repeat",
     [](const Values& v, InstanceConfig& i) {
         v.integer(i.announce.repeat, 0, 1'000'000);
         i.announce.repeat = std::max(i.announce.repeat, 1u);
     }},
    {"garp_master_refresh", [](const Values& v, InstanceConfig& i) { v.seconds(i.announce.refresh); }},
    {"garp_master_refresh_repeat",
     [](const Values& v, InstanceConfig& i) {
         v.integer(i.announce.refresh_repeat, 0, 1'000'000);
         i.announce.refresh_repeat = std::max(i.announce.refresh_repeat, 1u);
     }},
    {"garp_lower_prio_delay", [](const Values& v, InstanceConfig& i) { v.seconds(i.announce.lower_prio_delay); }},
    {"garp_lower_prio_repeat", [](const Values& v, InstanceConfig& i) { v.integer(i.announce.lower_prio_repeat, 0, 1'000'000); }},
    {"skip_check_adv_addr", [](const Values& v, InstanceConfig& i) { v.boolean(i.skip_check_addresses); }},
    {"v3_checksum_as_v2", [](const Values& v, InstanceConfig& i) { v.boolean(i.message_checksum); }},
    {"authentication", bind_authentication},
    {"promote_secondaries", [](const Values&, InstanceConfig& i) { i.promote_secondaries = true; }},
    {"notify_priority_changes", [](const Values& v, InstanceConfig& i) { v.boolean(i.notify_priority); }},
};

/// Mixed families; more than a packet holds.
void settle_addresses(InstanceConfig& instance, Diagnostics& diagnostics)
{
    for (const auto& address : instance.addresses) {
        if (address.address.address.family() != instance.family)
            diagnostics.error(instance.at,
                              fmt::format("instance '{}' has addresses of both families; those of the other "
                                          "family belong in virtual_ipaddress_excluded",
                                          instance.name));
    }
    // a datagram within an Ethernet's MTU, and a count of one byte
    std::size_t most = instance.family == AF_INET6 ? (1500 - 40 - 8) / 16 : 255;
    if (instance.addresses.size() > most) {
        diagnostics.warning(instance.at,
                            fmt::format("instance '{}' has {} addresses, an advert holds {}: the others are "
                                        "kept out of it",
                                        instance.name, instance.addresses.size(), most));
        auto first = instance.addresses.begin() + static_cast<std::ptrdiff_t>(most);
        instance.excluded.insert(instance.excluded.begin(), first, instance.addresses.end());
        instance.addresses.resize(most);
    }
    if (instance.addresses.empty() && instance.version == 3)
        diagnostics.error(instance.at, fmt::format("instance '{}' has no virtual_ipaddress", instance.name));
    else if (instance.addresses.empty())
        diagnostics.warning(instance.at,
                            fmt::format("instance '{}' has no virtual_ipaddress", instance.name));
}

void settle_interval(InstanceConfig& instance, Diagnostics& diagnostics)
{
    using namespace std::chrono_literals;
    Duration unit = instance.version == 2 ? Duration(1s) : Duration(10ms);
    Duration most = instance.version == 2 ? Duration(255s) : Duration(40950ms);
    Duration wanted = instance.advert_interval;
    Duration rounded = std::clamp((wanted + unit / 2) / unit * unit, unit, most);
    if (rounded == wanted)
        return;
    diagnostics.warning(instance.at,
                        fmt::format("advert_int of '{}' is not possible in version {}: {} s is used",
                                    instance.name, instance.version,
                                    static_cast<double>(rounded.count()) / 1e6));
    instance.advert_interval = rounded;
}

void settle_transport(InstanceConfig& instance, Diagnostics& diagnostics)
{
    auto other_family = [&](const Address& address) {
        return !address.empty() && address.family() != instance.family;
    };
    bool mixed = other_family(instance.source) || other_family(instance.group);
    for (const auto& peer : instance.peers)
        mixed |= other_family(peer.address);
    if (instance.ipvlan && instance.ipvlan->address) {
        mixed |= other_family(instance.ipvlan->address->address);
    } else if (instance.ipvlan && instance.family == AF_INET) {
        diagnostics.error(
            instance.at,
            fmt::format("use_ipvlan of '{}' needs an address, which its adverts come from", instance.name));
    }
    if (mixed)
        diagnostics.error(instance.at,
                          fmt::format("source, group and peers of '{}' have to be of its addresses' family",
                                      instance.name));
    if (instance.unicast && instance.peers.empty()) {
        if (!instance.fault_without_peer) {
            diagnostics.warning(
                instance.at,
                fmt::format("'{}' has no unicast_peer: multicast is used, as in keepalived", instance.name));
            instance.unicast = false;
        }
    }
    if (instance.unicast && !instance.group.empty())
        diagnostics.warning(instance.at, fmt::format("mcast_dst_ip of '{}' is ignored, its peers are unicast",
                                                     instance.name));
    if (instance.xmit_base && !instance.vmac) {
        diagnostics.warning(
            instance.at, fmt::format("vmac_xmit_base of '{}' is ignored: it has no use_vmac", instance.name));
        instance.xmit_base = false;
    }
    if (instance.vmac && instance.unicast && !instance.xmit_base) {
        diagnostics.warning(
            instance.at,
            fmt::format("'{}' sends its unicast adverts from the interface itself (vmac_xmit_base)",
                        instance.name));
        instance.xmit_base = true;
    }
}

/// What RFC 9568 does not know: an error where it decides who is master, else left out, as in keepalived.
void settle_strict(InstanceConfig& instance, Diagnostics& diagnostics)
{
    auto error = [&](std::string_view text) {
        diagnostics.error(instance.at, fmt::format("strict mode of '{}': {}", instance.name, text));
    };
    auto leave_out = [&](auto& value, auto strict_value, std::string_view text) {
        if (value == strict_value)
            return;
        diagnostics.warning(instance.at, fmt::format("strict mode of '{}': {}", instance.name, text));
        value = strict_value;
    };
    if (instance.addresses.empty())
        error("there has to be a virtual_ipaddress");
    else if (instance.family == AF_INET6 && !instance.addresses.front().address.address.is_link_local())
        error("the first IPv6 address has to be link-local (RFC 9568 5.2.9)");
    if (instance.unicast)
        error("unicast peers are not VRRP");
    if (instance.state_master != (instance.priority == 255))
        leave_out(instance.state_master, instance.priority == 255,
                  "'state MASTER' goes with priority 255, and only with it");
    if (instance.password) {
        diagnostics.warning(instance.at,
                            fmt::format("strict mode of '{}': authentication is left out", instance.name));
        instance.password.reset();
        instance.ah = false;
    }
    leave_out(instance.preempt_delay, Duration(0), "preempt_delay is left out");
    if (instance.version == 2 && instance.accept && *instance.accept) {
        diagnostics.warning(instance.at,
                            fmt::format("strict mode of '{}': version 2 has no accept mode", instance.name));
        instance.accept.reset();
    }
    leave_out(instance.announce.refresh, Duration(0), "gratuitous ARP is not repeated");
    instance.lower_prio_no_advert = true; // as keepalived, though RFC 9568 6.4.3 wants an advert
    leave_out(instance.higher_prio_send_advert, false, "higher_prio_send_advert is left out");
    if (instance.vmac && instance.xmit_base)
        error("vmac_xmit_base is not VRRP");
}

} // namespace

const std::string& InstanceConfig::advert_interface() const
{
    return vmac ? vmac->name : ipvlan ? ipvlan->name : interface;
}

std::vector<std::string> InstanceConfig::made_interfaces() const
{
    std::vector<std::string> names;
    if (vmac)
        names.push_back(vmac->name);
    if (ipvlan)
        names.push_back(ipvlan->name);
    for (const auto& own : address_vmacs)
        names.push_back(own.name);
    return names;
}

bool InstanceConfig::operator==(const InstanceConfig& other) const
{
    auto tie = [](const InstanceConfig& i) {
        return std::tie(i.name, i.state_master, i.interface, i.vrid, i.priority, i.advert_interval, i.version,
                        i.family, i.addresses, i.excluded, i.routes, i.rules, i.vmac, i.xmit_base, i.ipvlan,
                        i.vmac_addresses, i.address_vmacs, i.preempt, i.preempt_delay, i.down_timer_adverts,
                        i.lower_prio_no_advert, i.higher_prio_send_advert, i.announce, i.source,
                        i.track_source, i.group, i.peers, i.unicast, i.fault_without_peer, i.check_peer,
                        i.ttl, i.skip_check_addresses, i.message_checksum, i.password, i.ah,
                        i.promote_secondaries, i.track_primary, i.interfaces, i.scripts, i.files, i.processes,
                        i.bfds, i.takeover_bfd, i.strict, i.accept, i.vrf, i.extra_interval, i.extra_all,
                        i.notify, i.notify_priority);
    };
    return tie(*this) == tie(other);
}

void bind_instance(const Statement& block, const Global& global, InstanceConfig& instance,
                   Diagnostics& diagnostics)
{
    instance.at = block.at();
    instance.interface = global.default_interface;
    instance.announce = global.announce;
    instance.down_timer_adverts = global.down_timer_adverts;
    instance.lower_prio_no_advert = global.lower_prio_no_advert;
    instance.higher_prio_send_advert = global.higher_prio_send_advert;
    instance.check_peer = global.check_peer;
    instance.skip_check_addresses = global.skip_check_addresses;
    instance.message_checksum = global.message_checksum;
    instance.notify_priority = global.notify_priority;
    instance.extra_interval = global.extra_interval;
    instance.extra_all = global.extra_all;
    instance.version = 0;
    instance.priority = 0;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        auto handler = std::ranges::find(handlers, std::string_view(line.name()),
                                         &std::pair<std::string_view, Handler>::first);
        if (handler != std::end(handlers))
            handler->second(values, instance);
        else
            (void)bind_notify(line, instance.notify, diagnostics);
    }
    if (instance.ipvlan && instance.ipvlan->address && instance.source.empty())
        instance.source = instance.ipvlan->address->address;
    if (!instance.addresses.empty())
        instance.family = instance.addresses.front().address.address.family();
    else if (!instance.source.empty())
        instance.family = instance.source.family();
    if (instance.version == 0)
        instance.version = instance.family == AF_INET6 ? 3 : global.version;
    if (instance.priority == 0)
        instance.priority = instance.state_master ? 255 : 100;
    if (!instance.strict)
        instance.strict = global.strict;
    if (instance.group.empty())
        instance.group = instance.family == AF_INET6 ? global.group6 : global.group4;
}

void settle_instance(InstanceConfig& instance, Diagnostics& diagnostics)
{
    auto clear = [&](std::string_view text) {
        diagnostics.warning(instance.at, fmt::format("instance '{}': {}", instance.name, text));
    };
    if (instance.vrid == 0)
        diagnostics.error(instance.at, fmt::format("instance '{}' has no virtual_router_id", instance.name));
    if (instance.family == AF_INET6 && instance.version == 2)
        diagnostics.error(instance.at, fmt::format("instance '{}': IPv6 needs version 3", instance.name));
    if (instance.version == 3 && instance.password) {
        clear("version 3 has no authentication, it is left out");
        instance.password.reset();
        instance.ah = false;
    }
    if (instance.ah && instance.state_master && instance.priority != 255) {
        clear("an advert has to be heard before AH's sequence is known: 'state MASTER' is ignored");
        instance.state_master = false;
    }
    if (instance.priority == 255)
        instance.state_master = true;
    if (!instance.preempt && instance.state_master) {
        clear("nopreempt needs 'state BACKUP', it is ignored");
        instance.preempt = true;
    }
    if (instance.preempt_delay.count() && instance.state_master) {
        clear("preempt_delay needs 'state BACKUP', it is ignored");
        instance.preempt_delay = Duration(0);
    }
    if (instance.preempt_delay.count() && !instance.preempt) {
        clear("preempt_delay has no meaning beside nopreempt, it is ignored");
        instance.preempt_delay = Duration(0);
    }
    settle_addresses(instance, diagnostics);
    if (*instance.strict)
        settle_strict(instance, diagnostics);
    // an address owner has its addresses whether it is to accept packets for them or not
    instance.accept = instance.priority == 255 || instance.accept.value_or(!*instance.strict);
    settle_interval(instance, diagnostics);
    settle_transport(instance, diagnostics);
}

} // namespace weir::keeper
