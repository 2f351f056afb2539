// SPDX-License-Identifier: GPL-2.0
#include "base/number.h"

#include <charconv>

#include <fmt/format.h>

namespace weir {
namespace {

Result<std::uint64_t> parse(std::string_view digits, int base, std::string_view text, std::uint64_t min,
                            std::uint64_t max)
{
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
        return fail(EINVAL, fmt::format("'{}' is not a number", text));
    if (error == std::errc::result_out_of_range || value < min || value > max)
        return fail(ERANGE, fmt::format("{} is out of range, {} to {} is allowed", text, min, max));
    return value;
}

} // namespace

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max)
{
    return parse(text, 10, text, min, max);
}

Result<std::uint64_t> parse_number_any_base(std::string_view text, std::uint64_t min, std::uint64_t max)
{
    if (text.starts_with("0x") || text.starts_with("0X"))
        return parse(text.substr(2), 16, text, min, max);
    return parse(text, 10, text, min, max);
}

} // namespace weir
