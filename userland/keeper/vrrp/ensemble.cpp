// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/ensemble.h"

#include <algorithm>
#include <utility>

namespace weir::keeper {

std::size_t Ensemble::add(Policy policy, std::size_t group)
{
    policy.grouped = group != no_group;
    members_.push_back({Machine(policy), group, false});
    if (group != no_group) {
        groups_.resize(std::max(groups_.size(), group + 1));
        groups_[group].push_back(members_.size() - 1);
    }
    return members_.size() - 1;
}

void Ensemble::set_order(std::size_t group, std::vector<std::size_t> members)
{
    groups_.resize(std::max(groups_.size(), group + 1));
    groups_[group] = std::move(members);
}

void Ensemble::restore(std::size_t index, Instant now, const Machine& machine, bool faulty)
{
    Policy policy = members_[index].machine.policy();
    members_[index].machine = machine;
    members_[index].machine.set_policy(now, policy);
    members_[index].faulty = faulty;
}

template <typename Input>
void Ensemble::run(std::size_t index, Input input)
{
    Machine& machine = members_[index].machine;
    State before = machine.state();
    Actions actions;
    input(machine, actions);
    moved_ |= machine.state() != before;
    if (actions.begin() != actions.end() || machine.state() != before)
        sink_(index, actions, before);
}

template <typename Input>
void Ensemble::run_group(std::size_t index, Input input)
{
    run(index, input);
    for (std::size_t other : groups_[members_[index].group]) {
        if (other != index)
            run(other, input);
    }
}

void Ensemble::tell_group(std::size_t index)
{
    std::size_t group = members_[index].group;
    if (std::exchange(moved_, false) && group != no_group)
        group_sink_(group);
}

State Ensemble::group_state(std::size_t group) const
{
    return common_state(groups_[group], [&](std::size_t index) { return members_[index].machine.state(); });
}

bool Ensemble::group_mixed(std::size_t group) const
{
    auto is = [&](State state) {
        return [this, state](std::size_t index) { return members_[index].machine.state() == state; };
    };
    const auto& members = groups_[group];
    auto some = [&](State state) {
        return std::ranges::any_of(members, is(state)) && !std::ranges::all_of(members, is(state));
    };
    return members.empty() || some(State::master) || some(State::init);
}

bool Ensemble::group_faulty(std::size_t group) const
{
    return std::ranges::any_of(groups_[group], [&](std::size_t index) { return members_[index].faulty; });
}

void Ensemble::start(std::size_t index, Instant now, bool faulty)
{
    Member& member = members_[index];
    member.faulty = faulty;
    bool together = faulty || (member.group != no_group && group_faulty(member.group));
    run(index, [&](Machine& machine, Actions& actions) { machine.start(now, together, actions); });
    if (member.group != no_group)
        settle_group(index, now);
    tell_group(index);
}

void Ensemble::stop(std::size_t index, Instant now)
{
    members_[index].faulty = false;
    run(index, [&](Machine& machine, Actions& actions) { machine.stop(now, actions); });
    moved_ = false;
}

/// The members' faults are the group's.
void Ensemble::settle_group(std::size_t index, Instant now)
{
    bool faulty = group_faulty(members_[index].group);
    run_group(index, [&](Machine& machine, Actions& actions) { machine.set_faulty(now, faulty, actions); });
}

void Ensemble::step_down(std::size_t index, Instant now, Reason reason)
{
    auto follow = [&](Machine& machine, Actions& actions) {
        machine.follow(now, actions, &machine == &members_[index].machine ? reason : Reason::group);
    };
    if (members_[index].group == no_group)
        run(index, follow);
    else
        run_group(index, follow);
    tell_group(index);
}

void Ensemble::receive(std::size_t index, Instant now, const Heard& heard)
{
    Member& member = members_[index];
    bool was_master = member.machine.state() == State::master;
    bool heard_lower = false;
    run(index, [&](Machine& machine, Actions& actions) {
        machine.receive(now, heard, actions);
        heard_lower = actions.has(Action::announce_lower);
    });
    bool gave_up = was_master && member.machine.state() != State::master;
    heard_lower = heard_lower && member.group != no_group && may_repeat(index, now);
    if (member.group != no_group && (gave_up || heard_lower)) {
        for (std::size_t other : groups_[member.group]) {
            if (other == index)
                continue;
            run(other, [&](Machine& machine, Actions& actions) {
                // the other router's members all give up with the one that hears this one's answer: no
                // advert of theirs comes that says that they were master, and whose neighbours believed it
                gave_up ? machine.follow(now, actions) : machine.repeat_announcement(actions);
            });
        }
    }
    tell_group(index);
}

/// Each member's neighbours once for what all members hear in an advert interval.
bool Ensemble::may_repeat(std::size_t index, Instant now)
{
    repeat_at_.resize(groups_.size(), Instant(0));
    Instant& next = repeat_at_[members_[index].group];
    if (now < next)
        return false;
    next = now + members_[index].machine.policy().interval;
    return true;
}

void Ensemble::expire(std::size_t index, Instant now)
{
    bool asked = false;
    run(index, [&](Machine& machine, Actions& actions) {
        machine.expire(now, actions);
        asked = actions.has(Action::ask_group);
    });
    if (asked)
        lead_if_all_want(index, now);
    tell_group(index);
}

void Ensemble::lead_if_all_want(std::size_t index, Instant now)
{
    auto wants = [&](std::size_t other) { return members_[other].machine.wants_master(); };
    if (std::ranges::all_of(groups_[members_[index].group], wants))
        run_group(index, [&](Machine& machine, Actions& actions) { machine.lead(now, actions); });
}

void Ensemble::take_over(std::size_t index, Instant now, Reason reason)
{
    bool asked = false;
    run(index, [&](Machine& machine, Actions& actions) {
        machine.take_over(now, reason, actions);
        asked = actions.has(Action::ask_group);
    });
    if (asked)
        lead_if_all_want(index, now);
    tell_group(index);
}

void Ensemble::hand_over(std::size_t index, Instant now)
{
    run(index, [&](Machine& machine, Actions& actions) { machine.hand_over(now, actions); });
    tell_group(index);
}

void Ensemble::set_faulty(std::size_t index, Instant now, bool faulty)
{
    Member& member = members_[index];
    if (member.faulty == faulty)
        return;
    member.faulty = faulty;
    if (member.group != no_group)
        settle_group(index, now);
    else
        run(index, [&](Machine& machine, Actions& actions) { machine.set_faulty(now, faulty, actions); });
    tell_group(index);
}

void Ensemble::set_policy(std::size_t index, Instant now, Policy policy)
{
    policy.grouped = members_[index].group != no_group;
    members_[index].machine.set_policy(now, policy);
}

void Ensemble::wake(Instant now)
{
    for (auto& member : members_)
        member.machine.wake(now);
}

} // namespace weir::keeper
