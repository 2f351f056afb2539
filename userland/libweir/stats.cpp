// SPDX-License-Identifier: GPL-2.0
#include "libweir/stats.h"

#include <linux/weir.h>

namespace weir {

Stats parse_stats(const AttrSet& attrs)
{
    auto value = [&](unsigned type) { return attrs.u64(type).value_or(0); };
    Stats stats;
    stats.conns = value(WEIR_A_STATS_CONNS);
    stats.in_pkts = value(WEIR_A_STATS_IN_PKTS);
    stats.out_pkts = value(WEIR_A_STATS_OUT_PKTS);
    stats.in_bytes = value(WEIR_A_STATS_IN_BYTES);
    stats.out_bytes = value(WEIR_A_STATS_OUT_BYTES);
    stats.cps = value(WEIR_A_STATS_CPS);
    stats.in_pps = value(WEIR_A_STATS_IN_PPS);
    stats.out_pps = value(WEIR_A_STATS_OUT_PPS);
    stats.in_bps = value(WEIR_A_STATS_IN_BPS);
    stats.out_bps = value(WEIR_A_STATS_OUT_BPS);
    return stats;
}

} // namespace weir
