// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <variant>

#include "base/address.h"
#include "keeper/vrrp/packet.h"

/// Adverts of version 2 with auth_type AH, as keepalived has them: in IPsec's authentication header (RFC
/// 2402) with HMAC-MD5-96 (RFC 2403) and the sender's address as its security parameter index. IPv4 alone.
namespace weir::keeper {

inline constexpr std::uint8_t ah_protocol = 51;
inline constexpr std::size_t ah_size = 24;
inline constexpr std::size_t ah_max_size = 20 + ah_size + vrrp_max_size;

using AuthKey = std::array<std::uint8_t, 8>;

struct AhPath {
    Address source, destination;
    std::uint8_t ttl = 255;
    bool unicast = false;       ///< routers may change the TTL: it is not covered then
    std::uint16_t id = 1;       ///< of the IP header; not 0, which the kernel would replace
    std::uint32_t sequence = 0; ///< greater than all that were sent before
};

/// A whole IPv4 packet into `packet`, which has room for it; returns what of it is used.
[[nodiscard]] std::span<const std::uint8_t> wrap_ah(std::span<std::uint8_t, ah_max_size> packet,
                                                    std::span<const std::uint8_t> message, const AhPath& path,
                                                    const AuthKey& key);

/// The advert inside of what is behind the IP header, unchecked: to find out whom it is for. Empty if there
/// is none.
[[nodiscard]] std::span<const std::uint8_t> peek_ah(std::span<const std::uint8_t> payload);

struct AhContent {
    std::span<const std::uint8_t> message;
    std::uint32_t sequence = 0;
};
/// Checks all but the sequence. `packet` begins with its IP header, whose lengths the kernel has checked.
[[nodiscard]] std::variant<AhContent, BadPacket> unwrap_ah(std::span<const std::uint8_t> packet, bool unicast,
                                                           const AuthKey& key);

} // namespace weir::keeper
