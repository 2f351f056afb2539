// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "keeper/config/service_model.h"

namespace weir::keeper {

/// What a change of a virtual server has to be told for.
struct ServiceEvent {
    enum class What : std::uint8_t { server_up, server_down, quorum_up, quorum_down };

    What what = What::server_up;
    std::size_t server = 0;       ///< place in the configuration, of the first two
    std::int64_t live_weight = 0; ///< of the last two: what was counted
    std::int64_t threshold = 0;   ///< ... and what was asked for

    bool operator==(const ServiceEvent&) const = default;
};

/// One virtual server: which of its real servers are up, whether that makes a quorum, and who therefore has
/// to stand in the kernel's table with which weight. Knows no clock, no socket and no script; the rules are
/// keepalived's (check/ipwrapper.c):
///  - a real server is up while all its checks are;
///  - the quorum is gained at `quorum` + `hysteresis` of live weight, lost below `quorum` - `hysteresis`;
///  - without the quorum the sorry server, where there is one, stands for all real servers.
/// But one: servers that a reload brings do not cost a quorum that was there before they have answered.
class ServiceMachine {
  public:
    using Events = std::vector<ServiceEvent>;

    /// What is known of a check: nothing, or its last verdict.
    struct Check {
        bool up = true;
        bool known = false;
        std::int64_t weight = 0; ///< added to the server's, of checks that weigh

        bool operator==(const Check&) const = default;
    };
    /// A server as it has to stand in the kernel's table.
    struct Entry {
        bool present = false;
        std::uint32_t weight = 0;

        bool operator==(const Entry&) const = default;
    };

    explicit ServiceMachine(const VirtualServerConfig& config);

    /// Before begin(): what is known from before a reload.
    void recall(std::size_t server, std::size_t check, const Check& state)
    {
        checks_[place(server, check)] = state;
    }
    /// Before begin(): the server was out when another process looked after it; it is so until its checks,
    /// all of them, have said otherwise.
    void hold_down(std::size_t server);
    /// Before begin(): the quorum's side, which decides within the hysteresis.
    void recall_quorum(bool up) { quorum_before_ = up; }
    /// ... after a reload: one that is there stays as long as servers that have not answered yet could make
    /// it.
    void recall_quorum_patiently(bool up) { quorum_before_ = up, patient_ = true; }
    /// Takes what is recalled, and the defaults, for the state. Without a quorum that is known from before an
    /// event says that the sorry server stands in.
    [[nodiscard]] Events begin();

    /// A check's verdict: changes come out in the order in which they happened.
    [[nodiscard]] Events verdict(std::size_t server, std::size_t check, bool up, std::int64_t weight = 0);
    /// omega: what is up goes down.
    [[nodiscard]] Events end() const;
    /// The configuration has it no more: what is up goes down, as in keepalived with or without omega.
    [[nodiscard]] Events removed() const;
    /// ... has only these servers of it.
    [[nodiscard]] Events removed_but(const std::vector<RealServerConfig>& stay) const;

    [[nodiscard]] bool up(std::size_t server) const { return servers_[server].up; }
    [[nodiscard]] const Check& check(std::size_t server, std::size_t check) const
    {
        return checks_[place(server, check)];
    }
    /// Where a check stands among those of all servers, one server's after the other's.
    [[nodiscard]] std::size_t place(std::size_t server, std::size_t check) const
    {
        return servers_[server].first + check;
    }
    [[nodiscard]] std::size_t check_count() const { return checks_.size(); }
    [[nodiscard]] bool quorum() const { return quorum_; }
    /// Also, told to nobody, while a quorum waits for answers and no server is up.
    [[nodiscard]] bool sorry_active() const { return config_.sorry && (!quorum_ || empty_); }
    /// With what its checks add, 0 to 65535.
    [[nodiscard]] std::uint32_t weight(std::size_t server) const;
    [[nodiscard]] std::int64_t live_weight() const;
    [[nodiscard]] Entry entry(std::size_t server) const;
    [[nodiscard]] Entry sorry_entry() const;

  private:
    struct Server {
        std::uint32_t first; ///< place() of its first check
        bool up = true;
    };
    [[nodiscard]] std::span<const Check> checks(std::size_t server) const;
    [[nodiscard]] bool all_checks_up(std::size_t server) const;
    /// Its checks may make it up yet: those that say no have not been made.
    [[nodiscard]] bool undecided(std::size_t server) const;
    /// What is live, and what could be.
    [[nodiscard]] std::int64_t possible_weight() const;
    [[nodiscard]] std::int64_t threshold() const;
    void weigh_quorum(Events& events);

    const VirtualServerConfig& config_;
    std::vector<Server> servers_;
    std::vector<Check> checks_; ///< of all servers: a vector for each would take several times as much
    std::optional<bool> quorum_before_;
    bool quorum_ = true;
    bool patient_ = false;
    bool empty_ = false; ///< the quorum waits for answers, and nothing is live
};

} // namespace weir::keeper
