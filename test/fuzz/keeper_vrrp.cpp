// SPDX-License-Identifier: GPL-2.0
// Any bytes as an advert: one reason, or an advert that encodes to the same bytes again.
#include <algorithm>
#include <cstdlib>

#include "keeper/vrrp/ah.h"
#include "keeper/vrrp/packet.h"

using namespace weir;
using namespace weir::keeper;

namespace {

void check(std::span<const std::uint8_t> message, const Address& source, const Address& group,
           const AdvertRules& rules)
{
    auto result = decode_advert(message, source, group, rules);
    const auto* advert = std::get_if<Advert>(&result);
    if (!advert)
        return;
    InstanceConfig instance;
    instance.version = advert->version;
    instance.vrid = advert->vrid;
    instance.advert_interval = advert->interval;
    if (rules.password)
        instance.password = *rules.password;
    std::vector<Address> addresses;
    std::size_t size = source.bytes().size();
    for (std::size_t i = 0; i < advert->addresses.size(); i += size)
        addresses.push_back(Address::from_bytes(advert->addresses.subspan(i, size)).value());
    AdvertBuffer buffer(instance, addresses);
    auto again = buffer.finish(advert->priority, source, group, advert->checksum);
    // what a receiver ignores may differ: reserved bits, and the data of version 2's "no authentication"
    if (again.size() != message.size() ||
        !std::ranges::equal(again.subspan(8, advert->addresses.size()), advert->addresses))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Address source4 = Address::parse("192.0.2.10").value(),
                         group4 = Address::parse("224.0.0.18").value();
    static const Address source6 = Address::parse("fe80::1").value(),
                         group6 = Address::parse("ff02::12").value();
    static constexpr std::array<std::uint8_t, 8> password{'s', 'e', 'c', 'r', 'e', 't'};
    std::span message(data, size);
    (void)peek_advert(message);
    (void)peek_advert(peek_ah(message));
    for (bool unicast : {false, true}) {
        if (auto opened = unwrap_ah(message, unicast, password); std::holds_alternative<AhContent>(opened))
            check(std::get<AhContent>(opened).message, source4, group4,
                  {2, std::chrono::seconds(1), nullptr, true});
    }
    // a checksum is hard to guess: with the right one too
    std::vector<std::uint8_t> right(message.begin(), message.end());
    if (right.size() >= 8) {
        right[6] = right[7] = 0;
        std::uint16_t sum = vrrp_checksum(right, {}, {});
        right[6] = static_cast<std::uint8_t>(sum >> 8);
        right[7] = static_cast<std::uint8_t>(sum);
    }
    for (auto bytes : {message, std::span<const std::uint8_t>(right)}) {
        check(bytes, source4, group4, {2, std::chrono::seconds(1), nullptr});
        check(bytes, source4, group4, {2, std::chrono::seconds(1), &password});
        check(bytes, source4, group4, {3, std::chrono::seconds(1), nullptr});
        check(bytes, source6, group6, {3, std::chrono::seconds(1), nullptr});
    }
    return 0;
}
