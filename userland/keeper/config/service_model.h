// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <linux/weir.h>
#include <netinet/in.h>

#include "base/endpoint.h"
#include "base/rare.h"
#include "keeper/check/spec.h"
#include "keeper/config/command.h"
#include "keeper/config/diagnostic.h"
#include "libweir/tunnel.h"

/// Virtual services and their checks with their meaning: what the checker process works from. Passive data.
namespace weir::keeper {

/// One address and port, or one mark, that a virtual server answers for.
struct ServicePoint {
    std::uint32_t fwmark = 0; ///< 0: by address
    int family = AF_INET;
    Address address;
    std::uint16_t port = 0; ///< 0: all

    auto operator<=>(const ServicePoint&) const = default;
};

/// What becomes of a failed server's place in the table, and of its connections.
enum class OnFailure : std::uint8_t {
    forget, ///< it is removed; its connections go on as they can: keepalived's way
    reset,  ///< it is removed, and both ends of its connections are reset
    drain,  ///< it stays with weight 0: nothing new, its connections and persistent clients go on
};

/// How packets reach a server.
struct Forwarding {
    weir_method method = WEIR_METHOD_NAT;
    Tunnel tunnel; ///< with WEIR_METHOD_TUN
};

struct ServerNotify {
    Command up, down;

    bool operator==(const ServerNotify&) const = default;
};

struct RealServerConfig {
    Position at;
    Endpoint endpoint;
    std::uint32_t weight = 1;
    Forwarding forwarding;
    std::uint32_t upper = 0, lower = 0;
    bool inhibit = false;
    Rare<ServerNotify> notify;
    std::vector<SharedSpec> checks;
};

struct SorryServerConfig {
    Endpoint endpoint;
    std::uint32_t weight = 1;
    Forwarding forwarding;
    bool inhibit = false;
};

struct VirtualServerConfig {
    std::string name; ///< as keepalived tells FIFOs: "[192.0.2.1]:tcp:80", "FWM 5", "[web]:tcp"
    Position at;
    std::vector<ServicePoint> points;
    int protocol = IPPROTO_TCP;
    std::string scheduler = "wlc";
    std::uint32_t flags = 0;           ///< enum weir_service_flags
    std::uint32_t persist_timeout = 0; ///< seconds
    std::uint32_t persist_prefix = 0;  ///< 0: the whole address
    unsigned quorum = 1, hysteresis = 0;
    Command quorum_up, quorum_down;
    bool omega = false;
    bool suspend = false; ///< ha_suspend: no checks while no address of it is this machine's
    OnFailure on_failure = OnFailure::forget;
    std::optional<SorryServerConfig> sorry;
    std::vector<RealServerConfig> servers;
};

/// What global_defs and the outermost level say of services.
struct ServiceGlobal {
    std::map<weir_state, std::uint32_t> timeouts; ///< lvs_timeouts, seconds
    bool flush = false;                           ///< lvs_flush: at start, those of others too
    bool flush_on_stop = false;
    bool keep_on_stop = false;
    bool initial_notifies = false; ///< rs_init_notifies
    bool log_all_failures = false;
    std::optional<Fifo> fifo;
    Program fifo_reader;
    TlsFiles tls;
};

/// "[192.0.2.1]:tcp:80", as keepalived writes it
[[nodiscard]] std::string endpoint_word(const Endpoint& endpoint, int protocol);

} // namespace weir::keeper
