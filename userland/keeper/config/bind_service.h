// SPDX-License-Identifier: GPL-2.0
// Inside of the configuration: virtual servers. bind_service.cpp has the servers, bind_forwarding.cpp
// their methods, bind_service_point.cpp addresses and groups, bind_check.cpp the checks.
#pragma once

#include "keeper/config/bind.h"
#include "keeper/config/service_model.h"

namespace weir::keeper {

/// What a virtual server hands down to its real servers, and these to their checks. Unset: the check's own.
struct CheckDefaults {
    std::optional<Duration> connect_timeout, delay_loop, delay_before_retry, warmup;
    std::optional<unsigned> retry;
    bool alpha = false, log_all_failures = false;
    Damping damping;
    std::string virtualhost;
};

struct ServiceContext {
    const Config& config; ///< track_file
    Diagnostics& diagnostics;
};

/// delay_loop, retry, alpha, flap_limit ... at any level; false where the line is none of them.
[[nodiscard]] bool bind_check_default(const Values& values, CheckDefaults& defaults);
/// TCP_CHECK ... MYSQL_CHECK; adds to the server's checks. False where the block is no check.
[[nodiscard]] bool bind_check(const Statement& block, const CheckDefaults& defaults, const Endpoint& target,
                              const ServiceContext& context, std::vector<SharedSpec>& checks);

/// lvs_method: NAT, DR, or TUN with its tunnel.
void bind_forwarding(const Values& values, Forwarding& forwarding);

using PointGroups = std::map<std::string, std::vector<ServicePoint>>;

/// The lines of a virtual_server_group.
[[nodiscard]] std::vector<ServicePoint> bind_points(const Statement& block, Diagnostics& diagnostics);
/// "virtual_server ADDRESS [PORT]", "... fwmark N", "... group NAME": points and name.
void bind_service_name(const Statement& block, const PointGroups& groups, VirtualServerConfig& service,
                       Diagnostics& diagnostics);

void bind_services(const std::vector<Statement>& tree, Config& config, Diagnostics& diagnostics);
/// The words of global_defs that are about services; false where the line is none of them.
[[nodiscard]] bool bind_service_global(const Values& values, ServiceGlobal& global);

} // namespace weir::keeper
