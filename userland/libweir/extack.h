// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>

#include "base/result.h"
#include "libweir/attr.h"

namespace weir {

/// What an NLMSG_ERROR message says.
struct Ack {
    std::uint32_t sequence = 0;
    /// code 0: the request was taken. The message is the kernel's where it gave one.
    Error error;
};

/// Reads a whole NLMSG_ERROR message. `request`: the attributes of the request that it answers, for the name
/// of the attribute to blame; may be empty. Nothing where the message is too short to be one.
[[nodiscard]] std::optional<Ack> parse_ack(Bytes message, Bytes request);

/// Reads a whole NLMSG_DONE message, which carries a dump's verdict; code 0: it is complete.
[[nodiscard]] Error parse_done(Bytes message, Bytes request);

/// The request attributes of a whole generic netlink message: what follows its two headers.
[[nodiscard]] Bytes message_attrs(Bytes message);

} // namespace weir
