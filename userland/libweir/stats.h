// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>

#include "libweir/attr.h"

namespace weir {

/// Counters of a service or server since they were last zeroed, and rates per second.
struct Stats {
    std::uint64_t conns = 0;
    std::uint64_t in_pkts = 0;
    std::uint64_t out_pkts = 0;
    std::uint64_t in_bytes = 0;
    std::uint64_t out_bytes = 0;
    std::uint64_t cps = 0;
    std::uint64_t in_pps = 0;
    std::uint64_t out_pps = 0;
    std::uint64_t in_bps = 0; ///< bytes per second
    std::uint64_t out_bps = 0;

    bool operator==(const Stats&) const = default;
};

[[nodiscard]] Stats parse_stats(const AttrSet& attrs);

} // namespace weir
