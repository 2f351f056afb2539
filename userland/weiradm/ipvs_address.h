// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/endpoint.h"

namespace weir::ipvs {

/// A number as ipvsadm reads one: blanks and a sign may lead, nothing may follow.
[[nodiscard]] std::optional<long> to_number(const std::string& text, long min, long max);

/// "address", "address:port", "[v6]:port" as ipvsadm reads them: host and service names are looked up, "10.1"
/// is 10.0.0.1. Beyond it a range of ports, "address:80-443".
struct ServiceAddress {
    Address address;
    std::optional<PortRange> ports;
};
[[nodiscard]] std::optional<ServiceAddress> to_service_address(const std::string& text, int protocol);

/// An IPv4 address or name, for -M.
[[nodiscard]] std::optional<std::uint32_t> to_netmask(const std::string& text);
/// Leading ones of a mask in network byte order; nothing where ones follow a zero.
[[nodiscard]] std::optional<unsigned> mask_to_prefix(std::uint32_t mask);

} // namespace weir::ipvs
