// SPDX-License-Identifier: GPL-2.0
// See departures.h.
#include <algorithm>

#include "catch.h"
#include "keeper/departures.h"

using namespace weir::keeper;
using namespace weir::keeper::departures;
using namespace std::chrono_literals;

namespace weir::keeper::departures {

Departures::Departures(unsigned seed, std::size_t routers, const Plan& plan) : random_(seed), plan_(plan)
{
    policy_.interval = plan.bfd ? Duration(1s) : pick(0, 2) ? Duration(1s) : pick(0, 1) ? 100ms : 10ms;
    policy_.preempt = plan.preempt;
    policy_.lower_prio_no_advert = pick(0, 7) == 0;
    // handovers need a short way; sometimes there is none
    const Duration ways[] = {Duration(0), 300us, 1500us, 5ms, policy_.interval * pick(0, 40) / 100};
    max_delay_ = std::min(ways[pick(0, 4)], policy_.interval * 4 / 10);
    bfd_policy_.min_tx = bfd_policy_.min_rx = std::max<Duration>(150ms, max_delay_);
    bfd_policy_.multiplier = 3;
    cut_.assign(plan.links, false);
    both_since_.assign(plan.links, never);
    nobody_since_.assign(plan.links, never);
    processes_.resize(routers);
    for (auto& process : processes_) {
        process.priorities.assign(plan.links, static_cast<std::uint8_t>(pick(1, 254)));
        process.members.resize(plan.links);
    }
}

void Departures::run()
{
    for (std::size_t r = 0; r < processes_.size(); r++)
        start(r);
    Instant end = now_ + std::max<Duration>(policy_.interval * 100, 4s);
    Instant disturbance = now_ + policy_.interval * 5;
    while (now_ < end && broken.empty()) {
        now_ = std::max(now_, std::min({next_event(), disturbance, end}));
        if (disturbance <= now_) {
            disturb();
            disturbance = now_ + policy_.interval * pick(5, pick(0, 1) ? 50 : 800) / 100;
        }
        step();
    }
    if (broken.empty())
        settle();
}
Instant Departures::next_event() const
{
    Instant next = packets_.empty() ? never : packets_.begin()->at;
    if (!events_.empty())
        next = std::min(next, events_.begin()->first);
    for (const auto& process : processes_) {
        if (!process.awake())
            continue;
        next = std::min(next, process.handovers->deadline());
        for (std::size_t link = 0; link < plan_.links; link++)
            next = std::min(next, (*process.machines)[link].deadline());
        for (const auto& [key, session] : process.sessions)
            next = std::min(next, session.session.deadline());
    }
    return next;
}

void Departures::step()
{
    while (!events_.empty() && events_.begin()->first <= now_) {
        auto event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
    }
    while (!packets_.empty() && packets_.begin()->at <= now_) {
        Packet packet = *packets_.begin();
        packets_.erase(packets_.begin());
        Process& process = processes_[packet.to];
        if (cut_[packet.link] || !process.running)
            continue;
        if (process.paused) {
            process.waiting.push_back(packet);
            continue;
        }
        process.machines->wake(now_);
        deliver(packet);
    }
    for (std::size_t r = 0; r < processes_.size(); r++) {
        if (processes_[r].awake())
            processes_[r].machines->wake(now_);
        fire(r);
    }
    check();
}

void Departures::disturb()
{
    quiet_since_ = now_;
    std::size_t r = pick_index(processes_.size()), link = pick_index(plan_.links);
    Process& process = processes_[r];
    switch (pick(0, 13)) {
    case 0: loss_ = pick(0, 1) ? pick(1, 60) : 0; break;
    case 1: cut_[link] = !cut_[link]; break;
    case 2: pause(r, pick_time(policy_.interval * 6)); break;
    case 3: pause(r, pick_time(6ms)); break;
    case 4: process.running && !process.paused && pick(0, 1) ? kill(r) : void(); break;
    case 5:
        if (!process.awake() || process.leaving)
            break;
        if (faulty_.erase({r, link}) == 0)
            faulty_.insert({r, link});
        process.machines->set_faulty(link, now_, faulty_.contains({r, link}));
        break;
    case 6: reload(r); break;
    case 7:
        std::ranges::fill(process.priorities, static_cast<std::uint8_t>(pick(1, 254)));
        for (std::size_t l = 0; l < plan_.links && process.awake(); l++)
            process.machines->set_priority(l, process.priorities[l]);
        break;
    default: depart(); break;
    }
    for (std::size_t other = 0; other < processes_.size(); other++) {
        if (!processes_[other].running && pick(0, 2) == 0)
            start(other);
    }
}

/// A master hands over, and something happens to one of those who take part before it is done.
void Departures::depart()
{
    std::size_t link = pick_index(plan_.links), from = 0, other = pick_index(processes_.size());
    while (from < processes_.size() && !(processes_[from].awake() && state(from, link) == State::master))
        from++;
    if (from == processes_.size())
        return;
    pick(0, 1) ? leave(from) : ask(from, false);
    Duration soon = pick_time(4ms);
    switch (pick(0, 9)) {
    case 0: later(soon, [this, other] { pause(other, pick_time(8ms)); }); break;
    case 1: later(soon, [this, from] { pause(from, pick_time(8ms)); }); break;
    case 2: later(soon, [this, from] { leave(from); }); break;
    case 3: later(soon, [this, from] { ask(from, false); }); break;
    case 4: later(soon, [this, other] { ask(other, false); }); break;
    case 5: later(soon, [this, other] { leave(other); }); break;
    case 6: later(soon, [this, from] { reload(from); }); break;
    case 7: later(soon, [this, other] { pause(other, policy_.interval * pick(3, 9)); }); break;
    default: break;
    }
}

void Departures::check()
{
    for (std::size_t r = 0; r < processes_.size(); r++) {
        const Process& process = processes_[r];
        std::size_t masters = 0;
        for (std::size_t link = 0; process.awake() && link < plan_.links; link++) {
            masters += state(r, link) == State::master;
            Duration silence = now_ - process.members[link].last_advert;
            Duration excuse =
                process.handovers->silent(link) ? now_ - process.members[link].asked_at : Duration(0);
            if (state(r, link) == State::master && silence > policy_.interval + excuse)
                fail("a master was silent for longer than its interval");
        }
        if (masters % plan_.links && process.handovers->waiting() == 0)
            fail("a group is divided");
        if (process.awake() && process.handovers->waiting() &&
            now_ - last_progress(process) > handover_patience)
            fail("an heir was waited for longer than allowed");
    }
    for (std::size_t link = 0; link < plan_.links; link++)
        check_link(link);
}

/// Since when nothing has come of what a process has asked.
Instant Departures::last_progress(const Process& process) const
{
    Instant first = never;
    for (std::size_t link = 0; link < plan_.links; link++) {
        if (process.handovers->silent(link))
            first = std::min(first, process.members[link].asked_at);
    }
    return std::max(first, process.answered_at);
}

/// Two masters that hear each other do so for one interval and the way of two packets; and there is one
/// as soon as all have waited for one.
void Departures::check_link(std::size_t link)
{
    std::size_t masters = 0, running = 0;
    bool all_awake = true, clear = loss_ == 0 && !cut_[link];
    for (std::size_t r = 0; r < processes_.size(); r++) {
        masters += processes_[r].awake() && state(r, link) == State::master;
        running += processes_[r].awake();
        all_awake &= !processes_[r].paused;
    }
    auto since = [&](Instant& start, bool is) {
        if (!is)
            start = never;
        else if (start == never || start < quiet_since_)
            start = now_;
        return is ? now_ - start : Duration(0);
    };
    if (since(both_since_[link], masters > 1 && clear) > policy_.interval + max_delay_ * 2)
        fail("two masters that hear each other");
    bool all_clear = loss_ == 0 && std::ranges::none_of(cut_, [](bool cut) { return cut; });
    bool nobody = masters == 0 && running && all_awake && all_clear && faulty_.empty();
    if (since(nobody_since_[link], nobody) > policy_.interval * 9 + max_delay_)
        fail("no master");
}

/// Everything is mended: in bounded time there is one master, of all links.
void Departures::settle()
{
    loss_ = 0;
    cut_.assign(plan_.links, false);
    for (std::size_t r = 0; r < processes_.size(); r++) {
        resume(r, false);
        for (std::size_t link = 0; link < plan_.links; link++) {
            if (faulty_.erase({r, link}) && processes_[r].running)
                processes_[r].machines->set_faulty(link, now_, false);
        }
    }
    quiet_since_ = now_;
    for (Instant end = now_ + policy_.interval * 16; now_ < end && broken.empty(); step()) {
        for (std::size_t r = 0; r < processes_.size(); r++) {
            if (!processes_[r].running)
                start(r);
        }
        now_ = std::max(now_, std::min(end, next_event()));
    }
    std::set<std::size_t> leaders;
    for (std::size_t link = 0; link < plan_.links; link++) {
        std::vector<std::size_t> masters;
        for (std::size_t r = 0; r < processes_.size(); r++) {
            if (state(r, link) == State::master)
                masters.push_back(r);
        }
        if (masters.size() != 1)
            fail(std::to_string(masters.size()) + " masters in the end");
        leaders.insert(masters.begin(), masters.end());
    }
    if (leaders.size() != 1)
        fail("the group has not one master in the end");
}

} // namespace weir::keeper::departures

