#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# fullnat with --proxy-protocol on the wire, versions 1 and 2, IPv4 and IPv6, with the express path and without it: the header's bytes and
# when it comes, every sequence number, acknowledgement, selective acknowledgement, window and checksum on both sides; SYNs without Fast
# Open and data; RSTs of the client, the server and a drain; ICMP errors; connections without a handshake. Both ends are made up.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
server=${servers[1]}
# Ends that no machine knows: it drops what comes for them.
routes "$director" '10.9.0.0/16 via 192.0.2.2' '2001:db8:9::/48 via 2001:db8:1::2'
for address in 198.51.100.99 2001:db8:2::99; do
	ip -n "$director" neigh replace $address lladdr "$(mac_of "$server" eth0)" dev eth1
done

# tell FAMILY VERSION STORY [COMMAND...]
tell() {
	local -n vip=VIP$1
	local from=10.9.0.1 rip=198.51.100.99

	(($1 == 4)) || from=2001:db8:9::1 rip=2001:db8:2::99
	printf '# IPv%s, %s: %s\n' "$1" "$2" "$3"
	WEIR_SLOW=$WEIR_SLOW /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/proxy_wire.py" "$client" eth0 "$(mac_of "$director" eth0)" $from "$vip" \
		"$server" eth0 "$(mac_of "$director" eth1)" $rip "$2" "${@:3}" || fail "IPv$1, $2: $3"
}

for family in 4 6; do
	declare -n vip=VIP$family
	rip=198.51.100.99
	((family == 4)) || rip=2001:db8:2::99
	tcp=tcp:$(hostport "$vip" 80)
	for version in v1 v2; do
		adm service add "$tcp" -s rr --pool pool$family --proxy-protocol $version
		adm server add "$tcp" "$(hostport $rip 8080)" -m fullnat
		request=$(count_of express-request) reply=$(count_of express-reply)
		tell $family $version whole
		check_eq $(($(count_of express-request) - request)) 3 "IPv$family, $version: express requests"
		check_eq $(($(count_of express-reply) - reply)) 3 "IPv$family, $version: express replies"
		tell $family $version late
		tell $family $version reset
		adm config express=off
		tell $family $version whole
		adm config express=on
		adm config sloppy-tcp=on
		skipped=$(count_of proxy-skipped-no-handshake)
		tell $family $version sloppy
		check_eq $(($(count_of proxy-skipped-no-handshake) - skipped)) 1 "IPv$family, $version: connections without a handshake"
		adm config sloppy-tcp=off
		tell $family $version drain ip netns exec "$director" "$WEIRADM" drain "$tcp" -r "$(hostport $rip 8080)" -d $((2 * WEIR_SLOW))
		adm -C
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
