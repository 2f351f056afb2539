// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

extern "C" {
#include "algo/toa.h"
}

#include <cstring>
#include <vector>

namespace {

using Bytes = std::vector<u8>;

const Bytes client4 = {198, 51, 100, 7};
const Bytes client6 = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07};
constexpr u16 port = 0xc001;
const Bytes timestamps = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};

weir_toa toa_of(const Bytes& addr)
{
    weir_toa toa{};
    std::memcpy(toa.addr, addr.data(), addr.size());
    toa.port[0] = port >> 8;
    toa.port[1] = port & 0xff;
    toa.ipv6 = addr.size() == 16;
    return toa;
}

Bytes encoded(const Bytes& addr, u8 kind_ipv6 = WEIR_TOA_KIND_IPV6)
{
    weir_toa toa = toa_of(addr);
    Bytes opt(weir_toa_len(&toa));
    weir_toa_encode(opt.data(), &toa, kind_ipv6);
    return opt;
}

Bytes operator+(Bytes a, const Bytes& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

struct Found {
    weir_toa_found what;
    weir_toa toa;
};

// In a buffer of its own size: a read past the end is the sanitizer's.
Found find(const Bytes& opts)
{
    Found found{};
    found.what = weir_toa_find(opts.data(), static_cast<u32>(opts.size()), &found.toa);
    return found;
}

bool is(const Found& found, const Bytes& addr)
{
    weir_toa wanted = toa_of(addr);
    return found.what == WEIR_TOA_FOUND && std::memcmp(&found.toa, &wanted, sizeof(wanted)) == 0;
}

} // namespace

// Golden bytes: struct toa_ip4_data and toa_ip6_data of DPVS's kmod/toa/toa.h (opcode, opsize, port, address;
// TCPOPT_TOA 254, TCPOLEN_IP4_TOA 8, TCPOLEN_IP6_TOA 20) as tcp_in_add_toa() of its
// src/ipvs/ip_vs_proto_tcp.c fills them; kind 253 is TCPOPT_TOA_V6 of Huawei's TCP_option_address and
// elb-toa.
TEST_CASE("toa: the bytes are those of DPVS and of Huawei", "[toa]")
{
    CHECK(encoded(client4) == Bytes{254, 8, 0xc0, 0x01, 198, 51, 100, 7});
    CHECK(encoded(client6) ==
          Bytes{253, 20, 0xc0, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07});
    CHECK(encoded(client6, WEIR_TOA_KIND_IPV4) ==
          Bytes{254, 20, 0xc0, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07});
    CHECK(encoded(client4, WEIR_TOA_KIND_IPV4) == encoded(client4));
}

TEST_CASE("toa: what was written is found, wherever it stands", "[toa]")
{
    for (const Bytes& client : {client4, client6})
        for (u8 kind : {WEIR_TOA_KIND_IPV4, WEIR_TOA_KIND_IPV6}) {
            Bytes opt = encoded(client, kind);
            CHECK(is(find(opt), client));
            CHECK(is(find(opt + timestamps), client));
            CHECK(is(find(timestamps + opt), client));
            CHECK(is(find(Bytes{1, 1, 1} + opt + Bytes{0}), client));
        }
    CHECK(is(find(encoded(client4) + encoded(client6)), client4));
    CHECK(is(find(encoded(client6) + encoded(client4)), client6));
}

TEST_CASE("toa: what stands behind the end of the list is not found", "[toa]")
{
    CHECK(find({}).what == WEIR_TOA_NONE);
    CHECK(find(timestamps).what == WEIR_TOA_NONE);
    CHECK(find(Bytes{0, 0, 0, 0} + encoded(client4)).what == WEIR_TOA_NONE);
    // an option of another kind that contains one
    CHECK(find(Bytes{77, 10} + encoded(client4)).what == WEIR_TOA_NONE);
}

