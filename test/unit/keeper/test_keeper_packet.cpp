// SPDX-License-Identifier: GPL-2.0
#include "catch.h"
#include "keeper/vrrp/packet.h"

using namespace weir;
using namespace weir::keeper;
using namespace std::chrono_literals;
using Bytes = std::vector<std::uint8_t>;

namespace {

Address address(const char* text)
{
    return Address::parse(text).value();
}

Bytes from_hex(std::string_view text)
{
    Bytes bytes;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] != ' ')
            bytes.push_back(
                static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16))),
                i++;
    }
    return bytes;
}

// keepalived 2.2.7 from 192.0.2.10 and fe80::b472:12ff:fe70:b3d, taken with
//   tcpdump -r adverts.pcap -x proto 112 or ip6 proto 112     (less the IP header)
const Bytes v2_password = from_hex("2133 9602 0101 86e4 c000 0264 c000 0265 7333 6372 6574 0000");
const Bytes v2_plain = from_hex("2136 7801 0001 a44e c000 0278 0000 0000 0000 0000");
const Bytes v3_four = from_hex("3134 c801 0032 a18f c000 026e");
const Bytes v3_six = from_hex(
    "3135 6302 0064 6ddc fe80 0000 0000 0000 0000 0000 0000 0100 2001 0db8 0000 0000 0000 0000 0000 0100");
// holo, holo-vrrp/tests/packet/mod.rs
const Bytes v2_holo = from_hex("2133 1e01 0001 b5c5 0a00 0105 0000 0000 0000 0000");

const Address source4 = address("192.0.2.10"), group4 = address("224.0.0.18");
const Address source6 = address("fe80::b472:12ff:fe70:b3d"), group6 = address("ff02::12");
constexpr std::array<std::uint8_t, 8> password{'s', '3', 'c', 'r', 'e', 't', 0, 0};
constexpr AdvertRules v2{2, 1s, nullptr}, v3{3, 1s, nullptr};

std::variant<Advert, BadPacket> decode(const Bytes& bytes, const AdvertRules& rules)
{
    return bytes[0] >> 4 == 3 && bytes.size() > 30 ? decode_advert(bytes, source6, group6, rules)
                                                   : decode_advert(bytes, source4, group4, rules);
}

BadPacket bad(const Bytes& bytes, const AdvertRules& rules)
{
    auto result = decode(bytes, rules);
    REQUIRE(std::holds_alternative<BadPacket>(result));
    return std::get<BadPacket>(result);
}

Bytes with_checksum(Bytes bytes)
{
    bytes[6] = bytes[7] = 0;
    std::uint16_t sum = vrrp_checksum(bytes, {}, {});
    bytes[6] = static_cast<std::uint8_t>(sum >> 8);
    bytes[7] = static_cast<std::uint8_t>(sum);
    return bytes;
}

} // namespace

TEST_CASE("packet: keepalived's adverts are read as they were meant", "[keeper]")
{
    AdvertRules with_password{2, 1s, &password};
    auto one = std::get<Advert>(decode(v2_password, with_password));
    CHECK(one.vrid == 51);
    CHECK(one.priority == 150);
    CHECK(one.interval == 1s);
    CHECK(one.addresses.size() == 8);
    CHECK(std::get<Advert>(decode(v2_plain, v2)).vrid == 54);
    CHECK(std::get<Advert>(decode(v2_holo, v2)).priority == 30);
    auto three = std::get<Advert>(decode(v3_four, v3));
    CHECK(three.interval == 500ms);
    CHECK(three.checksum == ChecksumForm::pseudo_header);
    auto six = std::get<Advert>(decode(v3_six, v3));
    CHECK(six.priority == 99);
    CHECK(six.addresses.size() == 32);
}

