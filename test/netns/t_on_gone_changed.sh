#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# A service that kept the connections of a deleted server has another on-gone later: it holds for them too, on the express path and off
# it. nat and dr, IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm

failures=0
for method in nat dr; do
	topology_$method 2
	start_echo_all udp 53
	for family in 4 6; do
		declare -n vip=VIP$family rips=RIP$family
		service=udp:$(hostport "$vip" 53)
		for flags in no-express none; do
			what="$method, IPv$family, flags $flags"
			adm service add "$service" -s rr -b $flags
			adm server add "$service" "$(hostport "${rips[1]}" 53)" -m $method
			check_eq "$(talk udp "$vip" 53 3 $express_port)" '3 answered server1' "$what: at first"
			adm server add "$service" "$(hostport "${rips[2]}" 53)" -m $method
			adm server delete "$service" "$(hostport "${rips[1]}" 53)"
			check_eq "$(talk udp "$vip" 53 3 $express_port)" '3 answered server1' "$what: its server deleted"
			adm service set "$service" --on-gone move
			got=$(talk udp "$vip" 53 3 $express_port)
			printf '%s: on-gone move, set afterwards: %s\n' "$what" "$got"
			[[ $got == '3 answered server2' ]] || failures=$((failures + 1))
			adm service delete "$service"
			express_port=$((express_port + 1))
		done
	done
done
check_eq $failures 0 'connections that did not move'
