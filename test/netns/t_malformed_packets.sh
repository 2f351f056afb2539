#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# Malformed packets to a nat service, a dr service and a server's replies: every length wrong in turn, truncations, extension header
# chains, ICMP errors about all of that, then noise with well-formed ones between. Nothing crashes (the runner looks), the service
# goes on, they are counted.
# WEIR_STORM: packets of noise in each of ten storms (default 2000).
. "$(dirname "$0")/../lib.sh"
need_weiradm
WEIR_STORM=${WEIR_STORM:-2000}

topology_nat 1
start_nginx "${servers[1]}" 8080 server1
start_echo "${servers[1]}" udp 5300 server1
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 8080)" -m
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 5300)" -m
	for express in 1 0; do
		adm config express=$express
		what="nat, IPv$family, express=$express"
		storm "$client" client eth0 "$cip" "$vip" 80 53
		# As if from the server: the ports are those of the connections that the storm opened.
		storm "${servers[1]}" server eth1 "${rips[1]}" "$cip" 8080 5300
		check_eq "$(http_spread "$client" "$(url "$vip" 80)" 2)" '2 server1' "$what: HTTP goes on"
		check_eq "$(ask_many "$client" udp "$vip" 53 2)" '2 server1' "$what: UDP goes on"
	done
done
check_match "$(adm counters)" '^malformed +[0-9]{2,}$' 'nat: counted'

topology_dr 1
start_nginx "${servers[1]}" 80 server1
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 80)" -g
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 53)" -g
	what="dr, IPv$family"
	storm "$client" client eth0 "$cip" "$vip" 80 53
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 2)" '2 server1' "$what: HTTP goes on"
done
check_match "$(adm counters)" '^malformed +[0-9]{2,}$' 'dr: counted'
