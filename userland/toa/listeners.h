// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"

namespace weir::toa {

/// A TCP socket that listens, in this network namespace.
struct Listener {
    int family = 0; ///< of the socket, AF_INET or AF_INET6
    Endpoint endpoint;
    std::uint64_t cgroup = 0; ///< in which it was made; 0: the kernel does not tell
    std::uint32_t inode = 0;
};

[[nodiscard]] Result<std::vector<Listener>> listeners();

/// Adds what a datagram of the kernel's answer (sock_diag(7)) lists; true where the dump ends with it. A
/// message whose length is wrong ends the datagram. EIO: the kernel refuses.
[[nodiscard]] Result<bool> parse_listeners(std::span<const std::uint8_t> datagram,
                                           std::vector<Listener>& list);

/// Inodes of the sockets that processes of these cgroups' directories hold open.
[[nodiscard]] std::vector<std::uint32_t> sockets_of(const std::vector<std::string>& directories);

} // namespace weir::toa
