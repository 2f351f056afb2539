// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/config.h"
#include "libweir/counter.h"
#include "weiradm/command.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/machine.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"

namespace weir {
namespace {

using diagnosis::Finding;

/// What was found, under one heading.
struct Report {
    std::string about;
    std::vector<Finding> findings;
};

bool has_problem(const std::vector<Report>& reports)
{
    for (const Report& report : reports)
        for (const Finding& finding : report.findings)
            if (finding.weight == Finding::Weight::problem)
                return true;
    return false;
}

std::string text_of(const Report& report)
{
    std::string text = report.about + "\n";
    if (report.findings.empty())
        text += "  nothing found\n";
    for (const Finding& finding : report.findings) {
        text += fmt::format("  {}: {}\n", finding.weight == Finding::Weight::problem ? "problem" : "note",
                            finding.text);
        if (!finding.remedy.empty())
            text += fmt::format("      {}\n", finding.remedy);
    }
    return text;
}

Json json_of(const Report& report)
{
    Json json;
    json["about"] = report.about;
    json["findings"] = Json::array();
    for (const Finding& finding : report.findings)
        json["findings"].push_back(
            {{"weight", finding.weight == Finding::Weight::problem ? "problem" : "note"},
             {"text", finding.text},
             {"remedy", finding.remedy}});
    return json;
}

Result<std::vector<Report>> about_services(const std::vector<std::string>& words)
{
    std::vector<ServiceKey> wanted;
    for (const std::string& word : words) {
        auto key = parse_service_word(word);
        if (!key)
            return pass_on(key);
        wanted.push_back(*key);
    }
    auto socket = NlSocket::create(); // loads nothing: a missing module is one of the findings
    if (!socket)
        return std::vector<Report>{
            {"director",
             {{Finding::Weight::problem, "the module weir is not loaded in this kernel",
               "modprobe weir      (or: insmod weir.ko)"}}}};
    auto services = services_list(*socket);
    if (!services)
        return pass_on(services);

    std::vector<Address> addresses;
    for (const Service& service : *services) {
        if (!service.key.fwmark)
            addresses.push_back(service.key.address);
        for (const Server& server : service.servers)
            addresses.push_back(server.endpoint.address);
    }
    auto pools = pools_list(*socket);
    if (!pools)
        return pass_on(pools);
    for (const Pool& pool : *pools)
        for (const AddressRange& range : pool.config.ranges)
            for (const Address& address : range.addresses(4096))
                addresses.push_back(address);
    diagnosis::Facts facts = diagnosis::look_at_machine(addresses);
    auto config = config_get(*socket);
    auto counters = counters_list(*socket);
    if (!config)
        return pass_on(config);
    if (!counters)
        return pass_on(counters);
    facts.config = *config;
    facts.counters = *counters;

    std::vector<Report> reports{{"director", examine_director(*services, facts)}};
    for (const Pool& pool : *pools)
        if (wanted.empty() || std::ranges::any_of(*services, [&](const Service& service) {
                return service.config.pool == pool.name &&
                       std::ranges::find(wanted, service.key) != wanted.end();
            }))
            reports.push_back({"pool " + pool.name, examine_pool(pool, facts)});
    std::size_t found = 0;
    for (const Service& service : *services) {
        if (!wanted.empty() && std::ranges::find(wanted, service.key) == wanted.end())
            continue;
        reports.push_back({service_word(service.key), examine_service(service, facts)});
        found++;
    }
    if (!wanted.empty() && found < wanted.size())
        for (const ServiceKey& key : wanted)
            if (std::ranges::find(*services, key, &Service::key) == services->end())
                reports.push_back({service_word(key),
                                   {{Finding::Weight::problem, "there is no such service",
                                     "weiradm service add " + service_word(key)}}});
    return reports;
}

int run(const Arguments& arguments)
{
    bool json = false;
    std::optional<std::string> vip;
    std::vector<std::string> words;
    Options options;
    options.flag("json,j", json);
    options.value("real-server", vip);
    options.words("SERVICE", 0, SIZE_MAX, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("diagnose", parsed.error());

    Result<std::vector<Report>> reports;
    if (vip) {
        auto address = Address::parse(*vip);
        if (!address)
            return misuse("diagnose", fail(EINVAL, address.error().message, "--real-server"));
        reports =
            std::vector<Report>{{"real server of " + *vip,
                                 examine_real_server(*address, diagnosis::look_at_machine({*address}))}};
    } else {
        reports = about_services(words);
    }
    if (!reports)
        return refuse(reports.error());
    Json list = Json::array();
    for (const Report& report : *reports) {
        if (json)
            list.push_back(json_of(report));
        else
            print(text_of(report));
    }
    if (json)
        print(to_text(list));
    return has_problem(*reports) ? exit_refused : exit_ok;
}

} // namespace

const CommandEntry cmd_diagnose = {
    .name = "diagnose",
    .summary = "say why a service does not work, and what mends it",
    .help = R"(Usage: weiradm diagnose [-j] [SERVICE...]
       weiradm diagnose --real-server VIP

Looks at the module, pools, services, servers, addresses, routes, sysctls and
firewall rules of this network namespace and says in words what is in the way,
each with the command that mends it. Exits with 1 where it found a problem. As
root it sees more.

  --real-server VIP   look at this machine as a server of VIP by dr
  -j, --json          as JSON

Example:
  weiradm diagnose tcp:192.0.2.1:80
)",
    .run = run,
};

} // namespace weir
