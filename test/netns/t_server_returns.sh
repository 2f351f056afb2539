#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 120
# A server that is deleted and added again is itself again, as in ip_vs: its connections, which stayed (on-gone keep), count as its
# own and its statistics go on, whatever weight it has now. By single commands beside ip_vs, and by transactions. Once its last
# connection is gone it is forgotten.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

listing() {
	"$1" -L -n | tail -n +2
	"$1" -L -n --stats --exact | tail -n +2
}

# ip_vs refreshes its figures every two seconds.
same_listing() {
	busywait 10 eval '[[ $(listing weir) == "$(listing ipvs)" ]]' ||
		fail "$1 is different: weir (<), ip_vs (>)"$'\n'"$(diff <(listing weir) <(listing ipvs))"
	ok "$1 is the same"
}

both_service "-t $VIP4:80" '-s rr' 198.51.100.1%d:80 1 1 1
both_service "-u [$VIP6]:53" '-s rr' '[2001:db8:2::1%d]:53' 1 1 1
traffic mixed tcp $VIP4 80 150 1
traffic open udp $VIP6 53 90 2
same_listing 'what the traffic left'
both -d -t $VIP4:80 -r 198.51.100.11:80
both -d -u "[$VIP6]:53" -r '[2001:db8:2::11]:53'
check_no_match "$(listing weir)" '198.51.100.11|2001:db8:2::11' 'two servers are deleted'
both -a -t $VIP4:80 -r 198.51.100.11:80 -g -w 5
both -a -u "[$VIP6]:53" -r '[2001:db8:2::11]:53' -g -w 0
check_match "$(listing weir)" '198.51.100.11:80 +Route +5 +[1-9][0-9]* +[1-9]' 'IPv4: it has its connections and the new weight'
check_match "$(listing weir)" '2001:db8:2::11\]:53 +Route +0 +0 +30' 'IPv6: it has its connections and the new weight'
same_listing 'what they are after their return'
traffic open udp $VIP6 53 60 3
same_listing 'and when traffic goes on'

diff_py <<'EOF2'
w = Weir()
keys = service(VIP4, 80), service(VIP6, 53, 17)
def plan(numbers):
    return [(service(VIP4, 80, scheduler="rr"), [server("198.51.100.1%u" % i, 80) for i in numbers]),
            (service(VIP6, 53, 17, scheduler="rr"), [server("2001:db8:2::1%u" % i, 53) for i in numbers])]
def second():
    return [{k: s["server"].get(k) for k in ("addr", "active", "inactive", "stats")}
            for s in w.dump("server-get") if s["server"]["addr"].endswith("12")]
before = second()
for one in before:
    for key in [k for k in one["stats"] if k.endswith("ps")]:
        one["stats"].pop(key)
check("the second servers have connections", [one["active"] + one["inactive"] > 0 for one in before], [True, True])
transaction(w, plan((1, 3)), "cli")
check("a transaction deletes them", second(), [])
transaction(w, plan((1, 2, 3)), "cli")
after = second()
for one in after:
    for key in [k for k in one["stats"] if k.endswith("ps")]:
        one["stats"].pop(key)
check("another one brings them back, with all that was theirs", after, before)

# An established TCP connection that is deleted waits for its next segment, to reset it, and so does its server: UDP's does not.
transaction(w, plan((1, 3)), "cli")
for conn in w.dump("conn-get"):
    conn = conn["conn"]
    if conn["server-addr"] == "2001:db8:2::12":
        w.request("conn-del", conn={k: conn[k] for k in ("family", "protocol", "client-addr", "client-port", "virtual-addr",
                                                         "virtual-port")})
def forgotten():
    # Packets under way, and snapshots that they may look at, hold it for a grace period or two.
    time.sleep(0.5)
    transaction(w, plan((1, 2, 3)), "cli")
    fresh = [(one["active"], one["inactive"], one["stats"]["conns"]) for one in second() if ":" in one["addr"]]
    transaction(w, plan((1, 3)), "cli")
    return fresh == [(0, 0, 0)]
wait_until("without a connection it is a new one", 20, forgotten)
EOF2
ok 'servers come back'
