#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# nat: HTTP and UDP over three servers in turn, v4 and v6; ports rewritten; bulk data both ways, GSO kept whole; the client's
# address is what servers see; replies carry the virtual address; statistics agree.
. "$(dirname "$0")/../lib.sh"
need_weiradm
topology_nat 3
start_nginx_all 8080
start_echo_all udp 5300

for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	check_three_in_turn "$family" 8080 5300 -m
	check_match "$(ask "$client" udp "$vip" 53 hello)" "^server[123] $cip hello\$" "IPv$family: UDP, a connected socket takes the answer"
done

# Segments of 1448 bytes would be 14,000 and more for 20 MB: the stack hands over tens of them at a time.
need_command iperf3
for ((i = 1; i <= 3; i++)); do
	background nsenter "--net=/run/netns/${servers[i]}" iperf3 -s -p 5201
	wait_for 20 "iperf3 listens" listening "${servers[i]}" tcp 5201
done
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	# Its control and data connections must meet at one server.
	adm -A -t "$(hostport "$vip" 5201)" -s sh
	for rip in "${rips[@]}"; do
		adm -a -t "$(hostport "$vip" 5201)" -r "$(hostport "$rip" 5201)" -m
	done
	for direction in '' -R; do
		before=$(dev_counter "$director" eth1 tx_packets)
		check_bulk "$vip" "IPv$family${direction:+ $direction}: bytes of 20M that arrived" ${direction:+"$direction"}
		if [[ -z $direction ]]; then
			packets=$(($(dev_counter "$director" eth1 tx_packets) - before))
			check_range "$packets" 100 7000 "IPv$family: packets to the servers, GSO not split"
		fi
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
