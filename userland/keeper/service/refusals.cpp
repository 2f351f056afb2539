// SPDX-License-Identifier: GPL-2.0
#include "keeper/service/refusals.h"

#include <algorithm>

#include "keeper/service/plan.h"

namespace weir::keeper {
namespace {

bool same_servers(const Service& a, const Service& b)
{
    return std::ranges::equal(a.servers, b.servers, [](const Server& x, const Server& y) {
        return x.endpoint == y.endpoint && x.config == y.config;
    });
}

/// The table's form of a service, without servers that are no longer wanted.
Service older_form(const Service& wanted, const Service& there)
{
    Service service = there;
    std::erase_if(service.servers, [&](Server& server) {
        auto same = std::ranges::find(wanted.servers, server.endpoint, &Server::endpoint);
        if (same == wanted.servers.end())
            return true;
        server.config.weight = same->config.weight;
        return false;
    });
    return service;
}

/// Of a transaction's errors: one that concerns the object which it names, and not the moment.
bool lasting(const Error& error)
{
    return error.code != ESTALE && error.code != ENOMEM && error.code != ENOBUFS && error.code != EPERM;
}

} // namespace

const Refusals::Entry* Refusals::find(const Service& service) const
{
    auto known = entries_.find(service.key);
    if (known == entries_.end() || known->second.again)
        return nullptr;
    const Service& wanted = known->second.wanted;
    return wanted.config == service.config && same_servers(wanted, service) ? &known->second : nullptr;
}

std::vector<Service> Refusals::without(const std::vector<Service>& planned,
                                       const std::vector<Service>& table) const
{
    if (entries_.empty())
        return planned;
    std::vector<Service> sent;
    for (const auto& service : planned) {
        const Entry* entry = find(service);
        if (!entry) {
            sent.push_back(service);
            continue;
        }
        auto there = std::ranges::find(table, service.key, &Service::key);
        if (!entry->older_refused && there != table.end() && there->owner == owner_label)
            sent.push_back(older_form(service, *there));
    }
    return sent;
}

bool Refusals::note(const Error& error, const std::vector<Service>& sent, const std::vector<Service>& planned)
{
    if (error.index < 0 || static_cast<std::size_t>(error.index) >= sent.size() || !lasting(error))
        return false;
    const ServiceKey& key = sent[static_cast<std::size_t>(error.index)].key;
    auto wanted = std::ranges::find(planned, key, &Service::key);
    if (wanted == planned.end())
        return false;
    if (find(*wanted)) {
        Entry& entry = entries_[key];
        return !std::exchange(entry.older_refused, true);
    }
    Entry& entry = entries_[key];
    entry.wanted = *wanted;
    entry.reason = error.to_string();
    entry.older_refused = entry.again = false;
    return true;
}

void Refusals::settle(const std::vector<Service>& planned)
{
    if (entries_.empty())
        return;
    std::map<ServiceKey, const Service*> wanted;
    for (const auto& service : planned)
        wanted[service.key] = &service;
    std::erase_if(entries_, [&](const auto& item) {
        auto service = wanted.find(item.first);
        if (service != wanted.end() && find(*service->second))
            return false;
        if (service != wanted.end() && !item.second.told.empty())
            taken_.push_back(item.first.to_string());
        return true;
    });
}

void Refusals::retry()
{
    for (auto& [key, entry] : entries_)
        entry.again = true;
}

Refusals::News Refusals::news()
{
    News news;
    for (auto& [key, entry] : entries_) {
        if (std::exchange(entry.told, entry.reason) != entry.reason)
            news.refused.push_back(entry.reason);
    }
    news.taken = std::exchange(taken_, {});
    return news;
}

const std::string* Refusals::reason(const ServiceKey& key) const
{
    auto known = entries_.find(key);
    return known == entries_.end() ? nullptr : &known->second.reason;
}

} // namespace weir::keeper
