#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 120
# Clients, virtual addresses and servers in a VRF of the director: nat, with the express path on (members of a VRF are left to the
# admission path) and off.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
need_module vrf

topology_nat 2
start_echo_all tcp 7000
start_echo_all udp 7000
printf 'link %s\n' 'add blue type vrf table 10' 'set blue up' 'set eth0 master blue' 'set eth1 master blue' |
	ip -n "$director" -batch -
# A device that changes its master loses its IPv6 addresses.
addr "$director" eth0 2001:db8:1::1/64 "$VIP6/128 preferred_lft 0"
addr "$director" eth1 $DIP6/64
forwarding_on "$director"
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	for proto in tcp udp; do
		service=$proto:$(hostport "$vip" 7000)
		adm service add "$service" -s rr
		for rip in "${rips[@]}"; do
			adm server add "$service" "$(hostport "$rip" 7000)" -m nat
		done
	done
done
for express in on off; do
	adm config express=$express
	for family in 4 6; do
		declare -n vip=VIP$family
		for proto in tcp udp; do
			check_eq "$(ask_many "$client" $proto "$vip" 7000 4)" "2 server1"$'\n'"2 server2" \
				"express $express, IPv$family: $proto through the VRF"
		done
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
check_eq "$(count_of express-request) $(count_of express-reply) $(count_of express-new)" '0 0 0' 'nor express'
