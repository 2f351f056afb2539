// SPDX-License-Identifier: GPL-2.0
#include <deque>
#include <random>

#include "catch.h"
#include "keeper/bfd/session.h"
#include "keeper/vrrp/takeover.h"

using namespace weir::keeper;
using namespace std::chrono_literals;
using Instant = std::chrono::microseconds;

namespace {

/// Two sessions and the way between them.
struct Link {
    struct Flight {
        Instant at;
        int to;
        BfdPacket packet;
    };
    BfdSession ends[2];
    std::deque<Flight> flights;
    Instant now{1'000'000};
    bool cut = false, dead[2] = {false, false};
    int loss = 0;
    Duration delay{100};
    std::mt19937 random{1};
    unsigned ups[2] = {0, 0}, downs[2] = {0, 0}, sent[2] = {0, 0};

    explicit Link(const BfdPolicy& a, const BfdPolicy& b) : ends{BfdSession(a, 11, 7), BfdSession(b, 22, 9)}
    {
        ends[0].start(now);
        ends[1].start(now);
    }

    void act(int from, const BfdActions& actions)
    {
        if (actions.changed && ends[from].state() == BfdState::up)
            ups[from]++;
        if (actions.changed && ends[from].state() == BfdState::down)
            downs[from]++;
        if (!actions.send)
            return;
        sent[from]++;
        // over the wire and back
        auto bytes = encode_bfd(ends[from].packet(actions.final));
        auto decoded = decode_bfd(bytes);
        REQUIRE(std::holds_alternative<BfdPacket>(decoded));
        if (!cut && std::uniform_int_distribution<int>(0, 99)(random) >= loss)
            flights.push_back({now + delay, 1 - from, std::get<BfdPacket>(decoded)});
    }

    void run(Duration time)
    {
        Instant end = now + time;
        for (;;) {
            Instant next = flights.empty() ? BfdSession::never : flights.front().at;
            for (int i = 0; i < 2; i++)
                next = dead[i] ? next : std::min(next, ends[i].deadline());
            if (next > end)
                break;
            now = std::max(now, next);
            while (!flights.empty() && flights.front().at <= now) {
                Flight flight = flights.front();
                flights.pop_front();
                if (!dead[flight.to])
                    act(flight.to, ends[flight.to].receive(now, flight.packet));
            }
            for (int i = 0; i < 2; i++) {
                if (!dead[i] && ends[i].deadline() <= now)
                    act(i, ends[i].expire(now));
            }
        }
        now = end;
    }
    [[nodiscard]] bool both(BfdState state) const
    {
        return ends[0].state() == state && ends[1].state() == state;
    }
};

BfdPolicy fast()
{
    BfdPolicy policy;
    policy.min_tx = policy.min_rx = 3ms;
    policy.multiplier = 3;
    return policy;
}

} // namespace

TEST_CASE("bfd packet: bytes and back, RFC 5880 4.1", "[keeper][bfd]")
{
    BfdPacket packet;
    packet.state = BfdState::up;
    packet.poll = true;
    packet.multiplier = 3;
    packet.mine = 0x01020304;
    packet.yours = 0x0a0b0c0d;
    packet.desired_tx = 300ms;
    packet.required_rx = 50ms;
    auto bytes = encode_bfd(packet);
    const std::array<std::uint8_t, 24> wire{0x20, 0xe0, 3,    24,   1, 2, 3,    4,    0x0a, 0x0b, 0x0c, 0x0d,
                                            0,    0x04, 0x93, 0xe0, 0, 0, 0xc3, 0x50, 0,    0,    0,    0};
    CHECK(bytes == wire);
    CHECK(std::get<BfdPacket>(decode_bfd(bytes)) == packet);
}

TEST_CASE("bfd packet: each rule of RFC 5880 6.8.6 has its reason", "[keeper][bfd]")
{
    BfdPacket packet;
    packet.mine = 1;
    packet.yours = 2;
    packet.state = BfdState::up;
    auto good = encode_bfd(packet);
    auto broken = [&](std::size_t at, std::uint8_t value) {
        auto bytes = good;
        bytes[at] = value;
        return std::get<BadBfdPacket>(decode_bfd(bytes));
    };
    CHECK(std::get<BadBfdPacket>(decode_bfd(std::span(good).first(23))) == BadBfdPacket::length);
    CHECK(broken(0, 0x40) == BadBfdPacket::version);
    CHECK(broken(2, 0) == BadBfdPacket::multiplier);
    CHECK(broken(3, 23) == BadBfdPacket::length);
    CHECK(broken(3, 25) == BadBfdPacket::length);
    CHECK(broken(1, good[1] | 0x01) == BadBfdPacket::multipoint);
    CHECK(broken(7, 0) == BadBfdPacket::discriminator);
    CHECK(broken(11, 0) == BadBfdPacket::discriminator);      // none of ours in Up
    CHECK(broken(1, good[1] | 0x04) == BadBfdPacket::length); // no room for what the bit promises
}

