// SPDX-License-Identifier: GPL-2.0
#include "libweir/pool.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weir {
namespace {

/// The address with all bits behind the first `prefix` set.
Address last_of(const Address& address, unsigned prefix)
{
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    for (unsigned bit = prefix; bit < address.width(); bit++)
        bytes[bit / 8] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
    return *Address::from_bytes({bytes.data(), address.width() / 8});
}

Address next(const Address& address)
{
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    std::size_t size = address.width() / 8;
    for (std::size_t i = size; i-- > 0;)
        if (++bytes[i])
            break;
    return *Address::from_bytes({bytes.data(), size});
}

void put_ranges(NlMsg& message, const std::vector<AddressRange>& ranges)
{
    for (const AddressRange& range : ranges) {
        NlMsg::Nest nest(message, WEIR_A_POOL_RANGE);
        message.put_address(WEIR_A_RANGE_FIRST, range.first);
        if (range.last != range.first)
            message.put_address(WEIR_A_RANGE_LAST, range.last);
    }
}

void put_ports(NlMsg& message, const PortRange& ports)
{
    message.put_be16(WEIR_A_POOL_PORT, ports.first);
    message.put_be16(WEIR_A_POOL_PORT_END, ports.last);
}

} // namespace

Result<AddressRange> AddressRange::parse(std::string_view text)
{
    if (auto dash = text.find('-'); dash != std::string_view::npos) {
        auto first = Address::parse(text.substr(0, dash));
        if (!first)
            return pass_on(first);
        auto last = Address::parse(text.substr(dash + 1));
        if (!last)
            return pass_on(last);
        if (first->family() != last->family() || *last < *first)
            return fail(EINVAL, fmt::format("'{}': the range has to rise", text));
        return AddressRange{*first, *last};
    }
    auto prefix = Prefix::parse(text);
    if (!prefix)
        return pass_on(prefix);
    if (prefix->address.masked(prefix->length) != prefix->address)
        return fail(EINVAL, fmt::format("'{}': the address has bits behind the prefix", text));
    return AddressRange{prefix->address, last_of(prefix->address, prefix->length)};
}

std::string AddressRange::to_string() const
{
    return first == last ? first.to_string() : first.to_string() + "-" + last.to_string();
}

std::vector<Address> AddressRange::addresses(std::size_t max) const
{
    std::vector<Address> all;
    for (Address address = first; all.size() < max; address = next(address)) {
        all.push_back(address);
        if (address == last)
            break;
    }
    return all;
}

bool is_pool_name(std::string_view name)
{
    auto visible = [](char c) { return c > ' ' && c <= '~'; };
    return !name.empty() && name.size() <= WEIR_POOL_NAME_MAX && name[0] != '#' &&
           std::ranges::all_of(name, visible);
}

Result<std::string> pool_from_word(std::string_view word)
{
    if (word == "none")
        return std::string();
    if (!is_pool_name(word))
        return fail(EINVAL, fmt::format("a pool's name has 1 to {} visible characters", WEIR_POOL_NAME_MAX));
    return std::string(word);
}

std::string ranges_word(const std::vector<AddressRange>& ranges)
{
    std::string text;
    for (const AddressRange& range : ranges)
        text += (text.empty() ? "" : ",") + range.to_string();
    return text;
}

void put_pool(NlMsg& message, const Pool& pool)
{
    NlMsg::Nest nest(message, WEIR_A_POOL);
    message.put_string(WEIR_A_POOL_NAME, pool.name);
    if (!pool.owner.empty())
        message.put_string(WEIR_A_POOL_OWNER, pool.owner);
    int family = pool.config.ranges.empty() ? AF_INET : pool.config.ranges.front().first.family();
    message.put_u32(WEIR_A_POOL_FAMILY, static_cast<std::uint32_t>(family));
    put_ranges(message, pool.config.ranges);
    put_ports(message, pool.config.ports);
}

std::optional<Pool> parse_pool(const AttrSet& attrs)
{
    auto name = attrs.string(WEIR_A_POOL_NAME);
    if (!name)
        return std::nullopt;
    auto number = [&](unsigned type) { return attrs.u32(type).value_or(0); };
    auto count = [&](unsigned type) { return attrs.u64(type).value_or(0); };
    Pool pool;
    pool.name = *name;
    attrs.each(WEIR_A_POOL_RANGE, [&](Bytes bytes) {
        AttrSet range(bytes);
        if (auto first = range.address(WEIR_A_RANGE_FIRST))
            pool.config.ranges.push_back({*first, range.address(WEIR_A_RANGE_LAST).value_or(*first)});
    });
    pool.config.ports = {attrs.be16(WEIR_A_POOL_PORT).value_or(0),
                         attrs.be16(WEIR_A_POOL_PORT_END).value_or(0)};
    pool.owner = attrs.string(WEIR_A_POOL_OWNER).value_or("");
    pool.id = number(WEIR_A_POOL_ID);
    pool.addresses = number(WEIR_A_POOL_ADDRS);
    pool.services = number(WEIR_A_POOL_SERVICES);
    pool.conns = number(WEIR_A_POOL_CONNS);
    pool.taken = count(WEIR_A_POOL_TAKEN);
    pool.refused = count(WEIR_A_POOL_REFUSED);
    pool.host = count(WEIR_A_POOL_HOST);
    return pool;
}

Result<void> pool_add(NlSocket& socket, const Pool& pool)
{
    NlMsg message(WEIR_CMD_POOL_NEW);
    put_pool(message, pool);
    return socket.request(message);
}

Result<void> pool_set(NlSocket& socket, const Pool& pool, bool addresses, bool ports)
{
    NlMsg message(WEIR_CMD_POOL_SET);
    {
        NlMsg::Nest nest(message, WEIR_A_POOL);
        message.put_string(WEIR_A_POOL_NAME, pool.name);
        if (addresses)
            put_ranges(message, pool.config.ranges);
        if (ports)
            put_ports(message, pool.config.ports);
    }
    return socket.request(message);
}

Result<void> pool_del(NlSocket& socket, const std::string& name)
{
    NlMsg message(WEIR_CMD_POOL_DEL);
    {
        NlMsg::Nest nest(message, WEIR_A_POOL);
        message.put_string(WEIR_A_POOL_NAME, name);
    }
    return socket.request(message);
}

Result<std::vector<Pool>> pools_list(NlSocket& socket)
{
    NlMsg message(WEIR_CMD_POOL_GET);
    return socket.dump(message,
                       [](const Answer& answer) { return parse_pool(answer.attrs.nest(WEIR_A_POOL)); });
}

} // namespace weir
