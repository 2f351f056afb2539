// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <sys/types.h>

#include "base/address.h"
#include "base/fd.h"
#include "base/result.h"

namespace weir::keeper {

/// Where one datagram comes from or goes to, as the kernel's ancillary data has it.
struct DatagramPath {
    Address source, destination;
    std::uint16_t port = 0; ///< the other side's; 0 for raw sockets
    int interface = 0;
    int ttl = -1;
};

/// Sends from the path's source address by its interface. Errno, or 0. Allocates nothing and never waits.
int send_datagram(int fd, std::span<const std::uint8_t> message, const DatagramPath& path) noexcept;

/// Takes one message from the socket, never waiting, and says the way that it came. Its size, or -1 with
/// errno. What is left of earlier sends (a port that was closed, a neighbor that is gone) is stepped over, a
/// few errors at most: one that stays is the caller's.
ssize_t receive_datagram(int fd, std::span<std::uint8_t> buffer, DatagramPath& path) noexcept;

/// setsockopt() of an integer: done?
bool set_option(int fd, int level, int option, int value) noexcept;

/// The class of routing protocols, of adverts and of BFD (RFC 2474's CS6) as TOS or traffic class.
inline constexpr int tos_internetwork_control = 0xc0;

/// A UDP socket that knows and says TTL, interface and addresses of each datagram.
class DatagramSocket {
  public:
    static constexpr std::size_t most = 256;
    struct Received {
        std::span<const std::uint8_t> message;
        DatagramPath path;
    };

    /// `local` may be empty: any address. `port` 0 takes one of RFC 5881's source ports, 49152 and above.
    [[nodiscard]] static Result<DatagramSocket> create(int family, const Address& local, std::uint16_t port);
    [[nodiscard]] int fd() const { return fd_.get(); }
    int send(std::span<const std::uint8_t> message, const DatagramPath& path) noexcept
    {
        return send_datagram(fd_.get(), message, path);
    }
    /// Null when nothing waits, or the socket fails and goes on failing. The message is valid until the next
    /// call.
    [[nodiscard]] std::optional<Received> receive() noexcept;
    /// Why the last receive() returned nothing: 0 where nothing waited, else errno.
    [[nodiscard]] int error() const { return error_; }

  private:
    explicit DatagramSocket(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
    std::array<std::uint8_t, most> buffer_{};
    int error_ = 0;
};

} // namespace weir::keeper
