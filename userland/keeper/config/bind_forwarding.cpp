// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "keeper/config/bind_service.h"

namespace weir::keeper {
namespace {

constexpr std::pair<std::string_view, weir_tunnel_type> types[] = {
    {"ipip", WEIR_TUNNEL_IPIP}, {"gue", WEIR_TUNNEL_GUE}, {"gre", WEIR_TUNNEL_GRE}};
constexpr std::pair<std::string_view, std::uint32_t> sums[] = {
    {"nocsum", 0}, {"csum", WEIR_TUNNEL_F_CSUM}, {"remcsum", WEIR_TUNNEL_F_REMCSUM}};

template <typename Table, typename Value>
bool take_word(const Table& table, std::string_view word, Value& value)
{
    for (const auto& [name, meaning] : table) {
        if (name != word)
            continue;
        value = meaning;
        return true;
    }
    return false;
}

/// The words behind TUN, in any order, as keepalived has them. Says what is wrong, or nothing, and where.
std::string_view read_tunnel(const Values& values, Tunnel& tunnel, std::size_t& i)
{
    for (i = 2; i < values.size(); i++) {
        std::string word = values.text(i);
        if (word == "type") {
            if (!take_word(types, values.text(++i), tunnel.type))
                return "the type of a tunnel is ipip, gue or gre";
        } else if (word == "port") {
            auto port = parse_integer(values.text(++i), 1, UINT16_MAX);
            if (!port)
                return "the port of a tunnel is a number of 1 to 65535";
            tunnel.port = static_cast<std::uint16_t>(*port);
        } else if (!take_word(sums, word, tunnel.flags)) {
            return "what goes with TUN is type, port, nocsum, csum and remcsum";
        }
    }
    i = 1;
    if (tunnel.type == WEIR_TUNNEL_GUE)
        return tunnel.port ? "" : "gue needs a port";
    if (tunnel.port)
        return "only gue has a port";
    if (tunnel.type == WEIR_TUNNEL_IPIP && tunnel.flags)
        return "ipip has no checksum";
    return tunnel.flags & WEIR_TUNNEL_F_REMCSUM ? "only gue has a remote checksum" : "";
}

} // namespace

void bind_forwarding(const Values& values, Forwarding& forwarding)
{
    forwarding = {};
    if (values.text() != "TUN") {
        forwarding.method = values.text() == "DR" ? WEIR_METHOD_DR : WEIR_METHOD_NAT;
        if (values.size() > 2)
            values.diagnostics().error(values.at(2), fmt::format("'{}' goes with TUN only", values.text(2)));
        return;
    }
    forwarding.method = WEIR_METHOD_TUN;
    std::size_t place = 1;
    if (auto wrong = read_tunnel(values, forwarding.tunnel, place); !wrong.empty())
        values.diagnostics().error(values.at(place), std::string(wrong));
}

} // namespace weir::keeper
