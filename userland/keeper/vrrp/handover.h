// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/address.h"
#include "keeper/vrrp/machine.h"

/// How a master that leaves gives its place to a backup without a gap: messages between weir-keepers, beside
/// VRRP and never of its protocol number, so that other routers do not see them. UDP, from and to port 60112,
/// TTL 255 (RFC 5082), from the addresses that adverts come from, with the instance's password.
///
///   backup -> master  announce  every second or advert interval: I would take over
///   master -> heir    request   nonce
///   heir -> master    accept    nonce: I am master, my advert is out
namespace weir::keeper {

inline constexpr std::uint16_t handover_port = 60112;
inline constexpr std::size_t handover_size = 32;
/// How long a leaving master waits for its heir before it resigns as RFC 9568 has it.
inline constexpr auto handover_patience = std::chrono::milliseconds(3);

enum class HandoverType : std::uint8_t { announce = 1, request = 2, accept = 3 };

struct HandoverMessage {
    HandoverType type = HandoverType::announce;
    std::uint8_t vrid = 0, version = 3;     ///< the virtual router's, and its VRRP version
    std::uint8_t priority = 0;              ///< the sender's, with tracking
    bool willing = false;                   ///< announce: would become master at once
    std::uint64_t nonce = 0;                ///< of a request, and of its answer
    std::array<std::uint8_t, 8> password{}; ///< as in VRRP version 2; zero without one
    /// Of the backup's clock, in milliseconds: of an announce its time, of a request the time at which it was
    /// asked, as its master reckons it from the announce. 0: not known.
    std::uint32_t stamp = 0;

    bool operator==(const HandoverMessage&) const = default;
};

/// Never 0; goes round in 49 days.
[[nodiscard]] std::uint32_t handover_stamp(Instant now);

enum class BadHandover : std::uint8_t { length, format };

[[nodiscard]] std::array<std::uint8_t, handover_size> encode_handover(const HandoverMessage& message);
[[nodiscard]] std::variant<HandoverMessage, BadHandover> decode_handover(std::span<const std::uint8_t> data);

/// Backups that said they would take over, as their master knows them. A fixed number, nothing is allocated.
class Heirs {
  public:
    static constexpr std::size_t most = 4;

    void announced(Instant now, const Address& address, const HandoverMessage& message);
    /// The one of the highest priority, and among those of the greatest address, that was heard within
    /// `patience`; empty if it is not willing, or there is none: another one must not overtake it.
    [[nodiscard]] Address best(Instant now, Duration patience) const;
    /// What its clock says now, but for the time that its message took; 0 if it did not say.
    [[nodiscard]] std::uint32_t clock_of(Instant now, const Address& address) const;
    void clear() { *this = {}; }

  private:
    struct Heir {
        Address address;
        std::uint8_t priority = 0;
        bool willing = false;
        std::uint32_t stamp = 0;
        Instant heard{0};
    };
    std::array<Heir, most> heirs_{};
};

} // namespace weir::keeper
