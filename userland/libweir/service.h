// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <linux/weir.h>
#include <netinet/in.h>

#include "base/endpoint.h"
#include "base/result.h"
#include "libweir/server.h"
#include "libweir/socket.h"
#include "libweir/stats.h"
#include "libweir/timeout.h"

namespace weir {

/// What names a virtual service: protocol, address and ports, or a firewall mark.
struct ServiceKey {
    std::uint32_t fwmark = 0; ///< 0: by address
    int family = AF_INET;
    int protocol = 0; ///< IPPROTO_TCP or IPPROTO_UDP; 0 with a mark
    Address address;  ///< empty with a mark
    PortRange ports;  ///< {0, 0}: all, needs persistence

    /// "TCP 192.0.2.1:80", "FWM 5", "FWM 5 IPv6"
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const ServiceKey&) const = default;
};

using Seed = std::array<std::uint8_t, WEIR_SEED_LEN>;

/// What an operator sets of a service. The defaults are the kernel's, but for the scheduler, which is
/// ipvsadm's.
struct ServiceConfig {
    std::string scheduler = "wlc";
    std::uint32_t flags = 0;           ///< enum weir_service_flags
    std::uint32_t persist_timeout = 0; ///< seconds; 0: no persistence
    std::uint32_t persist_prefix = 0;  ///< bits of the client's address that count; 0: all
    std::uint32_t slow_start = 0;      ///< seconds
    std::uint32_t syn_retry = 0;
    weir_on_gone on_gone = WEIR_ON_GONE_KEEP;
    std::uint32_t mh_size = 0;
    std::optional<Seed> seed; ///< nothing: the namespace's secret, or we may not see it
    Timeouts timeouts;
    std::string pool; ///< of its fullnat servers; empty: none
    weir_proxy_protocol proxy_protocol = WEIR_PROXY_PROTOCOL_NONE;

    bool operator==(const ServiceConfig&) const = default;
};

/// Which members of a ServiceConfig a request names.
enum ServiceFields : unsigned {
    SERVICE_SCHEDULER = 1 << 0,
    SERVICE_FLAGS = 1 << 1,
    SERVICE_PERSIST = 1 << 2, ///< time-out and prefix
    SERVICE_SLOW_START = 1 << 3,
    SERVICE_SYN_RETRY = 1 << 4,
    SERVICE_ON_GONE = 1 << 5,
    SERVICE_MH_SIZE = 1 << 6,
    SERVICE_SEED = 1 << 7,
    SERVICE_TIMEOUTS = 1 << 8,
    SERVICE_POOL = 1 << 9,
    SERVICE_PROXY_PROTOCOL = 1 << 10,
    SERVICE_ALL = (1 << 11) - 1,
};

struct Service {
    ServiceKey key;
    ServiceConfig config;
    std::string owner;
    std::vector<Server> servers;

    // read-only
    std::uint32_t id = 0;
    std::uint32_t server_count = 0; ///< as the kernel says; `servers` is filled by services_list() only
    Stats stats;
};

inline constexpr const char* default_owner = "cli";

/// Whether the kernel takes it as an owner's name: 1 to WEIR_OWNER_MAX visible ASCII characters. What starts
/// a comment in saved commands is not taken either.
[[nodiscard]] bool is_owner_name(std::string_view name);

/// "keep", "reset", "move"
[[nodiscard]] std::string_view on_gone_word(weir_on_gone on_gone);
[[nodiscard]] std::optional<weir_on_gone> on_gone_from_word(std::string_view word);

/// "none", "v1", "v2"
[[nodiscard]] std::string_view proxy_protocol_word(weir_proxy_protocol version);
[[nodiscard]] std::optional<weir_proxy_protocol> proxy_protocol_from_word(std::string_view word);
/// "TCP", "UDP", "IP" for 0 and the number of another
[[nodiscard]] std::string protocol_label(int protocol);
/// 32 hexadecimal digits.
[[nodiscard]] std::string seed_to_string(const Seed& seed);
/// ... not all of them zero; or "none".
[[nodiscard]] Result<std::optional<Seed>> seed_from_string(std::string_view text);

/// Adds a WEIR_A_SERVICE nest with the key alone.
void put_service_key(NlMsg& message, const ServiceKey& key);
/// ... with key, owner (where not empty) and the named settings.
void put_service(NlMsg& message, const Service& service, unsigned fields);
[[nodiscard]] std::optional<Service> parse_service(const AttrSet& attrs);

[[nodiscard]] Result<void> service_add(NlSocket& socket, const Service& service);
[[nodiscard]] Result<void> service_set(NlSocket& socket, const Service& service, unsigned fields);
[[nodiscard]] Result<void> service_del(NlSocket& socket, const ServiceKey& key);
[[nodiscard]] Result<void> service_zero(NlSocket& socket, const ServiceKey& key);
[[nodiscard]] Result<void> services_zero(NlSocket& socket);
/// Deletes all services, or those of one owner.
[[nodiscard]] Result<void> services_flush(NlSocket& socket, const std::string& owner = {});
/// One service with its servers.
[[nodiscard]] Result<Service> service_get(NlSocket& socket, const ServiceKey& key);
/// All services, or those of one owner, without their servers.
[[nodiscard]] Result<std::vector<Service>> services_list_bare(NlSocket& socket,
                                                              const std::string& owner = {});
/// ... with their servers, in two dumps whatever the number of services.
[[nodiscard]] Result<std::vector<Service>> services_list(NlSocket& socket, const std::string& owner = {});

} // namespace weir
