// SPDX-License-Identifier: GPL-2.0
#include "libweir/server.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include "base/number.h"
#include "libweir/service.h"

namespace weir {
namespace {

constexpr std::string_view method_words[] = {"nat", "local", "tun", "dr", "fullnat"};

constexpr std::string_view tunnel_words[] = {"ipip", "gue", "gre"};

void put_server_key(NlMsg& message, const Endpoint& endpoint)
{
    message.put_u32(WEIR_A_SERVER_FAMILY, static_cast<std::uint32_t>(endpoint.address.family()));
    message.put_address(WEIR_A_SERVER_ADDR, endpoint.address);
    message.put_be16(WEIR_A_SERVER_PORT, endpoint.port);
}

Result<void> send_key(NlSocket& socket, std::uint8_t command, const ServiceKey& service,
                      const Endpoint& endpoint, const NlSocket::OnAnswer& answer = {})
{
    NlMsg message(command);
    put_service_key(message, service);
    {
        NlMsg::Nest nest(message, WEIR_A_SERVER);
        put_server_key(message, endpoint);
    }
    return socket.request(message, answer);
}

template <typename Put>
Result<void> send_set(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint, Put put)
{
    NlMsg message(WEIR_CMD_SERVER_SET);
    put_service_key(message, service);
    {
        NlMsg::Nest nest(message, WEIR_A_SERVER);
        put_server_key(message, endpoint);
        put(message);
    }
    return socket.request(message);
}

} // namespace

std::string_view method_word(weir_method method)
{
    return static_cast<unsigned>(method) < std::size(method_words) ? method_words[method] : "unknown";
}

std::optional<weir_method> method_from_word(std::string_view word)
{
    for (unsigned i = 0; i < std::size(method_words); i++)
        if (method_words[i] == word)
            return static_cast<weir_method>(i);
    return std::nullopt;
}

std::string tunnel_word(const Tunnel& tunnel)
{
    std::string word(static_cast<unsigned>(tunnel.type) < std::size(tunnel_words) ? tunnel_words[tunnel.type]
                                                                                  : "unknown");
    if (tunnel.port)
        word += fmt::format(":{}", tunnel.port);
    if (tunnel.flags & WEIR_TUNNEL_F_CSUM)
        word += ",csum";
    if (tunnel.flags & WEIR_TUNNEL_F_REMCSUM)
        word += ",remcsum";
    return word;
}

Result<Tunnel> tunnel_from_word(std::string_view word)
{
    auto wrong = [&](std::string_view why) {
        return fail(EINVAL, fmt::format("'{}' is no tunnel: {}", word, why));
    };
    Tunnel tunnel;
    std::string_view rest = word;
    if (std::size_t comma = rest.find(','); comma != rest.npos) {
        std::string_view flag = rest.substr(comma + 1);
        if (flag == "csum")
            tunnel.flags = WEIR_TUNNEL_F_CSUM;
        else if (flag == "remcsum")
            tunnel.flags = WEIR_TUNNEL_F_REMCSUM;
        else
            return wrong("csum or remcsum may follow the comma");
        rest = rest.substr(0, comma);
    }
    if (std::size_t colon = rest.find(':'); colon != rest.npos) {
        auto port = parse_number(rest.substr(colon + 1), 1, 65535);
        if (!port)
            return wrong("a port is 1 to 65535");
        tunnel.port = static_cast<std::uint16_t>(*port);
        rest = rest.substr(0, colon);
    }
    for (unsigned i = 0; i < std::size(tunnel_words); i++) {
        if (tunnel_words[i] != rest)
            continue;
        tunnel.type = static_cast<weir_tunnel_type>(i);
        return tunnel; // what goes together the kernel knows
    }
    return wrong("ipip, gre[,csum] or gue:PORT[,csum|,remcsum] is expected");
}

void put_server(NlMsg& message, const Server& server, unsigned fields)
{
    NlMsg::Nest nest(message, WEIR_A_SERVER);
    put_server_key(message, server.endpoint);
    if (fields & SERVER_METHOD)
        message.put_u32(WEIR_A_SERVER_METHOD, server.config.method);
    if (fields & SERVER_WEIGHT)
        message.put_u32(WEIR_A_SERVER_WEIGHT, server.config.weight);
    if (fields & SERVER_UPPER)
        message.put_u32(WEIR_A_SERVER_UPPER, server.config.upper);
    if (fields & SERVER_LOWER)
        message.put_u32(WEIR_A_SERVER_LOWER, server.config.lower);
    // a request that names another method needs no tunnel to be taken back
    bool other = (fields & SERVER_METHOD) && server.config.method != WEIR_METHOD_TUN;
    if ((fields & SERVER_TUNNEL) && !(other && server.config.tunnel == Tunnel())) {
        message.put_u32(WEIR_A_SERVER_TUN_TYPE, server.config.tunnel.type);
        message.put_be16(WEIR_A_SERVER_TUN_PORT, server.config.tunnel.port);
        message.put_u32(WEIR_A_SERVER_TUN_FLAGS, server.config.tunnel.flags);
    }
}

std::optional<Server> parse_server(const AttrSet& attrs)
{
    auto address = attrs.address(WEIR_A_SERVER_ADDR);
    if (!address)
        return std::nullopt;
    auto value = [&](unsigned type, std::uint32_t absent = 0) { return attrs.u32(type).value_or(absent); };
    Server server;
    server.endpoint = {*address, attrs.be16(WEIR_A_SERVER_PORT).value_or(0)};
    server.config.method = static_cast<weir_method>(value(WEIR_A_SERVER_METHOD, WEIR_METHOD_DR));
    server.config.weight = value(WEIR_A_SERVER_WEIGHT, 1);
    server.config.upper = value(WEIR_A_SERVER_UPPER);
    server.config.lower = value(WEIR_A_SERVER_LOWER);
    server.config.tunnel = {static_cast<weir_tunnel_type>(value(WEIR_A_SERVER_TUN_TYPE)),
                            attrs.be16(WEIR_A_SERVER_TUN_PORT).value_or(0), value(WEIR_A_SERVER_TUN_FLAGS)};
    server.id = value(WEIR_A_SERVER_ID);
    server.flags = value(WEIR_A_SERVER_FLAGS);
    server.weight_override = attrs.u32(WEIR_A_SERVER_OVERRIDE);
    server.drain = attrs.u32(WEIR_A_SERVER_DRAIN);
    server.active = value(WEIR_A_SERVER_ACTIVE);
    server.inactive = value(WEIR_A_SERVER_INACTIVE);
    server.persistent = value(WEIR_A_SERVER_PERSISTENT);
    server.stats.edit() = parse_stats(attrs.nest(WEIR_A_SERVER_STATS));
    return server;
}

Result<void> server_add(NlSocket& socket, const ServiceKey& service, const Server& server)
{
    NlMsg message(WEIR_CMD_SERVER_NEW);
    put_service_key(message, service);
    put_server(message, server, SERVER_ALL);
    return socket.request(message);
}

Result<void> server_set(NlSocket& socket, const ServiceKey& service, const Server& server, unsigned fields)
{
    NlMsg message(WEIR_CMD_SERVER_SET);
    put_service_key(message, service);
    put_server(message, server, fields);
    return socket.request(message);
}

Result<void> server_del(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint)
{
    return send_key(socket, WEIR_CMD_SERVER_DEL, service, endpoint);
}

Result<Server> server_get(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint)
{
    std::optional<Server> server;
    auto done = send_key(socket, WEIR_CMD_SERVER_GET, service, endpoint, [&](const Answer& answer) {
        server = parse_server(answer.attrs.nest(WEIR_A_SERVER));
    });
    if (!done)
        return pass_on(done);
    if (!server)
        return fail(EBADMSG, "the kernel's answer holds no server");
    return *server;
}

Result<void> server_drain(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint,
                          std::uint32_t deadline)
{
    return send_set(socket, service, endpoint,
                    [&](NlMsg& message) { message.put_u32(WEIR_A_SERVER_DRAIN, deadline); });
}

Result<void> server_override(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint,
                             std::uint32_t weight)
{
    return send_set(socket, service, endpoint,
                    [&](NlMsg& message) { message.put_u32(WEIR_A_SERVER_OVERRIDE, weight); });
}

Result<void> server_override_clear(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint)
{
    return send_set(socket, service, endpoint,
                    [](NlMsg& message) { message.put_flag(WEIR_A_SERVER_OVERRIDE_CLEAR); });
}

} // namespace weir
