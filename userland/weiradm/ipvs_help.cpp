// SPDX-License-Identifier: GPL-2.0
#include "weiradm/ipvs_help.h"

#include <fmt/format.h>

namespace weir::ipvs {

std::string version_text(bool as_ipvsadm)
{
    return as_ipvsadm ? "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n"
                      : "weiradm " WEIR_VERSION "\n";
}

std::string help_text(const std::string& program, bool as_ipvsadm)
{
    std::string text = version_text(as_ipvsadm);
    text += fmt::format(R"(Usage:
  {0} -A|-E SERVICE [-s scheduler] [-p [seconds]] [-M netmask] [-b flags] [-o]
  {0} -D SERVICE
  {0} -a|-e SERVICE -r server[:port] [-g|-m|-i|--local] [-w weight] [-x upper] [-y lower]
  {0} -d SERVICE -r server[:port]
  {0} -L|-l [SERVICE] [-n] [-c|--stats|--rate|--thresholds|--persistent-conn] [-X] [-j]
  {0} -L --timeout | --daemon
  {0} -Z [SERVICE]          zero the counters of a service or of all
  {0} -C [--owner name]     delete all services
  {0} -S [-n] | -R          save to standard output, restore from standard input
  {0} --set tcp tcpfin udp  time-outs in seconds, 0: unchanged
  {0} -h | -v
SERVICE:
  -t address:port           TCP; a range 80-443 and all ports 1-65535 too
  -u address:port           UDP
  -f mark [-6]              packets with this firewall mark
Options, long and short:
  -s, --scheduler           rr wrr lc wlc sed nq fo ovf twos sh dh mh lblc lblcr; wlc
                            without it
  -p, --persistent          a client keeps its server for 360 or as many seconds
  -M, --netmask             clients that count as one, 255.255.255.0 or 64 with IPv6
  -b, --sched-flags         sh-fallback sh-port mh-fallback mh-port, with commas between
  -o, --ops                 each UDP datagram by itself
  -g, -m, -i, --local       direct routing (default), NAT, tunnel, this machine
  --tun-type                with -i: ipip (default), gre, gue; gue has --tun-port PORT;
                            --tun-nocsum (default), --tun-csum, --tun-remcsum (gue)
  -w, --weight              0 to 65535; 1 without it
  -x, -y                    connections at which a server is overloaded, and is no longer
  -n, --numeric             numbers for hosts and ports
  -X, --exact               numbers in full
  --nosort                  the kernel's order
Example:
  {0} -A -t 192.0.2.1:80 -s rr; {0} -a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m
)",
                        program);
    if (as_ipvsadm)
        return text;
    text += R"(weir's own, with -A and -E:
  --conn-timeout established=900,udp=60   --slow-start seconds   --syn-retry times
  --on-gone keep|reset|move   --mh-size slots   --seed hex   --conntrack   --no-express
  --pool name|none          of servers of method fullnat, see 'weiradm help pool'
  --toa   --toa-dpvs        fullnat tells the server the client's address
  --proxy-protocol v1|v2|none   the same, for servers that speak it
  --owner name              (-A alone)
with -a and -e:
  --fullnat                 both ends rewritten; the service names a pool. IPv4 servers of
                            IPv6 services and the other way round, too
Commands of weir itself: 'weiradm help'
)";
    return text;
}

} // namespace weir::ipvs
