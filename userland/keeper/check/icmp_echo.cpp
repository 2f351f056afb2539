// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/icmp_echo.h"

#include <algorithm>

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

namespace weir::keeper {
namespace {

constexpr std::size_t header_size = 8;

/// RFC 1071; an even number of bytes.
std::uint16_t checksum(std::span<const std::uint8_t> bytes)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

} // namespace

std::vector<std::uint8_t> IcmpEcho::request() const
{
    std::vector<std::uint8_t> message(header_size + token_.size());
    message[0] = family_ == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    message[4] = static_cast<std::uint8_t>(id_ >> 8);
    message[5] = static_cast<std::uint8_t>(id_);
    message[7] = 1; // the first and only one of its sequence
    std::ranges::copy(token_, message.begin() + header_size);
    if (family_ == AF_INET) {
        std::uint16_t sum = checksum(message);
        message[2] = static_cast<std::uint8_t>(sum >> 8);
        message[3] = static_cast<std::uint8_t>(sum);
    }
    return message;
}

bool IcmpEcho::answered_by(std::span<const std::uint8_t> message, bool raw) const
{
    if (raw && family_ == AF_INET) {
        std::size_t length = message.empty() ? 0 : (message[0] & 0xfu) * 4;
        if (length < 20 || message.size() < length)
            return false;
        message = message.subspan(length);
    }
    return message.size() == header_size + token_.size() &&
           message[0] == (family_ == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
           std::ranges::equal(message.subspan(header_size), token_);
}

} // namespace weir::keeper
