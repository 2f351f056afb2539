// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/ah.h"

#include <algorithm>

#include "keeper/vrrp/md5.h"

namespace weir::keeper {
namespace {

constexpr std::size_t ip_size = 20, max_ip_size = 60;
constexpr std::size_t icv_at = 12, icv_size = 12;

void put(std::span<std::uint8_t> at, std::uint64_t value, std::size_t size)
{
    for (std::size_t i = 0; i < size; i++)
        at[i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
}

/// RFC 2402 3.3.3: what routers change on the way counts as zero, and so does the value itself.
Md5Digest integrity(std::span<const std::uint8_t> ip, std::span<const std::uint8_t> ah,
                    std::span<const std::uint8_t> message, bool unicast, const AuthKey& key)
{
    std::array<std::uint8_t, max_ip_size + ah_size> buffer{};
    auto header = std::span(buffer).first(ip.size() + ah_size);
    std::ranges::copy(ip, header.begin());
    std::ranges::copy(ah, header.begin() + static_cast<std::ptrdiff_t>(ip.size()));
    header[1] = header[6] = header[7] = header[10] = header[11] = 0; // TOS, fragments, checksum
    if (unicast)
        header[8] = 0;
    std::ranges::fill(header.subspan(ip.size() + icv_at, icv_size), std::uint8_t{0});
    return hmac_md5(key, {header, message});
}

bool same(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b)
{
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); i++)
        difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

} // namespace

std::span<const std::uint8_t> wrap_ah(std::span<std::uint8_t, ah_max_size> packet,
                                      std::span<const std::uint8_t> message, const AhPath& path,
                                      const AuthKey& key)
{
    auto used = packet.first(ip_size + ah_size + message.size());
    auto ip = used.first(ip_size), ah = used.subspan(ip_size, ah_size),
         content = used.subspan(ip_size + ah_size);
    std::ranges::fill(used.first(ip_size + ah_size), std::uint8_t{0});
    ip[0] = 0x45;
    ip[1] = 0xc0; // internetwork control
    put(ip.subspan(2), used.size(), 2);
    put(ip.subspan(4), path.id, 2);
    ip[8] = path.ttl;
    ip[9] = ah_protocol;
    std::ranges::copy(path.source.bytes(), ip.begin() + 12);
    std::ranges::copy(path.destination.bytes(), ip.begin() + 16);
    ah[0] = vrrp_protocol;
    ah[1] = ah_size / 4 - 2;
    std::ranges::copy(path.source.bytes(), ah.begin() + 4);
    put(ah.subspan(8), path.sequence, 4);
    std::ranges::copy(message, content.begin());
    Md5Digest digest = integrity(ip, ah, message, path.unicast, key);
    std::copy_n(digest.begin(), icv_size, ah.begin() + icv_at);
    return used;
}

std::span<const std::uint8_t> peek_ah(std::span<const std::uint8_t> payload)
{
    bool vrrp = payload.size() > ah_size && payload[0] == vrrp_protocol && payload[1] == ah_size / 4 - 2;
    return vrrp ? payload.subspan(ah_size) : std::span<const std::uint8_t>();
}

std::variant<AhContent, BadPacket> unwrap_ah(std::span<const std::uint8_t> packet, bool unicast,
                                             const AuthKey& key)
{
    std::size_t header = packet.empty() ? 0 : static_cast<std::size_t>(packet[0] & 0x0f) * 4;
    if (header < ip_size || packet.size() < header + ah_size)
        return BadPacket::length;
    auto ip = packet.first(header), ah = packet.subspan(header, ah_size),
         message = packet.subspan(header + ah_size);
    if (peek_ah(packet.subspan(header)).empty())
        return BadPacket::auth_type;
    Md5Digest digest = integrity(ip, ah, message, unicast, key);
    if (!same(ah.subspan(icv_at, icv_size), digest) || !same(ip.subspan(12, 4), ah.subspan(4)))
        return BadPacket::password;
    return AhContent{message, static_cast<std::uint32_t>(ah[8] << 24 | ah[9] << 16 | ah[10] << 8 | ah[11])};
}

} // namespace weir::keeper
