// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include "keeper/checker/checker_service.h"

namespace weir::keeper {
namespace {

/// What a check adds to its server's weight.
std::int64_t weight_change(const CheckResult& result, const RealServerConfig& server)
{
    return result.weight ? std::int64_t(*result.weight) - server.weight : result.weight_change;
}

} // namespace

std::vector<std::unique_ptr<Checker::Service>> Checker::make_services()
{
    std::vector<std::unique_ptr<Service>> services;
    for (auto& config : config_.virtual_servers) {
        services.push_back(std::make_unique<Service>(*this, std::move(config)));
        subscribe(*services.back());
    }
    config_.virtual_servers.clear(); // they live in the services from here on
    return services;
}

void Checker::subscribe(Service& service)
{
    for (std::size_t i = 0; i < service.config.servers.size(); i++) {
        const auto& server = service.config.servers[i];
        Endpoint target = check_target(service.config, server);
        for (std::size_t check = 0; check < server.checks.size(); check++) {
            auto subscription = pool_.subscribe(
                server.checks[check], target,
                [&service, i = static_cast<std::uint32_t>(i), check = static_cast<std::uint32_t>(check)](
                    const CheckReport& result) { service.checker.report(service, i, check, result); });
            if (!subscription) {
                // a server of which nothing can be known is not taken for dead
                log_.error("{}: {}: {}", service.config.name, describe(*server.checks[check], target),
                           subscription.error().to_string());
                continue;
            }
            service.subscriptions[service.machine.place(i, check)] = std::move(*subscription);
        }
    }
}

/// What the checks know already; what they do not know, from the service as it was before a reload.
void Checker::recall(Service& service, const Service* before)
{
    for (std::size_t i = 0; i < service.config.servers.size(); i++) {
        const auto& server = service.config.servers[i];
        std::size_t old =
            before ? static_cast<std::size_t>(std::ranges::find(before->config.servers, server.endpoint,
                                                                &RealServerConfig::endpoint) -
                                              before->config.servers.begin())
                   : 0;
        bool stays = before && old < before->config.servers.size();
        for (std::size_t check = 0; check < server.checks.size(); check++) {
            const auto& subscription = service.subscriptions[service.machine.place(i, check)];
            if (!subscription) {
                service.machine.recall(i, check, {.up = true, .known = false, .weight = 0});
                continue;
            }
            if (subscription->last().state != CheckState::unknown) {
                const CheckReport& last = subscription->last();
                service.machine.recall(i, check,
                                       {.up = last.state == CheckState::up,
                                        .known = true,
                                        .weight = weight_change(last.result, server)});
                continue;
            }
            if (!stays)
                continue;
            // unknown yet: in or out as before
            const auto& checks = before->config.servers[old].checks;
            auto same = std::ranges::find_if(
                checks, [&](const auto& other) { return *other == *server.checks[check]; });
            if (same != checks.end())
                service.machine.recall(
                    i, check, before->machine.check(old, static_cast<std::size_t>(same - checks.begin())));
            else
                service.machine.recall(i, check,
                                       {.up = before->machine.up(old), .known = false, .weight = 0});
        }
        if (stays)
            service.server_since[i] = before->server_since[old];
    }
    if (before) {
        service.machine.recall_quorum_patiently(before->machine.quorum());
        service.quorum_since = before->quorum_since;
        service.suspended = before->suspended;
    }
}

void Checker::report(Service& service, std::size_t index, std::size_t check, const CheckReport& report)
{
    const auto& server = service.config.servers[index];
    const CheckSpec& spec = *server.checks[check];
    Endpoint target = check_target(service.config, server);
    if (report.changed || (report.retrying && spec.timing.log_all_failures)) {
        if (report.result.good)
            log_.info("{}: {} succeeds", service.config.name, describe(spec, target));
        else
            log_.warning("{}: {} fails: {}{}", service.config.name, describe(spec, target),
                         report.result.reason, report.retrying ? ", trying again" : "");
    }
    if (report.state == CheckState::unknown || !service.begun || stopping_)
        return;
    bool before_up = service.machine.up(index), before_quorum = service.machine.quorum();
    std::uint32_t before_weight = service.machine.weight(index);
    auto events = service.machine.verdict(index, check, report.state == CheckState::up,
                                          weight_change(report.result, server));
    if (before_up != service.machine.up(index))
        service.server_since[index] = boot_time();
    if (before_quorum != service.machine.quorum())
        service.quorum_since = boot_time();
    tell(service, events);
    if (!events.empty() || before_weight != service.machine.weight(index))
        apply_later(std::chrono::milliseconds(5));
}

void Checker::tell(Service& service, const ServiceMachine::Events& events)
{
    using What = ServiceEvent::What;
    auto run = [&](const Command& command) {
        if (!command.empty())
            notifications_.enqueue(service.config.name, command);
    };
    for (const auto& event : events) {
        bool up = event.what == What::server_up || event.what == What::quorum_up;
        std::string_view word = up ? "UP" : "DOWN";
        std::string line;
        if (event.what == What::server_up || event.what == What::server_down) {
            const auto& server = service.config.servers[event.server];
            log_.info("{}: real server {} is {}", service.config.name, server.endpoint.to_string(),
                      up ? "up" : "down");
            line = fmt::format("RS {} {} {}\n", endpoint_word(server.endpoint, service.config.protocol),
                               service.config.name, word);
            run(up ? server.notify->up : server.notify->down);
        } else {
            log_.info("{}: quorum {}: weight {} of {}{}", service.config.name, up ? "gained" : "lost",
                      event.live_weight, event.threshold,
                      !service.config.sorry ? ""
                      : up                  ? ", the sorry server goes"
                                            : ", the sorry server stands in");
            line = fmt::format("VS {} {}\n", service.config.name, word);
            run(up ? service.config.quorum_up : service.config.quorum_down);
        }
        fifo_.write(line);
        own_fifo_.write(line);
    }
}

/// rs_init_notifies
void Checker::tell_initial(Service& service)
{
    ServiceMachine::Events events;
    for (std::size_t i = 0; i < service.config.servers.size(); i++)
        events.push_back(
            {service.machine.up(i) ? ServiceEvent::What::server_up : ServiceEvent::What::server_down, i, 0,
             0});
    tell(service, events);
}

std::vector<weir::Service> Checker::plan_all(const OperatorMarks& marks) const
{
    std::vector<weir::Service> desired;
    for (const auto& service : services_)
        plan(service->config, service->machine, marks, desired);
    return desired;
}

} // namespace weir::keeper
