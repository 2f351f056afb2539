// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace weir::keeper {

using Md5Digest = std::array<std::uint8_t, 16>;

/// RFC 1321, over the parts as if they were one. For a protocol that wants it and nothing else: it protects
/// no secret that is worth one. Own code, so that the VRRP process needs no cryptographic library for it;
/// allocates nothing.
[[nodiscard]] Md5Digest md5(std::initializer_list<std::span<const std::uint8_t>> parts);

/// RFC 2104 with MD5; a key of 64 bytes or less.
[[nodiscard]] Md5Digest hmac_md5(std::span<const std::uint8_t> key,
                                 std::initializer_list<std::span<const std::uint8_t>> parts);

} // namespace weir::keeper
