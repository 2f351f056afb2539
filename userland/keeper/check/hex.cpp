// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/number.h"
#include "keeper/check/spec.h"

namespace weir::keeper {
namespace {

/// A digit's value and mask; -1 if it is none.
struct Nibble {
    int value;
    std::uint8_t mask = 0xf;
};

Nibble nibble(char c, bool wildcards)
{
    if (c >= '0' && c <= '9')
        return {c - '0'};
    if (c >= 'a' && c <= 'f')
        return {c - 'a' + 10};
    if (c >= 'A' && c <= 'F')
        return {c - 'A' + 10};
    if (wildcards && (c == 'x' || c == 'X'))
        return {0, 0};
    return {-1};
}

constexpr bool blank(char c)
{
    return c == ' ' || c == '\t';
}

} // namespace

Result<HexPattern> HexPattern::parse(std::string_view text, bool wildcards)
{
    HexPattern pattern;
    for (std::size_t i = 0; i < text.size();) {
        if (blank(text[i])) {
            i++;
            continue;
        }
        // a digit that stands alone is a byte: "3 45" is 03 45
        bool pair = i + 1 < text.size() && !blank(text[i + 1]);
        Nibble high = pair ? nibble(text[i], wildcards) : Nibble{0, 0xf};
        Nibble low = nibble(text[i + pair], wildcards);
        if (high.value < 0 || low.value < 0)
            return fail(EINVAL, fmt::format("'{}' is no string of hexadecimal digits", text));
        pattern.bytes.push_back(static_cast<std::uint8_t>(high.value << 4 | low.value));
        pattern.mask.push_back(static_cast<std::uint8_t>(high.mask << 4 | low.mask));
        i += 1u + pair;
    }
    if (pattern.bytes.empty())
        return fail(EINVAL, "no hexadecimal digits");
    return pattern;
}

Result<Digest> parse_digest(std::string_view text)
{
    auto pattern = HexPattern::parse(text, false);
    Digest digest;
    bool whole = text.size() == 2 * digest.size() && text.find_first_of(" \t") == std::string_view::npos;
    if (!pattern || !whole)
        return fail(EINVAL, fmt::format("'{}' is no MD5 digest: 32 hexadecimal digits", text));
    std::copy(pattern->bytes.begin(), pattern->bytes.end(), digest.begin());
    return digest;
}

Result<void> add_status_codes(std::string_view text, StatusCodes& codes)
{
    auto dash = text.find('-');
    auto first = parse_number(text.substr(0, dash), 100, 599);
    auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1), 100, 599);
    if (!first || !last || *first > *last)
        return fail(EINVAL, fmt::format("'{}' is no status code or range: 100 to 599, 200-299", text));
    for (auto code = *first; code <= *last; code++)
        codes.set(code);
    return {};
}

StatusCodes default_status_codes()
{
    StatusCodes codes;
    for (std::size_t code = 200; code < 300; code++)
        codes.set(code);
    return codes;
}

} // namespace weir::keeper
