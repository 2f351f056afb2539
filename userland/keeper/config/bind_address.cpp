// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <net/if.h>

#include <fmt/format.h>

#include "base/number.h"
#include "keeper/config/bind_route.h"

namespace weir::keeper {
namespace {

/// One option; `i` is its word and moves to its last. False if it is none.
bool bind_option(const Values& values, std::size_t& i, VirtualAddress& address)
{
    Diagnostics& diagnostics = values.diagnostics();
    std::string name = values.text(i);
    bool* flags[] = {&address.no_track, &address.home, &address.mngtmpaddr, &address.noprefixroute,
                     &address.autojoin};
    constexpr std::string_view flag_names[] = {"no_track", "home", "mngtmpaddr", "noprefixroute", "autojoin"};
    for (std::size_t flag = 0; flag < std::size(flag_names); flag++) {
        if (name == flag_names[flag])
            return *flags[flag] = true;
    }
    if (name == "-nodad")
        return address.dad = true;
    if (name == "use_vmac")
        return address.use_vmac = true;
    constexpr std::string_view with_value[] = {"dev",       "scope", "label",         "brd",
                                               "broadcast", "peer",  "preferred_lft", "track_group"};
    if (std::ranges::find(with_value, name) == std::end(with_value))
        return false;
    if (i + 1 == values.size()) {
        diagnostics.error(values.at(i), fmt::format("'{}' needs a value", name));
        return true;
    }
    std::string value = values.text(++i);
    auto wrong = [&](std::string_view what) {
        diagnostics.error(values.at(i), fmt::format("{}: '{}' is not {}", name, value, what));
    };
    if (name == "dev") {
        address.device = value;
        if (value.size() >= IFNAMSIZ)
            wrong("the name of an interface, it is too long");
    } else if (name == "scope") {
        if (auto scope = parse_scope(value))
            address.scope = *scope;
        else
            wrong("a scope");
    } else if (name == "label") {
        address.extras.edit().label = value;
        if (value.size() >= IFNAMSIZ)
            wrong("a label, it is too long");
    } else if (name == "brd" || name == "broadcast") {
        AddressExtras& extras = address.extras.edit();
        extras.broadcast_auto = value == "+";
        if (value != "+" && value != "-") {
            extras.broadcast = Address::parse(value).value_or(Address());
            if (!extras.broadcast.is_v4())
                wrong("an IPv4 address");
        }
    } else if (name == "peer") {
        auto peer = Prefix::parse(value);
        if (peer && peer->address.family() == address.address.address.family()) {
            address.extras.edit().peer = peer->address;
            address.extras.edit().peer_length = peer->length;
        } else {
            wrong("an address of the same family");
        }
    } else if (name == "preferred_lft") {
        if (value == "forever")
            address.extras.edit().preferred_lft = UINT32_MAX;
        else if (auto seconds = parse_number(value, 0, UINT32_MAX))
            address.extras.edit().preferred_lft = static_cast<std::uint32_t>(*seconds);
        else
            wrong("a number of seconds");
    } else {
        address.extras.edit().track_group = value;
    }
    return true;
}

} // namespace

std::vector<VirtualAddress> bind_addresses(const Statement& block, Diagnostics& diagnostics)
{
    std::vector<VirtualAddress> addresses;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        VirtualAddress address;
        // keepalived lets the address stand anywhere in its line; the first word is where people put it
        auto prefix = Prefix::parse(line.name());
        if (!prefix) {
            diagnostics.error(line.at(), prefix.error().message);
            continue;
        }
        address.address = *prefix;
        if (address.address.address.is_multicast() || address.address.address.is_any())
            diagnostics.error(line.at(),
                              fmt::format("{} cannot be the address of an interface", line.name()));
        for (std::size_t i = 1; i < values.size(); i++) {
            if (!bind_option(values, i, address))
                diagnostics.error(values.at(i),
                                  fmt::format("'{}' is not known after an address", values.text(i)));
        }
        if (address.address.address.is_v6() &&
            (!address.extras->label.empty() || !address.extras->broadcast.empty()))
            diagnostics.error(line.at(), "IPv6 addresses have neither labels nor broadcast addresses");
        if (address.use_vmac && block.name() == "static_ipaddress")
            diagnostics.error(line.at(), "a static address has no virtual MAC");
        bool twice = false;
        for (const auto& other : addresses)
            twice |= other.address.address == address.address.address && other.device == address.device;
        if (twice)
            diagnostics.note(line.at(), fmt::format("{} stands here twice, once is enough", line.name()));
        else
            addresses.push_back(std::move(address));
    }
    return addresses;
}

} // namespace weir::keeper
