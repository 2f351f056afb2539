// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

/// BFD control packets on the wire: RFC 5880 4.1.
namespace weir::keeper {

inline constexpr std::uint16_t bfd_port = 3784; ///< single hop, RFC 5881 4
inline constexpr std::size_t bfd_packet_size = 24;

enum class BfdState : std::uint8_t { admin_down = 0, down = 1, init = 2, up = 3 };
[[nodiscard]] std::string_view name(BfdState state);

/// Why the session left Up; RFC 5880 4.1.
enum class BfdDiagnostic : std::uint8_t {
    none = 0,
    expired = 1, ///< nothing was heard for the detection time
    echo_failed = 2,
    neighbor_down = 3, ///< the neighbor said that it is down
    forwarding_reset = 4,
    path_down = 5,
    concatenated_path_down = 6,
    admin_down = 7,
    reverse_concatenated_path_down = 8,
};
[[nodiscard]] std::string_view name(BfdDiagnostic diagnostic);

/// One reason for each packet that is not acted upon (RFC 5880 6.8.6); each is a counter.
enum class BadBfdPacket : std::uint8_t {
    version,
    length,
    multiplier,     ///< zero
    multipoint,     ///< the bit has to be zero
    discriminator,  ///< of the sender: zero; of the receiver: zero in a state that has one, or of no session
    authentication, ///< none is in use here
    ttl,            ///< below what the session asks for (RFC 5881 5)
    count_
};
[[nodiscard]] std::string_view name(BadBfdPacket reason);

struct BfdPacket {
    BfdDiagnostic diagnostic = BfdDiagnostic::none;
    BfdState state = BfdState::down;
    bool poll = false, final = false, independent = false, demand = false;
    std::uint8_t multiplier = 3;
    std::uint32_t mine = 0, yours = 0;        ///< discriminators of sender and receiver
    std::chrono::microseconds desired_tx{0};  ///< the sender would like to send as often as this
    std::chrono::microseconds required_rx{0}; ///< and take packets as often as this; 0: none
    std::chrono::microseconds required_echo_rx{0};

    bool operator==(const BfdPacket&) const = default;
};

/// `data` is a UDP datagram's payload; bytes behind the packet's own length are passed over.
[[nodiscard]] std::variant<BfdPacket, BadBfdPacket> decode_bfd(std::span<const std::uint8_t> data);
[[nodiscard]] std::array<std::uint8_t, bfd_packet_size> encode_bfd(const BfdPacket& packet);

} // namespace weir::keeper
