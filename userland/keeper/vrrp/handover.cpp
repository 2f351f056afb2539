// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/handover.h"

#include <algorithm>

namespace weir::keeper {
namespace {

constexpr std::array<std::uint8_t, 4> magic{'W', 'e', 'i', 'r'};
constexpr std::uint8_t format_version = 1;
constexpr std::size_t nonce_at = 12, password_at = 20, stamp_at = 28;
constexpr std::uint8_t willing_bit = 1;

} // namespace

//  0 magic | 4 format, type, VRID, VRRP version | 8 priority, flags, 0, 0 | 12 nonce | 20 password | 28 stamp
std::array<std::uint8_t, handover_size> encode_handover(const HandoverMessage& message)
{
    std::array<std::uint8_t, handover_size> data{};
    std::ranges::copy(magic, data.begin());
    data[4] = format_version;
    data[5] = static_cast<std::uint8_t>(message.type);
    data[6] = message.vrid;
    data[7] = message.version;
    data[8] = message.priority;
    data[9] = message.willing ? willing_bit : 0;
    for (std::size_t i = 0; i < 8; i++)
        data[nonce_at + i] = static_cast<std::uint8_t>(message.nonce >> (56 - 8 * i));
    std::ranges::copy(message.password, data.begin() + password_at);
    for (std::size_t i = 0; i < 4; i++)
        data[stamp_at + i] = static_cast<std::uint8_t>(message.stamp >> (24 - 8 * i));
    return data;
}

std::variant<HandoverMessage, BadHandover> decode_handover(std::span<const std::uint8_t> data)
{
    if (data.size() != handover_size)
        return BadHandover::length;
    bool known = std::ranges::equal(data.first(magic.size()), magic) && data[4] == format_version &&
                 data[5] >= 1 && data[5] <= 3 && data[6] != 0 && (data[7] == 2 || data[7] == 3);
    if (!known)
        return BadHandover::format;
    HandoverMessage message;
    message.type = static_cast<HandoverType>(data[5]);
    message.vrid = data[6];
    message.version = data[7];
    message.priority = data[8];
    message.willing = data[9] & willing_bit;
    for (std::size_t i = 0; i < 8; i++)
        message.nonce = message.nonce << 8 | data[nonce_at + i];
    std::ranges::copy(data.subspan(password_at, message.password.size()), message.password.begin());
    for (std::size_t i = 0; i < 4; i++)
        message.stamp = message.stamp << 8 | data[stamp_at + i];
    return message;
}

std::uint32_t handover_stamp(Instant now)
{
    auto stamp = static_cast<std::uint32_t>(std::chrono::floor<std::chrono::milliseconds>(now).count());
    return stamp ? stamp : 1;
}

void Heirs::announced(Instant now, const Address& address, const HandoverMessage& message)
{
    auto known = std::ranges::find(heirs_, address, &Heir::address);
    if (known == heirs_.end()) // in the place of the one that was heard least recently
        known = std::ranges::min_element(heirs_, {}, &Heir::heard);
    *known = {address, message.priority, message.willing, message.stamp, now};
}

std::uint32_t Heirs::clock_of(Instant now, const Address& address) const
{
    auto heir = std::ranges::find(heirs_, address, &Heir::address);
    if (heir == heirs_.end() || heir->stamp == 0)
        return 0;
    auto held = std::chrono::floor<std::chrono::milliseconds>(now - heir->heard);
    std::uint32_t stamp = heir->stamp + static_cast<std::uint32_t>(held.count());
    return stamp ? stamp : 1;
}

Address Heirs::best(Instant now, Duration patience) const
{
    const Heir* best = nullptr;
    for (const auto& heir : heirs_) {
        if (heir.address.empty() || now - heir.heard > patience)
            continue;
        if (!best || heir.priority > best->priority ||
            (heir.priority == best->priority && heir.address > best->address))
            best = &heir;
    }
    return best && best->willing ? best->address : Address();
}

} // namespace weir::keeper
