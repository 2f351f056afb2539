// SPDX-License-Identifier: GPL-2.0
#include "weiradm/service_word.h"

#include <fmt/format.h>

#include "base/number.h"

namespace weir {
namespace {

bool take(std::string_view& text, std::string_view start)
{
    if (!text.starts_with(start))
        return false;
    text.remove_prefix(start.size());
    return true;
}

Result<ServiceKey> parse_fwmark(std::string_view text)
{
    ServiceKey key;
    if (text.ends_with("/ipv6")) {
        key.family = AF_INET6;
        text.remove_suffix(5);
    }
    auto mark = parse_number_any_base(text, 1, UINT32_MAX);
    if (!mark)
        return fail(EINVAL, "firewall mark: " + mark.error().message);
    key.fwmark = static_cast<std::uint32_t>(*mark);
    return key;
}

} // namespace

std::string service_word(const ServiceKey& key)
{
    if (key.fwmark)
        return fmt::format("fwmark:{}{}", key.fwmark, key.family == AF_INET6 ? "/ipv6" : "");
    std::string protocol = key.protocol == IPPROTO_TCP   ? "tcp"
                           : key.protocol == IPPROTO_UDP ? "udp"
                                                         : std::to_string(key.protocol);
    return fmt::format("{}:{}", protocol, EndpointRange{key.address, key.ports}.to_string());
}

Result<ServiceKey> parse_service_word(std::string_view text)
{
    std::string_view rest = text;
    if (take(rest, "fwmark:"))
        return parse_fwmark(rest);
    ServiceKey key;
    key.protocol = IPPROTO_TCP;
    if (take(rest, "udp:"))
        key.protocol = IPPROTO_UDP;
    else
        (void)take(rest, "tcp:");
    auto range = EndpointRange::parse(rest);
    if (!range)
        return fail(EINVAL, fmt::format("'{}' is no service: {}", text, range.error().message));
    key.address = range->address;
    key.ports = range->ports;
    key.family = range->address.family();
    return key;
}

} // namespace weir
