// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "weiradm/reconcile.h"
#include "weiradm/service_word.h"

using namespace weir;

namespace {

Service service(const char* word, const char* owner, std::initializer_list<const char*> servers)
{
    Service service;
    service.key = *parse_service_word(word);
    service.owner = owner;
    for (const char* endpoint : servers) {
        service.servers.emplace_back();
        service.servers.back().endpoint = *Endpoint::parse(endpoint);
    }
    return service;
}

std::string difference(const std::vector<Service>& desired, const std::vector<Service>& current)
{
    auto changes = reconcile(desired, current, "me");
    return changes ? changes_text(*changes) : "refused: " + changes.error().to_string();
}

} // namespace

TEST_CASE("reconcile: equal configurations differ in nothing, whatever their order and state", "[reconcile]")
{
    auto desired = {service("192.0.2.1:80", "me", {"10.0.0.1:80", "10.0.0.2:80"}),
                    service("192.0.2.2:80", "me", {})};
    std::vector<Service> current = {service("192.0.2.2:80", "me", {}),
                                    service("192.0.2.1:80", "me", {"10.0.0.2:80", "10.0.0.1:80"})};
    current[1].servers[0].active = 5;
    current[1].servers[0].weight_override = 9;
    current[1].id = 3;
    CHECK(difference(desired, current).empty());
}

TEST_CASE("reconcile: says what is added, changed and removed", "[reconcile]")
{
    std::vector<Service> desired = {service("192.0.2.1:80", "me", {"10.0.0.1:80", "10.0.0.3:80"}),
                                    service("192.0.2.3:80", "me", {"10.0.0.1:80"})};
    std::vector<Service> current = {service("192.0.2.1:80", "me", {"10.0.0.1:80", "10.0.0.2:80"}),
                                    service("192.0.2.2:80", "me", {"10.0.0.9:80"})};
    desired[0].config.scheduler = "rr";
    desired[0].config.timeouts[WEIR_STATE_UDP] = 5;
    desired[0].servers[0].config.weight = 7;
    CHECK(difference(desired, current) ==
          "~ tcp:192.0.2.1:80: scheduler wlc -> rr, timeouts {} -> {\"udp\":5}\n"
          "~ tcp:192.0.2.1:80 -> 10.0.0.1:80: weight 1 -> 7\n"
          "+ tcp:192.0.2.1:80 -> 10.0.0.3:80\n"
          "- tcp:192.0.2.1:80 -> 10.0.0.2:80\n"
          "+ tcp:192.0.2.3:80\n"
          "+ tcp:192.0.2.3:80 -> 10.0.0.1:80\n"
          "- tcp:192.0.2.2:80\n");
}

TEST_CASE("reconcile: others' services are neither touched nor taken", "[reconcile]")
{
    CHECK(difference({}, {service("192.0.2.1:80", "other", {})}).empty());
    CHECK(difference({service("192.0.2.1:80", "me", {})}, {service("192.0.2.1:80", "other", {})})
              .find("refused") == 0);
}

TEST_CASE("reconcile: a seed that may not be seen counts as unchanged", "[reconcile]")
{
    Service desired = service("192.0.2.1:80", "me", {});
    desired.config.seed = Seed{1};
    CHECK(difference({desired}, {service("192.0.2.1:80", "me", {})}).empty());
    Service current = service("192.0.2.1:80", "me", {});
    current.config.seed = Seed{2};
    CHECK(difference({desired}, {current}).find("~") == 0);
}

TEST_CASE("reconcile: pools are added, changed and removed for their owner", "[reconcile]")
{
    auto pool = [](const char* name, const char* owner, const char* range) {
        Pool made;
        made.name = name;
        made.owner = owner;
        made.config.ranges = {*AddressRange::parse(range)};
        return made;
    };
    auto difference_of = [](const std::vector<Pool>& desired, const std::vector<Pool>& current) {
        auto changes = reconcile_pools(desired, current, "me");
        return changes ? changes_text(*changes) : "refused: " + changes.error().to_string();
    };
    Pool lan = pool("lan", "me", "10.0.0.1");
    CHECK(difference_of({lan}, {lan, pool("wan", "other", "10.0.0.9")}).empty());
    CHECK(difference_of({lan, pool("new", "me", "10.0.0.2")}, {lan, pool("old", "me", "10.0.0.3")}) ==
          "+ pool new\n- pool old\n");
    CHECK(difference_of({pool("lan", "me", "10.0.0.1-10.0.0.2")}, {lan}) ==
          "~ pool lan: addresses [\"10.0.0.1\"] -> [\"10.0.0.1-10.0.0.2\"]\n");
    CHECK(difference_of({lan}, {pool("lan", "other", "10.0.0.1")})
              .starts_with("refused: pool lan: owner 'other'"));
}

TEST_CASE("config: what takes a change back holds the old values, and nothing else", "[reconcile]")
{
    Config current;
    current.timeouts = {{WEIR_STATE_TCP_ESTABLISHED, 900}, {WEIR_STATE_UDP, 300}};
    current.conn_max = 1000;
    current.service_max = 50;
    ConfigChange change;
    CHECK(config_undo(change, current) == ConfigChange());

    change.timeouts = {{WEIR_STATE_TCP_ESTABLISHED, 60}, {WEIR_STATE_UDP, 300}};
    change.conn_max = 2000;
    change.service_max = 50;
    change.express = !current.express;
    change.sloppy_tcp = current.sloppy_tcp;
    change.express_devices = {"eth0"};
    ConfigChange undo = config_undo(change, current);
    ConfigChange old;
    old.timeouts = {{WEIR_STATE_TCP_ESTABLISHED, 900}};
    old.conn_max = 1000;
    old.express = current.express;
    old.express_devices.emplace();
    CHECK(undo == old);
}
