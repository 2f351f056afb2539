// SPDX-License-Identifier: GPL-2.0
#include "libweir/attr.h"

#include <algorithm>
#include <cstring>

#include <linux/netlink.h>
#include <linux/weir.h>

namespace weir {
namespace {

template <typename T>
std::optional<T> load(Bytes bytes) noexcept
{
    T value;
    if (bytes.size() != sizeof(value))
        return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof(value)); // 64-bit attributes are aligned to 4 only
    return value;
}

} // namespace

AttrSet::AttrSet(Bytes bytes) noexcept : all_(bytes)
{
    static_assert(size >= __WEIR_A_SERVICE_MAX && size >= __WEIR_A_SERVER_MAX && size >= __WEIR_A_CONN_MAX);
    while (auto attr = next_attribute(bytes))
        if (attr->type < size)
            values_[attr->type] = attr->payload;
}

std::optional<std::uint32_t> AttrSet::u32(unsigned type) const noexcept
{
    return load<std::uint32_t>(bytes(type));
}

std::optional<std::uint64_t> AttrSet::u64(unsigned type) const noexcept
{
    return load<std::uint64_t>(bytes(type));
}

std::optional<std::uint16_t> AttrSet::be16(unsigned type) const noexcept
{
    auto value = load<std::uint16_t>(bytes(type));
    return value ? std::optional<std::uint16_t>(ntohs(*value)) : std::nullopt;
}

std::optional<std::string> AttrSet::string(unsigned type) const
{
    if (!has(type))
        return std::nullopt;
    Bytes text = bytes(type);
    return std::string(text.begin(), std::ranges::find(text, 0));
}

std::optional<Address> AttrSet::address(unsigned type) const
{
    auto address = Address::from_bytes(bytes(type));
    return address ? std::optional<Address>(*address) : std::nullopt;
}

} // namespace weir
