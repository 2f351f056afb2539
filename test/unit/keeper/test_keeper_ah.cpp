// SPDX-License-Identifier: GPL-2.0
// Adverts in IPsec's authentication header, and the digest that it takes.
#include "catch.h"

#include <string>
#include <vector>

#include "keeper/vrrp/ah.h"
#include "keeper/vrrp/md5.h"

using namespace weir;
using namespace weir::keeper;

namespace {

std::span<const std::uint8_t> bytes(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(std::span<const std::uint8_t> data)
{
    std::string text;
    for (std::uint8_t byte : data) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

const AuthKey key{'s', '3', 'c', 'r', 'e', 't'};
const std::vector<std::uint8_t> message{0x21, 51,  200, 1, 2, 1, 0x12, 0x34, 192, 0,
                                        2,    100, 0,   0, 0, 0, 0,    0,    0,   0};

struct Packet {
    explicit Packet(bool unicast = false)
    {
        std::array<std::uint8_t, ah_max_size> room{};
        AhPath path{
            Address::parse("192.0.2.10").value(), Address::parse("224.0.0.18").value(), 255, unicast, 7, 9};
        auto used = wrap_ah(room, message, path, key);
        data.assign(used.begin(), used.end());
    }
    std::vector<std::uint8_t> data;
};

bool holds(const Packet& packet, bool unicast = false, const AuthKey& with = key)
{
    auto opened = unwrap_ah(packet.data, unicast, with);
    const auto* content = std::get_if<AhContent>(&opened);
    return content && std::ranges::equal(content->message, message) && content->sequence == 9;
}

} // namespace

TEST_CASE("MD5: RFC 1321's examples", "[keeper]")
{
    CHECK(hex(md5({})) == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(hex(md5({bytes("abc")})) == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(hex(md5({bytes("a"), bytes(""), bytes("bc")})) == "900150983cd24fb0d6963f7d28e17f72");
    std::string long_text = "1234567890123456789012345678901234567890123456789012345678901234567890"
                            "1234567890";
    CHECK(hex(md5({bytes(long_text)})) == "57edf4a22be3c955ac49da2e2107b67a");
    // lengths around a block's end, each part by part as at once
    for (std::size_t size = 50; size < 140; size++) {
        std::string text(size, 'x');
        CHECK(md5({bytes(text)}) == md5({bytes(text).first(size / 3), bytes(text).subspan(size / 3)}));
    }
}

TEST_CASE("HMAC-MD5: RFC 2202's examples", "[keeper]")
{
    std::vector<std::uint8_t> first(16, 0x0b), third(16, 0xaa), data(50, 0xdd);
    CHECK(hex(hmac_md5(first, {bytes("Hi There")})) == "9294727a3638bb1c13f48ef8158bfc9d");
    CHECK(hex(hmac_md5(bytes("Jefe"), {bytes("what do ya want "), bytes("for nothing?")})) ==
          "750c783e6ab0b503eaa86e310a5db738");
    CHECK(hex(hmac_md5(third, {data})) == "56be34521d144c88dbb8c733f0e8b3f6");
}

TEST_CASE("AH: what was wrapped is unwrapped, by who has the key", "[keeper]")
{
    Packet packet;
    CHECK(holds(packet));
    CHECK(hex(std::span(packet.data).first(32)) == "45c0004000070000ff330000c000020ae00000127004"
                                                   "0000c000020a00000009");
    CHECK(!holds(packet, false, AuthKey{'s', '3', 'c', 'r', 'e', 'T'}));
    CHECK(std::ranges::equal(peek_ah(std::span(packet.data).subspan(20)), message));
    // the kernel fills the header's checksum in, routers change what they change
    packet.data[10] = packet.data[11] = packet.data[1] = 0x55;
    CHECK(holds(packet));
    packet.data[8]--;
    CHECK(!holds(packet));
    Packet to_one(true);
    to_one.data[8] = 60;
    CHECK(holds(to_one, true));
}

TEST_CASE("AH: nothing that counts can be changed, cut or left out", "[keeper]")
{
    const Packet good;
    for (std::size_t i = 0; i < good.data.size(); i++) {
        Packet packet = good;
        packet.data[i] ^= 1;
        bool changeable = i == 1 || i == 6 || i == 7 || i == 10 || i == 11;
        INFO(i);
        CHECK(holds(packet) == changeable);
    }
    for (std::size_t size = 0; size < good.data.size(); size++) {
        Packet packet = good;
        packet.data.resize(size);
        CHECK(!holds(packet));
    }
    Packet options = good;
    options.data[0] = 0x4f;
    CHECK(!holds(options));
    CHECK(peek_ah({}).empty());
}
