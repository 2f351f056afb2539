// SPDX-License-Identifier: GPL-2.0
// Addresses, prefixes, endpoints and port ranges: what is taken is printed, and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/endpoint.h"
#include "base/number.h"

namespace {

template <typename T>
void round_trip(std::string_view text)
{
    auto parsed = T::parse(text);
    if (!parsed)
        return;
    auto again = T::parse(parsed->to_string());
    if (!again || !(*again == *parsed))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text(reinterpret_cast<const char*>(data), size);
    round_trip<weir::Address>(text);
    round_trip<weir::Prefix>(text);
    round_trip<weir::PortRange>(text);
    round_trip<weir::Endpoint>(text);
    round_trip<weir::EndpointRange>(text);
    if (auto number = weir::parse_number(text, 5, 1000); number && (*number < 5 || *number > 1000))
        std::abort();
    return 0;
}
