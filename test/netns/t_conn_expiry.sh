#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# A connection ends when its state's time-out has passed since its last packet, a second later at the most, without a timer of
# its own; and the wheel rests when the last one is gone. Times are read from the tracepoints.
. "$(dirname "$0")/../lib.sh"

tracing=/sys/kernel/tracing
udp=
tcp=

# lives ADDRESS PORT: "seconds state" of each connection to that virtual address and port that ended
lives() {
	/usr/bin/python3 - "$1" "$2" <<-'EOF'
		import re, sys
		address, port = sys.argv[1:3]
		address = address if ":" in address else "::ffff:" + address
		born = {}
		for line in open("/sys/kernel/tracing/trace"):
		    found = re.search(r"(\d+\.\d+): weir_conn_(create|destroy): .*> \[(.*?)\]:(\d+) conn=(\S+) .*state=(\d+)", line)
		    if not found or found[3] != address or found[4] != port:
		        continue
		    if found[2] == "create":
		        born[found[5]] = float(found[1])
		    elif found[5] in born:
		        print("%.3f" % (float(found[1]) - born.pop(found[5])), found[6])
	EOF
}

# check_lives ADDRESS PORT COUNT SECONDS WHAT
check_lives() {
	local all
	all=$(lives "$1" "$2")
	check_eq "$(grep -c . <<<"$all")" "$3" "$5: connections that ended"
	# A quarter of a second earlier: last_seen is that coarse. A second later: the wheel's slots; and this machine may be busy.
	awk -v want="$4" -v slack="$WEIR_SLOW" '
		$1 < want - 0.26 || $1 > want + 1.1 + slack { bad = bad " " $1 } END { if (bad) { print bad; exit 1 } }' <<<"$all" ||
		fail "$5: lives not of $4 s"
	ok "$5: each lived $4 s ($(tr '\n' ' ' <<<"$all"))"
}

no_conns() {
	[[ $(adm conn list -j) != *'"client"'* ]]
}

# send_udp ADDRESS PORT COUNT INTERVAL FOR: datagrams from COUNT sockets, every INTERVAL s for FOR s
send_udp() {
	ns "$client" /usr/bin/python3 - "$@" <<-'EOF'
		import socket, sys, time
		address, port, count, interval, length = sys.argv[1:6]
		family = socket.AF_INET6 if ":" in address else socket.AF_INET
		socks = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(int(count))]
		end = time.monotonic() + float(length)
		while True:
		    for sock in socks:
		        sock.sendto(b"x", (address, int(port)))
		    if time.monotonic() + float(interval) > end:
		        break
		    time.sleep(float(interval))
	EOF
}

topology_nat 1
mount -t tracefs none "$tracing" 2>/dev/null || true
echo 0 >"$tracing/events/enable"
echo >"$tracing/trace"
echo 1 >"$tracing/events/weir/weir_conn_create/enable"
echo 1 >"$tracing/events/weir/weir_conn_destroy/enable"
cleanup 'echo 0 >/sys/kernel/tracing/events/enable'
echo mono >"$tracing/trace_clock"

adm config timeout.udp-unreplied=2 timeout.udp=3 timeout.established=4 timeout.syn-recv=3 timeout.close=2
for vip in "$VIP4" "$VIP6"; do
	rip=${RIP4[1]}
	if [[ $vip == *:* ]]; then
		rip=${RIP6[1]}
	fi
	udp=udp:$(hostport "$vip" 53)
	tcp=tcp:$(hostport "$vip" 80)
	adm service add "$udp" -s rr
	adm server add "$udp" "$(hostport "$rip" 53)" -m nat
	adm service add "udp:$(hostport "$vip" 54)" -s rr --timeouts udp-unreplied=5
	adm server add "udp:$(hostport "$vip" 54)" "$(hostport "$rip" 54)" -m nat
	adm service add "$tcp" -s rr
	adm server add "$tcp" "$(hostport "$rip" 80)" -m nat
done

# Nobody listens behind; what comes back is an ICMP error, which is no answer.
for vip in "$VIP4" "$VIP6"; do
	send_udp "$vip" 53 20 1 0
	send_udp "$vip" 54 5 1 0
done
wait_for 15 'unanswered UDP connections are gone' no_conns
for vip in "$VIP4" "$VIP6"; do
	check_lives "$vip" 53 20 2 "UDP to $vip, unanswered"
	check_lives "$vip" 54 5 5 "UDP to $vip, the service's own time-out"
done

# Packets keep it alive: one each 0.4 s for 6 s, then silence.
echo >"$tracing/trace"
send_udp "$VIP4" 53 3 0.4 6
wait_for 15 'busy UDP connections are gone' no_conns
all=$(lives "$VIP4" 53)
check_eq "$(awk '$1 > 7 && $1 < 12 + '"$WEIR_SLOW" <<<"$all" | wc -l)" 3 "lives of 6 s of traffic and 2 s of silence ($(tr '\n' ' ' <<<"$all"))"

# A refused SYN: CLOSE, whose time is shorter than that of SYN_RECV, so that the wheel has to be told.
echo >"$tracing/trace"
adm config timeout.syn-recv=60
for i in 1 2 3; do
	ask "$client" tcp "$VIP4" 80 x || true
done
wait_for 15 'refused TCP connections are gone' no_conns
check_lives "$VIP4" 80 3 2 'TCP refused by the server'

# A time-out that is made shorter reaches connections with their next packet.
start_echo "${servers[1]}" udp 53 one
echo >"$tracing/trace"
adm config timeout.udp=3600
background ip netns exec "$client" /usr/bin/python3 -c '
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for pause in (0, 1, 4):
    time.sleep(pause)
    sock.sendto(b"x\n", (sys.argv[1], 53))
    sock.recv(100)
' "$VIP4"
sleep 3
adm config timeout.udp=2
wait_for 20 'the UDP connection with the new time-out is gone' no_conns

check_eq "$(adm counters -a | awk '$1 == "connection-created" { print $2 }')" \
	"$(adm counters -a | awk '$1 == "connection-expired" { print $2 }')" 'connections created and expired'
