#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long
# timeout: 1800
# One pool address, one server: 64,512 TCP connections at once, as many as it has ports, none refused before the last one; the one past
# the last is refused at once. Then one ends and the next is served. A debug kernel, which takes an
# hour for as many, is given a pool of 4,096 ports.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
addr "$client" eth0 192.0.2.3/24
sysctls "$client" 'ipv4/ip_local_port_range=1024 65535'
for name in "$client" "${servers[1]}"; do
	# What is closed at the end and not acknowledged any more keeps its namespace alive: not for minutes.
	sysctls "$name" ipv4/tcp_max_syn_backlog=65536 core/somaxconn=65536 ipv4/tcp_orphan_retries=2
done
ports=64512
((WEIR_SLOW == 1)) || ports=4096
adm pool add one4 $LIP4 -p 1024-$((1023 + ports))
# Longer than a slow machine takes to open all of them.
adm --set 86400 0 0
adm -A -t "$VIP4:80" -s rr --pool one4
adm -a -t "$VIP4:80" -r "${RIP4[1]}:8080" --fullnat
ulimit -n 200000

server='
import socket
main = socket.socket()
main.bind(("", 8080))
main.listen(65536)
kept = {}
while True:
    sock, peer = main.accept()
    kept[peer] = sock
'
background nsenter "--net=/run/netns/${servers[1]}" /usr/bin/python3 -SE -c "$server"
wait_for 60 'the server listens' listening "${servers[1]}" tcp 8080

ns "$client" /usr/bin/python3 -SE - "$VIP4" $((20 * WEIR_SLOW)) >"$TEST_TMP/said" <<-'PY'
	import socket, struct, sys, time
	vip, wait = sys.argv[1], float(sys.argv[2])
	held, refused = [], 0
	def one():
	    global refused
	    s = socket.socket()
	    s.settimeout(wait)
	    s.bind(("192.0.2.2" if len(held) < 40000 else "192.0.2.3", 0))
	    try:
	        s.connect((vip, 80))
	    except ConnectionRefusedError:
	        refused += 1
	        return False
	    held.append(s)
	    return True
	while len(held) < 70000 and one():
	    pass
	print(len(held), "opened")
	ending = held.pop(1000)
	ending.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	ending.close()
	until = time.monotonic() + 3 * wait
	while time.monotonic() < until and not one():
	    time.sleep(1)
	print(len(held), "in the end")
	print(refused, "refused")
PY
check_eq "$(head -n 2 "$TEST_TMP/said")" "$ports opened"$'\n'"$ports in the end" 'connections before the first that was refused, and after one has ended'
refused=$(sed -n 's/ refused$//p' "$TEST_TMP/said")
check_eq "$((refused >= 1))" 1 'the one past the last was refused'
check_eq "$(pool_of one4 refused)" "$refused" 'its pool counts it'
check_eq "$(pool_of one4 taken)" $((ports + 1)) 'every pair was taken once, one twice'
check_match "$(adm counters)" "^drop-pool-exhausted +$refused\$" 'and the counters'
