// SPDX-License-Identifier: GPL-2.0
#include "weiradm/arguments.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/number.h"

namespace weir {

Result<Endpoint> parse_server_word(const std::string& text, const ServiceKey& service)
{
    auto endpoint = Endpoint::parse(text);
    if (!endpoint)
        return fail(EINVAL, endpoint.error().message, "server");
    bool has_port = text != endpoint->address.to_string() && !text.ends_with(']') &&
                    text.rfind(':') != std::string::npos && !Address::parse(text);
    if (!has_port && service.ports.single())
        endpoint->port = service.ports.first;
    return endpoint;
}

Result<bool> parse_switch(const std::string& text)
{
    if (text == "on" || text == "yes" || text == "1" || text == "true")
        return true;
    if (text == "off" || text == "no" || text == "0" || text == "false")
        return false;
    return fail(EINVAL, fmt::format("'{}': on or off is expected", text));
}

Result<Timeouts> parse_timeouts_word(const std::string& text)
{
    Timeouts timeouts;
    for (std::size_t start = 0; start <= text.size();) {
        std::size_t end = std::min(text.find(',', start), text.size());
        std::string item = text.substr(start, end - start);
        std::size_t equals = std::min(item.find('='), item.size());
        auto state = state_from_word(std::string_view(item).substr(0, equals));
        if (!state || equals == item.size())
            return fail(EINVAL, fmt::format("'{}': STATE=SECONDS is expected, as in established=900", item));
        auto seconds = parse_number(std::string_view(item).substr(equals + 1), 0, WEIR_TIMEOUT_MAX);
        if (!seconds)
            return fail(EINVAL, seconds.error().message, item.substr(0, equals));
        timeouts[*state] = static_cast<std::uint32_t>(*seconds);
        start = end + 1;
    }
    return timeouts;
}

} // namespace weir
