// SPDX-License-Identifier: GPL-2.0
#include "keeper/service/machine.h"

#include <algorithm>
#include <set>

#include <linux/weir.h>

namespace weir::keeper {

using What = ServiceEvent::What;

ServiceMachine::ServiceMachine(const VirtualServerConfig& config) : config_(config)
{
    servers_.reserve(config.servers.size());
    for (const auto& server : config.servers) {
        servers_.push_back({.first = static_cast<std::uint32_t>(checks_.size()), .up = true});
        for (const auto& check : server.checks)
            checks_.push_back({.up = !check->timing.alpha, .known = false, .weight = 0});
    }
    checks_.shrink_to_fit();
}

void ServiceMachine::hold_down(std::size_t server)
{
    for (std::size_t check = 0; check < checks(server).size(); check++)
        checks_[place(server, check)].up = false;
}

std::span<const ServiceMachine::Check> ServiceMachine::checks(std::size_t server) const
{
    return std::span(checks_).subspan(servers_[server].first, config_.servers[server].checks.size());
}

bool ServiceMachine::all_checks_up(std::size_t server) const
{
    return std::ranges::all_of(checks(server), &Check::up);
}

std::uint32_t ServiceMachine::weight(std::size_t server) const
{
    std::int64_t weight = config_.servers[server].weight;
    for (const auto& check : checks(server))
        weight += check.weight;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(weight, 0, WEIR_WEIGHT_MAX));
}

std::int64_t ServiceMachine::live_weight() const
{
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < servers_.size(); i++)
        sum += servers_[i].up ? weight(i) : 0;
    return sum;
}

bool ServiceMachine::undecided(std::size_t server) const
{
    return !servers_[server].up &&
           std::ranges::all_of(checks(server), [](const Check& c) { return c.up || !c.known; });
}

std::int64_t ServiceMachine::possible_weight() const
{
    std::int64_t sum = live_weight();
    for (std::size_t i = 0; i < servers_.size(); i++)
        sum += undecided(i) ? weight(i) : 0;
    return sum;
}

std::int64_t ServiceMachine::threshold() const
{
    std::int64_t hysteresis = config_.hysteresis;
    return config_.quorum + (quorum_ ? -hysteresis : hysteresis);
}

ServiceMachine::Events ServiceMachine::begin()
{
    for (std::size_t i = 0; i < servers_.size(); i++)
        servers_[i].up = all_checks_up(i);
    Events events;
    if (quorum_before_) {
        quorum_ = *quorum_before_;
        weigh_quorum(events);
        return events;
    }
    quorum_ = false;
    std::int64_t wanted = threshold(), live = live_weight();
    quorum_ = live >= wanted;
    if (sorry_active())
        events.push_back({What::quorum_down, 0, live, wanted});
    return events;
}

void ServiceMachine::weigh_quorum(Events& events)
{
    std::int64_t live = live_weight(), wanted = threshold();
    empty_ = false;
    if (!quorum_ && live >= wanted) {
        quorum_ = true;
        events.push_back({What::quorum_up, 0, live, wanted});
    } else if (quorum_ && (live == 0 || live < wanted)) {
        if (std::int64_t possible = possible_weight(); patient_ && possible > 0 && possible >= wanted) {
            empty_ = live == 0;
            return;
        }
        quorum_ = false;
        events.push_back({What::quorum_down, 0, live, wanted});
    }
}

ServiceMachine::Events ServiceMachine::verdict(std::size_t index, std::size_t check, bool up,
                                               std::int64_t weight)
{
    Server& server = servers_[index];
    Check& state = checks_[place(index, check)];
    state = {.up = up, .known = true, .weight = up ? weight : state.weight};
    Events events;
    bool now_up = all_checks_up(index);
    if (now_up != server.up) {
        server.up = now_up;
        events.push_back({now_up ? What::server_up : What::server_down, index, 0, 0});
    }
    weigh_quorum(events);
    return events;
}

ServiceMachine::Events ServiceMachine::end() const
{
    return config_.omega ? removed() : Events();
}

ServiceMachine::Events ServiceMachine::removed() const
{
    Events events;
    for (std::size_t i = 0; i < servers_.size(); i++) {
        if (servers_[i].up)
            events.push_back({What::server_down, i, 0, 0});
    }
    if (quorum_)
        events.push_back({What::quorum_down, 0, 0, threshold()});
    return events;
}

ServiceMachine::Events ServiceMachine::removed_but(const std::vector<RealServerConfig>& stay) const
{
    Events events;
    std::set<Endpoint> there;
    for (const auto& server : stay)
        there.insert(server.endpoint);
    for (std::size_t i = 0; i < servers_.size(); i++) {
        if (servers_[i].up && !there.contains(config_.servers[i].endpoint))
            events.push_back({What::server_down, i, 0, 0});
    }
    return events;
}

ServiceMachine::Entry ServiceMachine::entry(std::size_t index) const
{
    const auto& server = config_.servers[index];
    if (servers_[index].up && !sorry_active())
        return {true, weight(index)};
    return {server.inhibit || config_.on_failure == OnFailure::drain, 0};
}

ServiceMachine::Entry ServiceMachine::sorry_entry() const
{
    if (!config_.sorry)
        return {};
    return sorry_active() ? Entry{true, config_.sorry->weight} : Entry{config_.sorry->inhibit, 0};
}

} // namespace weir::keeper
