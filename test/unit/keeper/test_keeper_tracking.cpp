// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <random>

#include "catch.h"
#include "keeper/vrrp/deadlines.h"
#include "keeper/vrrp/tracking.h"

using namespace weir::keeper;

namespace {

TrackVerdict judge_one(std::uint8_t base, std::vector<Track> interfaces, std::vector<Track> scripts,
                       std::vector<Track> files, const TrackedState& state)
{
    std::vector<Track> none;
    return judge(base, {{&interfaces, &scripts, &none, &files}}, state);
}

} // namespace

TEST_CASE("tracking: positive weights count while up, negative ones while down", "[keeper]")
{
    TrackedState state;
    state.scripts = {{"good", true}, {"bad", false}};
    auto priority = [&](const char* name, int weight, bool reverse = false) {
        return judge_one(100, {}, {{name, weight, reverse, true}}, {}, state).priority;
    };
    CHECK(priority("good", 20) == 120);
    CHECK(priority("bad", 20) == 100);
    CHECK(priority("good", -20) == 100);
    CHECK(priority("bad", -20) == 80);
    CHECK(priority("good", 20, true) == 80);
    CHECK(priority("bad", 20, true) == 100);
    CHECK(priority("good", -20, true) == 100);
    CHECK(priority("bad", -20, true) == 120);
    CHECK(priority("unknown", -20) == 100);
}

TEST_CASE("tracking: weight 0 is FAULT while down or not known", "[keeper]")
{
    TrackedState state;
    state.interfaces = {{"eth1", false}, {"eth2", true}};
    CHECK(judge_one(100, {{"eth1"}}, {}, {}, state).fault == "interface eth1");
    CHECK_FALSE(judge_one(100, {{"eth2"}}, {}, {}, state).faulty);
    CHECK(judge_one(100, {{"eth3"}}, {}, {}, state).faulty);
    CHECK(judge_one(100, {{"eth2", 0, true, true}}, {}, {}, state).faulty);
}

TEST_CASE("tracking: the sum stays in 1 to 254 and leaves the owner alone", "[keeper]")
{
    TrackedState state;
    state.interfaces = {{"a", true}, {"b", false}};
    CHECK(judge_one(200, {{"a", 253}}, {}, {}, state).priority == 254);
    CHECK(judge_one(20, {{"b", -253}}, {}, {}, state).priority == 1);
    CHECK(judge_one(255, {{"b", -253}}, {}, {}, state).priority == 255);
}

TEST_CASE("tracking: files add their number times the weight", "[keeper]")
{
    TrackedState state;
    state.files = {{"f", 7}, {"low", -300}, {"zero", 0}};
    CHECK(judge_one(100, {}, {}, {{"f", 2, false, true}}, state).priority == 114);
    CHECK(judge_one(100, {}, {}, {{"f", 2, true, true}}, state).priority == 86);
    CHECK(judge_one(100, {}, {}, {{"low", 1, false, true}}, state).faulty);
    CHECK(judge_one(100, {}, {}, {{"f", 0, false, true}}, state).faulty);
    CHECK_FALSE(judge_one(100, {}, {}, {{"zero", 0, false, true}}, state).faulty);
}

TEST_CASE("deadlines: the first is the first after any change", "[keeper]")
{
    std::mt19937 random(1);
    Deadlines heap(37);
    std::vector<Instant> plain(37, never);
    CHECK(heap.first() == never);
    for (int i = 0; i < 5000; i++) {
        std::size_t item = random() % plain.size();
        plain[item] = random() % 10 ? Instant(random() % 1000) : never;
        heap.set(item, plain[item]);
        REQUIRE(heap.first() == *std::min_element(plain.begin(), plain.end()));
        REQUIRE((heap.first() == never || plain[heap.first_item()] == heap.first()));
    }
}
