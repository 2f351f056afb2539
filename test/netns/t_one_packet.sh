#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# One-packet scheduling (-o): the datagrams of one socket go to the servers in turn, each by itself, and leave no connection behind; by
# nat, dr and tun, IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm

# one_packet_service OPTION PORT
one_packet_service() {
	adm -A -u "$(hostport "$vip" 53)" -s rr -o
	for rip in "${rips[@]}"; do
		adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "$rip" "$2")" "$1"
	done
}

no_connection_is_left() { # SCHEDULED
	check_eq "$(count_of admit-one-packet)" "$1" "$what: each was scheduled by itself"
	check_eq "$(adm conn list -j | tr -d ' \n')" '{"connections":[]}' "$what: no connection is left"
	check_eq "$(count_of express-request)" 0 "$what: none was express"
}

# As in ip_vs, nobody knows an answer by nat any more: it is the server's own packet. What the servers got is asked.
topology_nat 2
start_echo_all udp 5300
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	what="nat, IPv$family" name=UdpInDatagrams
	((family == 4)) || name=Udp6InDatagrams
	one_packet_service -m 5300
	before=$(net_counter "${servers[1]}" $name)/$(net_counter "${servers[2]}" $name)
	ns "$client" /usr/bin/python3 -SEc 'import socket, sys
with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind(("", 4000))
    for _ in range(30):
        sock.sendto(b"x", (sys.argv[1], 53))' "$vip"
	busywait 10 eval '(($(net_counter "${servers[1]}" $name) + $(net_counter "${servers[2]}" $name) == ${before%/*} + ${before#*/} + 30))' ||
		fail "$what: not all arrived"
	check_eq $(($(net_counter "${servers[1]}" $name) - ${before%/*})) 15 "$what: datagrams that the first server got"
	check_eq $(($(net_counter "${servers[2]}" $name) - ${before#*/})) 15 "$what: and the second"
	no_connection_is_left $((family == 4 ? 30 : 60))
done

for method in dr tun; do
	topology_$method 2
	start_echo_all udp 53
	letter=-g
	[[ $method == dr ]] || letter=-i
	for family in 4 6; do
		declare -n vip=VIP$family rips=RIP$family
		what="$method, IPv$family"
		one_packet_service $letter 53
		check_eq "$(talk udp "$vip" 53 30 4000)" '15 answered server1'$'\n''15 answered server2' "$what: who answered one socket"
		no_connection_is_left $((family == 4 ? 30 : 60))
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
