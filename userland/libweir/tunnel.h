// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>

#include <linux/weir.h>

namespace weir {

/// The tunnel of method tun.
struct Tunnel {
    weir_tunnel_type type = WEIR_TUNNEL_IPIP;
    std::uint16_t port = 0;  ///< UDP port, for gue
    std::uint32_t flags = 0; ///< enum weir_tunnel_flags

    bool operator==(const Tunnel&) const = default;
};

} // namespace weir
