// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <linux/weir.h>

#include "base/endpoint.h"
#include "base/result.h"
#include "libweir/service.h"
#include "libweir/socket.h"

namespace weir {

/// A connection or a template of persistence. Its key is {protocol, client, virtual}.
struct Conn {
    int protocol = 0;
    Endpoint client;
    Endpoint virtual_end;
    Endpoint server;
    std::optional<Endpoint> local; ///< fullnat: what the server sees as the client
    std::uint32_t service_id = 0;
    std::uint32_t server_id = 0;
    weir_method method = WEIR_METHOD_DR;
    weir_state state = WEIR_STATE_NONE;
    std::uint32_t flags = 0;   ///< enum weir_conn_flags
    std::uint32_t expires = 0; ///< milliseconds
};

/// Connections that agree with all that is given. The kernel looks through them; nothing else is sent here.
struct ConnFilter {
    std::optional<int> protocol;
    std::optional<Prefix> client;
    std::optional<std::uint16_t> client_port;
    std::optional<Address> virtual_address;
    std::optional<std::uint16_t> virtual_port;
    std::optional<weir_state> state;
    std::optional<ServiceKey> service;
    std::optional<Endpoint> server; ///< with `service` only
};

[[nodiscard]] std::optional<Conn> parse_conn(const AttrSet& attrs);

/// Hands over connection by connection, so that a table of a million needs no memory here. One that is opened
/// or closed meanwhile may or may not be among them.
[[nodiscard]] Result<void> conns_each(NlSocket& socket, const ConnFilter& filter,
                                      const std::function<void(const Conn&)>& visit);
/// Forgets one connection, resetting both ends.
[[nodiscard]] Result<void> conn_del(NlSocket& socket, const Conn& conn);

} // namespace weir