TEST_CASE("packet: ours are keepalived's byte for byte", "[keeper]")
{
    InstanceConfig instance;
    instance.vrid = 51;
    instance.version = 2;
    instance.password = password;
    Address two[] = {address("192.0.2.100"), address("192.0.2.101")};
    auto made = AdvertBuffer(instance, two);
    auto bytes = made.finish(150, source4, group4, ChecksumForm::pseudo_header);
    CHECK(Bytes(bytes.begin(), bytes.end()) == v2_password);

    instance.vrid = 52;
    instance.version = 3;
    instance.advert_interval = 500ms;
    Address four[] = {address("192.0.2.110")};
    made = AdvertBuffer(instance, four);
    bytes = made.finish(200, source4, group4, ChecksumForm::pseudo_header);
    CHECK(Bytes(bytes.begin(), bytes.end()) == v3_four);

    instance.vrid = 53;
    instance.advert_interval = 1s;
    Address six[] = {address("fe80::100"), address("2001:db8::100")};
    made = AdvertBuffer(instance, six);
    bytes = made.finish(99, source6, group6, ChecksumForm::message);
    CHECK(Bytes(bytes.begin(), bytes.end()) == v3_six);
}

TEST_CASE("packet: both checksum forms of version 3 are read and told apart", "[keeper]")
{
    Bytes message = with_checksum(v3_four);
    CHECK(std::get<Advert>(decode(message, v3)).checksum == ChecksumForm::message);
    InstanceConfig instance;
    instance.vrid = 52;
    instance.version = 3;
    instance.advert_interval = 500ms;
    Address four[] = {address("192.0.2.110")};
    AdvertBuffer made(instance, four);
    auto bytes = made.finish(200, source4, group4, ChecksumForm::message);
    CHECK(Bytes(bytes.begin(), bytes.end()) == message);
    // version 2 and IPv6 have one form each
    Bytes wrong = v3_six;
    wrong = with_checksum(wrong);
    CHECK(bad(wrong, v3) == BadPacket::checksum);
}

TEST_CASE("packet: every bit of a checked message matters", "[keeper]")
{
    for (const Bytes* good : {&v2_plain, &v3_four, &v3_six}) {
        const AdvertRules& rules = good == &v2_plain ? v2 : v3;
        for (std::size_t bit = 0; bit < good->size() * 8; bit++) {
            Bytes flipped = *good;
            flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
            INFO("bit " << bit);
            CHECK(std::holds_alternative<BadPacket>(decode(flipped, rules)));
        }
    }
}

TEST_CASE("packet: each wrong field has its reason", "[keeper]")
{
    auto changed = [](Bytes bytes, std::size_t at, std::uint8_t value) {
        bytes[at] = value;
        return with_checksum(bytes);
    };
    CHECK(bad(v3_four, v2) == BadPacket::version);
    CHECK(bad(v2_plain, v3) == BadPacket::version);
    CHECK(bad(changed(v3_four, 0, 0x32), v3) == BadPacket::type);
    CHECK(bad(changed(v3_four, 3, 2), v3) == BadPacket::length);
    CHECK(bad(changed(v3_four, 5, 0), v3) == BadPacket::interval);
    CHECK(bad(changed(v2_plain, 5, 2), v2) == BadPacket::interval);
    CHECK(bad(changed(v2_plain, 4, 1), v2) == BadPacket::auth_type);
    AdvertRules with_password{2, 1s, &password};
    CHECK(bad(v2_plain, with_password) == BadPacket::auth_type);
    CHECK(bad(changed(v2_password, 16, 'S'), with_password) == BadPacket::password);
    CHECK(bad(with_checksum(from_hex("3134 c800 0032 0000")), v3) == BadPacket::address_count);
    for (std::size_t size = 0; size < v3_four.size(); size++)
        CHECK(std::get<BadPacket>(decode_advert(std::span(v3_four).first(size), source4, group4, v3)) ==
              BadPacket::length);
    Bytes longer = v3_four;
    longer.push_back(0);
    CHECK(bad(longer, v3) == BadPacket::length);
    CHECK_FALSE(peek_advert(std::span(v3_four).first(7)));
    CHECK(peek_advert(v3_four)->vrid == 52);
}
