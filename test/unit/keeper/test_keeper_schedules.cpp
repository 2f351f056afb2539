// SPDX-License-Identifier: GPL-2.0
// Routers on a simulated link under random schedules: loss, delay and with it reordering, cut links,
// processes that are paused and wake, restarts, faults, changing priorities. What has to hold is checked at
// each step.
#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "keeper/vrrp/ensemble.h"
#include "keeper/vrrp/takeover.h"

using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

struct Packet {
    Instant at;
    std::size_t to, from, link;
    Heard heard;
    bool operator<(const Packet& other) const { return at < other.at; }
};

/// One process: its machines, one a link, and the adverts that wait for it while it is paused.
struct Process {
    std::unique_ptr<Ensemble> machines;
    bool running = false, paused = false;
    std::vector<Packet> queue;
    std::vector<bool> has_addresses;
    std::vector<Instant> last_advert;
    std::vector<Takeover> takeover; ///< one a link; the neighbor is the next process
    Instant paused_at{0};
};

class Simulation {
  public:
    Simulation(unsigned seed, std::size_t routers, std::size_t links, bool preempt)
        : random_(seed),
          links_(links)
    {
        policy_.interval = pick(0, 1) ? Duration(1s) : Duration(10ms);
        policy_.preempt = preempt;
        policy_.preempt_delay = preempt && pick(0, 3) == 0 ? policy_.interval * 2 : Duration(0);
        max_delay_ = policy_.interval * pick(0, 40) / 100;
        cut_.assign(links, false);
        processes_.resize(routers);
        for (std::size_t r = 0; r < routers; r++) {
            Policy own = policy_;
            own.priority = static_cast<std::uint8_t>(pick(1, 254));
            auto& process = processes_[r];
            process.has_addresses.assign(links, false);
            process.last_advert.assign(links, Instant(0));
            process.takeover.assign(links, Takeover());
            process.machines =
                std::make_unique<Ensemble>([this, r](std::size_t link, const Actions& actions, State before) {
                    act(r, link, actions, before);
                });
            for (std::size_t link = 0; link < links; link++)
                process.machines->add(own, links > 1 ? 0 : Ensemble::no_group);
        }
    }

    void run()
    {
        for (std::size_t r = 0; r < processes_.size(); r++)
            start(r);
        Instant end = now_ + policy_.interval * 120, next_event = now_;
        while (now_ < end) {
            Instant next = std::min(next_event, next_wake());
            now_ = std::max(now_, std::min(next, end));
            if (next_event <= now_) {
                disturb();
                next_event = now_ + policy_.interval * pick(5, 800) / 100;
            }
            step();
        }
        settle();
    }

    [[nodiscard]] const std::string& broken() const { return broken_; }
    [[nodiscard]] unsigned takeovers() const { return takeovers_; }
    [[nodiscard]] unsigned steps() const { return steps_; }

  private:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
    void fail(const std::string& what)
    {
        if (broken_.empty())
            broken_ = what + " at " + std::to_string(now_.count()) + " us";
    }

    void start(std::size_t r)
    {
        processes_[r].running = true;
        for (std::size_t link = 0; link < links_; link++)
            processes_[r].machines->start(link, now_, faulty_.contains({r, link}));
        for (auto& takeover : processes_[r].takeover)
            takeover.session_up(now_);
    }

    void act(std::size_t r, std::size_t link, const Actions& actions, State before)
    {
        Process& process = processes_[r];
        const Machine& machine = (*process.machines)[link];
        if (process.paused)
            fail("a paused process acted");
        for (Action action : actions) {
            if (action == Action::send_advert || action == Action::send_resign)
                send(r, link, action == Action::send_advert ? machine.priority() : 0);
            if (action == Action::add_addresses) {
                if (process.has_addresses[link])
                    fail("addresses added twice");
                process.has_addresses[link] = true;
            }
            if (action == Action::remove_addresses) {
                if (!process.has_addresses[link])
                    fail("addresses removed twice");
                process.has_addresses[link] = false;
            }
        }
        if (process.has_addresses[link] != (machine.state() == State::master))
            fail("addresses and state disagree");
        if (before != State::master && machine.state() == State::master) {
            takeovers_++;
            if (!actions.has(Action::send_advert) || *actions.begin() != Action::send_advert)
                fail("a master that does not advert first");
        }
    }

    void send(std::size_t from, std::size_t link, std::uint8_t priority)
    {
        processes_[from].last_advert[link] = now_;
        for (std::size_t to = 0; to < processes_.size(); to++) {
            if (to == from || cut_[link] || pick(1, 100) <= loss_)
                continue;
            Duration delay = Duration(pick(0, static_cast<int>(max_delay_.count())));
            packets_.insert({now_ + delay, to, from, link, {priority, from > to ? 1 : -1, policy_.interval}});
        }
    }

