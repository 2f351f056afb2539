// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/number.h"
#include "keeper/config/bind_service.h"

namespace weir::keeper {
namespace {

/// A range that is larger is a mistake, or work for a firewall mark.
constexpr std::size_t most_addresses = 65536;

/// The address after this one; wraps around at the end of the family's space.
Address next_address(const Address& address)
{
    std::array<std::uint8_t, 16> bytes{};
    auto view = address.bytes();
    std::ranges::copy(view, bytes.begin());
    for (std::size_t i = view.size(); i-- > 0 && ++bytes[i] == 0;) {
    }
    return *Address::from_bytes(std::span(bytes).first(view.size()));
}

/// The last address of "192.0.2.3-10", "2001:db8::2-9f" (the last part, as each family writes it), or of
/// two whole ones.
Result<Address> range_end(const Address& first, std::string_view text)
{
    if (text.find_first_of(".:") != std::string_view::npos)
        return Address::parse(text);
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(first.bytes(), bytes.begin());
    unsigned value = 0;
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, first.is_v4() ? 10 : 16);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
        value > (first.is_v4() ? 0xffu : 0xffffu))
        return fail(EINVAL, fmt::format("'{}' is not the end of a range of addresses", text));
    if (first.is_v4()) {
        bytes[3] = static_cast<std::uint8_t>(value);
        return Address::from_bytes(std::span(bytes).first(4));
    }
    bytes[14] = static_cast<std::uint8_t>(value >> 8);
    bytes[15] = static_cast<std::uint8_t>(value);
    return Address::from_bytes(bytes);
}

Address last_of(const Prefix& prefix)
{
    std::array<std::uint8_t, 16> bytes{};
    Address first = prefix.address.masked(prefix.length);
    auto view = first.bytes();
    std::ranges::copy(view, bytes.begin());
    for (unsigned bit = prefix.length; bit < first.width(); bit++)
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 0x80 >> bit % 8);
    return *Address::from_bytes(std::span(bytes).first(view.size()));
}

/// First and last address of a word that stands for one or many.
Result<std::pair<Address, Address>> parse_addresses(const std::string& text)
{
    if (std::size_t dash = text.find('-'); dash != std::string::npos) {
        auto first = Address::parse(text.substr(0, dash));
        if (!first)
            return pass_on(first);
        auto last = range_end(*first, std::string_view(text).substr(dash + 1));
        if (!last)
            return pass_on(last);
        if (last->family() != first->family() || *last < *first)
            return fail(EINVAL, fmt::format("'{}' is no range: its end is before its start", text));
        return std::pair(*first, *last);
    }
    if (text.find('/') != std::string::npos) {
        auto prefix = Prefix::parse(text);
        if (!prefix)
            return pass_on(prefix);
        return std::pair(prefix->address.masked(prefix->length), last_of(*prefix));
    }
    auto address = Address::parse(text);
    if (!address)
        return pass_on(address);
    return std::pair(*address, *address);
}

void add_mark(const Values& values, std::size_t at, std::vector<ServicePoint>& points)
{
    auto mark = parse_integer(values.text(at), 1, UINT32_MAX);
    if (!mark)
        return values.diagnostics().error(values.at(at), "fwmark: " + mark.error().message);
    ServicePoint point{
        .fwmark = static_cast<std::uint32_t>(*mark), .family = AF_UNSPEC, .address = {}, .port = 0};
    if (values.text(at + 1) == "inet6")
        point.family = AF_INET6;
    else if (values.text(at + 1) == "inet")
        point.family = AF_INET;
    else if (at + 1 < values.size())
        values.diagnostics().error(values.at(at + 1),
                                   fmt::format("'{}' is not one of inet, inet6", values.text(at + 1)));
    points.push_back(point);
}

void add_addresses(const Values& values, std::vector<ServicePoint>& points)
{
    Diagnostics& diagnostics = values.diagnostics();
    auto range = parse_addresses(values.text(0));
    if (!range)
        return diagnostics.error(values.at(0), range.error().message);
    ServicePoint point{.fwmark = 0, .family = range->first.family(), .address = range->first, .port = 0};
    if (values.size() > 1) {
        auto port = parse_integer(values.text(1), 1, UINT16_MAX);
        if (!port)
            return diagnostics.error(values.at(1), "port: " + port.error().message);
        point.port = static_cast<std::uint16_t>(*port);
    }
    for (std::size_t count = 0;; count++) {
        if (count == most_addresses)
            return diagnostics.error(values.at(0),
                                     fmt::format("'{}' holds more than {} addresses; mark its packets "
                                                 "in the firewall and use 'fwmark'",
                                                 values.text(0), most_addresses));
        points.push_back(point);
        if (point.address == range->second)
            return;
        point.address = next_address(point.address);
    }
}

} // namespace

std::vector<ServicePoint> bind_points(const Statement& block, Diagnostics& diagnostics)
{
    std::vector<ServicePoint> points;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        if (line.name() == "fwmark")
            add_mark(values, 1, points);
        else
            add_addresses(values, points);
    }
    if (block.children.empty())
        diagnostics.error(block.at(), "this virtual_server_group has neither addresses nor marks");
    return points;
}

void bind_service_name(const Statement& block, const PointGroups& groups, VirtualServerConfig& service,
                       Diagnostics& diagnostics)
{
    Values values(block, diagnostics);
    std::string word = values.text(1), second = values.text(2);
    if (word == "group") {
        auto group = groups.find(second);
        if (group == groups.end()) {
            std::vector<std::string_view> names;
            for (const auto& [name, points] : groups)
                names.push_back(name);
            auto meant = nearest(second, names);
            return diagnostics.error(
                values.at(2), fmt::format("there is no virtual_server_group '{}'{}", second,
                                          meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
        }
        service.points = group->second;
        service.name = fmt::format("[{}]:{}", second, service.protocol == IPPROTO_UDP ? "udp" : "tcp");
        return;
    }
    if (word == "fwmark") {
        add_mark(values, 2, service.points);
        if (!service.points.empty())
            service.name = fmt::format("FWM {}", service.points[0].fwmark);
        return;
    }
    auto address = Address::parse(word);
    if (!address) {
        auto meant = nearest(word, {"group", "fwmark"});
        return diagnostics.error(
            values.at(1), meant.empty()
                              ? address.error().message
                              : fmt::format("'{}' is not known here; did you mean '{}'?", word, meant));
    }
    std::uint16_t number = 0;
    if (values.size() > 2) {
        auto port = parse_integer(second, 1, UINT16_MAX);
        if (!port)
            return diagnostics.error(values.at(2), "port: " + port.error().message);
        number = static_cast<std::uint16_t>(*port);
    }
    service.points.push_back({.fwmark = 0, .family = address->family(), .address = *address, .port = number});
    service.name = endpoint_word({*address, number}, service.protocol);
}

} // namespace weir::keeper
