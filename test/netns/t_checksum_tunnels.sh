#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 120
# Checksum states that veth alone does not make. COMPLETE: the client's packets come out of a tunnel whose outer checksum was
# verified in software, to servers behind and to a socket on the director. PARTIAL, but of the inner packet: a tunnel over UDP is
# itself the service's traffic. In both, TCP and UDP arrive with checksums that the receiver accepts, over nat, IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
need_weiradm
need_command ethtool
need_module vxlan

# vxlan NS REMOTE LOCAL-PORT-AND-REMOTE'S OPTIONS ADDRESS...
vxlan() {
	printf 'link %s\n' "add tunnel type vxlan id 7 remote $2 dstport $3 $4" 'set tunnel up' | ip -n "$1" -batch -
	addr "$1" tunnel "${@:5}"
}

# service PROTO VIP PORT SERVER PORT
service() {
	adm service add "$1:$(hostport "$2" "$3")" -s rr
	adm server add "$1:$(hostport "$2" "$3")" "$(hostport "$4" "$5")" -m nat
}

topology_nat 1
start_echo_all tcp 7000
start_echo_all udp 7000
start_echo "$director" tcp 7001 director
start_echo "$director" udp 7001 director
# Whole checksums on the wire, so that the receiver has something to verify.
ns "$client" ethtool -K eth0 tx off >/dev/null
vxlan "$client" 192.0.2.1 4789 udpcsum 203.0.113.2/24 2001:db8:3::2/64
vxlan "$director" $CIP4 4789 udpcsum 203.0.113.1/24 2001:db8:3::1/64
routes "$client" "$VIP4 via 203.0.113.1 dev tunnel" "$VIP6 via 2001:db8:3::1 dev tunnel"
for express in on off; do
	adm config express=$express
	for family in 4 6; do
		declare -n vip=VIP$family rips=RIP$family dip=DIP$family
		for proto in tcp udp; do
			[[ $express == off ]] || service $proto "$vip" 80 "${rips[1]}" 7000
			[[ $express == off ]] || service $proto "$vip" 81 "$dip" 7001
			check_eq "$(ask_many "$client" $proto "$vip" 80 3)" '3 server1' "express $express, IPv$family, $proto: out of a tunnel"
			check_eq "$(ask_many "$client" $proto "$vip" 81 3)" '3 director' "express $express, IPv$family, $proto: to the director itself"
		done
	done
done

# The service is the tunnel. The client leaves the inner checksum to a device, and none has made it when weir rewrites the outer
# header, whose own is none or whole; the director's device makes the inner one, so that the server has both to verify.
ip -n "$client" link del tunnel
ns "$client" ethtool -K eth0 tx on >/dev/null
ns "$director" ethtool -K eth1 tx off >/dev/null
adm config express=on
service udp "$VIP4" 4790 "${RIP4[1]}" 4791
service udp "$VIP6" 4790 "${RIP6[1]}" 4791
background nsenter "--net=/run/netns/${servers[1]}" /usr/bin/python3 -uSEc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7002))
while True:
    print(s.recv(100).decode())'
received=$background_log
wait_for 20 'a receiver' listening "${servers[1]}" udp 7002
for options in "${RIP4[1]} $VIP4 noudpcsum" "${RIP4[1]} $VIP4 udpcsum" "${RIP6[1]} $VIP6 noudp6zerocsumtx"; do
	read -r _ vip sum <<<"$options"
	vxlan "${servers[1]}" "${vip/10/2}" 4791 '' 203.0.113.1/24
	vxlan "$client" "$vip" 4790 "$sum" 203.0.113.2/24
	ip -n "$client" neigh add 203.0.113.1 lladdr "$(mac_of "${servers[1]}" tunnel)" dev tunnel
	# The first opens the connection, the third is an express one.
	for i in 1 2 3; do
		ns "$client" bash -c "printf '$sum $i\n' >/dev/udp/203.0.113.1/7002"
		wait_for 5 "$sum to $vip: datagram $i in the tunnel" grep -qx "$sum $i" "$received"
	done
	ip -n "$client" link del tunnel
	ip -n "${servers[1]}" link del tunnel
done
check_ne "$(adm counters -a | awk '$1 == "express-request" { print $2 }')" 0 'packets on the express path'