TEST_CASE("bfd session: comes up, at the slower one's pace, and stays", "[keeper][bfd]")
{
    BfdPolicy slow;
    slow.min_tx = slow.min_rx = 20ms;
    Link link(fast(), slow);
    link.run(4s);
    REQUIRE(link.both(BfdState::up));
    unsigned before = link.sent[0];
    link.run(10s);
    CHECK(link.both(BfdState::up));
    CHECK(link.downs[0] + link.downs[1] == 0);
    // 20 ms less up to a quarter
    CHECK(link.sent[0] - before >= 500);
    CHECK(link.sent[0] - before <= 680);
    CHECK(link.ends[0].detection_time() == 5 * 20ms);
    CHECK(link.ends[1].detection_time() == 3 * 20ms);
}

TEST_CASE("bfd session: silence ends it within the detection time, and it comes back", "[keeper][bfd]")
{
    Link link(fast(), fast());
    link.run(4s);
    REQUIRE(link.both(BfdState::up));
    link.dead[1] = true;
    link.run(9ms + 200us);
    CHECK(link.ends[0].state() == BfdState::down);
    CHECK(link.ends[0].diagnostic() == BfdDiagnostic::expired);
    link.dead[1] = false;
    link.run(5s);
    CHECK(link.both(BfdState::up));
}

TEST_CASE("bfd session: a neighbor that says AdminDown has not died", "[keeper][bfd]")
{
    Link link(fast(), fast());
    link.run(4s);
    link.act(1, link.ends[1].stop(link.now));
    link.run(1ms);
    CHECK(link.ends[0].state() == BfdState::down);
    CHECK(link.ends[0].diagnostic() == BfdDiagnostic::neighbor_down);
    CHECK(link.ends[0].remote_state() == BfdState::admin_down);
}

TEST_CASE("bfd session: a neighbor that restarts is met again; two passive ones never meet", "[keeper][bfd]")
{
    Link link(fast(), fast());
    link.run(4s);
    link.ends[1] = BfdSession(fast(), 33, 5);
    link.ends[1].start(link.now);
    link.run(5s);
    CHECK(link.both(BfdState::up));
    CHECK(link.downs[0] >= 1);

    BfdPolicy passive = fast();
    passive.passive = true;
    Link quiet(passive, passive);
    quiet.run(10s);
    CHECK(quiet.both(BfdState::down));
    CHECK(quiet.sent[0] + quiet.sent[1] == 0);
    Link half(fast(), passive);
    half.run(5s);
    CHECK(half.both(BfdState::up));
}

TEST_CASE("bfd session: loss and cuts for hours; up again after each", "[keeper][bfd]")
{
    for (unsigned seed = 1; seed <= 40; seed++) {
        Link link(fast(), fast());
        link.random.seed(seed);
        for (int round = 0; round < 10; round++) {
            link.loss = static_cast<int>(link.random() % 60);
            link.run(Duration(link.random() % 3'000'000));
            link.cut = !link.cut;
            link.run(Duration(link.random() % 500'000));
        }
        link.cut = false;
        link.loss = 0;
        link.run(6s);
        CHECK(link.both(BfdState::up));
    }
}

TEST_CASE("takeover: armed only by a master that is the neighbor, up for 3 s, in Backup", "[keeper][bfd]")
{
    Takeover takeover;
    CHECK_FALSE(takeover.armed(10s, State::backup));
    takeover.session_up(10s);
    CHECK_FALSE(takeover.armed(20s, State::backup)); // no master was heard
    takeover.heard_master(false);
    CHECK_FALSE(takeover.armed(20s, State::backup)); // another one is
    takeover.heard_master(true);
    CHECK_FALSE(takeover.armed(12s, State::backup));
    CHECK(takeover.armed(13s, State::backup));
    CHECK_FALSE(takeover.armed(13s, State::master));
    CHECK_FALSE(takeover.session_down(14s, State::backup, false)); // it said so itself
    takeover.session_up(20s);
    CHECK(takeover.session_down(30s, State::backup, true));
}

TEST_CASE("takeover: a master that was alive is believed again after 60 s", "[keeper][bfd]")
{
    Takeover takeover;
    takeover.session_up(0s);
    takeover.heard_master(true);
    REQUIRE(takeover.session_down(10s, State::backup, true));
    takeover.reset();
    takeover.heard_as_master(true); // its adverts, though it was thought dead
    takeover.session_up(11s);
    takeover.heard_master(true);
    CHECK_FALSE(takeover.session_down(30s, State::backup, true));
    takeover.session_up(31s);
    takeover.heard_master(true);
    CHECK_FALSE(takeover.armed(90s, State::backup));
    CHECK(takeover.armed(91s, State::backup));
    CHECK(takeover.session_down(92s, State::backup, true));
}
