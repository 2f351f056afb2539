// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/address.h"
#include "base/fd.h"
#include "base/result.h"
#include "keeper/net/datagram.h"
#include "keeper/vrrp/ah.h"
#include "keeper/vrrp/packet.h"

namespace weir::keeper {

/// What makes adverts go and come the same way: instances that agree in it share a socket.
struct Transport {
    int interface = 0;
    std::string interface_name;
    Address group; ///< multicast; empty for unicast
    Address local; ///< unicast: the address that peers send to
    bool ah = false;

    [[nodiscard]] int family() const { return group.empty() ? local.family() : group.family(); }
    auto operator<=>(const Transport&) const = default;
};

struct ReceivedAdvert {
    std::span<const std::uint8_t> message; ///< AH: with its header
    std::span<const std::uint8_t> packet;  ///< IPv4: with the IP header
    Address source, destination;
    int ttl = -1;
};

/// A raw socket for protocol 112 on one interface, both ways. Non-blocking; allocates nothing after create().
class AdvertSocket {
  public:
    [[nodiscard]] static Result<AdvertSocket> create(const Transport& transport);
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Errno, or 0.
    int send(std::span<const std::uint8_t> message, const Address& source, const Address& destination,
             int ttl) noexcept;
    /// The same for a whole IPv4 packet, as AH has it.
    int send_packet(std::span<const std::uint8_t> packet, const Address& destination) noexcept;
    /// Null when nothing waits, or the socket fails and goes on failing. The message is valid until the next
    /// call.
    [[nodiscard]] std::optional<ReceivedAdvert> receive() noexcept;
    /// Why the last receive() returned nothing: 0 where nothing waited, else errno.
    [[nodiscard]] int error() const { return error_; }

  private:
    explicit AdvertSocket(Fd fd, const Transport& transport)
        : fd_(std::move(fd)),
          family_(transport.family()),
          interface_(transport.interface)
    {
    }

    Fd fd_;
    int family_;
    int interface_;
    int error_ = 0;
    std::array<std::uint8_t, 60 + ah_size + vrrp_max_size> buffer_{};
};

} // namespace weir::keeper
