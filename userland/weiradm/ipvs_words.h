// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <popt.h>

namespace weir::ipvs {

// What an option is known by: its letter, or one of these.
enum Tag {
    TAG_SET = 256,
    TAG_START_DAEMON,
    TAG_STOP_DAEMON,
    TAG_SCTP,
    TAG_MCAST_INTERFACE,
    TAG_SYNCID,
    TAG_TIMEOUT,
    TAG_DAEMON,
    TAG_STATS,
    TAG_RATE,
    TAG_THRESHOLDS,
    TAG_PERSISTENT_CONN,
    TAG_SORT,
    TAG_NOSORT,
    TAG_PE,
    TAG_MCAST_GROUP,
    TAG_MCAST_PORT,
    TAG_MCAST_TTL,
    TAG_SYNC_MAXLEN,
    TAG_TUN_INFO,
    TAG_TUN_TYPE,
    TAG_TUN_PORT,
    TAG_TUN_NOCSUM,
    TAG_TUN_CSUM,
    TAG_TUN_REMCSUM,
    // weir's own
    TAG_CONN_TIMEOUT,
    TAG_SLOW_START,
    TAG_SYN_RETRY,
    TAG_ON_GONE,
    TAG_MH_SIZE,
    TAG_SEED,
    TAG_CONNTRACK,
    TAG_NO_EXPRESS,
    TAG_TOA,
    TAG_TOA_DPVS,
    TAG_PROXY_PROTOCOL,
    TAG_OWNER,
    TAG_LOCAL,
    TAG_FULLNAT,
    TAG_POOL,
};

/// Every option of the command line, as popt wants it, ended by zeros.
extern const poptOption option_table[];

} // namespace weir::ipvs
