#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 120
# A client's port that is used again while its last connection stands in TIME_WAIT or CLOSE opens a new one at once: no lost SYN,
# which would cost the client a second. Both methods, both families.
. "$(dirname "$0")/../lib.sh"

# reuse ADDRESS PORT TIMES SPORT: connects that often from one port; "ok server" or "failed why" lines
reuse() {
	ns "$client" /usr/bin/python3 - "$@" <<-'EOF'
		import socket, struct, sys
		address, port, times, sport = sys.argv[1], *map(int, sys.argv[2:5])
		family = socket.AF_INET6 if ":" in address else socket.AF_INET
		for i in range(times):
		    sock = socket.socket(family, socket.SOCK_STREAM)
		    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    sock.settimeout(10)
		    sock.bind(("", sport))
		    try:
		        sock.connect((address, port))
		        sock.sendall(b"x\n")
		        print("ok", sock.recv(100).decode().split()[0])
		    except OSError as error:
		        print("failed", error)
		    if i % 2:
		        # RST: CLOSE. Otherwise the server closes last, and the client's port stands in TIME_WAIT at its own end only.
		        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		        sock.close()
		    else:
		        sock.shutdown(socket.SHUT_WR)
		        while sock.recv(100):
		            pass
		        sock.close()
	EOF
}

# check_reuse METHOD
check_reuse() {
	local vip rip i out tcp again sport=20000

	adm config timeout.close=600 # the last one is to be there when it is looked for
	for vip in "$VIP4" "$VIP6"; do
		tcp=tcp:$(hostport "$vip" 80)
		adm service add "$tcp" -s rr
		for i in 1 2; do
			rip=${RIP4[i]}
			if [[ $vip == *:* ]]; then
				rip=${RIP6[i]}
			fi
			adm server add "$tcp" "$(hostport "$rip" 80)" -m "$1"
		done
		sport=$((sport + 1))
		again=$(net_counter "$client" TcpExtTCPSynRetrans)
		out=$(reuse "$vip" 80 20 "$sport")
		check_eq "$(grep -c ^ok <<<"$out")" 20 "$1, $vip: connections from one port"
		# A busy machine may lose one; each of the 19 is lost where the old connection stands in the way.
		check_range "$(($(net_counter "$client" TcpExtTCPSynRetrans) - again))" 0 2 "$1, $vip: SYNs that were sent again"
		check_eq "$(grep -c server1 <<<"$out")" 10 "$1, $vip: each was scheduled anew (rr)"
		check_eq "$(adm conn list -s "$tcp" | grep -c "$(hostport "${CIP4/*/}" "$sport")")" 1 "$1, $vip: connections listed"
	done
}

topology_nat 2
start_echo_all tcp 80
# The client's own TIME_WAIT must not stand in the way.
ns "$client" sysctl -qw net.ipv4.tcp_tw_reuse=1
check_reuse nat
check_ne "$(adm counters | awk '$1 == "connection-tuple-reused" { print $2 }')" '' 'tuples used again'

topology_dr 2
start_echo_all tcp 80
ns "$client" sysctl -qw net.ipv4.tcp_tw_reuse=1
check_reuse dr
