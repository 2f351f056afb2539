// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include <memory>
#include <string>

#include "keeper/vrrp/ensemble.h"

using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

/// A machine with its clock and what it asked for.
struct Router {
    explicit Router(Policy policy = {}) : machine(policy) { machine.start(now, false, actions); }

    Actions hear(unsigned priority, int order = 1, Duration interval = 1s)
    {
        Actions result;
        machine.receive(now, {static_cast<std::uint8_t>(priority), order, interval}, result);
        return result;
    }
    Actions pass(Duration time)
    {
        now += time;
        Actions result;
        machine.expire(now, result);
        return result;
    }
    void become_master()
    {
        pass(machine.deadline() - now);
        REQUIRE(machine.state() == State::master);
    }

    Instant now{1'000'000};
    Actions actions;
    Machine machine;
};

Policy priority(std::uint8_t value)
{
    Policy policy;
    policy.priority = value;
    return policy;
}

std::vector<Action> list(const Actions& actions)
{
    return {actions.begin(), actions.end()};
}

} // namespace

TEST_CASE("machine: the down interval is the RFC's to the microsecond", "[keeper]")
{
    Router v3;
    CHECK(v3.machine.deadline() - v3.now == 3609375us); // 3 s + 156/256 s
    Policy fast;
    fast.interval = 10ms;
    Router cs(fast);
    CHECK(cs.machine.deadline() - cs.now == 36093us);
    Policy two = fast;
    two.version = 2;
    two.interval = 1s;
    two.priority = 200;
    CHECK(Router(two).machine.deadline() - Router(two).now == 3218750us);
}

TEST_CASE("machine: a master adverts first, then has addresses, then announces them", "[keeper]")
{
    Router r;
    CHECK(list(r.pass(3609374us)).empty());
    CHECK(list(r.pass(1us)) == std::vector{Action::send_advert, Action::add_addresses, Action::announce});
    CHECK(r.machine.state() == State::master);
    CHECK(r.machine.reason() == Reason::master_silent);
    CHECK(list(r.pass(1s)) == std::vector{Action::send_advert});
}

TEST_CASE("machine: the owner starts as master", "[keeper]")
{
    Router r(priority(255));
    CHECK(r.machine.state() == State::master);
    CHECK(r.actions.has(Action::send_advert));
}

TEST_CASE("machine: a backup learns the master's interval in version 3 only", "[keeper]")
{
    Router r;
    r.hear(150, 1, 200ms);
    CHECK(r.machine.deadline() - r.now == 721875us);
    Policy two;
    two.version = 2;
    Router old(two);
    old.hear(150, 1, 1s);
    CHECK(old.machine.deadline() - old.now == 3609375us);
}

TEST_CASE("machine: priority 0 shortens the wait to the skew", "[keeper]")
{
    Router r;
    r.hear(150);
    r.hear(0);
    CHECK(r.machine.deadline() - r.now == 609375us);
    r.pass(609375us);
    CHECK(r.machine.state() == State::master);
    CHECK(r.machine.reason() == Reason::master_resigned);
    CHECK(list(r.hear(0)) == std::vector{Action::send_advert});
}

TEST_CASE("machine: a lower master is preempted, unless nopreempt", "[keeper]")
{
    Router r;
    Instant deadline = r.machine.deadline();
    r.pass(1s);
    r.hear(50);
    CHECK(r.machine.deadline() == deadline);
    r.hear(100);
    CHECK(r.machine.deadline() > deadline);

    Policy polite;
    polite.preempt = false;
    Router p(polite);
    p.pass(1s);
    p.hear(50);
    CHECK(p.machine.deadline() == p.now + p.machine.down_interval());
}

