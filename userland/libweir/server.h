// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <linux/weir.h>

#include "base/endpoint.h"
#include "base/rare.h"
#include "base/result.h"
#include "libweir/attr.h"
#include "libweir/message.h"
#include "libweir/socket.h"
#include "libweir/stats.h"
#include "libweir/tunnel.h"

namespace weir {

struct ServiceKey;

/// What an operator sets of a server. The defaults are the kernel's.
struct ServerConfig {
    weir_method method = WEIR_METHOD_DR;
    std::uint32_t weight = 1;
    std::uint32_t upper = 0; ///< connections at which it counts as overloaded; 0: never
    std::uint32_t lower = 0; ///< connections below which it no longer does; 0: three quarters of upper
    Tunnel tunnel;           ///< with WEIR_METHOD_TUN; the default with every other method

    bool operator==(const ServerConfig&) const = default;
};

/// Which members of a ServerConfig a request names.
enum ServerFields : unsigned {
    SERVER_METHOD = 1 << 0,
    SERVER_WEIGHT = 1 << 1,
    SERVER_UPPER = 1 << 2,
    SERVER_LOWER = 1 << 3,
    SERVER_TUNNEL = 1 << 4,
    SERVER_ALL = (1 << 5) - 1,
};

/// A real server. Its key within the service is `endpoint`; port 0 is the port that the client asked for.
struct Server {
    Endpoint endpoint;
    ServerConfig config;

    // read-only
    std::uint32_t id = 0;
    std::uint32_t flags = 0;                      ///< enum weir_server_flags
    std::optional<std::uint32_t> weight_override; ///< an operator's weight
    std::optional<std::uint32_t> drain;           ///< seconds that are left of a drain; 0: no deadline
    std::uint32_t active = 0;
    std::uint32_t inactive = 0;
    std::uint32_t persistent = 0;
    Rare<Stats> stats; ///< of what was read: what is planned has none
};

/// "nat", "local", "tun", "dr", "fullnat"
[[nodiscard]] std::string_view method_word(weir_method method);
[[nodiscard]] std::optional<weir_method> method_from_word(std::string_view word);

/// "ipip", "gre", "gre,csum", "gue:6080", "gue:6080,csum", "gue:6080,remcsum"
[[nodiscard]] std::string tunnel_word(const Tunnel& tunnel);
[[nodiscard]] Result<Tunnel> tunnel_from_word(std::string_view word);

/// Adds a WEIR_A_SERVER nest with the key and the named settings.
void put_server(NlMsg& message, const Server& server, unsigned fields);
[[nodiscard]] std::optional<Server> parse_server(const AttrSet& attrs);

[[nodiscard]] Result<void> server_add(NlSocket& socket, const ServiceKey& service, const Server& server);
[[nodiscard]] Result<void> server_set(NlSocket& socket, const ServiceKey& service, const Server& server,
                                      unsigned fields);
[[nodiscard]] Result<void> server_del(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint);
[[nodiscard]] Result<Server> server_get(NlSocket& socket, const ServiceKey& service,
                                        const Endpoint& endpoint);
/// Nothing new for the server; what is connected after `deadline` seconds is reset, 0: never.
[[nodiscard]] Result<void> server_drain(NlSocket& socket, const ServiceKey& service, const Endpoint& endpoint,
                                        std::uint32_t deadline);
/// A weight that outranks the configured one until it is cleared.
[[nodiscard]] Result<void> server_override(NlSocket& socket, const ServiceKey& service,
                                           const Endpoint& endpoint, std::uint32_t weight);
/// Ends drain and override.
[[nodiscard]] Result<void> server_override_clear(NlSocket& socket, const ServiceKey& service,
                                                 const Endpoint& endpoint);

} // namespace weir
