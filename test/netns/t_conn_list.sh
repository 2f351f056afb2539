#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# conn list shows the connections that agree with what is asked for, all of them and no other: of a client, of a prefix of clients, of a
# service, of a server of it, of a protocol. IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
need_weiradm
topology_nat 2

# list OPTION...: "client virtual-address server" of each connection
list() {
	adm conn list "$@" | tail -n +3 | awk '{ print $4, $5, $6 }' | LC_ALL=C sort
}

# check_list COUNT REGEX OPTION...: these options find those of all that the expression finds, so many
check_list() {
	local wanted

	wanted=$(grep -E "$2" <<<"$all")
	check_eq "$(list "${@:3}")" "$wanted" "conn list ${*:3}"
	check_eq "$(wc -l <<<"$wanted")" "$1" 'their number'
}

addr "$client" eth0 192.0.2.3/24 2001:db8:1::3/64
addr "$client" lo 203.0.113.2/32 2001:db8:c::2/128
routes "$director" '203.0.113.2 via 192.0.2.2' '2001:db8:c::2 via 2001:db8:1::2'
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	for service in udp:$(hostport "$vip" 53) udp:$(hostport "$vip" 54) tcp:$(hostport "$vip" 80); do
		adm service add "$service" -s rr
		for rip in "${rips[@]}"; do
			adm server add "$service" "$(hostport "$rip" "${service##*:}")" -m nat
		done
	done
done
# No server listens: the connections are listed all the same, for longer than a slow machine takes to look.
adm config timeout.close=600 timeout.udp-unreplied=600
ns "$client" /usr/bin/python3 -SE - $VIP4 192.0.2.{2,3} 203.0.113.2 $VIP6 2001:db8:1::{2,3} 2001:db8:c::2 <<-'EOF2'
	import socket, sys
	for vip, sources in (sys.argv[1], sys.argv[2:5]), (sys.argv[5], sys.argv[6:9]):
	    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
	    for source in sources:
	        for number in range(4):
	            for port in 53, 54:
	                sock = socket.socket(family, socket.SOCK_DGRAM)
	                sock.bind((source, 4000 + number))
	                sock.sendto(b"x", (vip, port))
	                sock.close()
	        sock = socket.socket(family, socket.SOCK_STREAM)
	        sock.bind((source, 5000))
	        sock.connect_ex((vip, 80))
	        sock.close()
EOF2
all=$(list)
check_eq "$(wc -l <<<"$all")" 54 'connections of three clients of either family'
check_list 9 '^192\.0\.2\.2:' --client 192.0.2.2
check_list 9 '^\[2001:db8:1::3\]:' --client 2001:db8:1::3
check_list 18 '^192\.0\.2\.' --client 192.0.2.0/24
check_list 9 '^203\.0\.113\.' --client 203.0.113.77/24
check_list 18 '^\[2001:db8:1::' --client 2001:db8:1::/64
check_eq "$(list --client 192.0.2.4)$(list --client 2001:db8:d::/64)" '' 'none of clients that are not there'
check_list 6 ':80 ' -p tcp
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	service=$(hostport "$vip" 54) server=$(hostport "${rips[2]}" 54)
	check_list 12 " ${service//[][]/.} " -s "udp:$service"
	check_list 6 " ${service//[][]/.} ${server//[][]/.}" -s "udp:$service" -r "$server"
	check_list 2 "${cip}\]?:.* ${service//[][]/.} ${server//[][]/.}" -s "udp:$service" -r "$server" -c "$cip"
done

# Each says which configuration its identifiers of service and server are of.
check_eq "$(weir_py "$director" <<<'w = Weir(); dump = w.dump("conn-get"); print(len(dump), {c["generation"] for c in dump} == {generation(w)})')" \
	'54 True' 'netlink: the generation with each'
