// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <vector>

#include "base/rare.h"
#include "keeper/check/check.h"

namespace weir::keeper {

/// Turns the results of attempts into a state: keepalived's rules for retry, and damping. Knows no clock.
class Verdict {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// `timing` outlives it.
    explicit Verdict(const CheckTiming& timing) : timing_(timing) {}

    /// An attempt ended. The first answer counts as it is; later, `retry` failures in a row are forgiven.
    const CheckReport& judge(CheckResult result, Time ended);
    /// When the next attempt is due: delay_loop after the start of the last one, or delay_before_retry after
    /// its end, also where the attempt could not be made; never before `ended`.
    [[nodiscard]] Time next(Time started, Time ended) const;
    void assume(const CheckReport& report) { last_ = report; }
    [[nodiscard]] const CheckReport& last() const { return last_; }

  private:
    void good();
    void bad();
    [[nodiscard]] bool flapping();
    void change_to(CheckState state);

    const CheckTiming& timing_;
    CheckReport last_;
    /// For damping alone.
    struct History {
        std::vector<Time> changes; ///< within the window, few
        std::optional<Time> good_since;

        bool operator==(const History&) const = default;
    };
    Rare<History> history_;
};

/// Where in [0, 1) of the warm-up the n-th check starts: any number of them, evenly.
[[nodiscard]] double spread(std::uint64_t n);

} // namespace weir::keeper
