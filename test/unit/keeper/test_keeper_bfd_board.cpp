// SPDX-License-Identifier: GPL-2.0
// What checks make of BFD sessions.
#include "catch.h"

#include <sys/eventfd.h>

#include "base/fd.h"
#include "keeper/checker/bfd_board.h"

using namespace weir;
using namespace weir::keeper;
using namespace std::chrono_literals;
using Is = BfdView::State;

TEST_CASE("BFD: a session that has not come up says nothing for five seconds", "[keeper]")
{
    BfdRecord record;
    record.state = BfdState::down;
    record.started_us = Instant(100s).count();
    CHECK(view_of(record, 104s).state == Is::unknown);
    CHECK(view_of(record, 105s).state == Is::down);
    record.state = BfdState::init;
    CHECK(view_of(record, 104s).state == Is::unknown);
    record.state = BfdState::up;
    CHECK(view_of(record, 101s).state == Is::up);
}

TEST_CASE("BFD: a session that was up is down when its neighbor is silent, not when it is shut down",
          "[keeper]")
{
    BfdRecord record;
    record.started_us = Instant(100s).count();
    record.has_been_up = true;
    record.state = BfdState::down;
    record.diagnostic = BfdDiagnostic::expired;
    CHECK(view_of(record, 101s).state == Is::down);
    CHECK(view_of(record, 101s).reason == "the session is down: detection time expired");
    record.ended_by_operator = true;
    CHECK(view_of(record, 101s).state == Is::unknown);
    CHECK(view_of(record, 1000s).state == Is::unknown);
}

TEST_CASE("BFD: who watches a session is told when it says something else, and no one else", "[keeper]")
{
    auto memory = Board::create();
    REQUIRE(memory);
    auto board = Board::map(memory->get());
    REQUIRE(board);
    set_text((*board)->bfd[0].name, "a");
    set_text((*board)->bfd[1].name, "b");
    for (int i = 0; i < 2; i++)
        (*board)->bfd[i].started_us = boot_time().count();
    (*board)->sessions = 2;
    Fd events(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    boost::asio::io_context io;
    BfdBoard sessions(io, **board, events.get());
    int a = 0, b = 0;
    auto watch_a = sessions.watch("a", [&] { a++; });
    auto watch_b = sessions.watch("b", [&] { b++; });
    auto tell = [&](BfdState state) {
        (*board)->bfd[1].state = state;
        (*board)->bfd[1].has_been_up = true;
        REQUIRE(eventfd_write(events.get(), 1) == 0);
        io.run_one_for(1s);
        io.restart();
    };
    CHECK(sessions.look("b").state == Is::unknown);
    CHECK(sessions.look("c").state == Is::unknown);
    tell(BfdState::up);
    CHECK((a == 0 && b == 1 && sessions.look("b").state == Is::up));
    tell(BfdState::up);
    CHECK((a == 0 && b == 1));
    watch_b.reset();
    tell(BfdState::down);
    CHECK((a == 0 && b == 1 && sessions.look("b").state == Is::down));
}
