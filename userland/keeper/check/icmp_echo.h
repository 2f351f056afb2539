// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::keeper {

/// An echo request (RFC 792, RFC 4443 section 4.1) that knows its answer: by its data, because the kernel may
/// choose the identifier.
class IcmpEcho {
  public:
    using Token = std::array<std::uint8_t, 16>;

    IcmpEcho(int family, std::uint16_t id, const Token& token) : family_(family), id_(id), token_(token) {}

    /// With its checksum for IPv4; for IPv6 that is the kernel's.
    [[nodiscard]] std::vector<std::uint8_t> request() const;
    /// Whether these bytes are the reply. A raw IPv4 socket hands out the IP header too.
    [[nodiscard]] bool answered_by(std::span<const std::uint8_t> message, bool raw) const;

  private:
    int family_;
    std::uint16_t id_;
    Token token_;
};

} // namespace weir::keeper
