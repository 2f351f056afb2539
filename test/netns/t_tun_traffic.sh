#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# tun: TCP and UDP through IPIP, GRE and GUE, with every checksum, IPv4 and IPv6 in either, to a server that decapsulates by the
# kernel's own devices and sees the client's address; replies do not pass the director. The same without the express path, which
# listings and JSON tell of as of the rest. Bulk data, GSO kept whole.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
topology_tun 1
server=${servers[1]}
# A device takes GRE either with checksums or without: those with have an address of their own.
addr "$server" eth0 192.0.2.99/24 2001:db8:1::99/64
printf 'link %s\n' 'add gre4sum type gre local 192.0.2.99 icsum' 'set gre4sum up' \
	'add gre6sum type ip6gre local 2001:db8:1::99 icsum' 'set gre6sum up' | ip -n "$server" -batch -

# service PORT KIND OUTER-FAMILY [tcp]: by TCP and UDP, for both families
service() {
	local -n _rips=RIP$3
	local rip=${_rips[1]} vip proto

	[[ $2 != gre-csum ]] || rip=$([[ $3 == 4 ]] && echo 192.0.2.99 || echo 2001:db8:1::99)
	for vip in "$VIP4" "$VIP6"; do
		for proto in -t -u; do
			printf -- '-A %s %s -s rr\n' "$proto" "$(hostport "$vip" "$1")"
			printf -- '-a %s %s -r %s -i %s\n' "$proto" "$(hostport "$vip" "$1")" "$(hostport "$rip" "$1")" "${TUN_OPTIONS[$2]}"
		done
	done
}

port=8000
for kind in ipip gre gre-csum gue gue-csum gue-remcsum; do
	for outer in 4 6; do
		port=$((port + 1))
		service $port "$kind" "$outer" >>"$TEST_TMP/rules"
		echo "$kind in IPv$outer" >>"$TEST_TMP/cases"
	done
done
adm -R <"$TEST_TMP/rules"
check_eq "$(adm list -j "tcp:$VIP4:$port" | tr -d ' \n' | grep -o '"method":"[^,]*,"tunnel":"[^"]*"')" \
	'"method":"tun","tunnel":"gue:6080,remcsum"' 'JSON has the method and the tunnel'

# all_tunnels tcp|udp
all_tunnels() {
	local family answer what

	for family in 4 6; do
		local -n vip=VIP$family cip=CIP$family
		ask "$client" "$1" "$vip" 8001-$port hello >"$TEST_TMP/answers" || :
		while read -r answer && read -r what <&3; do
			check_eq "$answer" "server1 $cip hello" "IPv$family $1 by $what"
		done <"$TEST_TMP/answers" 3<"$TEST_TMP/cases"
		check_eq "$(wc -l <"$TEST_TMP/answers")" 12 "IPv$family $1: twelve tunnels"
	done
}

for proto in tcp udp; do
	background nsenter "--net=/run/netns/$server" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/echo_server.py" $proto 8001-$port server1
	wait_for 60 "the $proto server listens" listening "$server" $proto $port
	all_tunnels $proto
done
adm config express=off
express=$(count_of express-request)
for proto in tcp udp; do
	all_tunnels $proto
done
check_eq "$(count_of express-request)" "$express" 'the express path was off'
adm config express=on
check_no_match "$(adm counters)" '^(admit-reply|drop-)' 'replies do not come by the director, nothing was dropped'

# The server answers with an MSS that the tunnel cannot carry: clients learn it by Fragmentation Needed and Packet Too Big.
adm -C
port=5200
for case in 'ipip 4 4' 'gre-csum 4 6' 'gue-remcsum 6 4' 'gue-csum 6 6'; do
	read -r kind outer family <<<"$case"
	declare -n vip=VIP$family
	port=$((port + 1))
	service $port "$kind" "$outer" | adm -R
	start_bulk_server "$server" $port
	before=$(dev_counter "$director" eth0 tx_packets)
	check_bulk give "$vip" $port 3 "$kind, IPv$family in IPv$outer: bytes of 3 MB that arrived"
	packets=$(($(dev_counter "$director" eth0 tx_packets) - before))
	# No device splits packets with remote checksums: the kernel did before.
	[[ $kind == gue-remcsum ]] || check_range "$packets" 30 1600 "$kind, IPv$family in IPv$outer: packets to the server, GSO not split"
done
