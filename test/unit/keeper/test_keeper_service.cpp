// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include <fmt/format.h>

#include "allocated.h"
#include "keeper/service/plan.h"

using namespace weir;
using namespace weir::keeper;
using What = ServiceEvent::What;

namespace {

/// Servers 10.0.0.1:80 ... with one check each.
SharedSpec tcp_check(bool alpha = false)
{
    CheckSpec spec{.detail = TcpCheck{}, .connect = {}, .timing = {}};
    spec.timing.alpha = alpha;
    return std::make_shared<const CheckSpec>(std::move(spec));
}

VirtualServerConfig service_of(std::initializer_list<unsigned> weights)
{
    VirtualServerConfig config;
    config.name = "[192.0.2.1]:tcp:80";
    config.points = {{.fwmark = 0, .family = AF_INET, .address = *Address::parse("192.0.2.1"), .port = 80}};
    for (unsigned weight : weights) {
        RealServerConfig server;
        server.endpoint = *Endpoint::parse(fmt::format("10.0.0.{}:80", config.servers.size() + 1));
        server.weight = weight;
        server.checks.push_back(tcp_check());
        config.servers.push_back(std::move(server));
    }
    return config;
}

SorryServerConfig sorry_of(bool inhibit = false)
{
    return {.endpoint = *Endpoint::parse("10.0.0.99:80"), .weight = 1, .forwarding = {}, .inhibit = inhibit};
}

/// "10.0.0.1:80=1 10.0.0.2:80=0"
std::string table(const VirtualServerConfig& config, const ServiceMachine& machine,
                  const OperatorMarks& marks = {})
{
    std::vector<Service> services;
    plan(config, machine, marks, services);
    std::string text;
    for (const auto& server : services.at(0).servers)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", server.endpoint.to_string(),
                            server.config.weight);
    return text;
}

ServiceMachine begun(const VirtualServerConfig& config)
{
    ServiceMachine machine(config);
    (void)machine.begin();
    return machine;
}

std::vector<What> whats(const ServiceMachine::Events& events)
{
    std::vector<What> list;
    for (const auto& event : events)
        list.push_back(event.what);
    return list;
}

} // namespace

TEST_CASE("service: servers are up at the start, unless a check is in alpha mode", "[keeper]")
{
    auto config = service_of({1, 2});
    CHECK(table(config, begun(config)) == "10.0.0.1:80=1 10.0.0.2:80=2");
    config.servers[1].checks[0] = tcp_check(true);
    auto machine = begun(config);
    CHECK(table(config, machine) == "10.0.0.1:80=1");
    CHECK(whats(machine.verdict(1, 0, true)) == std::vector{What::server_up});
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=2");
}

TEST_CASE("service: a server is up while all its checks are", "[keeper]")
{
    auto config = service_of({1, 1});
    config.servers[0].checks.push_back(config.servers[0].checks[0]);
    auto machine = begun(config);
    CHECK(whats(machine.verdict(0, 0, false)) == std::vector{What::server_down});
    CHECK(machine.verdict(0, 1, false).empty());
    CHECK(machine.verdict(0, 0, true).empty());
    CHECK(table(config, machine) == "10.0.0.2:80=1");
    CHECK(whats(machine.verdict(0, 1, true)) == std::vector{What::server_up});
}

TEST_CASE("service: a failed server goes, or stays with weight 0 where it is inhibited or drained",
          "[keeper]")
{
    auto config = service_of({5, 5});
    config.servers[0].inhibit = true;
    auto machine = begun(config);
    (void)machine.verdict(0, 0, false);
    CHECK(table(config, machine) == "10.0.0.1:80=0 10.0.0.2:80=5");
    auto drained = service_of({5, 5});
    drained.on_failure = OnFailure::drain;
    auto other = begun(drained);
    (void)other.verdict(1, 0, false);
    CHECK(table(drained, other) == "10.0.0.1:80=5 10.0.0.2:80=0");
}

