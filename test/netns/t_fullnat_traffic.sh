#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# fullnat: HTTP and UDP over three servers that have no route to the client, in turn, v4 and v6; ports rewritten; bulk data both ways,
# GSO kept whole; clients on the director too; servers see an address of the pool; replies carry the virtual address; the pool's use is counted and ends.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 3
start_nginx_all 8080
start_echo_all udp 5300

adm config timeout.time-wait=900 # all are counted at the end, on a slow machine too
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family lip=LIP$family
	fullnat_service tcp "$family" 80 8080
	fullnat_service udp "$family" 53 5300
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$family: nine requests by rr"
	check_match "$(http_get "$client" "$(url "$vip" 80)peer")" " ${lip%4}[45]\$" "IPv$family: the server sees a local address"
	check_eq "$(ask_many "$client" udp "$vip" 53 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$family: nine UDP sockets by rr"
	check_match "$(ask "$client" udp "$vip" 53 hello)" "^server[123] ${lip%4}[45] hello\$" \
		"IPv$family: UDP, a connected socket takes the answer"
	check_eq "$(http_spread "$director" "$(url "$vip" 80)" 3)" "$(printf '1 server%d\n' 1 2 3)" "IPv$family: a client on the director"
	check_eq "$(ask_many "$director" udp "$vip" 53 3)" "$(printf '1 server%d\n' 1 2 3)" "IPv$family: the same over UDP"
	check_eq "$(pool_of "pool$family" taken)" 26 "IPv$family: a local end for each connection"
	check_eq "$(adm conn list -j | grep -c "\"local\":\"\[*${lip%4}[45]\]*:[0-9]*\"")" 26 "IPv$family: listed with its local end"
	check_match "$(adm -L -n -t "$(hostport "$vip" 80)")" "${rips[1]//\./\\.}\\]?:8080 +FullNat +1 " "IPv$family: listed as FullNat"
done
check_fails 1 'service TCP.192.0.2.10:80 uses the pool|service tcp:192.0.2.10:80 uses the pool' 'a pool in use stays' adm pool delete pool4

for ((i = 1; i <= 3; i++)); do
	start_bulk_server "${servers[i]}" 5202
done
for family in 4 6; do
	declare -n vip=VIP$family
	fullnat_service tcp "$family" 5201 5202
	for direction in give take; do
		before=$(dev_counter "$director" eth1 tx_packets)
		check_bulk $direction "$vip" 5201 20 "IPv$family, $direction: bytes of 20 MB that arrived"
		if [[ $direction == give ]]; then
			packets=$(($(dev_counter "$director" eth1 tx_packets) - before))
			check_range "$packets" 100 7000 "IPv$family: packets to the servers, GSO not split"
		fi
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'

adm -C
check_ok 'a pool that no service names goes' adm pool delete pool4
check_no_match "$(adm pool list)" pool4 'and is listed no more'
