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

/// The keeper's service in the table, as it could be wanted again.
std::optional<Service> form_in(const std::vector<Service>& table, const ServiceKey& key)
{
    auto there = std::ranges::find(table, key, &Service::key);
    if (there == table.end() || there->owner != owner_label)
        return std::nullopt;
    Service form;
    form.key = key, form.owner = there->owner, form.config = there->config;
    for (const auto& server : there->servers) {
        Server& kept = form.servers.emplace_back();
        kept.endpoint = server.endpoint, kept.config = server.config;
    }
    return form;
}

/// Of a transaction's errors: one that concerns the object which it names, and not the moment.
bool lasting(const Error& error)
{
    return error.code != ESTALE && error.code != ENOMEM && error.code != ENOBUFS && error.code != EPERM;
}

} // namespace

/// The older form with the servers that are wanted now. Those that it never had come with the new settings,
/// unless the kernel refuses them.
Service Refusals::older_form(const Service& wanted, const Entry& entry)
{
    Service service = *entry.older;
    service.servers.clear();
    for (const auto& server : wanted.servers) {
        auto known = std::ranges::find(entry.older->servers, server.endpoint, &Server::endpoint);
        if (known == entry.older->servers.end()) {
            if (entry.part == Part::all_wanted)
                service.servers.push_back(server);
            continue;
        }
        service.servers.push_back(*known);
        service.servers.back().config.weight = server.config.weight;
    }
    return service;
}

const Refusals::Entry* Refusals::find(const Service& service) const
{
    auto known = entries_.find(service.key);
    if (known == entries_.end() || known->second.again)
        return nullptr;
    const Service& wanted = known->second.wanted;
    return wanted.config == service.config && same_servers(wanted, service) ? &known->second : nullptr;
}

std::vector<Service> Refusals::without(const std::vector<Service>& planned) const
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
        if (entry->older && entry->part != Part::nothing)
            sent.push_back(older_form(service, *entry));
    }
    return sent;
}

bool Refusals::note(const Error& error, const std::vector<Service>& sent, const std::vector<Service>& planned,
                    const std::vector<Service>& table)
{
    if (error.index < 0 || static_cast<std::size_t>(error.index) >= sent.size() || !lasting(error))
        return false;
    const ServiceKey& key = sent[static_cast<std::size_t>(error.index)].key;
    auto wanted = std::ranges::find(planned, key, &Service::key);
    if (wanted == planned.end())
        return false;
    bool older_too = find(*wanted) != nullptr;
    Entry& entry = entries_[key];
    if (older_too) {
        bool more = entry.part != Part::nothing;
        entry.part = entry.part == Part::all_wanted ? Part::own_servers : Part::nothing;
        return more;
    }
    entry.wanted = *wanted;
    entry.reason = error.to_string();
    if (!entry.older)
        entry.older = form_in(table, key);
    entry.part = Part::all_wanted;
    entry.again = false;
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
