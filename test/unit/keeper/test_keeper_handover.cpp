// SPDX-License-Identifier: GPL-2.0
#include "catch.h"
#include "keeper/vrrp/ensemble.h"
#include "keeper/vrrp/handover.h"

using namespace weir;
using namespace weir::keeper;
using namespace std::chrono_literals;

TEST_CASE("handover message: bytes and back; anything else is refused", "[keeper]")
{
    HandoverMessage message{HandoverType::request, 51,        2, 100, false, 0x0102030405060708,
                            {'s', 'e', 'c'},       0x0a0b0c0d};
    auto bytes = encode_handover(message);
    CHECK(std::get<HandoverMessage>(decode_handover(bytes)) == message);
    CHECK(std::get<BadHandover>(decode_handover(std::span(bytes).first(31))) == BadHandover::length);
    for (std::size_t at : {0u, 4u, 5u, 7u}) {
        auto broken = bytes;
        broken[at] = 9;
        CHECK(std::get<BadHandover>(decode_handover(broken)) == BadHandover::format);
    }
    bytes[6] = 0; // no virtual router
    CHECK(std::holds_alternative<BadHandover>(decode_handover(bytes)));
}

TEST_CASE("heirs: the highest priority that was heard lately, if it is willing", "[keeper]")
{
    Address a = Address::parse("192.0.2.1").value(), b = Address::parse("192.0.2.2").value();
    Heirs heirs;
    CHECK(heirs.best(10s, 3s).empty());
    heirs.announced(10s, a, {.priority = 100, .willing = true});
    heirs.announced(10s, b, {.priority = 90, .willing = true});
    CHECK(heirs.best(11s, 3s) == a);
    CHECK(heirs.best(14s, 3s).empty());
    heirs.announced(12s, b, {.priority = 90, .willing = true});
    CHECK(heirs.best(14s, 3s) == b); // a is gone
    heirs.announced(14s, a, {.priority = 100, .willing = false});
    CHECK(heirs.best(14s, 3s).empty()); // b would be overtaken
    for (std::uint8_t i = 10; i < 30; i++) {
        in_addr address{htonl(0xc0000200u + i)};
        heirs.announced(20s + Duration(i), Address(address), {.priority = i, .willing = true});
    }
    CHECK(heirs.best(20s, 3s).to_string() == "192.0.2.29");
    CHECK(heirs.clock_of(20s, a) == 0);
    heirs.announced(20s, a, {.stamp = 5000});
    CHECK(heirs.clock_of(22s, a) == 7000);
    heirs.announced(20s, a, {.stamp = 0xffffffff});
    CHECK(heirs.clock_of(22s, a) == 1999); // goes round
}

TEST_CASE("handover: the heir is master first, the old one does not preempt it until it is gone", "[keeper]")
{
    Policy policy;
    policy.priority = 200;
    Machine old(policy);
    policy.priority = 100;
    Machine heir(policy);
    Actions actions;
    Instant now = 1000s;
    old.start(now, false, actions);
    heir.start(now, false, actions);
    now += 10s;
    old.expire(now, actions);
    REQUIRE(old.state() == State::master);
    Actions taking;
    heir.take_over(now, Reason::handed_over, taking);
    REQUIRE(heir.state() == State::master);
    CHECK(*taking.begin() == Action::send_advert);
    Actions leaving;
    old.hand_over(now, leaving);
    CHECK(old.state() == State::backup);
    CHECK(leaving.has(Action::remove_addresses));
    CHECK_FALSE(leaving.has(Action::send_resign));
    for (int i = 0; i < 10; i++) {
        now += 1s;
        Actions heard;
        old.receive(now, {100, -1, 1s}, heard);
        old.expire(now, heard);
        CHECK(old.state() == State::backup);
    }
    now += 4s; // silence
    Actions last;
    old.expire(now, last);
    CHECK(old.state() == State::master);
}

TEST_CASE("handover: a group is handed over as a whole", "[keeper]")
{
    Ensemble ensemble([](std::size_t, const Actions&, State) {});
    Policy policy;
    (void)ensemble.add(policy, 0);
    (void)ensemble.add(policy, 0);
    Instant now = 1000s;
    ensemble.start(0, now, false);
    ensemble.start(1, now, false);
    ensemble.take_over(0, now, Reason::handed_over);
    CHECK(ensemble[0].state() == State::backup);
    ensemble.take_over(1, now, Reason::handed_over);
    CHECK(ensemble[0].state() == State::master);
    CHECK(ensemble[1].state() == State::master);
}
