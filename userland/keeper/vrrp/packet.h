// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "keeper/config/model.h"

/// Adverts on the wire: VRRP version 2 (RFC 3768, with the simple password of RFC 2338) and 3 (RFC 9568).
namespace weir::keeper {

inline constexpr std::uint8_t vrrp_protocol = 112;
inline constexpr std::size_t vrrp_header_size = 8;
inline constexpr std::size_t vrrp_password_size = 8;
/// 255 IPv4 addresses in version 2, or 255 IPv6 addresses
inline constexpr std::size_t vrrp_max_size = vrrp_header_size + std::size_t{255} * 16 + vrrp_password_size;

/// What a version 3 checksum over IPv4 covers. RFC 9568 says the message alone; RFC 5798 was read as with a
/// pseudo header, and keepalived and FRR send that by default. IPv6 always has its pseudo header.
enum class ChecksumForm : std::uint8_t { message, pseudo_header };

/// One reason for each packet that is not acted upon; each is a counter.
enum class BadPacket : std::uint8_t {
    length,  ///< too short for its own header and address count, or longer
    version, ///< another version than the instance's
    type,    ///< not an advertisement
    checksum,
    ttl,           ///< not 255: it crossed a router (RFC 9568 7.1), or out of the peer's bounds
    address_count, ///< no address (RFC 9568 5.2.5)
    auth_type,
    password,
    interval,    ///< version 2: not ours; version 3: zero
    addresses,   ///< another list than ours, where the peer's list is checked
    source,      ///< not one of the unicast peers
    replay,      ///< AH: a sequence number that was seen, or before one that was
    own_address, ///< it comes from ours: a loop in the network, or somebody else has it too
    count_
};
[[nodiscard]] std::string_view name(BadPacket reason);

/// The fixed part of an advert; addresses stay where they are.
struct Advert {
    std::uint8_t version = 3;
    std::uint8_t vrid = 0;
    std::uint8_t priority = 0;
    Duration interval{0};
    std::span<const std::uint8_t> addresses; ///< 4 or 16 bytes each, network order
    ChecksumForm checksum = ChecksumForm::message;
};

/// The version and VRID of a message, to find the instance that it is for; null if it is too short.
struct AdvertKey {
    std::uint8_t version, vrid;
};
[[nodiscard]] std::optional<AdvertKey> peek_advert(std::span<const std::uint8_t> message);

/// What the receiver expects.
struct AdvertRules {
    std::uint8_t version = 3;
    Duration interval{0};                                  ///< of ours; version 2 compares
    const std::array<std::uint8_t, 8>* password = nullptr; ///< version 2, auth_type PASS
    bool ah = false;                                       ///< version 2, what is around it was checked
};

/// Checks a whole VRRP message (without its IP header) in the order of RFC 9568 7.1.
[[nodiscard]] std::variant<Advert, BadPacket> decode_advert(std::span<const std::uint8_t> message,
                                                            const Address& source, const Address& destination,
                                                            const AdvertRules& rules);

/// An advert that is ready to be sent: made once, then only its priority and checksum change.
class AdvertBuffer {
  public:
    AdvertBuffer() = default;
    AdvertBuffer(const InstanceConfig& instance, std::span<const Address> addresses);

    /// Sets priority and checksum for one destination. Allocates nothing.
    [[nodiscard]] std::span<const std::uint8_t> finish(std::uint8_t priority, const Address& source,
                                                       const Address& destination, ChecksumForm form);

  private:
    std::vector<std::uint8_t> bytes_;
};

/// RFC 1071 over `data`, preceded by the pseudo header of the addresses' family unless they are empty.
[[nodiscard]] std::uint16_t vrrp_checksum(std::span<const std::uint8_t> data, const Address& source,
                                          const Address& destination);

} // namespace weir::keeper