TEST_CASE("machine: preempt_delay holds from the first lower advert", "[keeper]")
{
    Policy policy;
    policy.preempt_delay = 5s;
    Router r(policy);
    for (int i = 0; i < 6; i++) {
        r.pass(1s);
        r.hear(50);
        CHECK(r.machine.state() == State::backup);
    }
    Instant deadline = r.machine.deadline(); // the sixth came when the delay was over
    r.pass(1s);
    r.hear(50);
    CHECK(r.machine.deadline() == deadline);
    r.hear(120); // a better one is there: the delay starts anew with the next lower advert
    r.pass(1s);
    r.hear(50);
    CHECK(r.machine.deadline() == r.now + r.machine.down_interval());
}

TEST_CASE("machine: vrrp_startup_delay is not cut short by what is heard", "[keeper]")
{
    Policy policy;
    policy.startup_delay = 20s;
    Router r(policy);
    Instant soonest = r.now + 20s + 3609375us;
    CHECK(r.machine.deadline() == soonest);
    r.pass(1s);
    r.hear(150); // one advert, and then what the delay is for: a bond that loses its port again
    CHECK(r.machine.deadline() == soonest);
    r.hear(0);
    CHECK(r.machine.deadline() == soonest - 3s);
    Actions none;
    r.machine.take_over(r.now, Reason::peer_dead, none);
    CHECK(r.machine.state() == State::backup);
    r.pass(21s);
    r.hear(150);
    CHECK(r.machine.deadline() == r.now + 3609375us);

    policy.priority = 255;
    Router owner(policy);
    CHECK(owner.machine.deadline() == owner.now + 20s);
    owner.pass(30s);
    CHECK(owner.machine.state() == State::master);
    Actions actions;
    owner.machine.set_faulty(owner.now, true, actions);
    owner.machine.set_faulty(owner.now, false, actions);
    CHECK(owner.machine.state() == State::master); // the delay is that of the start alone
}

TEST_CASE("machine: a master that is on time has not slept, whatever down_timer_adverts is", "[keeper]")
{
    Policy policy;
    policy.down_adverts = 1;
    Router r(policy);
    r.become_master();
    r.now = r.machine.deadline() + 1ms;
    r.machine.wake(r.now);
    CHECK(r.hear(50).has(Action::send_advert));
    CHECK(r.machine.state() == State::master);
    r.now = r.machine.deadline();
    r.machine.wake(r.now);
    CHECK(list(r.pass(0s)) == std::vector{Action::send_advert});
    r.now = r.machine.deadline() + 500ms;
    r.machine.wake(r.now);
    r.hear(50);
    CHECK(r.machine.state() == State::backup);
    CHECK(r.machine.reason() == Reason::woke_up);
}

TEST_CASE("machine: a master yields to more priority, or to as much and a greater address", "[keeper]")
{
    Router r;
    r.become_master();
    CHECK(list(r.hear(101)) == std::vector{Action::remove_addresses});
    CHECK(r.machine.state() == State::backup);
    CHECK(r.machine.reason() == Reason::higher_priority);

    Router equal;
    equal.become_master();
    CHECK(list(equal.hear(100, 1)) == std::vector{Action::remove_addresses});
    CHECK(equal.machine.reason() == Reason::equal_priority);
}

TEST_CASE("machine: a master answers a lower one at once", "[keeper]")
{
    Router r;
    r.become_master();
    r.pass(400ms);
    CHECK(list(r.hear(100, -1)) ==
          std::vector{Action::send_advert, Action::announce_lower, Action::heard_lower});
    CHECK(r.machine.deadline() == r.now + 1s);
    Policy silent;
    silent.lower_prio_no_advert = true;
    Router s(silent);
    s.become_master();
    CHECK(list(s.hear(50)) == std::vector{Action::announce_lower, Action::heard_lower});
    Policy loud;
    loud.higher_prio_send_advert = true;
    Router l(loud);
    l.become_master();
    CHECK(list(l.hear(150)) == std::vector{Action::send_advert, Action::remove_addresses});
}

