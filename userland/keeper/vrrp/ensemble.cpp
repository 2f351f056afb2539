// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/ensemble.h"

#include <algorithm>

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
    if (actions.begin() != actions.end() || machine.state() != before)
        sink_(index, actions, before);
}

State Ensemble::group_state(std::size_t group) const
{
    bool all_master = true;
    for (std::size_t index : groups_[group]) {
        State state = members_[index].machine.state();
        if (state == State::fault || state == State::init)
            return state;
        all_master &= state == State::master;
    }
    return all_master ? State::master : State::backup;
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
        settle_group(member.group, now);
}

void Ensemble::stop(std::size_t index, Instant now)
{
    members_[index].faulty = false;
    run(index, [&](Machine& machine, Actions& actions) { machine.stop(now, actions); });
}

void Ensemble::settle_group(std::size_t group, Instant now)
{
    bool faulty = group_faulty(group);
    for (std::size_t index : groups_[group])
        run(index, [&](Machine& machine, Actions& actions) { machine.set_faulty(now, faulty, actions); });
}

void Ensemble::step_down(std::size_t index, Instant now)
{
    std::size_t group = members_[index].group;
    if (group == no_group)
        return run(index, [&](Machine& machine, Actions& actions) { machine.follow(now, actions); });
    for (std::size_t other : groups_[group])
        run(other, [&](Machine& machine, Actions& actions) { machine.follow(now, actions); });
}

void Ensemble::receive(std::size_t index, Instant now, const Heard& heard)
{
    Member& member = members_[index];
    bool was_master = member.machine.state() == State::master;
    run(index, [&](Machine& machine, Actions& actions) { machine.receive(now, heard, actions); });
    if (member.group == no_group || !was_master || member.machine.state() == State::master)
        return;
    for (std::size_t other : groups_[member.group]) {
        if (other != index)
            run(other, [&](Machine& machine, Actions& actions) { machine.follow(now, actions); });
    }
}

void Ensemble::expire(std::size_t index, Instant now)
{
    std::size_t group = members_[index].group;
    bool asked = false;
    run(index, [&](Machine& machine, Actions& actions) {
        machine.expire(now, actions);
        asked = actions.has(Action::ask_group);
    });
    if (asked)
        lead_if_all_want(group, now);
}

void Ensemble::lead_if_all_want(std::size_t group, Instant now)
{
    auto wants = [&](std::size_t other) { return members_[other].machine.wants_master(); };
    if (!std::ranges::all_of(groups_[group], wants))
        return;
    for (std::size_t other : groups_[group])
        run(other, [&](Machine& machine, Actions& actions) { machine.lead(now, actions); });
}

void Ensemble::take_over(std::size_t index, Instant now, Reason reason)
{
    bool asked = false;
    run(index, [&](Machine& machine, Actions& actions) {
        machine.take_over(now, reason, actions);
        asked = actions.has(Action::ask_group);
    });
    if (asked)
        lead_if_all_want(members_[index].group, now);
}

void Ensemble::hand_over(std::size_t index, Instant now)
{
    run(index, [&](Machine& machine, Actions& actions) { machine.hand_over(now, actions); });
}

void Ensemble::set_faulty(std::size_t index, Instant now, bool faulty)
{
    Member& member = members_[index];
    if (member.faulty == faulty)
        return;
    member.faulty = faulty;
    if (member.group != no_group)
        settle_group(member.group, now);
    else
        run(index, [&](Machine& machine, Actions& actions) { machine.set_faulty(now, faulty, actions); });
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
