// SPDX-License-Identifier: GPL-2.0
#include "libweir/conn.h"

#include <linux/netlink.h>

namespace weir {
namespace {

Server server_named(const Endpoint& endpoint)
{
    Server server;
    server.endpoint = endpoint;
    return server;
}

void put_filter(NlMsg& message, const ConnFilter& filter)
{
    if (filter.service)
        put_service_key(message, *filter.service);
    if (filter.server)
        put_server(message, server_named(*filter.server), 0);

    NlMsg::Nest nest(message, WEIR_A_CONN);
    int family = filter.client            ? filter.client->address.family()
                 : filter.virtual_address ? filter.virtual_address->family()
                                          : AF_UNSPEC;
    if (family != AF_UNSPEC)
        message.put_u32(WEIR_A_CONN_FAMILY, static_cast<std::uint32_t>(family));
    if (filter.protocol)
        message.put_u32(WEIR_A_CONN_PROTOCOL, static_cast<std::uint32_t>(*filter.protocol));
    if (filter.client) {
        message.put_address(WEIR_A_CONN_CLIENT_ADDR, filter.client->address);
        if (filter.client->length != filter.client->address.width())
            message.put_u32(WEIR_A_CONN_CLIENT_PREFIX, filter.client->length);
    }
    if (filter.client_port)
        message.put_be16(WEIR_A_CONN_CLIENT_PORT, *filter.client_port);
    if (filter.virtual_address)
        message.put_address(WEIR_A_CONN_VIRTUAL_ADDR, *filter.virtual_address);
    if (filter.virtual_port)
        message.put_be16(WEIR_A_CONN_VIRTUAL_PORT, *filter.virtual_port);
    if (filter.state)
        message.put_u32(WEIR_A_CONN_STATE, *filter.state);
}

} // namespace

std::optional<Conn> parse_conn(const AttrSet& attrs)
{
    auto client = attrs.address(WEIR_A_CONN_CLIENT_ADDR);
    auto virtual_address = attrs.address(WEIR_A_CONN_VIRTUAL_ADDR);
    auto server = attrs.address(WEIR_A_CONN_SERVER_ADDR);
    if (!client)
        return std::nullopt;
    auto value = [&](unsigned type) { return attrs.u32(type).value_or(0); };
    auto port = [&](unsigned type) { return attrs.be16(type).value_or(0); };
    Conn conn;
    conn.protocol = static_cast<int>(value(WEIR_A_CONN_PROTOCOL));
    conn.client = {*client, port(WEIR_A_CONN_CLIENT_PORT)};
    conn.virtual_end = {virtual_address.value_or(Address()), port(WEIR_A_CONN_VIRTUAL_PORT)};
    conn.server = {server.value_or(Address()), port(WEIR_A_CONN_SERVER_PORT)};
    if (auto local = attrs.address(WEIR_A_CONN_LOCAL_ADDR))
        conn.local = Endpoint{*local, port(WEIR_A_CONN_LOCAL_PORT)};
    conn.service_id = value(WEIR_A_CONN_SERVICE_ID);
    conn.server_id = value(WEIR_A_CONN_SERVER_ID);
    conn.method = static_cast<weir_method>(value(WEIR_A_CONN_METHOD));
    conn.state = static_cast<weir_state>(value(WEIR_A_CONN_STATE));
    conn.flags = value(WEIR_A_CONN_FLAGS);
    conn.expires = value(WEIR_A_CONN_EXPIRES);
    return conn;
}

Result<void> conns_each(NlSocket& socket, const ConnFilter& filter,
                        const std::function<void(const Conn&)>& visit)
{
    NlMsg message(WEIR_CMD_CONN_GET);
    put_filter(message, filter);
    return socket.dump_each(message, [&](const Answer& answer) {
        if (auto conn = parse_conn(answer.attrs.nest(WEIR_A_CONN)))
            visit(*conn);
    });
}

Result<void> conn_del(NlSocket& socket, const Conn& conn)
{
    NlMsg message(WEIR_CMD_CONN_DEL);
    {
        NlMsg::Nest nest(message, WEIR_A_CONN);
        message.put_u32(WEIR_A_CONN_FAMILY, static_cast<std::uint32_t>(conn.client.address.family()));
        message.put_u32(WEIR_A_CONN_PROTOCOL, static_cast<std::uint32_t>(conn.protocol));
        message.put_address(WEIR_A_CONN_CLIENT_ADDR, conn.client.address);
        message.put_be16(WEIR_A_CONN_CLIENT_PORT, conn.client.port);
        message.put_address(WEIR_A_CONN_VIRTUAL_ADDR, conn.virtual_end.address);
        message.put_be16(WEIR_A_CONN_VIRTUAL_PORT, conn.virtual_end.port);
    }
    return socket.request(message);
}

} // namespace weir
