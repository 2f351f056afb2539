#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# fullnat between families: IPv4 clients on IPv6 servers and IPv6 clients on IPv4 servers. HTTP and UDP in turn over three servers that
# have no route to the client; a SYN that one refuses goes to another; bulk data both ways with GSO kept whole; clients and servers on the
# director; listed, saved and applied.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
need_command ethtool
topology_fullnat 3
start_nginx_all 8080
start_echo_all udp 5300

for family in 4 6; do
	other=$((10 - family))
	declare -n vip=VIP$family rips=RIP$other lip=LIP$other
	family_service tcp "$family" 80 8080
	family_service udp "$family" 53 5300
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$family: nine requests by rr"
	check_match "$(http_get "$client" "$(url "$vip" 80)peer")" " ${lip%4}[45]\$" "IPv$family: the server sees a local address"
	check_eq "$(ask_many "$client" udp "$vip" 53 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$family: nine UDP sockets by rr"
	check_eq "$(http_spread "$director" "$(url "$vip" 80)" 3)" "$(printf '1 server%d\n' 1 2 3)" "IPv$family: a client on the director"
	check_eq "$(ask_many "$director" udp "$vip" 53 3)" "$(printf '1 server%d\n' 1 2 3)" "IPv$family: the same over UDP"
	check_eq "$(adm conn list -j | grep -c "\"local\":\"\[*${lip%4}[45]\]*:[0-9]*\"")" 25 "IPv$family: listed with its local end"
	check_match "$(adm -L -n -t "$(hostport "$vip" 80)")" "${rips[1]//\./\\.}\\]?:8080 +FullNat +1 " "IPv$family: listed as FullNat"

	adm -A -t "$(hostport "$vip" 82)" -s rr --pool "pool$other" --syn-retry 1
	adm -a -t "$(hostport "$vip" 82)" -r "$(hostport "${rips[1]}" 9)" --fullnat
	adm -a -t "$(hostport "$vip" 82)" -r "$(hostport "${rips[2]}" 8080)" --fullnat
	check_eq "$(http_spread "$client" "$(url "$vip" 82)" 4)" '4 server2' "IPv$family: what a server refuses another one takes"
done
check_match "$(adm counters)" '^connection-retried +[1-9]' 'SYNs went to another server'

adm save >"$TEST_TMP/saved.yaml"
adm -C
adm apply -q --keep-owners "$TEST_TMP/saved.yaml"
check_eq "$(adm save)" "$(cat "$TEST_TMP/saved.yaml")" 'saved and applied again it is the same'
for family in 4 6; do
	declare -n vip=VIP$family
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 3)" "$(printf '1 server%d\n' 1 2 3)" "IPv$family: applied, it serves"
done

# The server is the director itself: by the loopback device, from wherever the client is.
start_nginx "$director" 8081 director
start_echo "$director" udp 5301 director
for family in 4 6; do
	other=$((10 - family))
	declare -n vip=VIP$family dip=DIP$other
	adm -A -t "$(hostport "$vip" 81)" -s rr --pool "pool$other"
	adm -a -t "$(hostport "$vip" 81)" -r "$(hostport "$dip" 8081)" --fullnat
	adm -A -u "$(hostport "$vip" 54)" -s rr --pool "pool$other"
	adm -a -u "$(hostport "$vip" 54)" -r "$(hostport "$dip" 5301)" --fullnat
	for from in client director; do
		check_eq "$(http_spread "${!from}" "$(url "$vip" 81)" 3)" '3 director' "IPv$family: from the $from to the director"
		check_eq "$(ask_many "${!from}" udp "$vip" 54 3)" '3 director' "IPv$family: the same over UDP"
	done
	check_no_match "$(adm diagnose "tcp:$(hostport "$vip" 81)")" 'method' "IPv$family: there is nothing to mend in that"
done

for ((i = 1; i <= 3; i++)); do
	start_bulk_server "${servers[i]}" 5202
done
for express in on off; do
	adm config express=$express
	for family in 4 6; do
		declare -n vip=VIP$family
		adm -D -t "$(hostport "$vip" 5201)" 2>/dev/null || true
		family_service tcp "$family" 5201 5202
		for direction in give take; do
			before=$(dev_counter "$director" eth1 tx_packets)
			check_bulk $direction "$vip" 5201 20 "express $express, IPv$family, $direction: bytes of 20 MB that arrived"
			[[ $direction == give ]] || continue
			packets=$(($(dev_counter "$director" eth1 tx_packets) - before))
			check_range "$packets" 100 7000 "express $express, IPv$family: packets to the servers, GSO not split"
		done
	done
done
# Segments cut and summed up by the director itself, which their receiver verifies.
adm config express=on
for dev in eth0 eth1; do
	ns "$director" ethtool -K "$dev" tx off >/dev/null
done
for family in 4 6; do
	declare -n vip=VIP$family
	for direction in give take; do
		check_bulk $direction "$vip" 5201 20 "IPv$family, $direction: bytes of 20 MB in segments of the director's"
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
