// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/packet.h"

#include <algorithm>
#include <cstring>

namespace weir::keeper {
namespace {

constexpr std::uint8_t type_advertisement = 1;
constexpr std::uint8_t auth_none = 0, auth_password = 1, auth_ah = 2;
constexpr auto centisecond = std::chrono::milliseconds(10);

std::uint32_t add_words(std::uint32_t sum, std::span<const std::uint8_t> data)
{
    for (std::size_t i = 0; i + 1 < data.size(); i += 2)
        sum += static_cast<std::uint32_t>(data[i] << 8 | data[i + 1]);
    if (data.size() % 2)
        sum += static_cast<std::uint32_t>(data.back() << 8);
    return sum;
}

std::uint16_t fold(std::uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

bool equal_password(std::span<const std::uint8_t> got, const std::array<std::uint8_t, 8>& want)
{
    unsigned difference = 0;
    for (std::size_t i = 0; i < want.size(); i++)
        difference |= got[i] ^ want[i];
    return difference == 0;
}

} // namespace

std::string_view name(BadPacket reason)
{
    constexpr std::string_view names[] = {"length",        "version",   "type",       "checksum", "ttl",
                                          "address_count", "auth_type", "password",   "interval", "addresses",
                                          "source",        "replay",    "own_address"};
    static_assert(std::size(names) == static_cast<std::size_t>(BadPacket::count_));
    return names[static_cast<std::size_t>(reason)];
}

std::uint16_t vrrp_checksum(std::span<const std::uint8_t> data, const Address& source,
                            const Address& destination)
{
    std::uint32_t sum = add_words(0, data);
    if (!source.empty()) {
        sum = add_words(add_words(sum, source.bytes()), destination.bytes());
        sum += vrrp_protocol + static_cast<std::uint32_t>(data.size()); // both are below 2^16
    }
    return fold(sum);
}

std::optional<AdvertKey> peek_advert(std::span<const std::uint8_t> message)
{
    if (message.size() < vrrp_header_size)
        return std::nullopt;
    return AdvertKey{static_cast<std::uint8_t>(message[0] >> 4), message[1]};
}

std::variant<Advert, BadPacket> decode_advert(std::span<const std::uint8_t> message, const Address& source,
                                              const Address& destination, const AdvertRules& rules)
{
    if (message.size() < vrrp_header_size)
        return BadPacket::length;
    Advert advert;
    advert.version = message[0] >> 4;
    if (advert.version != rules.version)
        return BadPacket::version;
    std::size_t count = message[3];
    std::size_t addresses = count * source.bytes().size();
    std::size_t trailer = advert.version == 2 ? vrrp_password_size : 0;
    if (message.size() != vrrp_header_size + addresses + trailer)
        return BadPacket::length;

    // a correct checksum sums to zero
    bool message_form = source.is_v4() && vrrp_checksum(message, {}, {}) == 0;
    bool pseudo_form = advert.version == 3 && vrrp_checksum(message, source, destination) == 0;
    if (!message_form && !pseudo_form)
        return BadPacket::checksum;
    advert.checksum = message_form ? ChecksumForm::message : ChecksumForm::pseudo_header;
    if ((message[0] & 0x0f) != type_advertisement)
        return BadPacket::type;
    advert.vrid = message[1];
    advert.priority = message[2];
    // keepalived's version 2 may run without a virtual address; version 3 has no such thing
    if (count == 0 && advert.version == 3)
        return BadPacket::address_count;
    advert.addresses = message.subspan(vrrp_header_size, addresses);

    if (advert.version == 3) {
        advert.interval = centisecond * ((message[4] & 0x0f) << 8 | message[5]);
        if (advert.interval.count() == 0)
            return BadPacket::interval;
        return advert;
    }
    if (message[4] != (rules.ah ? auth_ah : rules.password ? auth_password : auth_none))
        return BadPacket::auth_type;
    if (rules.password && !equal_password(message.last(vrrp_password_size), *rules.password))
        return BadPacket::password;
    advert.interval = std::chrono::seconds(message[5]);
    if (advert.interval != rules.interval)
        return BadPacket::interval;
    return advert;
}

AdvertBuffer::AdvertBuffer(const InstanceConfig& instance, std::span<const Address> addresses)
{
    bytes_.assign(vrrp_header_size, 0);
    bytes_[0] = static_cast<std::uint8_t>(instance.version << 4 | type_advertisement);
    bytes_[1] = instance.vrid;
    bytes_[3] = static_cast<std::uint8_t>(addresses.size());
    if (instance.version == 2) {
        bytes_[4] = instance.ah ? auth_ah : instance.password ? auth_password : auth_none;
        bytes_[5] = static_cast<std::uint8_t>(instance.advert_interval / std::chrono::seconds(1));
    } else {
        auto interval = instance.advert_interval / centisecond;
        bytes_[4] = static_cast<std::uint8_t>(interval >> 8 & 0x0f);
        bytes_[5] = static_cast<std::uint8_t>(interval);
    }
    for (const auto& address : addresses)
        bytes_.insert(bytes_.end(), address.bytes().begin(), address.bytes().end());
    if (instance.version == 2) {
        // always there, zero without a password
        std::array<std::uint8_t, vrrp_password_size> password{};
        if (instance.password && !instance.ah)
            password = *instance.password;
        bytes_.insert(bytes_.end(), password.begin(), password.end());
    }
}

std::span<const std::uint8_t> AdvertBuffer::finish(std::uint8_t priority, const Address& source,
                                                   const Address& destination, ChecksumForm form)
{
    bytes_[2] = priority;
    bytes_[6] = bytes_[7] = 0;
    bool pseudo = bytes_[0] >> 4 == 3 && (source.is_v6() || form == ChecksumForm::pseudo_header);
    std::uint16_t sum = pseudo ? vrrp_checksum(bytes_, source, destination) : vrrp_checksum(bytes_, {}, {});
    bytes_[6] = static_cast<std::uint8_t>(sum >> 8);
    bytes_[7] = static_cast<std::uint8_t>(sum);
    return bytes_;
}

} // namespace weir::keeper
