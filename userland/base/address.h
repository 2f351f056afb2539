// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/result.h"

namespace weir {

/// An IPv4 or IPv6 address without port and zone. The default is "none" (family AF_UNSPEC).
class Address {
  public:
    Address() = default;
    explicit Address(const in_addr& v4) noexcept;
    explicit Address(const in6_addr& v6) noexcept;

    /// "192.0.2.1" or "2001:db8::1": dotted quad and RFC 4291 forms only, no names, no brackets.
    [[nodiscard]] static Result<Address> parse(std::string_view text);
    /// 4 or 16 bytes in network byte order.
    [[nodiscard]] static Result<Address> from_bytes(std::span<const std::uint8_t> bytes);

    [[nodiscard]] int family() const noexcept { return family_; }
    [[nodiscard]] bool is_v4() const noexcept { return family_ == AF_INET; }
    [[nodiscard]] bool is_v6() const noexcept { return family_ == AF_INET6; }
    [[nodiscard]] bool empty() const noexcept { return family_ == AF_UNSPEC; }
    /// 0.0.0.0 or ::
    [[nodiscard]] bool is_any() const noexcept;
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_multicast() const noexcept;
    [[nodiscard]] bool is_link_local() const noexcept;
    /// Bits of an address of this family: 32, 128, or 0.
    [[nodiscard]] unsigned width() const noexcept;

    /// Network byte order, 4 or 16 of them (0 for "none").
    [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept;
    [[nodiscard]] in_addr v4() const noexcept;
    [[nodiscard]] in6_addr v6() const noexcept;
    /// The address with all but the first `prefix` bits cleared.
    [[nodiscard]] Address masked(unsigned prefix) const noexcept;

    [[nodiscard]] std::string to_string() const;

    /// IPv4 before IPv6, then numerically.
    auto operator<=>(const Address&) const = default;

  private:
    int family_ = AF_UNSPEC;
    std::array<std::uint8_t, 16> bytes_{};
};

/// An address range: "192.0.2.0/24".
struct Prefix {
    Address address;
    unsigned length = 0;

    /// A bare address is a prefix of its whole width.
    [[nodiscard]] static Result<Prefix> parse(std::string_view text);
    [[nodiscard]] bool contains(const Address& other) const noexcept;
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const Prefix&) const = default;
};

} // namespace weir
