// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/handovers.h"

#include <algorithm>
#include <map>
#include <utility>

namespace weir::keeper {
namespace {

Duration announce_interval(const Policy& policy)
{
    return std::max<Duration>(policy.interval, std::chrono::seconds(1));
}

} // namespace

void Handovers::configure(Ensemble& ensemble, std::vector<Side> sides)
{
    ensemble_ = &ensemble;
    sides_ = std::move(sides);
    waiting_ = static_cast<std::size_t>(
        std::ranges::count_if(sides_, [](const Side& side) { return !side.heir.empty(); }));
    if (waiting_ == 0)
        deadline_ = never;
}

/// In Backup, in doubt about nothing: would become master at once.
bool Handovers::willing(std::size_t index) const
{
    const Machine& machine = (*ensemble_)[index];
    if (machine.state() != State::backup || !machine.policy().preempt || !sides_[index].able)
        return false;
    std::size_t group = ensemble_->group_of(index);
    return group == Ensemble::no_group || ensemble_->group_state(group) == State::backup;
}

void Handovers::announce(std::size_t index, Instant now, const Address& master)
{
    Side& side = sides_[index];
    const Machine& machine = (*ensemble_)[index];
    if (!side.able ||
        now - side.announced_at < announce_interval(machine.policy()) - std::chrono::milliseconds(5))
        return;
    side.announced_at = now;
    HandoverMessage message;
    message.priority = machine.priority();
    message.willing = willing(index);
    message.stamp = handover_stamp(now);
    (void)host_.send_handover(index, message, master);
}

/// Whoever asked has resigned in the meantime; within an interval he cannot be master again.
bool Handovers::stale(std::size_t index, Instant now, const HandoverMessage& message) const
{
    auto age = static_cast<std::int32_t>(handover_stamp(now) - message.stamp);
    return message.stamp != 0 && std::chrono::milliseconds(age) > (*ensemble_)[index].policy().interval;
}

bool Handovers::take(std::size_t index, Instant now, const HandoverMessage& message, const Address& source,
                     bool from_master)
{
    Side& side = sides_[index];
    switch (message.type) {
    case HandoverType::announce:
        if ((*ensemble_)[index].state() == State::master && side.able)
            side.heirs.announced(now, source, message);
        return true;
    case HandoverType::request:
        if (!from_master || !willing(index) || stale(index, now, message))
            return false;
        return take_request(index, now, message, source);
    case HandoverType::accept: break;
    }
    if (!side.heir.empty() && side.heir == source && side.request_nonce == message.nonce)
        finish(index, now);
    return true;
}

bool Handovers::take_request(std::size_t index, Instant now, const HandoverMessage& message,
                             const Address& source)
{
    Side& side = sides_[index];
    side.accept_to = side.leaver = source;
    side.accept_nonce = message.nonce;
    side.accept_until = now + accept_patience;
    side.leaver_until = now + std::min<Duration>(accept_patience, (*ensemble_)[index].policy().interval);
    ensemble_->take_over(index, now, Reason::handed_over);
    return true;
}

bool Handovers::passes_over(std::size_t index, Instant now, const Address& source,
                            std::uint8_t priority) const
{
    const Side& side = sides_[index];
    if (!side.heir.empty() && side.heir == source)
        return true;
    return side.leaver == source && now <= side.leaver_until && priority != 0;
}

/// As master: if somebody asked for it, he can go now.
void Handovers::state_changed(std::size_t index, Instant now)
{
    Side& side = sides_[index];
    const Machine& machine = (*ensemble_)[index];
    if (machine.state() != State::master) {
        side.heirs.clear();
        // gave up for another reason, and hears whoever is master
        if (machine.reason() != Reason::handed_over && !std::exchange(side.heir, Address()).empty())
            waiting_--;
        return;
    }
    Address asker = std::exchange(side.accept_to, Address());
    if (asker.empty() || now > side.accept_until)
        return;
    HandoverMessage message;
    message.type = HandoverType::accept;
    message.priority = machine.priority();
    message.nonce = side.accept_nonce;
    (void)host_.send_handover(index, message, asker);
    host_.note_handover(index, HandoverNote::taken_over, asker);
}

void Handovers::start(Instant now, const std::vector<std::size_t>& wanted, bool leaving)
{
    std::map<std::size_t, bool> group_ready;
    std::vector<std::pair<std::size_t, Address>> heirs;
    auto asked = [&](std::size_t i) { return std::ranges::find(wanted, i) != wanted.end(); };
    for (std::size_t i : wanted) {
        const Machine& machine = (*ensemble_)[i];
        if (machine.state() != State::master || silent(i))
            continue;
        Duration patience = announce_interval(machine.policy()) * 3;
        Address heir = machine.policy().preempt ? sides_[i].heirs.best(now, patience) : Address();
        heirs.emplace_back(i, heir);
        if (std::size_t group = ensemble_->group_of(i); group != Ensemble::no_group) {
            bool& ready = group_ready.try_emplace(group, true).first->second;
            ready = ready && !heir.empty();
        }
    }
    // a group moves as a whole or not at all
    for (std::size_t i = 0; i < sides_.size(); i++) {
        if (auto group = group_ready.find(ensemble_->group_of(i)); group != group_ready.end() && !asked(i))
            group->second = false;
    }
    for (auto& [i, heir] : heirs) {
        Side& side = sides_[i];
        if ((*ensemble_)[i].state() != State::master)
            continue; // with its group
        auto group = group_ready.find(ensemble_->group_of(i));
        bool ready = !heir.empty() && (group == group_ready.end() || group->second);
        HandoverMessage message;
        message.type = HandoverType::request;
        message.priority = (*ensemble_)[i].priority();
        message.nonce = host_.make_nonce();
        message.stamp = side.heirs.clock_of(now, heir);
        if (ready && host_.send_handover(i, message, heir)) {
            side.heir = heir;
            side.asked_at = now;
            side.request_nonce = message.nonce;
            waiting_++;
            deadline_ = std::min(deadline_, now + handover_patience);
        } else if (!leaving) {
            resign(i, now, HandoverNote::no_heir, Address());
        }
    }
}

void Handovers::finish(std::size_t index, Instant now)
{
    Side& side = sides_[index];
    host_.note_handover(index, HandoverNote::handed_over, side.heir);
    ensemble_->hand_over(index, now);
    side.heir = Address(); // until now, for the transition names it
    answered_at_ = now;
    if (--waiting_ == 0)
        deadline_ = never;
}

void Handovers::resign(std::size_t index, Instant now, HandoverNote note, const Address& heir)
{
    host_.note_handover(index, note, heir);
    ensemble_->yield(index);
    ensemble_->step_down(index, now, Reason::resigned);
}

void Handovers::expire(Instant now)
{
    if (now < deadline_)
        return;
    deadline_ = never;
    for (std::size_t i = 0; i < sides_.size(); i++) {
        Side& side = sides_[i];
        if (side.heir.empty())
            continue;
        Instant due = std::max(side.asked_at, answered_at_) + handover_patience;
        if (now < due) {
            deadline_ = std::min(deadline_, due);
            continue;
        }
        waiting_--;
        resign(i, now, HandoverNote::no_answer, std::exchange(side.heir, Address()));
    }
}

} // namespace weir::keeper
