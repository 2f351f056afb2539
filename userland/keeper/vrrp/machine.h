// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "keeper/config/model.h"

/// The state machine of one virtual router: RFC 9568 6.4, RFC 3768 6.4, and what keepalived adds to them.
/// Takes values and the time, returns what is to be done; knows no socket and no clock.
namespace weir::keeper {

/// Time since boot, suspended time included.
using Instant = std::chrono::microseconds;
inline constexpr Instant never = Instant::max();

enum class State : std::uint8_t {
    init, ///< not started, or stopped
    backup,
    master,
    fault, ///< something that is tracked is down, or there is no interface or source address
};
[[nodiscard]] std::string_view name(State state);

/// Why the last transition happened; for people.
enum class Reason : std::uint8_t {
    started,
    owner,           ///< priority 255
    master_silent,   ///< the down interval passed without an advert
    master_resigned, ///< the master sent priority 0
    preempted_lower, ///< the master's priority is below ours
    higher_priority, ///< another master has more
    equal_priority,  ///< another master has as much and the greater address
    peer_dead,       ///< takeover_bfd: the master's BFD session ended by silence
    handed_over,     ///< the master asked this router to be master in its place
    woke_up, ///< this process was not running for longer than its peers wait, and another master is there
    fault,
    fault_over,
    group,      ///< a sync group's other member
    resigned,   ///< a handover was asked for, and nobody took over in time
    taken_away, ///< of its track_group a static address, route or rule
    stopped,
};
[[nodiscard]] std::string_view name(Reason reason);

/// In the order in which they are to be done.
enum class Action : std::uint8_t {
    send_advert,
    send_resign, ///< an advert with priority 0
    add_addresses,
    remove_addresses,
    announce,       ///< gratuitous ARP or unsolicited NA for every address, the first of a series
    announce_lower, ///< again, for another master had announced himself
    heard_lower,    ///< tell notify_master_rx_lower_pri
    ask_group,      ///< this member would become master: the group decides
};

/// At most a handful, and nothing is allocated.
class Actions {
  public:
    void add(Action action)
    {
        if (count_ < list_.size())
            list_[count_++] = action;
    }
    [[nodiscard]] const Action* begin() const { return list_.data(); }
    [[nodiscard]] const Action* end() const { return list_.data() + count_; }
    [[nodiscard]] bool has(Action action) const;

  private:
    std::array<Action, 8> list_{};
    std::uint8_t count_ = 0;
};

/// What of an instance's configuration decides.
struct Policy {
    unsigned version = 3;
    std::uint8_t priority = 100;
    Duration interval = std::chrono::seconds(1);
    unsigned down_adverts = 3;
    bool preempt = true;
    Duration preempt_delay{0};
    Duration startup_delay{0};
    bool lower_prio_no_advert = false;
    bool higher_prio_send_advert = false;
    bool grouped = false;

    [[nodiscard]] static Policy of(const InstanceConfig& instance);
    bool operator==(const Policy&) const = default;
};

/// What of an advert decides.
struct Heard {
    std::uint8_t priority = 0;
    /// The sender's address against ours: below 0, 0 or above 0.
    int order = 0;
    Duration interval{0};
};

class Machine {
  public:
    explicit Machine(const Policy& policy)
        : policy_(policy),
          priority_(policy.priority),
          master_interval_(policy.interval)
    {
    }

    /// `faulty`: starts in FAULT. Leaving it is like starting.
    void start(Instant now, bool faulty, Actions& actions);
    /// Gives everything up, with a resignation if there is something to give up.
    void stop(Instant now, Actions& actions);
    void receive(Instant now, const Heard& heard, Actions& actions);
    /// The deadline has passed and nothing more is waiting to be received. Call it late rather than early.
    void expire(Instant now, Actions& actions);
    void set_faulty(Instant now, bool faulty, Actions& actions);
    /// In Backup: become master now, or ask the group; the master is dead or leaves. Else nothing.
    void take_over(Instant now, Reason reason, Actions& actions);
    /// In Master: another router has taken over on this one's request; the addresses go without a
    /// resignation.
    void hand_over(Instant now, Actions& actions);
    /// Does not preempt whoever is master, until there is none.
    void yield() { yielded_ = true; }
    /// The process may have slept: call it after every wait and before anything that waits is received.
    void wake(Instant now);

    /// The sync group's will: become master; or give up, whatever this member thinks, for that or for a
    /// reason of its own.
    void lead(Instant now, Actions& actions);
    void follow(Instant now, Actions& actions, Reason reason = Reason::group);

    /// In Master: another master was heard by a member of its sync group.
    void repeat_announcement(Actions& actions) const;

    /// The effective priority, tracking included; it is in the next advert.
    void set_priority(std::uint8_t priority) { priority_ = priority; }
    /// A reload: state, timers and what was learned stay.
    void set_policy(Instant now, const Policy& policy);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] Reason reason() const { return reason_; }
    [[nodiscard]] Instant deadline() const { return deadline_; }
    [[nodiscard]] std::uint8_t priority() const { return priority_; }
    [[nodiscard]] Duration master_interval() const { return master_interval_; }
    /// In Backup, without a master that it would accept: what a group asks of all.
    [[nodiscard]] bool wants_master() const
    {
        return state_ == State::master || (state_ == State::backup && wants_);
    }
    [[nodiscard]] const Policy& policy() const { return policy_; }
    /// Of the master as it is known now.
    [[nodiscard]] Duration skew() const;
    [[nodiscard]] Duration down_interval() const;

  private:
    void become_master(Instant now, Reason reason, Actions& actions);
    void become_backup(Instant now, Reason reason, Actions& actions);
    void receive_as_backup(Instant now, const Heard& heard);
    void receive_as_master(Instant now, const Heard& heard, Actions& actions);
    [[nodiscard]] bool accepts(Instant now, const Heard& heard);
    /// Waits begin when the delay of the start is over.
    [[nodiscard]] Instant after(Instant now, Duration wait) const;

    Policy policy_;
    State state_ = State::init;
    Reason reason_ = Reason::stopped;
    Reason next_reason_ = Reason::master_silent;
    std::uint8_t priority_;
    Duration master_interval_;
    Instant deadline_ = never;
    Instant preempt_at_ = never;
    Instant not_before_{0}; ///< vrrp_startup_delay: no master until then, whatever is heard
    bool wants_ = false;
    bool slept_ = false;
    bool yielded_ = false; ///< handed over on request: does not preempt whoever is master now
};

} // namespace weir::keeper
