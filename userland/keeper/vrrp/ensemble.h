// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <vector>

#include "keeper/vrrp/machine.h"

namespace weir::keeper {

/// Of a group whose members are in these states: MASTER if all are, that of one that is in FAULT or INIT,
/// else BACKUP.
template <typename Members, typename StateOf>
[[nodiscard]] State common_state(const Members& members, StateOf state_of)
{
    bool all_master = true;
    for (const auto& member : members) {
        State state = state_of(member);
        if (state == State::fault || state == State::init)
            return state;
        all_master &= state == State::master;
    }
    return all_master ? State::master : State::backup;
}

/// All virtual routers of one process and the sync groups that tie them together: if one member has to give
/// up, all do; they become master when each of them would.
class Ensemble {
  public:
    /// Is told what one machine wants to have done, and the state that it had before.
    using Sink = std::function<void(std::size_t index, const Actions& actions, State before)>;
    /// Is told that members of a group have other states than before, once all that had to follow have done
    /// so. Not of stop(): who stops all says what is to be said at the end.
    using GroupSink = std::function<void(std::size_t group)>;
    static constexpr std::size_t no_group = SIZE_MAX;

    explicit Ensemble(
        Sink sink, GroupSink group_sink = [](std::size_t) {})
        : sink_(std::move(sink)),
          group_sink_(std::move(group_sink))
    {
    }

    /// Returns the index by which the machine is known from then on. A group exists by its first member.
    std::size_t add(Policy policy, std::size_t group = no_group);
    /// In which order the members of a group follow; all of them.
    void set_order(std::size_t group, std::vector<std::size_t> members);
    [[nodiscard]] std::size_t groups() const { return groups_.size(); }
    /// A machine that goes on with what another one knew: a reload.
    void restore(std::size_t index, Instant now, const Machine& machine, bool faulty);
    [[nodiscard]] const Machine& operator[](std::size_t index) const { return members_[index].machine; }
    [[nodiscard]] std::size_t size() const { return members_.size(); }
    /// Or no_group.
    [[nodiscard]] std::size_t group_of(std::size_t index) const { return members_[index].group; }
    [[nodiscard]] State group_state(std::size_t group) const;
    /// Some members are master and some are not, as for a moment in an orderly handover; some are started and
    /// some are not; or there are none.
    [[nodiscard]] bool group_mixed(std::size_t group) const;

    /// Before any member of a group is started, so that all start as the group has to.
    void note_faulty(std::size_t index, bool faulty) { members_[index].faulty = faulty; }
    void start(std::size_t index, Instant now, bool faulty);
    void stop(std::size_t index, Instant now);
    void receive(std::size_t index, Instant now, const Heard& heard);
    void expire(std::size_t index, Instant now);
    void take_over(std::size_t index, Instant now, Reason reason);
    void hand_over(std::size_t index, Instant now);
    void yield(std::size_t index) { members_[index].machine.yield(); }
    /// Of the member itself; those of its group follow.
    void set_faulty(std::size_t index, Instant now, bool faulty);
    /// Resigns where it is master, and its group with it.
    void step_down(std::size_t index, Instant now, Reason reason);
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
    /// The member itself, then the others of its group in their order.
    template <typename Input>
    void run_group(std::size_t index, Input input);
    void lead_if_all_want(std::size_t index, Instant now);
    void settle_group(std::size_t index, Instant now);
    void tell_group(std::size_t index);
    [[nodiscard]] bool group_faulty(std::size_t group) const;
    [[nodiscard]] bool may_repeat(std::size_t index, Instant now);

    std::vector<Member> members_;
    std::vector<std::vector<std::size_t>> groups_;
    std::vector<Instant> repeat_at_; ///< by group: when all announce again for another master's advert
    Sink sink_;
    GroupSink group_sink_;
    bool moved_ = false; ///< a machine has another state, and its group was not told of
};

} // namespace weir::keeper
