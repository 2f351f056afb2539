// SPDX-License-Identifier: GPL-2.0
#include "catch.h"

#include "keeper/daemon/tracked_process.h"

#include "config_text.h"

using namespace weir;
using namespace weir::keeper;
using namespace weir::keeper::test;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

const TrackedProcess::Clock::time_point start{};

ProcessConfig process(const std::string& body)
{
    auto loaded = load("vrrp_track_process p {\n" + body + "\n}\n");
    INFO((loaded.messages.empty() ? "" : loaded.messages[0]));
    REQUIRE(loaded.diagnostics.usable());
    return loaded.config.processes.at(0);
}

ProcessEntry at(pid_t pid, pid_t parent = 1)
{
    return {.pid = pid, .parent = parent, .ended = false, .name = "p"};
}

} // namespace

TEST_CASE("tracked process: what /proc says of it", "[keeper]")
{
    auto plain = parse_process("77 (nginx) S 12 77 77 0 -1");
    REQUIRE(plain);
    CHECK((plain->pid == 77 && plain->parent == 12 && plain->name == "nginx" && !plain->ended));
    auto odd = parse_process("8 (a) Z (b) R 9 8");
    REQUIRE(odd);
    CHECK((odd->name == "a) Z (b" && odd->parent == 9 && !odd->ended));
    CHECK(parse_process("8 (a) Z 9 8")->ended);
    CHECK_FALSE(parse_process(""));
    CHECK_FALSE(parse_process("8 (a)"));
}

TEST_CASE("tracked process: names and command lines match as keepalived's", "[keeper]")
{
    auto by_name = process("process sleep");
    ProcessEntry sleeping{.pid = 5, .parent = 1, .ended = false, .name = "sleep"};
    CHECK(matches(by_name, sleeping, {}));
    sleeping.ended = true;
    CHECK_FALSE(matches(by_name, sleeping, {}));
    sleeping.ended = false;
    auto is = [&](const std::string& body, const Words& words) {
        return matches(process(body), sleeping, words);
    };
    CHECK_FALSE(is("process sleepy", {}));
    CHECK(is("process sleep\nfull_command", {"sleep", "1"}));
    CHECK_FALSE(is("process sleep\nfull_command", {"/bin/sleep", "1"}));
    CHECK_FALSE(is("process sleep\nfull_command", {}));
    // exactly these
    CHECK(is("process sleep 100", {"sleep", "100"}));
    CHECK_FALSE(is("process sleep 100", {"sleep", "1000"}));
    CHECK_FALSE(is("process sleep 100", {"sleep", "100", "1"}));
    CHECK(is("process sleep\nparam_match", {"sleep"}));
    CHECK_FALSE(is("process sleep\nparam_match", {"sleep", "1"}));
    // the first ones, whole
    CHECK(is("process sleep 100\nparam_match partial", {"sleep", "100", "1"}));
    CHECK_FALSE(is("process sleep 100\nparam_match partial", {"sleep", "1000"}));
    // the last of them may go on
    CHECK(is("process sleep 1 10\nparam_match initial", {"sleep", "1", "1000", "2"}));
    CHECK_FALSE(is("process sleep 1 10\nparam_match initial", {"sleep", "11", "1000"}));
    CHECK_FALSE(is("process sleep 1 10\nparam_match initial", {"sleep", "1"}));
    CHECK(is("param_match initial\nprocess sleep 1", {"sleep", "12"}));
}

TEST_CASE("tracked process: a start counts at once, a fork and an end after their delays", "[keeper]")
{
    TrackedProcess tracked(process("process p\nquorum 2\nfork_delay 3\nterminate_delay 5"));
    CHECK(tracked.look({at(10)}, start) == false);
    CHECK_FALSE(tracked.look({at(10)}, start + 1s));
    CHECK(tracked.look({at(10), at(11)}, start + 2s) == true);
    // an end that is made good again is none
    CHECK_FALSE(tracked.look({at(10)}, start + 10s));
    CHECK_FALSE(tracked.look({at(10)}, start + 14s));
    CHECK_FALSE(tracked.look({at(10), at(12)}, start + 14500ms));
    CHECK_FALSE(tracked.look({at(10)}, start + 15s));
    CHECK_FALSE(tracked.look({at(10)}, start + 19900ms));
    CHECK(tracked.look({at(10)}, start + 20s) == false);
    // forked by one of them
    CHECK_FALSE(tracked.look({at(10), at(13, 10)}, start + 30s));
    CHECK_FALSE(tracked.look({at(10), at(13, 10)}, start + 32900ms));
    CHECK(tracked.look({at(10), at(13, 10)}, start + 33s) == true);
}

TEST_CASE("tracked process: one that is not to run, and no more than so many", "[keeper]")
{
    TrackedProcess none(process("process p\nquorum_max 0\nterminate_delay 2"));
    CHECK(none.look({}, start) == true);
    CHECK(none.look({at(10)}, start + 1s) == false);
    CHECK_FALSE(none.look({}, start + 2s));
    CHECK(none.look({}, start + 4s) == true);
    TrackedProcess one(process("process p\nquorum_max 1\nfork_delay 2"));
    CHECK(one.look({at(10)}, start) == true);
    CHECK_FALSE(one.look({at(10), at(11, 10)}, start + 1s));
    CHECK(one.look({at(10), at(11, 10)}, start + 3s) == false);
    CHECK(one.look({at(11, 10)}, start + 4s) == true);
    CHECK(one.look({at(11, 10), at(12)}, start + 5s) == false);
}