TEST_CASE("machine: stop and fault resign only from mastership", "[keeper]")
{
    Router r;
    Actions none;
    r.machine.stop(r.now, none);
    CHECK(list(none).empty());
    Router m;
    m.become_master();
    Actions fault;
    m.machine.set_faulty(m.now, true, fault);
    CHECK(list(fault) == std::vector{Action::send_resign, Action::remove_addresses});
    CHECK(m.machine.deadline() == never);
    CHECK(list(m.hear(50)).empty());
    Actions over;
    m.machine.set_faulty(m.now, false, over);
    CHECK(list(over).empty());
    CHECK(m.machine.state() == State::backup);
    CHECK(m.machine.deadline() == m.now + 3609375us);
}

TEST_CASE("machine: a master that slept too long gives way to whoever is there", "[keeper]")
{
    Router r(priority(200));
    r.become_master();
    r.now += 3s;
    r.machine.wake(r.now);
    CHECK(list(r.hear(50)) == std::vector{Action::remove_addresses});
    CHECK(r.machine.reason() == Reason::woke_up);
    // and preempts him by the usual way
    r.pass(r.machine.down_interval());
    CHECK(r.machine.state() == State::master);

    Router alone(priority(200));
    alone.become_master();
    Actions actions;
    alone.now += 10s;
    alone.machine.wake(alone.now);
    alone.machine.expire(alone.now, actions);
    CHECK(list(actions) == std::vector{Action::send_advert, Action::announce});
    CHECK(alone.machine.deadline() == alone.now + 1s);

    Router brief(priority(200));
    brief.become_master();
    brief.now += 2900ms;
    brief.machine.wake(brief.now);
    brief.hear(50);
    CHECK(brief.machine.state() == State::master);
}

TEST_CASE("machine: adverts keep their beat when the process is late", "[keeper]")
{
    Router r;
    r.become_master();
    Instant first = r.machine.deadline();
    r.now = first + 3ms;
    Actions actions;
    r.machine.expire(r.now, actions);
    CHECK(r.machine.deadline() == first + 1s);
}

TEST_CASE("machine: a reload keeps state and learned interval", "[keeper]")
{
    Router r;
    r.hear(150, 1, 200ms);
    Instant deadline = r.machine.deadline();
    Policy other = r.machine.policy();
    other.priority = 90;
    r.machine.set_policy(r.now, other);
    CHECK(r.machine.state() == State::backup);
    CHECK(r.machine.priority() == 90);
    CHECK(r.machine.master_interval() == 200ms);
    CHECK(r.machine.deadline() >= deadline);
}

TEST_CASE("group: members become master together and fall together", "[keeper]")
{
    std::vector<std::pair<std::size_t, Action>> log;
    Ensemble group([&](std::size_t index, const Actions& actions, State) {
        for (Action action : actions)
            log.emplace_back(index, action);
    });
    Policy low = priority(100), high = priority(200);
    auto a = group.add(low, 0), b = group.add(high, 0);
    Instant now{0};
    group.start(a, now, false);
    group.start(b, now, false);
    // b's timer is over first and it waits for a
    now = group[b].deadline();
    group.expire(b, now);
    CHECK(group[b].state() == State::backup);
    CHECK(group.group_state(0) == State::backup);
    now = group[a].deadline();
    group.expire(a, now);
    CHECK(group[a].state() == State::master);
    CHECK(group[b].state() == State::master);
    CHECK(group.group_state(0) == State::master);

    log.clear();
    group.receive(a, now, {150, 1, 1s});
    CHECK(group[b].state() == State::backup);
    CHECK(log == std::vector<std::pair<std::size_t, Action>>{
                     {a, Action::remove_addresses}, {b, Action::send_resign}, {b, Action::remove_addresses}});

    // an accepted advert for one holds both
    group.receive(b, now + 1s, {250, 1, 1s});
    group.expire(a, group[a].deadline());
    CHECK(group.group_state(0) == State::backup);
}

