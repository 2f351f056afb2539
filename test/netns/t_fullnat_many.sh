#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long
# timeout: 1800
# One pool address, one server: 64,512 TCP connections at once, as many as it has ports, none refused before the last one; the one past
# the last is refused at once. Then one ends and the next is served.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
addr "$client" eth0 192.0.2.3/24
sysctls "$client" 'ipv4/ip_local_port_range=1024 65535'
for name in "$client" "${servers[1]}"; do
	sysctls "$name" ipv4/tcp_max_syn_backlog=65536 core/somaxconn=65536
done
adm pool add one4 $LIP4
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
	import socket, sys
	vip, wait = sys.argv[1], float(sys.argv[2])
	held = []
	def one():
	    s = socket.socket()
	    s.settimeout(wait)
	    s.bind(("192.0.2.2" if len(held) < 40000 else "192.0.2.3", 0))
	    s.connect((vip, 80))
	    held.append(s)
	what = "none was refused"
	try:
	    for i in range(70000):
	        one()
	except ConnectionRefusedError:
	    what = "refused"
	except OSError as error:
	    what = repr(error)
	print(len(held), what)
	held.pop(1000).close()
PY
check_eq "$(cat "$TEST_TMP/said")" '64512 refused' 'connections before the first that was refused'
check_eq "$(pool_of one4 refused)" 1 'one refusal'
check_eq "$(pool_of one4 taken)" 64512 'every pair was taken once'
check_match "$(adm counters)" '^drop-pool-exhausted +1$' 'and is counted'
