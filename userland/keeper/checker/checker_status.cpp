// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "keeper/checker/checker_service.h"

namespace weir::keeper {
namespace {

using json = nlohmann::ordered_json;

double seconds_since(Instant since)
{
    return static_cast<double>((boot_time() - since).count()) / 1e6;
}

std::string_view word(CheckState state)
{
    return state == CheckState::up ? "up" : state == CheckState::down ? "down" : "unknown";
}

json check_json(const CheckSpec& spec, const Endpoint& target, const CheckPool::Subscription* subscription)
{
    json value = {{"check", describe(spec, target)}};
    if (!subscription)
        return value;
    const CheckReport& last = subscription->last();
    if (std::string fault = subscription->fault(); !fault.empty())
        value["fault"] = std::move(fault);
    value["state"] = word(last.state);
    value["failures"] = last.failures;
    value["damped"] = last.damped;
    if (last.at == std::chrono::steady_clock::time_point())
        return value;
    std::chrono::duration<double> age = std::chrono::steady_clock::now() - last.at;
    value["good"] = last.result.good;
    value["result"] = last.result.good && last.result.reason.empty() ? "ok" : last.result.reason;
    value["latency_ms"] = static_cast<double>(last.result.latency.count()) / 1e3;
    value["age_s"] = age.count();
    return value;
}

/// What an operator has set, at the first of the service's addresses.
json operator_json(const VirtualServerConfig& config, const RealServerConfig& server,
                   const OperatorMarks& marks)
{
    json value = json::object();
    if (config.points.empty())
        return value;
    auto mark = marks.find({key_of(config, config.points[0]),
                            table_endpoint(server.endpoint, server.forwarding.method, config.points[0])});
    if (mark == marks.end())
        return value;
    if (mark->second.draining)
        value["draining"] = true;
    if (mark->second.weight)
        value["weight"] = *mark->second.weight;
    return value;
}

/// Which of its services the kernel does not have, and why.
json refusals_json(const VirtualServerConfig& config, const KernelTable& table)
{
    json refusals = json::array();
    for (const auto& point : config.points) {
        ServiceKey key = key_of(config, point);
        if (const std::string* reason = table.refusal(key))
            refusals.push_back({{"service", key.to_string()}, {"reason", *reason}});
    }
    return refusals;
}

std::string server_text(const json& server)
{
    std::string note;
    if (server["operator"].contains("draining"))
        note = ", drained by an operator";
    else if (server["operator"].contains("weight"))
        note = fmt::format(", weight {} by an operator", server["operator"]["weight"].get<unsigned>());
    std::string text = fmt::format("  {:<28} {:<5} weight {:<5} {:>10.1f} s{}\n",
                                   server["server"].get<std::string>(), server["state"].get<std::string>(),
                                   server["weight"].get<unsigned>(), server["since_s"].get<double>(), note);
    for (const auto& check : server["checks"]) {
        text += fmt::format("    {}: ", check["check"].get<std::string>());
        text += !check.contains("result")
                    ? "no answer yet\n"
                    : fmt::format("{}, {:.1f} ms, {:.0f} s ago{}\n", check["result"].get<std::string>(),
                                  check["latency_ms"].get<double>(), check["age_s"].get<double>(),
                                  check["damped"].get<bool>() ? ", held down for flapping" : "");
        if (check.contains("fault"))
            text += fmt::format("      renewed files of SSL are not in use: {}\n",
                                check["fault"].get<std::string>());
    }
    return text;
}

std::string service_text(const json& service)
{
    const auto& quorum = service["quorum"];
    std::string text = fmt::format(
        "{} {}: quorum {} ({} of {}) for {:.1f} s", service["name"].get<std::string>(),
        service["scheduler"].get<std::string>(), quorum["up"].get<bool>() ? "up" : "lost",
        quorum["live_weight"].get<long>(), quorum["wanted"].get<long>(), quorum["since_s"].get<double>());
    if (service.contains("sorry_server") && service["sorry_server"]["active"].get<bool>())
        text += fmt::format(", sorry server {}", service["sorry_server"]["server"].get<std::string>());
    if (service["suspended"].get<bool>())
        text += ", checks suspended";
    if (service["in_the_way"].get<bool>())
        text += ", NOT IN THE KERNEL: another owner has it";
    text += "\n";
    for (const auto& refusal : service["refused"])
        text += fmt::format("  NOT IN THE KERNEL: {}\n", refusal["reason"].get<std::string>());
    for (const auto& server : service["real_servers"])
        text += server_text(server);
    return text;
}

} // namespace

std::string Checker::answer(const std::string& request) const
{
    if (request != "status" && request != "status -j")
        return "error: unknown request\n";
    json services = json::array();
    for (const auto& service : services_) {
        const auto& config = service->config;
        json servers = json::array();
        for (std::size_t i = 0; i < config.servers.size(); i++) {
            const auto& server = config.servers[i];
            json checks = json::array();
            for (std::size_t check = 0; check < server.checks.size(); check++)
                checks.push_back(check_json(*server.checks[check], check_target(config, server),
                                            service->subscriptions[service->machine.place(i, check)].get()));
            auto entry = service->machine.entry(i);
            servers.push_back({{"server", server.endpoint.to_string()},
                               {"state", service->machine.up(i) ? "up" : "down"},
                               {"since_s", seconds_since(service->server_since[i])},
                               {"present", entry.present},
                               {"weight", entry.weight},
                               {"configured_weight", server.weight},
                               {"operator", operator_json(config, server, table_.marks())},
                               {"checks", std::move(checks)}});
        }
        json value = {{"name", config.name},
                      {"scheduler", config.scheduler},
                      {"addresses", config.points.size()},
                      {"quorum",
                       {{"up", service->machine.quorum()},
                        {"wanted", config.quorum},
                        {"hysteresis", config.hysteresis},
                        {"live_weight", service->machine.live_weight()},
                        {"since_s", seconds_since(service->quorum_since)}}},
                      {"suspended", service->suspended},
                      {"in_the_way", std::ranges::any_of(config.points,
                                                         [&](const auto& p) {
                                                             return table_.is_in_the_way(key_of(config, p));
                                                         })},
                      {"refused", refusals_json(config, table_)}};
        if (config.sorry)
            value["sorry_server"] = {{"server", config.sorry->endpoint.to_string()},
                                     {"active", service->machine.sorry_active()}};
        value["real_servers"] = std::move(servers);
        services.push_back(std::move(value));
    }
    const std::string& place = config_.global.net_namespace_ipvs;
    if (request == "status -j") {
        json value = {{"virtual_servers", services}, {"kernel_error", table_error_}};
        if (!place.empty())
            value["net_namespace_ipvs"] = place;
        return value.dump(2) + "\n";
    }
    std::string text;
    if (!place.empty())
        text = fmt::format("the kernel's services are in network namespace {}\n", place);
    if (!table_error_.empty())
        text += fmt::format("the kernel's services could not be changed: {}\n", table_error_);
    for (const auto& service : services)
        text += service_text(service);
    return text;
}

} // namespace weir::keeper
