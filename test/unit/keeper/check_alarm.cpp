// SPDX-License-Identifier: GPL-2.0
#include <functional>
#include <optional>
#include <vector>

#include "catch.h"
#include "keeper/check/alarm.h"

using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

class Told : public Alarm {
  public:
    explicit Told(std::function<void()> tell) : tell_(std::move(tell)) {}

  private:
    void ring() override { tell_(); }

    std::function<void()> tell_;
};

} // namespace

TEST_CASE("alarms ring once, in the order of their times, whatever the order in which they were set",
          "[check]")
{
    boost::asio::io_context io;
    auto clock = std::make_shared<AlarmClock>(io);
    std::vector<int> rung;
    auto note = [&](int number) { return Told([&rung, number] { rung.push_back(number); }); };
    Told one = note(1), two = note(2), three = note(3), never = note(4);
    std::optional<Told> gone(note(5));
    auto now = std::chrono::steady_clock::now();
    clock->set(two, now + 20ms);
    clock->set(one, now + 10ms);
    clock->set(never, now + 5ms);
    clock->set(*gone, now + 6ms);
    clock->set(three, now + 2ms);
    clock->set(three, now + 30ms);
    never.clear();
    gone.reset();
    io.run_for(5s); // ends with the last alarm, for nothing is left to wait for
    CHECK(rung == std::vector{1, 2, 3});
    CHECK(std::chrono::steady_clock::now() >= now + 30ms);
    CHECK(std::chrono::steady_clock::now() < now + 5s);
}

TEST_CASE("an alarm that rings may set itself again, and destroy others and the clock", "[check]")
{
    boost::asio::io_context io;
    auto clock = std::make_shared<AlarmClock>(io);
    int rung = 0;
    auto now = std::chrono::steady_clock::now();
    std::optional<Told> other([] { FAIL("it was destroyed"); });
    Told self([&] {
        other.reset();
        if (++rung < 3)
            clock->set(self, now);
        else
            clock.reset();
    });
    Told late([] { FAIL("its clock is gone"); });
    clock->set(late, now + 20ms);
    clock->set(self, now - 2ms);
    clock->set(*other, now - 1ms);
    io.run_for(100ms);
    CHECK(rung == 3);
}