    Instant next_wake() const
    {
        Instant next = packets_.empty() ? never : packets_.begin()->at;
        for (const auto& process : processes_) {
            for (std::size_t link = 0; process.running && !process.paused && link < links_; link++)
                next = std::min(next, (*process.machines)[link].deadline());
        }
        return next;
    }

    void deliver(std::size_t r, const Packet& packet)
    {
        Process& process = processes_[r];
        process.machines->receive(packet.link, now_, packet.heard);
        bool from_neighbor = packet.from == (r + 1) % processes_.size();
        if ((*process.machines)[packet.link].state() == State::master)
            process.takeover[packet.link].heard_as_master(from_neighbor);
        else if (packet.heard.priority)
            process.takeover[packet.link].heard_master(from_neighbor);
    }

    /// A BFD session ends and begins again, rightly or not: the neighbor may well be alive.
    void end_session(std::size_t r, std::size_t link)
    {
        Process& process = processes_[r];
        State state = (*process.machines)[link].state();
        if (process.takeover[link].session_down(now_, state, pick(0, 3) != 0)) {
            process.machines->take_over(link, now_, Reason::peer_dead);
            if ((*process.machines)[link].state() == State::master)
                bfd_takeovers++;
        }
        process.takeover[link].session_up(now_);
    }

    /// The master gives its place away; its request and the answer take no time, or the answer is lost.
    void hand_over(std::size_t from)
    {
        std::size_t to = (from + 1) % processes_.size();
        if (!awake(from) || !awake(to))
            return;
        for (std::size_t link = 0; link < links_; link++) {
            if ((*processes_[from].machines)[link].state() != State::master ||
                (*processes_[to].machines)[link].state() != State::backup)
                return;
        }
        for (std::size_t link = 0; link < links_; link++)
            processes_[to].machines->take_over(link, now_, Reason::handed_over);
        yielded_ = true;
        for (std::size_t link = 0; link < links_; link++) {
            if (pick(0, 4) && (*processes_[to].machines)[link].state() == State::master)
                processes_[from].machines->hand_over(link, now_);
        }
    }
    [[nodiscard]] bool awake(std::size_t r) const { return processes_[r].running && !processes_[r].paused; }

    void step()
    {
        steps_++;
        while (!packets_.empty() && packets_.begin()->at <= now_) {
            Packet packet = *packets_.begin();
            packets_.erase(packets_.begin());
            Process& process = processes_[packet.to];
            if (cut_[packet.link] || !process.running)
                continue;
            if (process.paused)
                process.queue.push_back(packet);
            else
                deliver(packet.to, packet);
        }
        // as the event loop does: all that waits is read before a timer fires
        for (auto& process : processes_) {
            for (std::size_t link = 0; process.running && !process.paused && link < links_; link++)
                process.machines->expire(link, now_);
        }
        check_running();
    }

    void resume(std::size_t r)
    {
        Process& process = processes_[r];
        process.paused = false;
        process.machines->wake(now_);
        for (const auto& packet : std::exchange(process.queue, {}))
            deliver(r, packet);
    }

    void disturb()
    {
        quiet_since_ = now_;
        std::size_t r = static_cast<std::size_t>(pick(0, static_cast<int>(processes_.size()) - 1));
        std::size_t link = static_cast<std::size_t>(pick(0, static_cast<int>(links_) - 1));
        Process& process = processes_[r];
        switch (pick(0, 10)) {
        case 0: loss_ = pick(0, 1) ? pick(1, 90) : 0; break;
        case 1: cut_[link] = !cut_[link]; break;
        case 2:
        case 3:
            if (process.running && !process.paused)
                process.paused = true;
            else if (process.paused)
                resume(r);
            break;
        case 4:
            if (process.running && !process.paused) {
                for (std::size_t l = 0; l < links_; l++)
                    process.machines->stop(l, now_);
                process.running = false;
            } else if (!process.running) {
                start(r);
            }
            break;
        case 5:
            if (!process.running || process.paused)
                break;
            if (faulty_.erase({r, link}) == 0)
                faulty_.insert({r, link});
            process.machines->set_faulty(link, now_, faulty_.contains({r, link}));
            break;
        case 6:
            for (std::size_t l = 0, priority = static_cast<std::size_t>(pick(1, 254));
                 l < links_ && !process.paused; l++)
                process.machines->set_priority(l, static_cast<std::uint8_t>(priority));
            break;
        case 7:
            if (awake(r))
                end_session(r, link);
            break;
        case 8: hand_over(r); break;
        default: break;
        }
    }

