// SPDX-License-Identifier: GPL-2.0
#include "toa/directors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>

#include <fmt/format.h>

namespace weir::toa {
namespace {

constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// IPv4's whole space is ::ffff:0:0/96.
bool is_everybody(const Prefix& prefix)
{
    if (prefix.length == 0)
        return true;
    if (prefix.address.is_v4() || prefix.length > 8 * mapped.size())
        return false;
    std::array<std::uint8_t, 16> first{};
    std::ranges::copy(mapped, first.begin());
    auto address = Address::from_bytes(first);
    return address && prefix.contains(*address);
}

} // namespace

Result<std::vector<Prefix>> parse_directors(const std::vector<std::string>& words)
{
    std::vector<Prefix> directors;
    for (const std::string& word : words) {
        std::istringstream list(word);
        for (std::string item; std::getline(list, item, ',');) {
            auto prefix = Prefix::parse(item);
            if (!prefix)
                return fail(EINVAL, prefix.error().message, "--director");
            if (is_everybody(*prefix))
                return fail(EINVAL, fmt::format("{}: anybody could name any address", item), "--director");
            prefix->address = prefix->address.masked(prefix->length);
            directors.push_back(*prefix);
        }
    }
    std::ranges::sort(directors);
    directors.erase(std::unique(directors.begin(), directors.end()), directors.end());
    if (directors.empty())
        return fail(EINVAL, "a director's address or prefix is missing", "--director");
    if (directors.size() > WEIR_TOA_DIRECTORS_MAX)
        return fail(EINVAL, fmt::format("more than {} prefixes", WEIR_TOA_DIRECTORS_MAX), "--director");
    return directors;
}

weir_toa_prefix key_of(const Prefix& prefix)
{
    weir_toa_prefix key{};
    std::size_t skip = 0;
    key.length = prefix.length;
    if (prefix.address.is_v4()) {
        skip = mapped.size();
        key.length += 8 * mapped.size();
        std::ranges::copy(mapped, key.addr);
    }
    std::ranges::copy(prefix.address.bytes(), key.addr + skip);
    return key;
}

Prefix prefix_of(const weir_toa_prefix& key)
{
    std::span<const std::uint8_t> bytes(key.addr);
    std::size_t skip = 0;
    if (key.length >= 8 * mapped.size() && std::ranges::equal(mapped, bytes.first(mapped.size())))
        skip = mapped.size();
    auto address = Address::from_bytes(bytes.subspan(skip));
    return {address.value_or(Address()), key.length - static_cast<unsigned>(8 * skip)};
}

std::string to_string(const std::vector<Prefix>& directors)
{
    std::string text;
    for (const Prefix& prefix : directors)
        text += (text.empty() ? "" : " ") + prefix.to_string();
    return text;
}

} // namespace weir::toa
