// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/udp_reply.h"

#include <algorithm>

#include <fmt/format.h>

namespace weir::keeper {

std::optional<std::string> udp_reply_fault(const UdpCheck& check, std::span<const std::uint8_t> reply)
{
    if (reply.size() < check.min_reply_length)
        return fmt::format("the answer has {} bytes, not {} or more", reply.size(), check.min_reply_length);
    if (reply.size() > check.max_reply_length)
        return fmt::format("the answer has more than {} bytes", check.max_reply_length);
    std::size_t both = std::min(reply.size(), check.reply.bytes.size());
    for (std::size_t i = 0; i < both; i++) {
        if ((reply[i] ^ check.reply.bytes[i]) & check.reply.mask[i])
            return fmt::format("byte {} of the answer is {:02x}", i, reply[i]);
    }
    return std::nullopt;
}

} // namespace weir::keeper
