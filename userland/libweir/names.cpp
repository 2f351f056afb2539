// SPDX-License-Identifier: GPL-2.0
#include "libweir/names.h"

#include <array>
#include <span>

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/weir.h>

namespace weir {
namespace {

struct Name {
    std::string_view name;
    std::span<const Name> nested = {};
};

constexpr Name timeout_names[] = {{"unspec"}, {"state"}, {"seconds"}};
static_assert(std::size(timeout_names) == __WEIR_A_TIMEOUT_MAX);

constexpr Name service_names[] = {
    {"unspec"},
    {"id"},
    {"family"},
    {"protocol"},
    {"address"},
    {"port"},
    {"port-end"},
    {"fwmark"},
    {"owner"},
    {"scheduler"},
    {"flags"},
    {"persistent"},
    {"netmask"},
    {"slow-start"},
    {"syn-retry"},
    {"on-gone"},
    {"mh-size"},
    {"seed"},
    {"timeout", timeout_names},
    {"stats"},
    {"servers"},
    {"pool"},
    {"proxy-protocol"},
};
static_assert(std::size(service_names) == __WEIR_A_SERVICE_MAX);

constexpr Name server_names[] = {
    {"unspec"},      {"id"},          {"family"}, {"address"},  {"port"},           {"method"},    {"weight"},
    {"u-threshold"}, {"l-threshold"}, {"flags"},  {"override"}, {"override-clear"}, {"drain"},     {"active"},
    {"inactive"},    {"persistent"},  {"stats"},  {"tun-type"}, {"tun-port"},       {"tun-flags"},
};
static_assert(std::size(server_names) == __WEIR_A_SERVER_MAX);

constexpr Name conn_names[] = {
    {"unspec"},         {"pad"},         {"family"},          {"protocol"},      {"client-address"},
    {"client-prefix"},  {"client-port"}, {"virtual-address"}, {"virtual-port"},  {"server-family"},
    {"server-address"}, {"server-port"}, {"service-id"},      {"server-id"},     {"method"},
    {"state"},          {"flags"},       {"expires"},         {"local-address"}, {"local-port"},
};
static_assert(std::size(conn_names) == __WEIR_A_CONN_MAX);

constexpr Name config_names[] = {
    {"unspec"},        {"timeout", timeout_names},
    {"conn-max"},      {"service-max"},
    {"staged-max"},    {"express"},
    {"sloppy-tcp"},    {"expire-quiescent"},
    {"conn-count"},    {"conn-buckets"},
    {"service-count"}, {"express-device"},
};
static_assert(std::size(config_names) == __WEIR_A_CONFIG_MAX);

constexpr Name range_names[] = {{"unspec"}, {"first"}, {"last"}};
static_assert(std::size(range_names) == __WEIR_A_RANGE_MAX);

constexpr Name pool_names[] = {
    {"unspec"}, {"pad"},   {"id"},        {"name"},     {"family"}, {"owner"}, {"address", range_names},
    {"ports"},  {"ports"}, {"addresses"}, {"services"}, {"conns"},  {"taken"}, {"refused"},
    {"host"},
};
static_assert(std::size(pool_names) == __WEIR_A_POOL_MAX);

constexpr Name top_names[] = {
    {"unspec"},
    {"service", service_names},
    {"server", server_names},
    {"conn", conn_names},
    {"config", config_names},
    {"counter"},
    {"owner"},
    {"generation"},
    {"mode"},
    {"changed"},
    {"staged"},
    {"pool", pool_names},
};
static_assert(std::size(top_names) == __WEIR_A_MAX);

std::string name_of(std::span<const Name> names, unsigned type)
{
    return type < names.size() ? std::string(names[type].name) : "attribute " + std::to_string(type);
}

unsigned count(Bytes attrs, unsigned type)
{
    unsigned number = 0;
    while (auto attr = next_attribute(attrs))
        number += attr->type == type;
    return number;
}

struct Found {
    std::string path;
    std::span<const Name> nested; // the set inside it
};

/// Walks down to the attribute that starts at `offset`. Nests that are repeated get a number: "server[2]".
Found find(Bytes attrs, std::span<const Name> names, std::size_t offset)
{
    std::size_t position = 0;
    Bytes rest = attrs;
    std::array<unsigned, 32> seen{}; // attributes of each type before this one
    while (auto attr = next_attribute(rest)) {
        std::size_t end = attrs.size() - rest.size();
        std::span<const Name> nested =
            attr->type < names.size() ? names[attr->type].nested : std::span<const Name>();
        std::string name = name_of(names, attr->type);
        if (!nested.empty() && count(attrs, attr->type) > 1)
            name += fmt::format("[{}]", attr->type < seen.size() ? seen[attr->type]++ : 0);
        if (offset == position)
            return {name, nested};
        if (offset < end && !nested.empty()) {
            Found inner = find(attr->payload, nested, offset - position - NLA_HDRLEN);
            if (!inner.path.empty())
                inner.path = name + "." + inner.path;
            return inner;
        }
        position = end;
    }
    return {};
}

} // namespace

std::string attr_name_at(Bytes attrs, std::size_t offset)
{
    return find(attrs, top_names, offset).path;
}

std::string attr_name_missing(Bytes attrs, bool nest_given, std::size_t offset, unsigned type)
{
    if (!nest_given)
        return name_of(top_names, type);
    Found nest = find(attrs, top_names, offset);
    return nest.path.empty() ? name_of(top_names, type) : nest.path + "." + name_of(nest.nested, type);
}

} // namespace weir