TEST_CASE("service: the quorum has hysteresis on both sides", "[keeper]")
{
    auto config = service_of({1, 1, 1, 1, 1});
    config.quorum = 3;
    config.hysteresis = 1;
    auto machine = begun(config);
    CHECK(machine.quorum());
    CHECK(whats(machine.verdict(0, 0, false)) == std::vector{What::server_down});
    (void)machine.verdict(1, 0, false);
    CHECK(whats(machine.verdict(2, 0, false)) == std::vector{What::server_down}); // 2 is not below 3 - 1
    CHECK(whats(machine.verdict(3, 0, false)) == std::vector{What::server_down, What::quorum_down});
    CHECK(machine.verdict(3, 0, true).size() == 1);
    CHECK(machine.verdict(2, 0, true).size() == 1); // 3 is below 3 + 1
    CHECK(whats(machine.verdict(1, 0, true)) == std::vector{What::server_up, What::quorum_up});
    // without a sorry server the quorum changes nothing in the table
    (void)machine.verdict(1, 0, false);
    CHECK(table(config, machine) == "10.0.0.3:80=1 10.0.0.4:80=1 10.0.0.5:80=1");
}

TEST_CASE("service: what a reload takes out goes down, if it was up", "[keeper]")
{
    auto config = service_of({1, 1, 1});
    auto machine = begun(config);
    (void)machine.verdict(1, 0, false);
    auto less = service_of({1});
    auto events = machine.removed_but(less.servers);
    REQUIRE(events.size() == 1);
    CHECK(events[0] == ServiceEvent{What::server_down, 2, 0, 0});
    CHECK(machine.removed_but(config.servers).empty());
    CHECK(machine.end().empty()); // without omega
    CHECK(whats(machine.removed()) == std::vector{What::server_down, What::server_down, What::quorum_down});
}

TEST_CASE("service: servers that a reload brings do not cost the quorum before they have answered",
          "[keeper]")
{
    auto config = service_of({1, 1});
    config.quorum = 2;
    for (auto& server : config.servers)
        server.checks = {tcp_check(true)};
    auto reloaded = [&](bool quorum) {
        ServiceMachine machine(config);
        machine.recall_quorum_patiently(quorum);
        CHECK(machine.begin().empty());
        return machine;
    };
    auto machine = reloaded(true);
    CHECK(machine.quorum());
    CHECK(table(config, machine).empty()); // alpha
    CHECK(whats(machine.verdict(0, 0, true)) == std::vector{What::server_up});
    CHECK(whats(machine.verdict(1, 0, true)) == std::vector{What::server_up});
    CHECK(whats(machine.verdict(1, 0, false)) == std::vector{What::server_down, What::quorum_down});

    // the first that makes it impossible is enough
    auto failing = reloaded(true);
    CHECK(whats(failing.verdict(0, 0, false)) == std::vector{What::quorum_down});
    CHECK(whats(failing.verdict(1, 0, true)) == std::vector{What::server_up});

    // one that was lost is not there for the asking
    auto lost = reloaded(false);
    CHECK_FALSE(lost.quorum());
    CHECK(whats(lost.verdict(0, 0, true)) == std::vector{What::server_up});
    CHECK(whats(lost.verdict(1, 0, true)) == std::vector{What::server_up, What::quorum_up});

    // the sorry server helps out, and nobody is told
    config.sorry = sorry_of();
    auto waiting = reloaded(true);
    CHECK(table(config, waiting) == "10.0.0.99:80=1");
    CHECK(whats(waiting.verdict(0, 0, true)) == std::vector{What::server_up});
    CHECK(table(config, waiting) == "10.0.0.1:80=1");
    CHECK(whats(waiting.verdict(1, 0, false)) == std::vector{What::quorum_down});
    CHECK(table(config, waiting) == "10.0.0.99:80=1");

    // a start is no reload
    ServiceMachine started(config);
    CHECK(whats(started.begin()) == std::vector{What::quorum_down});
}

TEST_CASE("service: without the quorum the sorry server stands for all", "[keeper]")
{
    auto config = service_of({1, 1});
    config.quorum = 2;
    config.sorry = sorry_of();
    auto machine = begun(config);
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=1");
    CHECK(whats(machine.verdict(0, 0, false)) == std::vector{What::server_down, What::quorum_down});
    CHECK(table(config, machine) == "10.0.0.99:80=1");
    CHECK(whats(machine.verdict(0, 0, true)) == std::vector{What::server_up, What::quorum_up});
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=1");
    config.sorry = sorry_of(true);
    config.servers[1].inhibit = true;
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=1 10.0.0.99:80=0");
    (void)machine.verdict(0, 0, false);
    CHECK(table(config, machine) == "10.0.0.2:80=0 10.0.0.99:80=1");
}

