// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "weiradm/ipvs_command.h"

namespace weir::ipvs {

/// Options, in the order in which ipvsadm checks them; weir's own come last.
enum Option {
    OPT_NUMERIC,
    OPT_CONNECTION,
    OPT_SERVICE,
    OPT_SCHEDULER,
    OPT_PERSISTENT,
    OPT_NETMASK,
    OPT_SERVER,
    OPT_FORWARD,
    OPT_WEIGHT,
    OPT_UTHRESHOLD,
    OPT_LTHRESHOLD,
    OPT_MCAST,
    OPT_TIMEOUT,
    OPT_DAEMON,
    OPT_STATS,
    OPT_RATE,
    OPT_THRESHOLDS,
    OPT_PERSISTENTCONN,
    OPT_NOSORT,
    OPT_SYNCID,
    OPT_EXACT,
    OPT_ONEPACKET,
    OPT_PERSISTENCE_ENGINE,
    OPT_SCHED_FLAGS,
    OPT_MCAST_GROUP,
    OPT_MCAST_PORT,
    OPT_MCAST_TTL,
    OPT_SYNC_MAXLEN,
    OPT_TUN_INFO,
    OPT_TUN_TYPE,
    OPT_TUN_PORT,
    OPT_TUN_NOCSUM,
    OPT_TUN_CSUM,
    OPT_TUN_REMCSUM,
    // weir's own
    OPT_CONN_TIMEOUT,
    OPT_SLOW_START,
    OPT_SYN_RETRY,
    OPT_ON_GONE,
    OPT_MH_SIZE,
    OPT_SEED,
    OPT_CONNTRACK,
    OPT_NO_EXPRESS,
    OPT_TOA,
    OPT_TOA_DPVS,
    OPT_PROXY_PROTOCOL,
    OPT_OWNER,
    OPT_POOL,
    OPT_JSON,
    OPTIONS
};

using OptionSet = std::bitset<OPTIONS>;

[[nodiscard]] const char* option_name(Option option);

/// Which options go with which command. The text of the first rule that is broken.
[[nodiscard]] std::optional<std::string> check_options(Verb verb, const OptionSet& given);
/// Which tunnel options go with which type of tunnel.
[[nodiscard]] std::optional<std::string> check_tunnel_options(weir_tunnel_type type, const OptionSet& given);

} // namespace weir::ipvs
