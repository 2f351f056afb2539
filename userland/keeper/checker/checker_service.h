// SPDX-License-Identifier: GPL-2.0
// Inside of the checker process.
#pragma once

#include "keeper/checker/checker.h"

namespace weir::keeper {

/// Where a real server's checks go unless they say otherwise.
[[nodiscard]] inline Endpoint check_target(const VirtualServerConfig& config, const RealServerConfig& server)
{
    std::uint16_t port = server.endpoint.port;
    return {server.endpoint.address, port || config.points.empty() ? port : config.points[0].port};
}

/// One virtual server while it is looked after.
struct Checker::Service {
    Service(Checker& owner, VirtualServerConfig wanted)
        : checker(owner),
          config(std::move(wanted)),
          machine(config),
          subscriptions(machine.check_count()),
          server_since(config.servers.size(), boot_time()),
          quorum_since(boot_time())
    {
    }

    Checker& checker; ///< here, for what every check captures to be small enough to need no memory of its own
    VirtualServerConfig config;
    ServiceMachine machine;
    /// Of the checks by ServiceMachine::place(); null: nothing can be known of it.
    std::vector<std::unique_ptr<CheckPool::Subscription>> subscriptions;
    std::vector<Instant> server_since;
    Instant quorum_since;
    bool begun = false, suspended = false;
};

} // namespace weir::keeper