TEST_CASE("service: the sorry server may be one of the real servers", "[keeper]")
{
    auto config = service_of({1, 2});
    config.sorry = sorry_of(true);
    config.sorry->endpoint = config.servers[1].endpoint;
    config.sorry->weight = 7;
    config.servers[1].inhibit = true;
    auto machine = begun(config);
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=2");
    (void)machine.verdict(1, 0, false);
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=0");
    CHECK(whats(machine.verdict(0, 0, false)) == std::vector{What::server_down, What::quorum_down});
    CHECK(table(config, machine) == "10.0.0.2:80=7"); // whatever its check says
    CHECK(whats(machine.verdict(1, 0, true)) == std::vector{What::server_up, What::quorum_up});
    CHECK(table(config, machine) == "10.0.0.2:80=2");

    // after a restart of the checker the table does not tell one from the other: it stays up
    std::vector<Service> services;
    plan(config, machine, {}, services);
    ServiceMachine next(config);
    recall_table(config, services, next);
    CHECK(next.begin().empty());
    CHECK(next.up(1));
    CHECK_FALSE(next.up(0));
    CHECK(table(config, next) == "10.0.0.2:80=2");
}

TEST_CASE("service: a start without a quorum calls for the sorry server", "[keeper]")
{
    auto config = service_of({1});
    config.sorry = sorry_of();
    config.servers[0].checks[0] = tcp_check(true);
    ServiceMachine machine(config);
    CHECK(whats(machine.begin()) == std::vector{What::quorum_down});
    CHECK(table(config, machine) == "10.0.0.99:80=1");
}

TEST_CASE("service: checks that weigh change the weight and the quorum", "[keeper]")
{
    auto config = service_of({10});
    config.quorum = 5;
    auto machine = begun(config);
    CHECK(machine.verdict(0, 0, true, -4).empty());
    CHECK(table(config, machine) == "10.0.0.1:80=6");
    CHECK(whats(machine.verdict(0, 0, true, -6)) == std::vector{What::quorum_down});
    CHECK(machine.verdict(0, 0, true, -60).empty());
    CHECK(table(config, machine) == "10.0.0.1:80=0");
    CHECK(whats(machine.verdict(0, 0, true, 100000)) == std::vector{What::quorum_up});
    CHECK(table(config, machine) == "10.0.0.1:80=65535");
}

TEST_CASE("service: omega takes everything down at the end", "[keeper]")
{
    auto config = service_of({1, 1});
    auto machine = begun(config);
    (void)machine.verdict(1, 0, false);
    CHECK(machine.end().empty());
    config.omega = true;
    CHECK(whats(machine.end()) == std::vector{What::server_down, What::quorum_down});
}

TEST_CASE("service: what another process left in the table holds until the checks have answered", "[keeper]")
{
    auto config = service_of({1, 1, 0});
    config.servers[1].checks.push_back(config.servers[1].checks[0]);
    auto before = begun(config);
    (void)before.verdict(1, 0, false);
    std::vector<Service> left;
    plan(config, before, {}, left);

    ServiceMachine machine(config);
    recall_table(config, left, machine);
    CHECK(machine.begin().empty());
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.3:80=0");
    CHECK(machine.verdict(1, 0, true).empty()); // one of two
    CHECK(whats(machine.verdict(1, 1, true)) == std::vector{What::server_up});

    left[0].owner = "cli"; // not ours
    ServiceMachine fresh(config);
    recall_table(config, left, fresh);
    (void)fresh.begin();
    CHECK(fresh.up(1));
}

TEST_CASE("service: a sorry server in the table tells that the quorum was lost", "[keeper]")
{
    auto config = service_of({1, 1, 1});
    config.quorum = 2;
    config.hysteresis = 1;
    config.sorry = sorry_of();
    auto before = begun(config);
    for (std::size_t i = 0; i < 3; i++)
        (void)before.verdict(i, 0, false);
    std::vector<Service> left;
    plan(config, before, {}, left);
    ServiceMachine machine(config);
    recall_table(config, left, machine);
    CHECK(machine.begin().empty()); // it is known already
    CHECK(machine.sorry_active());
    (void)machine.verdict(0, 0, true);
    (void)machine.verdict(1, 0, true);
    CHECK(machine.sorry_active());
    CHECK(whats(machine.verdict(2, 0, true)) == std::vector{What::server_up, What::quorum_up});
}