    /// Holds whatever happens: a running master adverts on time.
    void check_running()
    {
        for (std::size_t r = 0; r < processes_.size(); r++) {
            const Process& process = processes_[r];
            for (std::size_t link = 0; process.running && !process.paused && link < links_; link++) {
                const Machine& machine = (*process.machines)[link];
                if (machine.state() == State::master && now_ - process.last_advert[link] > policy_.interval)
                    fail("a master was silent for longer than its interval");
                if (machine.state() == State::backup && machine.deadline() == never)
                    fail("a backup that waits for nothing");
            }
        }
        check_masters();
    }

    /// Two masters that hear each other do so for one interval and the way of two packets.
    void check_masters()
    {
        for (std::size_t link = 0; link < links_; link++) {
            std::size_t masters = 0;
            for (const auto& process : processes_)
                masters +=
                    process.running && !process.paused && (*process.machines)[link].state() == State::master;
            bool clear = loss_ == 0 && !cut_[link];
            Instant& since = both_since_.try_emplace(link, never).first->second;
            if (masters < 2 || !clear)
                since = never;
            else if (since == never || since < quiet_since_)
                since = now_;
            else if (now_ - since > policy_.interval + max_delay_ * 2)
                fail("two masters that hear each other");
        }
    }

    /// Everything is mended: in bounded time there is one master, the best one if it preempts.
    void settle()
    {
        loss_ = 0;
        cut_.assign(links_, false);
        quiet_since_ = now_;
        for (std::size_t r = 0; r < processes_.size(); r++) {
            if (processes_[r].paused)
                resume(r);
            for (std::size_t link = 0; link < links_; link++) {
                if (faulty_.erase({r, link}) && processes_[r].running)
                    processes_[r].machines->set_faulty(link, now_, false);
            }
            if (!processes_[r].running)
                start(r);
        }
        for (Instant end = now_ + policy_.interval * 16 + policy_.preempt_delay; now_ < end; step())
            now_ = std::max(now_, std::min(end, next_wake()));
        for (std::size_t link = 0; link < links_; link++) {
            std::vector<std::size_t> masters;
            std::size_t best = 0;
            for (std::size_t r = 0; r < processes_.size(); r++) {
                if ((*processes_[r].machines)[link].state() == State::master)
                    masters.push_back(r);
                if ((*processes_[r].machines)[link].priority() >
                    (*processes_[best].machines)[link].priority())
                    best = r;
            }
            if (masters.size() != 1)
                fail(std::to_string(masters.size()) + " masters in the end");
            else if (policy_.preempt && !yielded_ &&
                     (*processes_[masters[0]].machines)[link].priority() !=
                         (*processes_[best].machines)[link].priority())
                fail("the best router is not the master in the end");
        }
    }

    std::mt19937 random_;
    std::size_t links_;
    Policy policy_;
    Duration max_delay_{0};
    int loss_ = 0;
    std::vector<bool> cut_;
    std::set<std::pair<std::size_t, std::size_t>> faulty_;
    std::vector<Process> processes_;
    std::multiset<Packet> packets_;
    std::map<std::size_t, Instant> both_since_;
    Instant now_{1'000'000'000}, quiet_since_{0};
    std::string broken_;
    unsigned takeovers_ = 0, steps_ = 0;
    bool yielded_ = false; ///< somebody does not preempt

  public:
    unsigned bfd_takeovers = 0;
};

void run_schedules(unsigned count, std::size_t links, bool preempt)
{
    unsigned takeovers = 0, by_bfd = 0;
    for (unsigned seed = 1; seed <= count; seed++) {
        Simulation simulation(seed, 2 + seed % 3, links, preempt);
        simulation.run();
        takeovers += simulation.takeovers();
        by_bfd += simulation.bfd_takeovers;
        if (!simulation.broken().empty())
            FAIL("seed " << seed << ": " << simulation.broken());
    }
    CHECK(takeovers > count * 2); // the schedules do disturb
    CHECK((links > 1 || by_bfd > count / 50));
}

} // namespace

TEST_CASE("schedules: one master, whatever happens to link and processes", "[keeper]")
{
    run_schedules(3000, 1, true);
}

TEST_CASE("schedules: one master with nopreempt", "[keeper]")
{
    run_schedules(2000, 1, false);
}

TEST_CASE("schedules: sync groups are whole in the end", "[keeper]")
{
    run_schedules(1500, 2, true);
}
