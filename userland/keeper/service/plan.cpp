// SPDX-License-Identifier: GPL-2.0
#include "keeper/service/plan.h"

#include <algorithm>
#include <set>

namespace weir::keeper {
namespace {

/// Null where there is none.
auto* find_server(auto& service, const Endpoint& endpoint)
{
    auto found = std::ranges::find(service.servers, endpoint, &Server::endpoint);
    return found == service.servers.end() ? nullptr : &*found;
}

/// Where one stands there already, that stays, unless it has weight 0: the sorry server may be a real server
/// too.
void add_server(Service& service, const ServicePoint& point, const Endpoint& endpoint,
                const ServerConfig& settings, ServiceMachine::Entry entry, const OperatorMarks& marks)
{
    Server server;
    server.endpoint = table_endpoint(endpoint, settings.method, point);
    server.config = settings;
    server.config.weight = entry.weight;
    bool idle = !entry.present || entry.weight == 0;
    if (auto mark = marks.find({service.key, server.endpoint}); idle && mark != marks.end())
        entry.present = mark->second.holds_back() || (entry.present && !mark->second.weight);
    if (!entry.present)
        return;
    Server* there = find_server(service, server.endpoint);
    if (!there)
        service.servers.push_back(server);
    else if (there->config.weight == 0)
        *there = server;
}

} // namespace

ServiceKey key_of(const VirtualServerConfig& config, const ServicePoint& point)
{
    ServiceKey key;
    key.family = point.family;
    key.fwmark = point.fwmark;
    if (point.fwmark)
        return key;
    key.protocol = config.protocol;
    key.address = point.address;
    key.ports = {point.port, point.port};
    return key;
}

Endpoint table_endpoint(const Endpoint& server, weir_method method, const ServicePoint& point)
{
    bool keeps_port = method == WEIR_METHOD_DR || method == WEIR_METHOD_TUN;
    return keeps_port && !point.fwmark ? Endpoint{server.address, point.port} : server;
}

void plan(const VirtualServerConfig& config, const ServiceMachine& machine, const OperatorMarks& marks,
          std::vector<Service>& services)
{
    for (const auto& point : config.points) {
        Service service;
        service.key = key_of(config, point);
        service.owner = owner_label;
        service.config.scheduler = config.scheduler;
        service.config.flags = config.flags;
        service.config.persist_timeout = config.persist_timeout;
        service.config.persist_prefix = config.persist_prefix;
        service.config.on_gone =
            config.on_failure == OnFailure::reset ? WEIR_ON_GONE_RESET : WEIR_ON_GONE_KEEP;
        for (std::size_t i = 0; i < config.servers.size(); i++) {
            const auto& server = config.servers[i];
            add_server(service, point, server.endpoint,
                       {.method = server.forwarding.method,
                        .weight = 0,
                        .upper = server.upper,
                        .lower = server.lower,
                        .tunnel = server.forwarding.tunnel},
                       machine.entry(i), marks);
        }
        if (config.sorry)
            add_server(service, point, config.sorry->endpoint,
                       {.method = config.sorry->forwarding.method,
                        .weight = 0,
                        .upper = 0,
                        .lower = 0,
                        .tunnel = config.sorry->forwarding.tunnel},
                       machine.sorry_entry(), marks);
        services.push_back(std::move(service));
    }
}

std::vector<std::pair<ServerId, std::uint32_t>>
give_back(const std::vector<Service>& desired, const std::vector<Service>& before, const OperatorMarks& marks)
{
    std::vector<std::pair<ServerId, std::uint32_t>> weights;
    if (marks.empty())
        return weights;
    std::set<ServerId> there;
    for (const auto& service : before) {
        for (const auto& server : service.servers)
            there.insert({service.key, server.endpoint});
    }
    for (const auto& service : desired) {
        for (const auto& server : service.servers) {
            ServerId id{service.key, server.endpoint};
            auto mark = marks.find(id);
            if (mark != marks.end() && mark->second.weight && !there.contains(id))
                weights.emplace_back(id, *mark->second.weight);
        }
    }
    return weights;
}

void note_mark(const ServiceKey& key, const Server& server, OperatorMarks& marks)
{
    OperatorMark mark{server.weight_override, (server.flags & WEIR_SERVER_F_DRAINING) != 0};
    if (mark == OperatorMark{})
        marks.erase({key, server.endpoint});
    else
        marks[{key, server.endpoint}] = mark;
}

void note_marks(const std::vector<Service>& table, OperatorMarks& marks)
{
    for (const auto& service : table) {
        for (const auto& server : service.servers) {
            if (service.owner == owner_label)
                note_mark(service.key, server, marks);
        }
    }
}

void recall_table(const VirtualServerConfig& config, const std::vector<Service>& table,
                  ServiceMachine& machine)
{
    for (const auto& point : config.points) {
        auto service = std::ranges::find(table, key_of(config, point), &Service::key);
        if (service == table.end() || service->owner != owner_label)
            continue;
        auto sorry = [&](const Endpoint& endpoint) {
            return config.sorry &&
                   endpoint == table_endpoint(config.sorry->endpoint, config.sorry->forwarding.method, point);
        };
        // of a real server that is the sorry server too the table does not say which of them stands there
        bool twin = std::ranges::any_of(config.servers, [&](const auto& server) {
            return sorry(table_endpoint(server.endpoint, server.forwarding.method, point));
        });
        if (!twin)
            machine.recall_quorum(std::ranges::none_of(service->servers, [&](const auto& server) {
                return server.config.weight && sorry(server.endpoint);
            }));
        for (std::size_t i = 0; i < config.servers.size(); i++) {
            const auto& wanted = config.servers[i];
            const Server* server =
                find_server(*service, table_endpoint(wanted.endpoint, wanted.forwarding.method, point));
            // weight 0 may be an operator's drain outliving a failure, or the configured one
            if (!server || (server->config.weight == 0 && wanted.weight != 0))
                machine.hold_down(i);
        }
        return; // all points have the same servers
    }
}

} // namespace weir::keeper