TEST_CASE("plan: an operator's drain outlives a failure, a raised weight comes back", "[keeper]")
{
    auto config = service_of({1, 1});
    config.servers[1].inhibit = true;
    ServiceKey key = key_of(config, config.points[0]);
    OperatorMarks marks{{{key, config.servers[0].endpoint}, {.weight = {}, .draining = true}},
                        {{key, config.servers[1].endpoint}, {.weight = 7, .draining = false}}};
    auto machine = begun(config);
    std::vector<Service> good, bad;
    plan(config, machine, marks, good);
    CHECK(table(config, machine, marks) == "10.0.0.1:80=1 10.0.0.2:80=1");
    (void)machine.verdict(0, 0, false);
    (void)machine.verdict(1, 0, false);
    // weight 7 outranks the 0 of inhibit_on_failure
    CHECK(table(config, machine, marks) == "10.0.0.1:80=0");
    plan(config, machine, marks, bad);
    auto weights = give_back(good, bad, marks);
    REQUIRE(weights.size() == 1);
    CHECK(weights[0].first.second == config.servers[1].endpoint);
    CHECK(weights[0].second == 7);
    CHECK(give_back(good, good, marks).empty());
}

TEST_CASE("plan: marks follow the table, and stay for servers that are out of it", "[keeper]")
{
    auto config = service_of({1, 1});
    std::vector<Service> services;
    plan(config, begun(config), {}, services);
    OperatorMarks marks;
    services[0].servers[0].weight_override = 0;
    services[0].servers[1].flags = WEIR_SERVER_F_DRAINING;
    note_marks(services, marks);
    CHECK(marks.size() == 2);
    services[0].servers.pop_back();
    services[0].servers[0].weight_override.reset();
    note_marks(services, marks);
    REQUIRE(marks.size() == 1);
    CHECK(marks.begin()->second.draining);
}

TEST_CASE("plan: dr and tun have the service's port, marks and all points their own service", "[keeper]")
{
    auto config = service_of({1});
    config.servers[0].forwarding.method = WEIR_METHOD_DR;
    config.servers[0].endpoint.port = 8080;
    config.on_failure = OnFailure::reset;
    config.points.push_back({.fwmark = 7, .family = AF_INET, .address = {}, .port = 0});
    std::vector<Service> services;
    plan(config, begun(config), {}, services);
    REQUIRE(services.size() == 2);
    CHECK(services[0].servers[0].endpoint.port == 80);
    CHECK(services[0].config.on_gone == WEIR_ON_GONE_RESET);
    CHECK(services[1].key.fwmark == 7);
    CHECK(services[1].key.protocol == 0);
    CHECK(services[1].servers[0].endpoint.port == 8080);

    config.servers[0].forwarding = {WEIR_METHOD_TUN, {WEIR_TUNNEL_GUE, 6080, WEIR_TUNNEL_F_CSUM}};
    services.clear();
    plan(config, begun(config), {}, services);
    CHECK(services.at(0).servers.at(0).endpoint.port == 80);
    CHECK(services[0].servers[0].config.method == WEIR_METHOD_TUN);
    CHECK(services[0].servers[0].config.tunnel == config.servers[0].forwarding.tunnel);
}

TEST_CASE("service: the state of a server takes no more than 32 bytes, and what is planned of it 96",
          "[keeper]")
{
    constexpr std::size_t count = 1000;
    VirtualServerConfig config = service_of({});
    RealServerConfig server;
    server.checks.push_back(tcp_check());
    config.servers.assign(count, server);
    auto before = allocated();
    ServiceMachine machine(config);
    CHECK((allocated() - before) / count <= 32);

    std::vector<Service> services;
    before = allocated();
    plan(config, machine, {}, services);
    // a vector that grows has room for as many again at most
    CHECK((allocated() - before) / count <= 2 * 96);
    CHECK(sizeof(weir::Server) <= 96);
}

TEST_CASE("service: the checks of each server count for it alone, however many the others have", "[keeper]")
{
    VirtualServerConfig config = service_of({1, 1, 1});
    config.servers[0].checks.push_back(tcp_check());
    config.servers[1].checks.clear();
    auto machine = begun(config);
    (void)machine.verdict(0, 1, false);
    CHECK(table(config, machine) == "10.0.0.2:80=1 10.0.0.3:80=1");
    (void)machine.verdict(2, 0, false);
    CHECK(table(config, machine) == "10.0.0.2:80=1");
    (void)machine.verdict(0, 1, true);
    CHECK(table(config, machine) == "10.0.0.1:80=1 10.0.0.2:80=1");
    CHECK(machine.check(2, 0).known);
    CHECK_FALSE(machine.check(0, 0).known);
}
