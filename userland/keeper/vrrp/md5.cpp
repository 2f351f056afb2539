// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/md5.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weir::keeper {
namespace {

constexpr std::size_t block_size = 64;

class Md5 {
  public:
    void add(std::span<const std::uint8_t> data)
    {
        size_ += data.size();
        while (!data.empty()) {
            std::size_t part = std::min(data.size(), block_size - filled_);
            std::copy_n(data.begin(), part, block_.begin() + static_cast<std::ptrdiff_t>(filled_));
            data = data.subspan(part);
            filled_ += part;
            if (filled_ == block_size)
                mix();
        }
    }

    Md5Digest finish()
    {
        std::uint64_t bits = size_ * 8;
        static constexpr std::array<std::uint8_t, block_size> padding{0x80};
        add(std::span(padding).first(filled_ < 56 ? 56 - filled_ : 120 - filled_));
        std::array<std::uint8_t, 8> length{};
        for (std::size_t i = 0; i < length.size(); i++)
            length[i] = static_cast<std::uint8_t>(bits >> (8 * i));
        add(length);
        Md5Digest digest{};
        for (std::size_t i = 0; i < digest.size(); i++)
            digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (8 * (i % 4)));
        return digest;
    }

  private:
    void mix()
    {
        // RFC 1321 3.4: the whole part of 2^32 times the sine of 1 .. 64
        static const auto sines = [] {
            std::array<std::uint32_t, 64> table{};
            for (std::size_t i = 0; i < table.size(); i++)
                table[i] =
                    static_cast<std::uint32_t>(std::abs(std::sin(static_cast<double>(i + 1))) * 0x1p32);
            return table;
        }();
        static constexpr int shifts[4][4] = {
            {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
        auto [a, b, c, d] = state_;
        for (std::uint32_t i = 0; i < 64; i++) {
            std::uint32_t mixed = 0, from = 0;
            switch (i / 16) {
            case 0: mixed = (b & c) | (~b & d), from = i; break;
            case 1: mixed = (d & b) | (~d & c), from = 5 * i + 1; break;
            case 2: mixed = b ^ c ^ d, from = 3 * i + 5; break;
            default: mixed = c ^ (b | ~d), from = 7 * i; break;
            }
            std::uint32_t next = b + std::rotl(a + mixed + sines[i] + word(from % 16), shifts[i / 16][i % 4]);
            a = d, d = c, c = b, b = next;
        }
        state_ = {state_[0] + a, state_[1] + b, state_[2] + c, state_[3] + d};
        filled_ = 0;
    }
    [[nodiscard]] std::uint32_t word(std::size_t index) const
    {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; i++)
            value |= static_cast<std::uint32_t>(block_[index * 4 + i]) << (8 * i);
        return value;
    }

    std::array<std::uint32_t, 4> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    std::array<std::uint8_t, block_size> block_{};
    std::size_t filled_ = 0;
    std::uint64_t size_ = 0;
};

} // namespace

Md5Digest md5(std::initializer_list<std::span<const std::uint8_t>> parts)
{
    Md5 sum;
    for (auto part : parts)
        sum.add(part);
    return sum.finish();
}

Md5Digest hmac_md5(std::span<const std::uint8_t> key,
                   std::initializer_list<std::span<const std::uint8_t>> parts)
{
    std::array<std::uint8_t, block_size> pad{};
    auto pad_with = [&](std::uint8_t byte) {
        pad.fill(byte);
        for (std::size_t i = 0; i < std::min(key.size(), pad.size()); i++)
            pad[i] = key[i] ^ byte;
    };
    Md5 inner;
    pad_with(0x36);
    inner.add(pad);
    for (auto part : parts)
        inner.add(part);
    Md5Digest digest = inner.finish();
    pad_with(0x5c);
    return md5({pad, digest});
}

} // namespace weir::keeper
