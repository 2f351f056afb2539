#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 240
# Checksum states that veth alone does not make. COMPLETE: the client's packets come out of a tunnel whose outer checksum was
# verified in software, to servers by each method and pair of families and to a socket on the director. PARTIAL, but of the inner
# packet: a tunnel over UDP is itself the service's traffic, over nat. In both, TCP and UDP arrive with checksums that the receiver
# accepts, on IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"
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

# through_a_tunnel: the client's way to the services is a tunnel
through_a_tunnel() {
	start_echo_all tcp 7000
	start_echo_all udp 7000
	# Whole checksums on the wire, so that the receiver has something to verify.
	ns "$client" ethtool -K eth0 tx off >/dev/null
	vxlan "$client" 192.0.2.1 4789 udpcsum 203.0.113.2/24 2001:db8:3::2/64
	vxlan "$director" $CIP4 4789 udpcsum 203.0.113.1/24 2001:db8:3::1/64
	routes "$client" "$VIP4 via 203.0.113.1 dev tunnel" "$VIP6 via 2001:db8:3::1 dev tunnel"
}

# check_out_of_a_tunnel METHOD FAMILY FAMILY-OF-SERVERS [ADDRESS PORT NAME]: to the first server, or to this one, by every path
check_out_of_a_tunnel() {
	local -n vip=VIP$2 rips=RIP$3
	local address=${4-${rips[1]}} rport=${5-7000} name=${6-server1} port=80 proto express
	local -a pool=()

	[[ $1 != fullnat ]] || pool=(--pool "pool$3")
	[[ $1 == nat || $1 == fullnat ]] || port=$rport
	for proto in tcp udp; do
		adm service add "$proto:$(hostport "$vip" "$port")" -s rr "${pool[@]}"
		adm server add "$proto:$(hostport "$vip" "$port")" "$(hostport "$address" "$rport")" -m "$1"
		for express in on off; do
			adm config express=$express
			check_eq "$(ask_many "$client" $proto "$vip" "$port" 3)" "3 $name" "$1, IPv$2 on IPv$3, $proto, express $express: to $name"
		done
		adm service delete "$proto:$(hostport "$vip" "$port")"
	done
}

topology_fullnat 1
through_a_tunnel
for family in 4 6; do
	check_out_of_a_tunnel fullnat $family $family
	check_out_of_a_tunnel fullnat $family $((10 - family))
done

topology_tun 1
through_a_tunnel
# The servers answer the client without the director.
routes "${servers[1]}" "203.0.113.0/24 via $CIP4" "2001:db8:3::/64 via $CIP6"
for family in 4 6; do
	check_out_of_a_tunnel dr $family $family
	check_out_of_a_tunnel tun $family $family
	check_out_of_a_tunnel tun $family $((10 - family))
done

topology_nat 1
through_a_tunnel
start_echo "$director" tcp 7001 director
start_echo "$director" udp 7001 director
for family in 4 6; do
	declare -n dip=DIP$family
	check_out_of_a_tunnel nat $family $family
	check_out_of_a_tunnel nat $family $family "$dip" 7001 director
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
