// SPDX-License-Identifier: GPL-2.0
#include "base/endpoint.h"

#include <fmt/format.h>

#include "base/number.h"

namespace weir {
namespace {

struct Halves {
    std::string_view address;
    std::string_view port; // data() is null where there is none
};

/// Cuts at the colon that ends the address; says nothing yet on what the halves hold.
Result<Halves> split(std::string_view text)
{
    if (text.starts_with('[')) {
        auto close = text.find(']');
        if (close == std::string_view::npos)
            return fail(EINVAL, fmt::format("'{}' lacks the closing bracket", text));
        auto rest = text.substr(close + 1);
        if (!rest.empty() && !rest.starts_with(':'))
            return fail(EINVAL, fmt::format("'{}': a colon and a port follow the bracket", text));
        return Halves{text.substr(1, close - 1), rest.empty() ? std::string_view() : rest.substr(1)};
    }
    auto colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
        return Halves{text, {}}; // no port, or a bare IPv6 address
    return Halves{text.substr(0, colon), text.substr(colon + 1)};
}

} // namespace

Result<PortRange> PortRange::parse(std::string_view text)
{
    auto dash = text.find('-');
    auto first = parse_number(text.substr(0, dash), 0, 65535);
    if (!first)
        return fail(EINVAL, "port: " + first.error().message);
    auto port = static_cast<std::uint16_t>(*first);
    if (dash == std::string_view::npos)
        return PortRange{port, port};
    auto last = parse_number(text.substr(dash + 1), 0, 65535);
    if (!last)
        return fail(EINVAL, "port: " + last.error().message);
    if (*first == 0 || *last < *first)
        return fail(EINVAL, fmt::format("port range {} has to start at 1 or above and to rise", text));
    return PortRange{port, static_cast<std::uint16_t>(*last)};
}

std::string PortRange::to_string() const
{
    return single() ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

Result<Endpoint> Endpoint::parse(std::string_view text)
{
    auto range = EndpointRange::parse(text);
    if (!range)
        return pass_on(range);
    if (!range->ports.single())
        return fail(EINVAL, fmt::format("'{}': one port is needed here, not a range", text));
    return Endpoint{range->address, range->ports.first};
}

std::string Endpoint::to_string() const
{
    return fmt::format("{}:{}", bracketed(address), port);
}

Result<EndpointRange> EndpointRange::parse(std::string_view text)
{
    auto halves = split(text);
    if (!halves)
        return pass_on(halves);
    auto address = Address::parse(halves->address);
    if (!address)
        return pass_on(address);
    if (text.starts_with('[') && !address->is_v6())
        return fail(EINVAL, fmt::format("'{}': brackets are for IPv6 addresses", text));
    if (!halves->port.data())
        return EndpointRange{*address, {}};
    auto ports = PortRange::parse(halves->port);
    if (!ports)
        return pass_on(ports);
    return EndpointRange{*address, *ports};
}

std::string EndpointRange::to_string() const
{
    return fmt::format("{}:{}", bracketed(address), ports.to_string());
}

std::string bracketed(const Address& address)
{
    return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

} // namespace weir