TEST_CASE("group: all members announce again when one hears a lower master", "[keeper]")
{
    std::vector<std::pair<std::size_t, Action>> done;
    Ensemble group([&](std::size_t index, const Actions& actions, State) {
        for (Action action : actions)
            done.emplace_back(index, action);
    });
    auto a = group.add(priority(100), 0), b = group.add(priority(100), 0);
    group.start(a, Instant(0), false);
    group.start(b, Instant(0), false);
    group.expire(a, group[a].deadline());
    group.expire(b, group[b].deadline());
    REQUIRE(group.group_state(0) == State::master);
    done.clear();
    group.receive(a, group[a].deadline(), {50, 1, 1s});
    CHECK(done == std::vector<std::pair<std::size_t, Action>>{{a, Action::send_advert},
                                                              {a, Action::announce_lower},
                                                              {a, Action::heard_lower},
                                                              {b, Action::announce_lower}});
}

TEST_CASE("group: it is told of when all members have moved, whoever moved first", "[keeper]")
{
    std::vector<std::string> told;
    std::unique_ptr<Ensemble> group;
    group = std::make_unique<Ensemble>(
        [&](std::size_t index, const Actions&, State before) {
            if ((*group)[index].state() != before)
                told.push_back(std::to_string(index) + " " + std::string(name((*group)[index].state())));
        },
        [&](std::size_t g) { told.push_back("group " + std::string(name(group->group_state(g)))); });
    for (int member = 0; member < 3; member++)
        (void)group->add(priority(100), 0);
    group->set_order(0, {2, 1, 0});
    auto said = [&] { return std::exchange(told, {}); };
    using Said = std::vector<std::string>;
    Instant now{0};
    group->start(0, now, false);
    CHECK(group->group_mixed(0));
    for (std::size_t member = 1; member < 3; member++)
        group->start(member, now, false);
    CHECK(!group->group_mixed(0));
    (void)said();
    now = (*group)[0].deadline();
    group->expire(2, now);
    group->expire(0, now);
    CHECK(said() == Said{});
    group->expire(1, now);
    CHECK(said() == Said{"1 MASTER", "2 MASTER", "0 MASTER", "group MASTER"});
    group->receive(0, now, {150, 1, 1s});
    CHECK(said() == Said{"0 BACKUP", "2 BACKUP", "1 BACKUP", "group BACKUP"});
    group->set_faulty(1, now, true);
    CHECK(said() == Said{"1 FAULT", "2 FAULT", "0 FAULT", "group FAULT"});
    for (std::size_t member = 0; member < 3; member++)
        group->stop(member, now);
    CHECK(said() == Said{"0 INIT", "1 INIT", "2 INIT"});
}

TEST_CASE("group: who starts into a group with a fault starts in it", "[keeper]")
{
    Ensemble group([](std::size_t, const Actions&, State) {});
    auto a = group.add({}, 0), b = group.add({}, 0);
    group.note_faulty(b, true);
    group.start(a, Instant{0}, false);
    CHECK(group[a].state() == State::fault);
    group.start(b, Instant{0}, true);
    CHECK(group.group_state(0) == State::fault);
    CHECK(!group.group_mixed(0));
}

TEST_CASE("group: a fault of one is the fault of all until it is over", "[keeper]")
{
    Ensemble group([](std::size_t, const Actions&, State) {});
    auto a = group.add({}, 0), b = group.add({}, 0);
    Instant now{0};
    group.start(a, now, false);
    group.start(b, now, true);
    CHECK(group[a].state() == State::fault);
    CHECK(group.group_state(0) == State::fault);
    group.set_faulty(a, now, true);
    group.set_faulty(b, now, false);
    CHECK(group[b].state() == State::fault);
    group.set_faulty(a, now, false);
    CHECK(group[a].state() == State::backup);
    CHECK(group[b].state() == State::backup);
}
