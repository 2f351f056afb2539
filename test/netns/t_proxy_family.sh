#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# PROXY protocol between families: an IPv6 client of an IPv4 server, and the other way round. The header, which reaches the server over
# its own family, speaks of the client's; data arrives whole with the express path and without it, and where the server speaks first.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
need_command ethtool
topology_fullnat 1
server=${servers[1]}
# Nothing is left to a device: the server looks at every checksum.
ns "$director" ethtool -K eth1 tx off gso off tso off >/dev/null
for version in v1 v2; do
	start_proxy_server "$server" tcp $version "900${version#v}"
	start_proxy_server "$server" tcp $version "901${version#v}" greet
done
start_proxy_server "$server" udp v2 5300
udp_log=$background_log

for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	for version in v1 v2; do
		what="IPv$family, $version"
		family_service tcp "$family" 90 "900${version#v}" --proxy-protocol $version
		family_service tcp "$family" 91 "901${version#v}" --proxy-protocol $version
		for express in on off; do
			adm config express=$express
			request=$(count_of express-request)
			check_eq "$(transfer "$vip" 90 2000000)" 'known whole' "$what, express=$express: 2 MB there and back"
			request=$(($(count_of express-request) - request))
			if [[ $express == on ]]; then
				check_range "$request" 20 10000 "$what: requests that were express"
			else
				check_eq "$request" 0 "$what: requests that were express"
			fi
		done
		check_eq "$(transfer "$vip" 91 50000 greet)" 'known whole' "$what: the server speaks first"
		adm config express=on
		adm -C
	done
	family_service udp "$family" 53 5300 --proxy-protocol v2
	: >"$udp_log"
	ns "$client" /usr/bin/python3 -SEc 'import socket, sys
six = ":" in sys.argv[1]
sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("::" if six else "0.0.0.0", 4001))
sock.settimeout(float(sys.argv[2]))
sock.connect((sys.argv[1], 53))
for size in 12, 13:
    sock.send(b"d" * size)
    sock.recv(1000)' "$vip" $((20 * WEIR_SLOW))
	check_eq "$(tr -d "\0" <"$udp_log")" "from $cip 4001 to $vip 53 data 12
bare data 13" "IPv$family: what a UDP server got"
	adm -C
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
