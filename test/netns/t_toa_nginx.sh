#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 240
# A client, weir with fullnat and --toa, nginx under weir-toa: nginx sees the client's address, IPv4 and IPv6, with the express path and
# without it; accept() has the client's port too; bulk data and a long first request arrive whole where every checksum is made in software
# and looked at; segments leave room for the option. Where the service has no --toa, diagnose knows what to do about it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-toa.sh"
need_weiradm
need_toa
need_command ethtool
topology_fullnat 1
server=${servers[1]}
# Nothing is left to a device: sums are whole on the wire and GSO packets are cut, so that the server looks at each.
ns "$director" ethtool -K eth1 tx off gso off tso off >/dev/null
cgroup web
start_nginx "$server" 8081 outside
in_cgroup web start_nginx "$server" 8080 server1
start_peer_server web "$server" :: 9000
check_ok 'attached' "$WEIR_TOA" attach /web --director 198.51.100.64/31,2001:db8:2::64/127

# conversation VIP: a connection whose first data is 100 KB, and what a server sees of it
conversation() {
	ns "$client" /usr/bin/python3 -SEc 'import socket, sys
with socket.create_connection((sys.argv[1], 9000), 30) as sock:
    data = b"%d" % (10 ** 999) * 100
    sock.sendall(data + b"\n")
    accepted, peer, echo = sock.makefile("rb").readline().split()
    host, port = sock.getsockname()[:2]
    mine = ("[%s]:%d" if ":" in host else "[::ffff:%s]:%d") % (host, port)
    for what in accepted, peer:
        name, address = what.decode().split("=", 1)
        print(name, "is the client" if address == mine else "is " + address)
    print("the data is", "whole" if echo == data else "damaged")
    print("mss", sock.getsockopt(6, 2))' "$1"
}

for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	fullnat_service tcp "$family" 80 8080 --toa
	fullnat_service tcp "$family" 81 8081 --toa
	fullnat_service tcp "$family" 9000 9000 --toa
	# 1500 less headers, timestamps and the option
	mss=1440
	((family == 4)) || mss=1408
	for express in on off; do
		adm config express=$express
		check_eq "$(http_get "$client" "$(url "$vip")peer")" "server1 $cip" "IPv$family, express=$express: what nginx sees"
		check_eq "$(conversation "$vip")" "accept is the client
peer is the client
the data is whole
mss $mss" "IPv$family, express=$express: address and port, bulk data, MSS"
	done
	adm config express=on
	check_no_match "$(http_get "$client" "$(url "$vip" 81)peer")" " $cip\$" "IPv$family: nginx outside the cgroup sees the director"
	adm -E -t "$(hostport "$vip" 80)" -s rr --toa-dpvs
	check_eq "$(http_get "$client" "$(url "$vip")peer")" "server1 $cip" "IPv$family: the option as DPVS has it"
done
check_range "$(count_of toa-sent)" 20 1000 'options sent'
check_eq "$(count_of toa-skipped-options-full)$(count_of toa-skipped-too-big)" 00 'options left out'
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
check_eq "$(toa_count refused)/$(toa_count malformed)/$(toa_count missing)" 0/0/0 'what the server refused, found broken, missed'

adm service set "tcp:$VIP4:80" --flags none
check_eq "$(http_get "$client" "$(url "$VIP4")peer" | grep -c " $CIP4\$" || :)" 0 'without --toa nginx sees the director'
check_eq "$(toa_count missing)" 1 'and weir-toa misses the option'
remedy=$({ "$WEIR_TOA" diagnose /web || :; } | sed -n 's/.*: weiradm \(.*\) (.*/\1/p')
read -ra remedy <<<"${remedy/SERVICE/tcp:$VIP4:80}"
check_ok "the remedy: ${remedy[*]}" adm "${remedy[@]}"
check_eq "$(http_get "$client" "$(url "$VIP4")peer")" "server1 $CIP4" 'it helped'
