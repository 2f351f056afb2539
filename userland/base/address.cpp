// SPDX-License-Identifier: GPL-2.0
#include "base/address.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/number.h"

namespace weir {

Address::Address(const in_addr& v4) noexcept : family_(AF_INET)
{
    std::memcpy(bytes_.data(), &v4, sizeof(v4));
}

Address::Address(const in6_addr& v6) noexcept : family_(AF_INET6)
{
    std::memcpy(bytes_.data(), &v6, sizeof(v6));
}

Result<Address> Address::parse(std::string_view text)
{
    // inet_pton wants a terminated string, and a zero byte inside must not end it early
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (!text.empty() && text.size() < buffer.size() && text.find('\0') == std::string_view::npos) {
        std::ranges::copy(text, buffer.begin());
        in_addr v4{};
        in6_addr v6{};
        if (inet_pton(AF_INET, buffer.data(), &v4) == 1)
            return Address(v4);
        if (inet_pton(AF_INET6, buffer.data(), &v6) == 1)
            return Address(v6);
    }
    return fail(EINVAL, fmt::format("'{}' is not an IPv4 or IPv6 address", text));
}

Result<Address> Address::from_bytes(std::span<const std::uint8_t> bytes)
{
    Address address;
    if (bytes.size() == 4)
        address.family_ = AF_INET;
    else if (bytes.size() == 16)
        address.family_ = AF_INET6;
    else
        return fail(EINVAL, fmt::format("an address has 4 or 16 bytes, not {}", bytes.size()));
    std::ranges::copy(bytes, address.bytes_.begin());
    return address;
}

bool Address::is_any() const noexcept
{
    return family_ != AF_UNSPEC && std::ranges::all_of(bytes_, [](auto byte) { return byte == 0; });
}

bool Address::is_loopback() const noexcept
{
    if (is_v4())
        return bytes_[0] == 127;
    in6_addr address = v6();
    return is_v6() && IN6_IS_ADDR_LOOPBACK(&address);
}

bool Address::is_multicast() const noexcept
{
    if (is_v4())
        return (bytes_[0] & 0xf0) == 0xe0;
    return is_v6() && bytes_[0] == 0xff;
}

bool Address::is_link_local() const noexcept
{
    if (is_v4())
        return bytes_[0] == 169 && bytes_[1] == 254;
    return is_v6() && bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

unsigned Address::width() const noexcept
{
    return static_cast<unsigned>(bytes().size()) * 8;
}

std::span<const std::uint8_t> Address::bytes() const noexcept
{
    std::size_t size = is_v4() ? 4 : is_v6() ? 16 : 0;
    return {bytes_.data(), size};
}

in_addr Address::v4() const noexcept
{
    in_addr address{};
    std::memcpy(&address, bytes_.data(), sizeof(address));
    return address;
}

in6_addr Address::v6() const noexcept
{
    in6_addr address{};
    std::memcpy(&address, bytes_.data(), sizeof(address));
    return address;
}

Address Address::masked(unsigned prefix) const noexcept
{
    Address result = *this;
    for (unsigned i = 0; i < result.bytes().size(); i++) {
        unsigned bits = prefix > i * 8 ? std::min(prefix - i * 8, 8u) : 0;
        result.bytes_[i] = static_cast<std::uint8_t>(result.bytes_[i] & (0xff00u >> bits));
    }
    return result;
}

std::string Address::to_string() const
{
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (empty() || !inet_ntop(family_, bytes_.data(), buffer.data(), buffer.size()))
        return "none";
    return buffer.data();
}

Result<Prefix> Prefix::parse(std::string_view text)
{
    auto slash = text.find('/');
    auto address = Address::parse(text.substr(0, slash));
    if (!address)
        return pass_on(address);
    if (slash == std::string_view::npos)
        return Prefix{*address, address->width()};
    auto length = parse_number(text.substr(slash + 1), 0, address->width());
    if (!length)
        return fail(EINVAL, fmt::format("prefix length of '{}': {}", text, length.error().message));
    return Prefix{*address, static_cast<unsigned>(*length)};
}

bool Prefix::contains(const Address& other) const noexcept
{
    return other.family() == address.family() && other.masked(length) == address.masked(length);
}

std::string Prefix::to_string() const
{
    return length == address.width() ? address.to_string()
                                     : fmt::format("{}/{}", address.to_string(), length);
}

} // namespace weir
