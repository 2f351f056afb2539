// SPDX-License-Identifier: GPL-2.0
#include "keeper/vrrp/machine.h"

#include <algorithm>

namespace weir::keeper {

std::string_view name(State state)
{
    switch (state) {
    case State::init: return "INIT";
    case State::backup: return "BACKUP";
    case State::master: return "MASTER";
    case State::fault: break;
    }
    return "FAULT";
}

std::string_view name(Reason reason)
{
    switch (reason) {
    case Reason::started: return "started";
    case Reason::owner: return "address owner";
    case Reason::master_silent: return "no advert within the down interval";
    case Reason::master_resigned: return "the master resigned";
    case Reason::preempted_lower: return "the master had a lower priority";
    case Reason::higher_priority: return "a master with a higher priority";
    case Reason::equal_priority: return "a master with the same priority and a greater address";
    case Reason::peer_dead: return "the master is dead: its BFD session ended";
    case Reason::handed_over: return "handed over by the master";
    case Reason::woke_up: return "another master took over while this process was not running";
    case Reason::fault: return "a fault";
    case Reason::fault_over: return "the fault is over";
    case Reason::group: return "the sync group";
    case Reason::resigned: return "resigned by command, nobody took over";
    case Reason::taken_away: return "a static address, route or rule was taken away";
    case Reason::stopped: break;
    }
    return "stopped";
}

bool Actions::has(Action action) const
{
    return std::find(begin(), end(), action) != end();
}

Policy Policy::of(const InstanceConfig& instance)
{
    Policy policy;
    policy.version = instance.version;
    policy.priority = instance.priority;
    policy.interval = instance.advert_interval;
    policy.down_adverts = instance.down_timer_adverts;
    policy.preempt = instance.preempt;
    policy.preempt_delay = instance.preempt_delay;
    policy.lower_prio_no_advert = instance.lower_prio_no_advert;
    policy.higher_prio_send_advert = instance.higher_prio_send_advert;
    return policy;
}

Duration Machine::skew() const
{
    // RFC 3768 6.1: of a second; RFC 9568 6.1: of the master's interval
    Duration whole = policy_.version == 2 ? Duration(std::chrono::seconds(1)) : master_interval_;
    return whole * (256 - priority_) / 256;
}

Duration Machine::down_interval() const
{
    return master_interval_ * policy_.down_adverts + skew();
}

void Machine::start(Instant now, bool faulty, Actions& actions)
{
    master_interval_ = policy_.interval;
    preempt_at_ = never;
    wants_ = slept_ = false;
    yielded_ &= state_ == State::fault;
    next_reason_ = Reason::master_silent;
    if (faulty) {
        if (state_ == State::init)
            not_before_ = now + policy_.startup_delay;
        state_ = State::fault;
        reason_ = Reason::fault;
        deadline_ = never;
        return;
    }
    reason_ = state_ == State::fault ? Reason::fault_over : Reason::started;
    state_ = State::backup;
    if (reason_ == Reason::started)
        not_before_ = now + policy_.startup_delay;
    if (priority_ == 255 && now >= not_before_ && !policy_.grouped)
        return become_master(now, Reason::owner, actions);
    deadline_ = after(now, priority_ == 255 ? Duration(0) : down_interval());
}

void Machine::stop(Instant, Actions& actions)
{
    if (state_ == State::master) {
        actions.add(Action::send_resign);
        actions.add(Action::remove_addresses);
    }
    state_ = State::init;
    reason_ = Reason::stopped;
    deadline_ = never;
}

void Machine::set_faulty(Instant now, bool faulty, Actions& actions)
{
    if (state_ == State::init || faulty == (state_ == State::fault))
        return;
    if (!faulty)
        return start(now, false, actions);
    if (state_ == State::master) {
        actions.add(Action::send_resign);
        actions.add(Action::remove_addresses);
    }
    state_ = State::fault;
    reason_ = Reason::fault;
    deadline_ = never;
    wants_ = slept_ = false;
}

void Machine::become_master(Instant now, Reason reason, Actions& actions)
{
    state_ = State::master;
    reason_ = reason;
    wants_ = slept_ = yielded_ = false;
    preempt_at_ = never;
    master_interval_ = policy_.interval;
    deadline_ = now + policy_.interval;
    // the advert first: it ends the others' waiting
    actions.add(Action::send_advert);
    actions.add(Action::add_addresses);
    actions.add(Action::announce);
}

void Machine::become_backup(Instant now, Reason reason, Actions& actions)
{
    if (state_ == State::master)
        actions.add(Action::remove_addresses);
    state_ = State::backup;
    reason_ = reason;
    wants_ = slept_ = false;
    preempt_at_ = never;
    next_reason_ = Reason::master_silent;
    deadline_ = after(now, down_interval());
}

Instant Machine::after(Instant now, Duration wait) const
{
    return std::max(now, not_before_) + wait;
}

void Machine::wake(Instant now)
{
    // a master whose advert is late by this much has been replaced by whoever was able to
    Duration patience =
        std::max(policy_.interval * (policy_.down_adverts - 1), Duration(policy_.interval / 2));
    if (state_ == State::master && now >= deadline_ && now - deadline_ >= patience)
        slept_ = true;
}

bool Machine::accepts(Instant now, const Heard& heard)
{
    if (!policy_.preempt || yielded_ || heard.priority >= priority_) {
        preempt_at_ = never;
        return true;
    }
    if (policy_.preempt_delay.count() == 0)
        return false;
    if (preempt_at_ == never)
        preempt_at_ = now + policy_.preempt_delay;
    return now < preempt_at_;
}

void Machine::receive_as_backup(Instant now, const Heard& heard)
{
    if (heard.priority == 0) {
        deadline_ = std::min(deadline_, after(now, skew()));
        next_reason_ = Reason::master_resigned;
        return;
    }
    if (!accepts(now, heard)) {
        next_reason_ = Reason::preempted_lower;
        return;
    }
    if (policy_.version == 3)
        master_interval_ = heard.interval;
    next_reason_ = Reason::master_silent;
    wants_ = false;
    deadline_ = after(now, down_interval());
}

void Machine::receive_as_master(Instant now, const Heard& heard, Actions& actions)
{
    bool greater = heard.priority > priority_ || (heard.priority == priority_ && heard.order > 0);
    if (heard.priority == 0) {
        actions.add(Action::send_advert);
        deadline_ = now + policy_.interval;
        return;
    }
    if (greater || (slept_ && priority_ != 255)) {
        if (policy_.higher_prio_send_advert && !slept_)
            actions.add(Action::send_advert);
        if (policy_.version == 3)
            master_interval_ = heard.interval;
        Reason reason = slept_                       ? Reason::woke_up
                        : heard.priority > priority_ ? Reason::higher_priority
                                                     : Reason::equal_priority;
        return become_backup(now, reason, actions);
    }
    // RFC 9568 6.4.3: the other learns at once that there is a better master
    if (!policy_.lower_prio_no_advert) {
        actions.add(Action::send_advert);
        deadline_ = now + policy_.interval;
    }
    actions.add(Action::announce_lower);
    actions.add(Action::heard_lower);
}

void Machine::receive(Instant now, const Heard& heard, Actions& actions)
{
    if (state_ == State::backup)
        receive_as_backup(now, heard);
    else if (state_ == State::master)
        receive_as_master(now, heard, actions);
}

void Machine::expire(Instant now, Actions& actions)
{
    if (now < deadline_)
        return;
    if (state_ == State::master) {
        actions.add(Action::send_advert);
        if (slept_)
            actions.add(
                Action::announce); // whoever took over meanwhile and left is remembered by the neighbours
        slept_ = false;
        // on the beat, but never two for one wait
        deadline_ += policy_.interval;
        if (deadline_ <= now)
            deadline_ = now + policy_.interval;
    } else if (state_ == State::backup && policy_.grouped) {
        wants_ = true;
        deadline_ = now + down_interval();
        actions.add(Action::ask_group);
    } else if (state_ == State::backup) {
        become_master(now, priority_ == 255 && reason_ == Reason::started ? Reason::owner : next_reason_,
                      actions);
    }
}

void Machine::take_over(Instant now, Reason reason, Actions& actions)
{
    if (state_ != State::backup || now < not_before_)
        return;
    if (!policy_.grouped)
        return become_master(now, reason, actions);
    wants_ = true;
    next_reason_ = reason;
    deadline_ = now + down_interval();
    actions.add(Action::ask_group);
}

void Machine::hand_over(Instant now, Actions& actions)
{
    if (state_ != State::master)
        return;
    become_backup(now, Reason::handed_over, actions);
    yielded_ = true;
}

void Machine::lead(Instant now, Actions& actions)
{
    if (state_ == State::backup)
        become_master(now, wants_ ? next_reason_ : Reason::group, actions);
}

void Machine::follow(Instant now, Actions& actions, Reason reason)
{
    if (state_ != State::master)
        return;
    actions.add(Action::send_resign);
    become_backup(now, reason, actions);
}

void Machine::repeat_announcement(Actions& actions) const
{
    if (state_ == State::master)
        actions.add(Action::announce_lower);
}

void Machine::set_policy(Instant now, const Policy& policy)
{
    if (policy == policy_)
        return;
    bool own_interval = master_interval_ == policy_.interval;
    bool sooner = policy.interval < policy_.interval;
    priority_ = static_cast<std::uint8_t>(std::clamp(priority_ + policy.priority - policy_.priority, 1, 255));
    policy_ = policy;
    if (state_ == State::master || policy_.version == 2 || own_interval)
        master_interval_ = policy_.interval;
    if (state_ == State::master && sooner)
        deadline_ = std::min(deadline_, now + policy_.interval);
    if (state_ == State::backup)
        deadline_ = std::max(deadline_, now + down_interval());
}

} // namespace weir::keeper
