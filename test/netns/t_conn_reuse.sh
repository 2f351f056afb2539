#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# A client's port that is used again while its last connection stands in TIME_WAIT or CLOSE opens a new one at once: no lost SYN,
# which would cost the client a second. By nat, dr, tun, and fullnat of one family and between families.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"

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

# check_reuse METHOD [other]: with servers of the other family
check_reuse() {
	local family inner i out tcp again sport=20000

	adm config timeout.close=600 # the last one is to be there when it is looked for
	for family in 4 6; do
		local -n vip=VIP$family
		inner=${2:+$((10 - family))}
		local -n rips=RIP${inner:=$family}
		tcp=tcp:$(hostport "$vip" 80)
		adm service add "$tcp" -s rr --pool "$([[ $1 == fullnat ]] && echo "pool$inner" || echo none)"
		for i in 1 2; do
			adm server add "$tcp" "$(hostport "${rips[i]}" 80)" -m "$1"
		done
		sport=$((sport + 1))
		again=$(net_counter "$client" TcpExtTCPSynRetrans)
		out=$(reuse "$vip" 80 20 "$sport")
		check_eq "$(grep -c ^ok <<<"$out")" 20 "$1${2:+ to the other family}, $vip: connections from one port"
		# A busy machine may lose one; each of the 19 is lost where the old connection stands in the way.
		check_range "$(($(net_counter "$client" TcpExtTCPSynRetrans) - again))" 0 2 "$1${2:+ to the other family}, $vip: SYNs that were sent again"
		check_eq "$(grep -c server1 <<<"$out")" 10 "$1${2:+ to the other family}, $vip: each was scheduled anew (rr)"
		check_eq "$(adm conn list -s "$tcp" | grep -c "$(hostport "${CIP4/*/}" "$sport")")" 1 "$1${2:+ to the other family}, $vip: connections listed"
	done
}

topology_nat 2
start_echo_all tcp 80
# The client's own TIME_WAIT must not stand in the way.
ns "$client" sysctl -qw net.ipv4.tcp_tw_reuse=1
check_reuse nat
check_ne "$(adm counters | awk '$1 == "connection-tuple-reused" { print $2 }')" '' 'tuples used again'

topology_fullnat 2
start_echo_all tcp 80
ns "$client" sysctl -qw net.ipv4.tcp_tw_reuse=1
check_reuse fullnat
adm -C
check_reuse fullnat other

for method in dr tun; do
	topology_$method 2
	start_echo_all tcp 80
	ns "$client" sysctl -qw net.ipv4.tcp_tw_reuse=1
	check_reuse $method
done
