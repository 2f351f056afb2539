#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# Statistics: connections, packets and bytes of services and servers are ip_vs's for the same traffic; zeroing; what a deleted server
# carried stays with its service; rates come and go; counters. By each method, families mixed too: every packet and byte of both
# directions, on the express path and off it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
. "$(dirname "$0")/../lib-diff.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"
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

# echo_bytes COUNT SOCKETS: that many datagrams of 100 bytes over each of the sockets, all answered; bytes of the answers
echo_bytes() {
	ns "$client" /usr/bin/python3 -SE - "$vip" "$1" "$2" $((5 * WEIR_SLOW)) <<-'EOF2'
		import socket, sys
		family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
		total = 0
		for _ in range(int(sys.argv[3])):
		    with socket.socket(family, socket.SOCK_DGRAM) as sock:
		        sock.settimeout(float(sys.argv[4]))
		        sock.connect((sys.argv[1], 53))
		        for _ in range(int(sys.argv[2])):
		            sock.send(b"x" * 100)
		            total += len(sock.recv(1000))
		print(total)
	EOF2
}

# figures stats|rate ADDRESS: those of the service or server of that address and port 53
figures() {
	adm -L -n "--$1" --exact | awk -v name="$(hostport "$2" 53)" '$2 == name { print $3, $4, $5, $6, $7 }'
}

# Of all figures of both that rise. A rate below a half is shown as 0.
all_rates_rise() {
	local out='[1-9][0-9]*'

	((answers)) || out=0
	echo_bytes 3 40 >/dev/null
	[[ "$(figures rate "$vip") $(figures rate "$rip")" =~ ^([1-9][0-9]* [1-9][0-9]* $out [1-9][0-9]* $out ?){2}$ ]]
}

# check_figures METHOD FAMILY FAMILY-OF-SERVERS: the statistics of 50 datagrams and their answers, each with the header that it came with.
# With dr and tun the director sees no answer.
check_figures() {
	local -A heads=([4]=28 [6]=48)
	local -n vip=VIP$2 rips=RIP$3
	local rip=${rips[1]} answers=50 out=0 express what before bytes wanted
	local -a pool=()

	[[ $1 != fullnat ]] || pool=(--pool "pool$3")
	[[ $1 != dr && $1 != tun ]] || answers=0
	for express in off on; do
		what="$1, IPv$2 on IPv$3, express=$express"
		adm config express=$express
		adm service add "udp:$(hostport "$vip" 53)" -s rr "${pool[@]}"
		adm server add "udp:$(hostport "$vip" 53)" "$(hostport "$rip" 53)" -m "$1"
		before=$(($(count_of express-request) + $(count_of express-reply)))
		bytes=$(echo_bytes 50 1)
		((!answers)) || out=$((50 * heads[$3] + bytes))
		wanted="1 50 $answers $((50 * (heads[$2] + 100))) $out"
		check_eq "$(figures stats "$vip")" "$wanted" "$what: connections, packets and bytes of the service"
		check_eq "$(figures stats "$rip")" "$wanted" "$what: of the server"
		before=$(($(count_of express-request) + $(count_of express-reply) - before))
		# The first of each direction goes by the admission path.
		[[ $express == off ]] || wanted=$((49 + (answers ? 49 : 0)))
		[[ $express == on ]] || wanted=0
		check_eq $before $wanted "$what: packets by the express path"
		busywait 60 all_rates_rise || fail "$what: rates of service and server: $(figures rate "$vip"), $(figures rate "$rip")"
		ok "$what: rates rise: $(figures rate "$vip")"
		adm service delete "udp:$(hostport "$vip" 53)"
	done
}

topology_nat 1
start_echo "${servers[1]}" udp 53 server1
check_figures nat 4 4
check_figures nat 6 6

topology_fullnat 1
start_echo "${servers[1]}" udp 53 server1
for family in 4 6; do
	check_figures fullnat $family $family
	check_figures fullnat $family $((10 - family))
done

topology_tun 1
start_echo "${servers[1]}" udp 53 server1
for family in 4 6; do
	check_figures dr $family $family
	check_figures tun $family $family
done
