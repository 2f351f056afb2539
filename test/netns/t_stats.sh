#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# Statistics: connections, packets and bytes of services and servers are ip_vs's for the same traffic; zeroing; what a deleted server
# carried stays with its service; rates come and go; counters.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-t $VIP4:80" '-s rr' 198.51.100.1%d:80 1 1 1
both_service "-u [$VIP6]:53" '-s sh' '[2001:db8:2::1%d]:53' 1 2 3
traffic mixed tcp $VIP4 80 800 1
traffic open udp $VIP6 53 300 2

# ip_vs refreshes its figures every two seconds
listing() {
	"$1" -L -n --stats --exact | tail -n +2
}
same_stats() {
	[[ $(listing weir) == "$(listing ipvs)" ]]
}
busywait 10 same_stats || fail "different:"$'\n'"$(listing weir)"$'\n'"$(listing ipvs)"
check_match "$(listing weir)" "$VIP4:80 .*[1-9][0-9]{2} +800 +0 +[1-9]" 'packets of the TCP service are counted'
ok "statistics are the same"$'\n'"$(listing weir)"

both -Z
busywait 10 same_stats || fail "different after zeroing:"$'\n'"$(listing weir)"$'\n'"$(listing ipvs)"
check_match "$(listing weir)" "$VIP4:80 +0 +0 +0 +0 +0" 'zeroed'
traffic open tcp $VIP4 80 90 3
busywait 10 same_stats || fail "different after zeroing and traffic:"$'\n'"$(listing weir)"$'\n'"$(listing ipvs)"
check_match "$(listing weir)" "$VIP4:80 +90 +90 " 'counted from zero on'

diff_py <<'EOF2'
w = Weir()
key = service(VIP4, 80)
def svc():
    return w.get("service-get", service=key)["service"]["stats"]
before = svc()
w.request("server-del", service=key, server=server("198.51.100.11", 80))
check("a deleted server's figures stay with the service", {k: svc()[k] for k in ("conns", "in-pkts", "in-bytes")},
      {k: before[k] for k in ("conns", "in-pkts", "in-bytes")})
for conn in w.dump("conn-get"):
    conn = conn["conn"]
    if conn["server-addr"] == "198.51.100.11":
        w.request("conn-del", conn={k: conn[k] for k in ("family", "protocol", "client-addr", "client-port", "virtual-addr",
                                                         "virtual-port")})
time.sleep(0.3 * SLOW)
check("and when its last connection is gone", svc()["in-bytes"], before["in-bytes"])

def rate():
    traffic("open", "udp", VIP6, 53, 50, rate.seed)
    rate.seed += 1
    stats = w.get("service-get", service=service(VIP6, 53, 17))["service"]["stats"]
    return stats["cps"] and stats["in-pps"] and stats["in-bps"] > stats["in-pps"] and not stats["out-pps"]
rate.seed = 100
wait_until("rates rise", 20, rate)
counters = {c["counter"]["name"]: c["counter"]["value"] for c in w.dump("counter-get")}
total = sum(s["server"]["stats"]["conns"] for s in w.dump("server-get"))
check("connections counted in the namespace", counters["connection-created"] >= total, True)
check("no drop", {k: v for k, v in counters.items() if k.startswith("drop-") and v}, {})
EOF2
