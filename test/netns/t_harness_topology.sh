#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick nomodule
# The laboratory itself: in both topologies the client reaches the director, the director every server, TCP and UDP, v4 and v6.
. "$(dirname "$0")/../lib.sh"

reachable() {
	local i

	start_nginx_all 80
	start_echo_all udp 53
	for ((i = 1; i <= 3; i++)); do
		for address in "${RIP4[i]}" "${RIP6[i]}"; do
			check_eq "$(http_get "$director" "$(url "$address")")" "server$i" "HTTP to $address"
			check_match "$(ask "$director" udp "$address" 53 hello)" "^server$i [0-9a-f.:]+ hello$" "UDP to $address"
		done
	done
	check_ok "client to director, v4" ns "$client" ping -c 1 -W 5 "$VIP4"
	check_ok "client to director, v6" ns "$client" ping -c 1 -W 5 "$VIP6"
}

topology_nat 3
reachable
check_eq "$(http_get "$client" "$(url "${RIP4[1]}")")" server1 "a routed request through the director"
topology_dr 3
reachable
