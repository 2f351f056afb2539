// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/verdict.h"

#include <algorithm>

#include "catch.h"

using namespace weir::keeper;
using namespace std::chrono_literals;

namespace {

struct Course {
    explicit Course(CheckTiming as) : timing(as), verdict(timing) {}
    const CheckReport& go(bool good, std::chrono::seconds later = 1s)
    {
        now += later;
        return verdict.judge({good, "", {}, {}, 0, false}, now);
    }
    CheckTiming timing;
    Verdict verdict;
    Verdict::Time now{};
};

CheckTiming timing(unsigned retry)
{
    CheckTiming timing;
    timing.retry = retry;
    timing.delay_loop = 10s;
    timing.delay_before_retry = 2s;
    return timing;
}

} // namespace

TEST_CASE("verdict: the first answer counts as it is", "[check]")
{
    Course bad(timing(3)), good(timing(3));
    CHECK(bad.go(false).state == CheckState::down);
    CHECK(bad.verdict.last().changed);
    CHECK(good.go(true).state == CheckState::up);
    CHECK(good.verdict.last().changed);
    CHECK_FALSE(good.go(true).changed);
}

TEST_CASE("verdict: retry failures in a row are forgiven, one more is not", "[check]")
{
    Course course(timing(2));
    course.go(true);
    for (unsigned failures = 1; failures <= 2; failures++) {
        const auto& report = course.go(false);
        CHECK(report.state == CheckState::up);
        CHECK(report.retrying);
        CHECK(report.failures == failures);
        CHECK(course.verdict.next(course.now - 1s, course.now) == course.now + 2s);
    }
    CHECK(course.go(false).state == CheckState::down);
    CHECK_FALSE(course.verdict.last().retrying);
    CHECK(course.verdict.next(course.now - 1s, course.now) == course.now + 9s);
    // no forgiving while down, and none for the first failure after one success too few
    CHECK_FALSE(course.go(false).changed);
    CHECK(course.go(true).state == CheckState::up);
    CHECK(course.go(false).retrying);
    CHECK(course.go(true).failures == 0);
    CHECK(course.go(false).retrying);
}

TEST_CASE("verdict: an attempt that could not be made changes nothing", "[check]")
{
    Course course(timing(1));
    auto lacking = [&]() -> const CheckReport& {
        return course.verdict.judge({false, "Too many open files", {}, {}, 0, true}, course.now);
    };
    CHECK(lacking().state == CheckState::unknown);
    course.go(true);
    course.go(false);
    for (int i = 0; i < 5; i++) {
        CHECK(lacking().state == CheckState::up);
        CHECK(course.verdict.last().failures == 1);
        CHECK(course.verdict.next(course.now, course.now) == course.now + 2s);
    }
    CHECK(course.go(false).state == CheckState::down);
    CHECK(lacking().state == CheckState::down);
}

TEST_CASE("verdict: an attempt longer than delay_loop is followed at once", "[check]")
{
    Course course(timing(0));
    course.go(true);
    CHECK(course.verdict.next(course.now - 15s, course.now) == course.now);
}

TEST_CASE("verdict: a check that flaps is held down until it was good for a while", "[check]")
{
    auto damped = timing(0);
    damped.damping = {3, 60s, 20s};
    Course course(damped);
    course.go(true);                                   // not a change: the first answer
    CHECK(course.go(false).state == CheckState::down); // 1
    CHECK(course.go(true).state == CheckState::up);    // 2
    CHECK(course.go(false).state == CheckState::down); // 3
    CHECK(course.go(true).state == CheckState::up);    // 4
    CHECK(course.go(false).state == CheckState::down); // 5
    CHECK(course.go(true).damped);
    CHECK(course.go(true, 10s).state == CheckState::down);
    CHECK(course.go(false).state == CheckState::down); // begins anew
    CHECK(course.go(true).damped);
    CHECK(course.go(true, 19s).damped);
    CHECK(course.go(true, 1s).state == CheckState::up);
    // forgiven
    CHECK(course.go(false).state == CheckState::down);
    CHECK(course.go(true).state == CheckState::up);
}

TEST_CASE("verdict: changes older than the window are no flapping", "[check]")
{
    auto damped = timing(0);
    damped.damping = {1, 10s, 60s};
    Course course(damped);
    for (int i = 0; i < 20; i++)
        CHECK(course.go(i % 2, 11s).changed);
}

TEST_CASE("spread: any number of checks starts evenly", "[check]")
{
    for (std::size_t count : {2u, 10u, 100u, 1000u}) {
        std::vector<double> starts{1.0};
        for (std::uint64_t n = 0; n < count; n++)
            starts.push_back(spread(n));
        std::ranges::sort(starts);
        CHECK(starts.front() >= 0);
        double widest = starts.front();
        for (std::size_t i = 1; i < starts.size(); i++)
            widest = std::max(widest, starts[i] - starts[i - 1]);
        CHECK(widest * static_cast<double>(count) < 2.7); // the three-distance theorem's bound for this ratio
    }
}
