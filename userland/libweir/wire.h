// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <cstring>

#include <linux/netlink.h>

#include "libweir/attr.h"

namespace weir {

/// Walks the netlink messages of one datagram with bounds checked: `visit(const nlmsghdr&, Bytes whole)`
/// returns false to stop. A message of a broken length ends the walk.
template <typename Visit>
void each_message(Bytes datagram, Visit&& visit)
{
    nlmsghdr header;
    while (datagram.size() >= sizeof(header)) {
        std::memcpy(&header, datagram.data(), sizeof(header));
        if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size())
            return;
        if (!visit(static_cast<const nlmsghdr&>(header), datagram.first(header.nlmsg_len)))
            return;
        datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
    }
}

} // namespace weir
