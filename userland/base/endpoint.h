// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"

namespace weir {

/// Ports in host byte order, both ends included. {0, 0} is "all ports" in a virtual service and "the
/// client's" in a server.
struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    [[nodiscard]] bool single() const noexcept { return first == last; }
    /// "80" or "80-443"; the first port of a range is 1 or above and below the last.
    [[nodiscard]] static Result<PortRange> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const PortRange&) const = default;
};

/// "192.0.2.1:80", "[2001:db8::1]:80"
struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    /// Without a port the result's is 0; an IPv6 address with a port needs its brackets.
    [[nodiscard]] static Result<Endpoint> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const Endpoint&) const = default;
};

/// "192.0.2.1:80-443"
struct EndpointRange {
    Address address;
    PortRange ports;

    [[nodiscard]] static Result<EndpointRange> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const EndpointRange&) const = default;
};

/// "[2001:db8::1]" or "192.0.2.1": an address as it stands before a colon and a port.
[[nodiscard]] std::string bracketed(const Address& address);

} // namespace weir
