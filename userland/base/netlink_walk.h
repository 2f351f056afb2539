// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include <linux/netlink.h>

/// Reading of what the kernel sends by netlink, whatever its family, with bounds checked.
namespace weir {

using Bytes = std::span<const std::uint8_t>;

/// Walks the messages of one datagram: `visit(const nlmsghdr&, Bytes whole)` returns false to stop. A message
/// of a broken length ends the walk.
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

struct NetlinkAttribute {
    unsigned type = 0; ///< without NLA_F_NESTED and NLA_F_NET_BYTEORDER
    Bytes payload;
};

/// Takes the first attribute off `rest`; none where no whole one is left.
[[nodiscard]] inline std::optional<NetlinkAttribute> next_attribute(Bytes& rest) noexcept
{
    nlattr header;
    if (rest.size() < sizeof(header))
        return std::nullopt;
    std::memcpy(&header, rest.data(), sizeof(header));
    if (header.nla_len < sizeof(header) || header.nla_len > rest.size())
        return std::nullopt;
    NetlinkAttribute attribute{static_cast<unsigned>(header.nla_type & NLA_TYPE_MASK),
                               rest.subspan(sizeof(header), header.nla_len - sizeof(header))};
    rest = rest.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), rest.size()));
    return attribute;
}

} // namespace weir