TEST_CASE("toa: lengths that cannot be are malformed", "[toa]")
{
    for (u8 kind : {WEIR_TOA_KIND_IPV4, WEIR_TOA_KIND_IPV6, 8, 200})
        for (u8 size : {0, 1, 255}) {
            Bytes opt = encoded(client4);
            opt[0] = kind;
            opt[1] = size;
            CHECK(find(opt).what == WEIR_TOA_MALFORMED);
        }
    Bytes other = encoded(client4);
    for (u8 size : {2, 3, 7}) {
        other[1] = size;
        CHECK(find(other).what == WEIR_TOA_MALFORMED);
    }
    other[0] = WEIR_TOA_KIND_IPV6;
    other[1] = WEIR_TOA_LEN_IPV4;
    CHECK(find(other).what == WEIR_TOA_MALFORMED);
    for (const Bytes& client : {client4, client6})
        for (std::size_t cut = 1; cut < encoded(client).size(); ++cut) {
            Bytes opt = encoded(client);
            opt.resize(cut);
            CHECK(find(opt).what == WEIR_TOA_MALFORMED);
            CHECK(find(Bytes(20, 1) + opt).what == WEIR_TOA_MALFORMED);
        }
}

TEST_CASE("toa: there is room for it as long as the header stays within 60 bytes", "[toa]")
{
    weir_toa v4 = toa_of(client4);
    weir_toa v6 = toa_of(client6);
    CHECK(weir_toa_fits(&v4, 0));
    CHECK(weir_toa_fits(&v4, 32));
    CHECK_FALSE(weir_toa_fits(&v4, 36));
    CHECK(weir_toa_fits(&v6, 20));
    CHECK_FALSE(weir_toa_fits(&v6, 24));
    CHECK_FALSE(weir_toa_fits(&v4, 40));
}

TEST_CASE("toa: after scrubbing none is found, and all else is as it was", "[toa]")
{
    Bytes opts = timestamps + encoded(client4) + encoded(client6);
    CHECK(weir_toa_scrub(opts.data(), 40, false) == 2);
    CHECK(opts == timestamps + Bytes(28, 1));
    CHECK(weir_toa_scrub(opts.data(), 40, false) == 0);

    // of any length
    opts = Bytes{254, 2, 253, 3, 9, 254, 6, 0xf9, 0x89, 1, 2};
    CHECK(weir_toa_scrub(opts.data(), 11, false) == 3);
    CHECK(opts == Bytes(11, 1));

    // broken: no reader gets past the middle
    opts = encoded(client4) + Bytes{8, 0} + encoded(client4);
    CHECK(weir_toa_scrub(opts.data(), 18, false) == 1);
    CHECK(opts == Bytes(8, 1) + Bytes{8, 0} + encoded(client4));
    CHECK(find(opts).what == WEIR_TOA_MALFORMED);
}

TEST_CASE("toa: Fast Open's options are taken out of a SYN only", "[toa]")
{
    Bytes fastopen = Bytes{2, 4, 5, 180, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1};
    Bytes opts = fastopen;
    CHECK(weir_toa_scrub(opts.data(), 16, false) == 0);
    CHECK(opts == fastopen);
    CHECK(weir_toa_scrub(opts.data(), 16, true) == 1);
    CHECK(opts == Bytes{2, 4, 5, 180} + Bytes(12, 1));
    opts = Bytes{254, 12, 0xf9, 0x89, 1, 2, 3, 4, 5, 6, 7, 8};
    CHECK(weir_toa_scrub(opts.data(), 12, true) == 1);
    CHECK(opts == Bytes(12, 1));
}

TEST_CASE("toa: the maximum segment size is lowered, but not below what a stack works with", "[toa]")
{
    Bytes opts = Bytes{1, 2, 4, 0x05, 0xb4};
    CHECK(weir_toa_lower_mss(opts.data(), 5, 20) == 1);
    CHECK(opts == Bytes{1, 2, 4, 0x05, 0xa0});
    opts = Bytes{2, 4, 0, 96};
    CHECK(weir_toa_lower_mss(opts.data(), 4, 8) == 1);
    CHECK(opts == Bytes{2, 4, 0, 88});
    CHECK(weir_toa_lower_mss(opts.data(), 4, 8) == 0);
    CHECK(opts == Bytes{2, 4, 0, 88});
    opts = Bytes{2, 3, 0, 1, 1, 1};
    CHECK(weir_toa_lower_mss(opts.data(), 6, 8) == 0);
    opts = Bytes{0, 2, 4, 5, 180};
    CHECK(weir_toa_lower_mss(opts.data(), 5, 8) == 0);
    opts = Bytes{2, 4, 5};
    CHECK(weir_toa_lower_mss(opts.data(), 3, 8) == 0);
}
