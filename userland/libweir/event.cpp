// SPDX-License-Identifier: GPL-2.0
#include "libweir/event.h"

#include <linux/weir.h>

namespace weir {
namespace {

std::optional<Event::What> what_of(std::uint8_t command)
{
    using What = Event::What;
    switch (command) {
    case WEIR_CMD_SERVICE_ADD_NTF: return What::service_added;
    case WEIR_CMD_SERVICE_CHANGE_NTF: return What::service_changed;
    case WEIR_CMD_SERVICE_DEL_NTF: return What::service_deleted;
    case WEIR_CMD_SERVER_ADD_NTF: return What::server_added;
    case WEIR_CMD_SERVER_CHANGE_NTF: return What::server_changed;
    case WEIR_CMD_SERVER_DEL_NTF: return What::server_deleted;
    case WEIR_CMD_CONFIG_CHANGE_NTF: return What::config_changed;
    case WEIR_CMD_POOL_ADD_NTF: return What::pool_added;
    case WEIR_CMD_POOL_CHANGE_NTF: return What::pool_changed;
    case WEIR_CMD_POOL_DEL_NTF: return What::pool_deleted;
    case WEIR_CMD_POOL_FULL_NTF: return What::pool_full;
    default: return std::nullopt;
    }
}

} // namespace

std::string_view event_word(Event::What what)
{
    using What = Event::What;
    switch (what) {
    case What::service_added: return "service-added";
    case What::service_changed: return "service-changed";
    case What::service_deleted: return "service-deleted";
    case What::server_added: return "server-added";
    case What::server_changed: return "server-changed";
    case What::server_deleted: return "server-deleted";
    case What::config_changed: return "config-changed";
    case What::pool_added: return "pool-added";
    case What::pool_changed: return "pool-changed";
    case What::pool_deleted: return "pool-deleted";
    case What::pool_full: return "pool-exhausted";
    case What::service_present: return "service-present";
    case What::server_present: return "server-present";
    }
    return "unknown";
}

std::optional<Event> parse_event(const Answer& answer)
{
    auto what = what_of(answer.command);
    if (!what)
        return std::nullopt;
    Event event;
    event.what = *what;
    event.service = parse_service(answer.attrs.nest(WEIR_A_SERVICE));
    event.server = parse_server(answer.attrs.nest(WEIR_A_SERVER));
    event.pool = parse_pool(answer.attrs.nest(WEIR_A_POOL));
    event.owner = answer.attrs.string(WEIR_A_OWNER).value_or("");
    event.generation = answer.attrs.u32(WEIR_A_GENERATION).value_or(0);
    return event;
}

Result<EventSocket> EventSocket::create()
{
    auto socket = NlSocket::create();
    if (!socket)
        return pass_on(socket);
    if (auto joined = socket->join(WEIR_MCGRP_CONFIG); !joined)
        return pass_on(joined);
    return EventSocket(std::move(*socket));
}

Result<void> EventSocket::receive(const std::function<void(const Event&)>& visit)
{
    return socket_.receive_events([&](const Answer& answer) {
        if (auto event = parse_event(answer))
            visit(*event);
    });
}

} // namespace weir
