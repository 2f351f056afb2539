// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/address.h"
#include "base/netlink_walk.h"

namespace weir {

/// The attributes of one nest or message, read with bounds checked: a broken attribute ends the set, and one
/// of a wrong size counts as absent. Views bytes that somebody else keeps.
class AttrSet {
  public:
    AttrSet() = default;
    explicit AttrSet(Bytes bytes) noexcept;

    [[nodiscard]] bool has(unsigned type) const noexcept { return type < size && values_[type].data(); }
    [[nodiscard]] Bytes bytes(unsigned type) const noexcept { return type < size ? values_[type] : Bytes(); }
    [[nodiscard]] std::optional<std::uint32_t> u32(unsigned type) const noexcept;
    [[nodiscard]] std::optional<std::uint64_t> u64(unsigned type) const noexcept;
    /// A port in host byte order.
    [[nodiscard]] std::optional<std::uint16_t> be16(unsigned type) const noexcept;
    /// Up to the first zero byte.
    [[nodiscard]] std::optional<std::string> string(unsigned type) const;
    [[nodiscard]] std::optional<Address> address(unsigned type) const;
    [[nodiscard]] AttrSet nest(unsigned type) const noexcept { return AttrSet(bytes(type)); }

    /// Calls visit(Bytes) for each attribute of this type, in order.
    template <typename Visit>
    void each(unsigned type, Visit&& visit) const
    {
        Bytes rest = all_;
        while (auto attr = next_attribute(rest))
            if (attr->type == type)
                visit(attr->payload);
    }

  private:
    static constexpr std::size_t size = 32; // above every __WEIR_A_*_MAX
    std::array<Bytes, size> values_{};
    Bytes all_;
};

} // namespace weir
