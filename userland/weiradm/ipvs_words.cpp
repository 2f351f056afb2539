// SPDX-License-Identifier: GPL-2.0
// ipvsadm's command line. popt reads it, because ipvsadm's grammar is popt's: the argument of -p is there
// when the next word does not start with a dash, short options combine, long ones take "=", and the errors
// are popt's own words. Boost.ProgramOptions (the order of options is lost, optional arguments need "=") and
// getopt_long ("-p 60" is not possible) cannot be made to agree.
#include "weiradm/ipvs_words.h"

namespace weir::ipvs {
namespace {

constexpr poptOption flag(const char* name, char letter, int tag)
{
    return {name, letter, POPT_ARG_NONE, nullptr, tag, nullptr, nullptr};
}

constexpr poptOption with_value(const char* name, char letter, int tag, unsigned more = 0)
{
    return {name, letter, POPT_ARG_STRING | more, nullptr, tag, nullptr, nullptr};
}

} // namespace

const poptOption option_table[] = {
    flag("add-service", 'A', 'A'),
    flag("edit-service", 'E', 'E'),
    flag("delete-service", 'D', 'D'),
    flag("clear", 'C', 'C'),
    flag("list", 'L', 'L'),
    flag("list", 'l', 'L'),
    flag("zero", 'Z', 'Z'),
    flag("add-server", 'a', 'a'),
    flag("edit-server", 'e', 'e'),
    flag("delete-server", 'd', 'd'),
    flag("set", '\0', TAG_SET),
    flag("help", 'h', 'h'),
    flag("version", 'v', 'v'),
    flag("restore", 'R', 'R'),
    flag("save", 'S', 'S'),
    with_value("start-daemon", '\0', TAG_START_DAEMON),
    with_value("stop-daemon", '\0', TAG_STOP_DAEMON),
    with_value("tcp-service", 't', 't'),
    with_value("udp-service", 'u', 'u'),
    with_value("sctp-service", '\0', TAG_SCTP),
    with_value("fwmark-service", 'f', 'f'),
    with_value("scheduler", 's', 's'),
    with_value("persistent", 'p', 'p', POPT_ARGFLAG_OPTIONAL),
    with_value("netmask", 'M', 'M'),
    with_value("real-server", 'r', 'r'),
    flag("masquerading", 'm', 'm'),
    flag("ipip", 'i', 'i'),
    flag("gatewaying", 'g', 'g'),
    with_value("weight", 'w', 'w'),
    with_value("u-threshold", 'x', 'x'),
    with_value("l-threshold", 'y', 'y'),
    flag("numeric", 'n', 'n'),
    flag("connection", 'c', 'c'),
    with_value("mcast-interface", '\0', TAG_MCAST_INTERFACE),
    with_value("syncid", '\0', TAG_SYNCID),
    flag("timeout", '\0', TAG_TIMEOUT),
    flag("daemon", '\0', TAG_DAEMON),
    flag("stats", '\0', TAG_STATS),
    flag("rate", '\0', TAG_RATE),
    flag("thresholds", '\0', TAG_THRESHOLDS),
    flag("persistent-conn", '\0', TAG_PERSISTENT_CONN),
    flag("nosort", '\0', TAG_NOSORT),
    flag("sort", '\0', TAG_SORT),
    flag("exact", 'X', 'X'),
    flag("ipv6", '6', '6'),
    flag("ops", 'o', 'o'),
    with_value("pe", '\0', TAG_PE),
    with_value("sched-flags", 'b', 'b'),
    with_value("mcast-group", '\0', TAG_MCAST_GROUP),
    with_value("mcast-port", '\0', TAG_MCAST_PORT),
    with_value("mcast-ttl", '\0', TAG_MCAST_TTL),
    with_value("sync-maxlen", '\0', TAG_SYNC_MAXLEN),
    flag("tun-info", '\0', TAG_TUN_INFO),
    with_value("tun-type", '\0', TAG_TUN_TYPE),
    with_value("tun-port", '\0', TAG_TUN_PORT),
    flag("tun-nocsum", '\0', TAG_TUN_NOCSUM),
    flag("tun-csum", '\0', TAG_TUN_CSUM),
    flag("tun-remcsum", '\0', TAG_TUN_REMCSUM),
    with_value("conn-timeout", '\0', TAG_CONN_TIMEOUT),
    with_value("slow-start", '\0', TAG_SLOW_START),
    with_value("syn-retry", '\0', TAG_SYN_RETRY),
    with_value("on-gone", '\0', TAG_ON_GONE),
    with_value("mh-size", '\0', TAG_MH_SIZE),
    with_value("seed", '\0', TAG_SEED),
    flag("conntrack", '\0', TAG_CONNTRACK),
    flag("no-express", '\0', TAG_NO_EXPRESS),
    flag("toa", '\0', TAG_TOA),
    flag("toa-dpvs", '\0', TAG_TOA_DPVS),
    with_value("proxy-protocol", '\0', TAG_PROXY_PROTOCOL),
    with_value("owner", '\0', TAG_OWNER),
    flag("local", '\0', TAG_LOCAL),
    flag("fullnat", '\0', TAG_FULLNAT),
    with_value("pool", '\0', TAG_POOL),
    flag("json", 'j', 'j'),
    {nullptr, '\0', 0, nullptr, 0, nullptr, nullptr},
};

} // namespace weir::ipvs