namespace {

Counts run_departures(unsigned count, const Plan& plan)
{
    Counts counts;
    for (unsigned seed = 1; seed <= count; seed++) {
        Departures departures(seed, 2 + seed % 2, plan);
        departures.run();
        counts += departures.counts;
        if (!departures.broken.empty())
            FAIL("seed " << seed << ": " << departures.broken);
    }
    UNSCOPED_INFO("finished " << counts.finished << ", unanswered " << counts.unanswered << ", no heir "
                              << counts.no_heir << ", refused " << counts.refused << ", by BFD "
                              << counts.by_bfd << ", disbelieved " << counts.disbelieved
                              << ", woke while waiting " << counts.woke_waiting);
    return counts;
}

} // namespace

TEST_CASE("departures: a master that leaves is replaced by its heir, or as RFC 9568 has it", "[keeper]")
{
    Counts counts = run_departures(4000, {});
    CHECK(counts.finished > 8000);
    CHECK(counts.unanswered > 1000);
    CHECK(counts.no_heir > 1000);
    CHECK(counts.refused > 100);
    CHECK(counts.woke_waiting > 100);
}

TEST_CASE("departures: nopreempt takes the RFC's way", "[keeper]")
{
    Counts counts = run_departures(1500, {.preempt = false});
    CHECK(counts.finished == 0);
    CHECK(counts.no_heir > 1000);
}

TEST_CASE("departures: a sync group is handed over whole, or as RFC 9568 has it", "[keeper]")
{
    Counts counts = run_departures(2000, {.links = 2});
    CHECK(counts.finished > 2000);
    CHECK(counts.unanswered > 500);
    CHECK(counts.no_heir > 500);
}

TEST_CASE("departures: the end of a BFD session is believed once, and only of the master", "[keeper]")
{
    Counts counts = run_departures(500, {.bfd = true});
    CHECK(counts.by_bfd > 200);
    CHECK(counts.disbelieved > 20);
}

TEST_CASE("departures: a sync group and BFD", "[keeper]")
{
    Counts counts = run_departures(200, {.links = 2, .bfd = true});
    CHECK(counts.by_bfd > 20);
}
