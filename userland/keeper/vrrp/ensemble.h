// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <vector>

#include "keeper/vrrp/machine.h"

namespace weir::keeper {

/// All virtual routers of one process and the sync groups that tie them together: if one member has to give
/// up, all do; they become master when each of them would.
class Ensemble {
  public:
    /// Is told what one machine wants to have done, and the state that it had before.
    using Sink = std::function<void(std::size_t index, const Actions& actions, State before)>;
    static constexpr std::size_t no_group = SIZE_MAX;

    explicit Ensemble(Sink sink) : sink_(std::move(sink)) {}

    /// Returns the index by which the machine is known from then on. A group exists by its first member.
    std::size_t add(Policy policy, std::size_t group = no_group);
    /// A machine that goes on with what another one knew: a reload.
    void restore(std::size_t index, Instant now, const Machine& machine, bool faulty);
    [[nodiscard]] const Machine& operator[](std::size_t index) const { return members_[index].machine; }
    [[nodiscard]] std::size_t size() const { return members_.size(); }
    /// Of a group: MASTER if all are, FAULT if one is, else BACKUP.
    [[nodiscard]] State group_state(std::size_t group) const;

    void start(std::size_t index, Instant now, bool faulty);
    void stop(std::size_t index, Instant now);
    void receive(std::size_t index, Instant now, const Heard& heard);
    void expire(std::size_t index, Instant now);
    void take_over(std::size_t index, Instant now, Reason reason);
    void hand_over(std::size_t index, Instant now);
    void yield(std::size_t index) { members_[index].machine.yield(); }
    /// Of the member itself; those of its group follow.
    void set_faulty(std::size_t index, Instant now, bool faulty);
    /// Resigns where it is master: something that it needs was taken away.
    void step_down(std::size_t index, Instant now);
    void set_priority(std::size_t index, std::uint8_t priority)
    {
        members_[index].machine.set_priority(priority);
    }
    void set_policy(std::size_t index, Instant now, Policy policy);
    void wake(Instant now);

  private:
    struct Member {
        Machine machine;
        std::size_t group = no_group;
        bool faulty = false; ///< by itself
    };

    /// Runs one input of one machine and hands its actions on.
    template <typename Input>
    void run(std::size_t index, Input input);
    void lead_if_all_want(std::size_t group, Instant now);
    void settle_group(std::size_t group, Instant now);
    [[nodiscard]] bool group_faulty(std::size_t group) const;

    std::vector<Member> members_;
    std::vector<std::vector<std::size_t>> groups_;
    Sink sink_;
};

} // namespace weir::keeper
