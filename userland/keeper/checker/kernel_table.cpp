// SPDX-License-Identifier: GPL-2.0
#include "keeper/checker/kernel_table.h"

#include <algorithm>

#include <fmt/format.h>
#include <poll.h>

#include "libweir/compare.h"
#include "libweir/config.h"
#include "libweir/transaction.h"

namespace weir::keeper {
namespace {

// another writer may come in between reading and committing
constexpr int attempts = 5;
// each costs a transaction; what is beyond comes out at the next attempts
constexpr int refusals_at_once = 64;

std::string describe(const Difference& difference)
{
    std::string text = difference.key().to_string();
    if (difference.of_server())
        text += ", server " + difference.endpoint().to_string();
    bool gone = difference.of_server() ? !difference.before : !difference.before_service;
    bool added = difference.of_server() ? !difference.after : !difference.after_service;
    return text + (gone ? " was removed" : added ? " was added" : " was changed");
}

} // namespace

Result<void> KernelTable::open()
{
    if (socket_)
        return {};
    // events first: what changes after the table was read is heard of
    auto events = made_in(there_, EventSocket::create);
    if (!events)
        return pass_on(events);
    auto socket = made_in(there_, NlSocket::create);
    if (!socket)
        return pass_on(socket);
    events_.emplace(std::move(*events));
    socket_.emplace(std::move(*socket));
    forget();
    openings_++;
    return {};
}

void KernelTable::close()
{
    socket_.reset();
    events_.reset();
    forget();
}

Result<const std::vector<Service>*> KernelTable::read()
{
    if (auto opened = open(); !opened)
        return pass_on(opened);
    auto config = config_get(*socket_); // before the listing: what comes later makes the commit fail
    if (!config) {
        close(); // the module may have gone, and come again under another number
        return pass_on(config);
    }
    auto table = services_list(*socket_);
    if (!table)
        return pass_on(table);
    generation_ = config->generation;
    note_marks(*table, marks_);
    others_.clear();
    for (const auto& service : *table) {
        if (service.owner != owner_label)
            others_.emplace(service.key, service.owner);
    }
    read_ = std::move(*table);
    return &*read_;
}

void KernelTable::leave_out_foreign(std::vector<Service>& desired, Outcome& outcome)
{
    std::set<ServiceKey> foreign;
    for (const auto& service : desired) {
        auto other = others_.find(service.key);
        if (other == others_.end())
            continue;
        foreign.insert(service.key);
        if (!foreign_.contains(service.key))
            outcome.in_the_way.push_back(fmt::format("{} belongs to owner '{}' and is left alone",
                                                     service.key.to_string(), other->second));
    }
    foreign_ = std::move(foreign);
    std::erase_if(desired, [&](const auto& service) { return foreign_.contains(service.key); });
}

Result<KernelTable::Outcome> KernelTable::try_put(const Plan& plan)
{
    Outcome outcome;
    if (!unchanged_) {
        if (auto table = read(); !table)
            return pass_on(table);
        if (ours_)
            if (auto drift = compare(*ours_, *read_, owner_label); !drift.empty())
                outcome.drift = describe(drift.front());
    }
    auto planned = plan(marks_);
    leave_out_foreign(planned, outcome);
    auto changed = commit(planned);
    for (int left = refusals_at_once; !changed && left; left--) {
        if (!refusals_.note(changed.error(), refusals_.without(planned), planned, present()))
            break;
        changed = commit(planned);
    }
    if (!changed)
        return pass_on(changed);
    outcome.changed = *changed;
    refusals_.settle(planned);
    outcome.refusals = refusals_.news();
    return outcome;
}

/// What the kernel may take of it. Objects that changed; the error's index is that of without().
Result<std::size_t> KernelTable::commit(const std::vector<Service>& planned)
{
    auto desired = refusals_.without(planned);
    std::size_t differences = compare(desired, present(), owner_label).size();
    if (differences == 0) {
        made(std::move(desired));
        return 0;
    }
    Transaction transaction(owner_label, WEIR_TRANSACTION_REPLACE, generation_);
    for (std::size_t i = 0; i < desired.size(); i++)
        transaction.add_service(desired[i], static_cast<long>(i));
    auto committed = transaction.commit(*socket_);
    if (!committed)
        return pass_on(committed);
    for (const auto& [server, weight] : give_back(desired, present(), marks_))
        (void)server_override(*socket_, server.first, server.second, weight);
    generation_ = committed->generation;
    made(std::move(desired));
    return differences;
}

Result<KernelTable::Outcome> KernelTable::put(const Plan& plan)
{
    for (int attempt = 1;; attempt++) {
        auto outcome = try_put(plan);
        if (outcome)
            return outcome;
        forget();
        if (outcome.error().code != ESTALE || attempt == attempts)
            return outcome;
    }
}

Result<void> KernelTable::set_timeouts(const Timeouts& timeouts)
{
    if (auto opened = open(); !opened)
        return opened;
    ConfigChange change;
    change.timeouts = timeouts;
    return config_set(*socket_, change);
}

Result<void> KernelTable::flush(bool everybody)
{
    if (auto opened = open(); !opened)
        return opened;
    doubt();
    return services_flush(*socket_, everybody ? "" : owner_label);
}

bool KernelTable::read_events()
{
    bool foreign = false;
    pollfd ready{events_fd(), POLLIN, 0};
    while (events_ && ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN)) {
        auto received = events_->receive([&](const Event& event) {
            bool ours = event.generation <= generation_;
            foreign |= !ours;
            if (event.what == Event::What::server_changed && event.service && event.server) {
                OperatorMarks before = marks_;
                note_mark(event.service->key, *event.server, marks_);
                foreign |= before != marks_;
            }
        });
        if (!received) {
            foreign = true;
            if (received.error().code != ENOBUFS)
                close();
        }
    }
    if (foreign)
        doubt();
    return foreign;
}

} // namespace weir::keeper
