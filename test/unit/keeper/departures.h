// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "keeper/bfd/session.h"
#include "keeper/vrrp/handovers.h"
#include "keeper/vrrp/takeover.h"

/// Whole processes on simulated links, with everything that makes a master go but its own advert timer:
/// orderly handovers (SIGTERM, "weir-keeper handover") and BFD sessions that end. Adverts, handover messages
/// and BFD packets come by a socket each, so that they overtake each other on the way and when a process that
/// was paused reads them. Loss, delay, cut links, kills, restarts, faults and reloads at random; what has to
/// hold is checked at each step.
namespace weir::keeper::departures {

/// What a set of schedules is about.
struct Plan {
    std::size_t links = 1;
    bool preempt = true;
    bool bfd = false;
};

struct Packet {
    Instant at;
    std::size_t to, from, link;
    std::variant<Heard, HandoverMessage, BfdPacket> content;
    bool operator<(const Packet& other) const { return at < other.at; }
};

/// A session of one process with another, on one link; and what is known of it without the code under test.
struct Session {
    BfdSession session;
    Instant up_since = never;
};

/// One virtual router of one process, as the simulation sees it.
struct Member {
    bool has_addresses = false;
    Instant last_advert{0};
    Instant asked_at = never; ///< its heir
    std::size_t heard_master = SIZE_MAX;
    bool burnt = false;         ///< the end of a session was believed, and its neighbor was alive
    Instant bfd_master = never; ///< since when it is master for a session's end, while nobody else was heard
    Takeover takeover;
};

struct Process {
    std::unique_ptr<HandoverHost> host;
    std::unique_ptr<Ensemble> machines;
    std::unique_ptr<Handovers> handovers;
    std::vector<Member> members;
    std::map<std::pair<std::size_t, std::size_t>, Session> sessions; ///< by peer and link
    std::vector<Packet> waiting;                                     ///< while it is paused
    std::vector<std::uint8_t> priorities;
    Instant answered_at{0};
    bool running = false, paused = false, leaving = false;
    [[nodiscard]] bool awake() const { return running && !paused; }
};

struct Counts {
    unsigned finished = 0, unanswered = 0, no_heir = 0, refused = 0, by_bfd = 0, disbelieved = 0,
             woke_waiting = 0;
    Counts& operator+=(const Counts& other)
    {
        finished += other.finished, unanswered += other.unanswered, no_heir += other.no_heir;
        refused += other.refused, by_bfd += other.by_bfd, disbelieved += other.disbelieved;
        woke_waiting += other.woke_waiting;
        return *this;
    }
};

Address address_of(std::size_t router, std::size_t link);

class Departures;

class Host : public HandoverHost {
  public:
    Host(Departures& world, std::size_t router) : world_(world), router_(router) {}
    bool send_handover(std::size_t link, const HandoverMessage& message, const Address& to) override;
    std::uint64_t make_nonce() override;
    void note_handover(std::size_t link, HandoverNote note, const Address& heir) override;

  private:
    Departures& world_;
    std::size_t router_;
};

class Departures {
  public:
    Departures(unsigned seed, std::size_t routers, const Plan& plan);
    void run();

    std::string broken;
    Counts counts;

  private:
    friend class Host;

    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
    std::size_t pick_index(std::size_t count)
    {
        return static_cast<std::size_t>(pick(0, static_cast<int>(count) - 1));
    }
    Duration pick_time(Duration most) { return Duration(pick(0, static_cast<int>(most.count()))); }
    void fail(const std::string& what)
    {
        if (broken.empty())
            broken = what + " at " + std::to_string(now_.count()) + " us";
    }
    void later(Duration wait, std::function<void()> event) { events_.emplace(now_ + wait, std::move(event)); }

    [[nodiscard]] State state(std::size_t r, std::size_t link) const
    {
        return (*processes_[r].machines)[link].state();
    }

    // processes
    std::unique_ptr<Ensemble> make_machines(std::size_t r);
    void start(std::size_t r);
    void end(std::size_t r);
    void kill(std::size_t r);
    void leave(std::size_t r);
    void ask(std::size_t r, bool leaving);
    void reload(std::size_t r);
    void pause(std::size_t r, Duration time);
    void resume(std::size_t r, bool frozen);
    void read(std::size_t r, std::size_t kind);
    void fire(std::size_t r);

    // what they do
    void act(std::size_t r, std::size_t link, const Actions& actions, State before);
    void check_departure(std::size_t r, std::size_t link);
    void advertise(std::size_t from, std::size_t link, std::uint8_t priority);
    template <typename Content>
    void send(std::size_t from, std::size_t to, std::size_t link, const Content& content)
    {
        if (to == from || cut_[link] || pick(1, 100) <= loss_)
            return;
        packets_.insert({now_ + pick_time(max_delay_), to, from, link, content});
    }
    bool send_message(std::size_t r, std::size_t link, const HandoverMessage& message, const Address& to);
    void note(std::size_t r, std::size_t link, HandoverNote what);

    // what they hear
    void deliver(const Packet& packet);
    void hear(const Packet& packet, const Heard& heard);
    void take(const Packet& packet, const HandoverMessage& message);
    [[nodiscard]] std::size_t neighbor_of(std::size_t r) const { return (r + 1) % processes_.size(); }
    void take_bfd(const Packet& packet, const BfdPacket& content);
    void act_bfd(std::size_t r, std::pair<std::size_t, std::size_t> key, const BfdActions& actions);

    // the world
    Instant next_event() const;
    void step();
    void disturb();
    void depart();
    void check();
    Instant last_progress(const Process& process) const;
    void check_link(std::size_t link);
    void settle();

    std::mt19937 random_;
    Plan plan_;
    Policy policy_;
    BfdPolicy bfd_policy_;
    Duration max_delay_{0};
    int loss_ = 0;
    std::vector<bool> cut_;
    std::set<std::pair<std::size_t, std::size_t>> faulty_;
    std::vector<Process> processes_;
    std::multiset<Packet> packets_;
    std::multimap<Instant, std::function<void()>> events_;
    std::vector<Instant> both_since_, nobody_since_;
    Instant now_{1'000'000'000}, quiet_since_{0};
};

} // namespace weir::keeper::departures
