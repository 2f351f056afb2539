// SPDX-License-Identifier: GPL-2.0
#include "libweir/compare.h"

#include <map>

namespace weir {
namespace {

/// Seeds are given out to administrators only; one that is hidden is taken for unchanged.
bool same(const ServiceConfig& current, const ServiceConfig& desired)
{
    ServiceConfig config = current;
    if (!config.seed)
        config.seed = desired.seed;
    return config == desired;
}

void compare_servers(const Service& desired, const Service& current, std::vector<Difference>& differences)
{
    std::map<Endpoint, const Server*> left;
    for (const Server& server : current.servers)
        left.emplace(server.endpoint, &server);
    for (const Server& server : desired.servers) {
        auto found = left.find(server.endpoint);
        if (found == left.end()) {
            differences.push_back({&current, &desired, nullptr, &server});
            continue;
        }
        if (!(found->second->config == server.config))
            differences.push_back({&current, &desired, found->second, &server});
        left.erase(found);
    }
    for (const Server& server : current.servers)
        if (left.contains(server.endpoint))
            differences.push_back({&current, &desired, &server, nullptr});
}

} // namespace

std::vector<Difference> compare(const std::vector<Service>& desired, const std::vector<Service>& current,
                                const std::string& owner)
{
    std::map<ServiceKey, const Service*> left;
    for (const Service& service : current)
        left.emplace(service.key, &service);

    std::vector<Difference> differences;
    for (const Service& service : desired) {
        auto found = left.find(service.key);
        if (found == left.end()) {
            differences.push_back({nullptr, &service, nullptr, nullptr});
            for (const Server& server : service.servers)
                differences.push_back({nullptr, &service, nullptr, &server});
            continue;
        }
        if (found->second->owner != owner || !same(found->second->config, service.config))
            differences.push_back({found->second, &service, nullptr, nullptr});
        compare_servers(service, *found->second, differences);
        left.erase(found);
    }
    for (const Service& service : current)
        if (service.owner == owner && left.contains(service.key))
            differences.push_back({&service, nullptr, nullptr, nullptr});
    return differences;
}

} // namespace weir
