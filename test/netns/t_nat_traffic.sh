#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# nat: HTTP and UDP over three servers in turn, v4 and v6; ports rewritten; bulk data both ways, GSO kept whole; the client's
# address is what servers see; replies carry the virtual address; statistics agree. It all goes on where the virtual addresses are moved
# to lo meanwhile.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
topology_nat 3
start_nginx_all 8080
start_echo_all udp 5300
start_echo "${servers[1]}" tcp 7000 server1

for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	check_three_in_turn "$family" 8080 5300 -m
	check_match "$(ask "$client" udp "$vip" 53 hello)" "^server[123] $cip hello\$" "IPv$family: UDP, a connected socket takes the answer"
done

# Segments of 1448 bytes would be 14,000 and more for 20 MB: the stack hands over tens of them at a time.
for ((i = 1; i <= 3; i++)); do
	start_bulk_server "${servers[i]}" 5201
done
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -t "$(hostport "$vip" 5201)" -s rr
	for rip in "${rips[@]}"; do
		adm -a -t "$(hostport "$vip" 5201)" -r "$(hostport "$rip" 5201)" -m
	done
	for direction in give take; do
		before=$(dev_counter "$director" eth1 tx_packets)
		express_bulk $direction "$vip" 5201 "IPv$family"
		if [[ $direction == give ]]; then
			packets=$(($(dev_counter "$director" eth1 tx_packets) - before))
			check_range "$packets" 100 7000 "IPv$family: packets to the servers, GSO not split"
		fi
	done
done

# answers LOG COUNT: so many exchanges, or more
answers() {
	(($(grep -c '^answered' "$1") >= $2))
}

# Nobody answers for an IPv6 address on lo: the client needs a route.
routes "$client" "$VIP6/128 via 2001:db8:1::1"
logs=()
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -t "$(hostport "$vip" 7000)" -s rr
	adm -a -t "$(hostport "$vip" 7000)" -r "$(hostport "${rips[1]}" 7000)" -m
	for what in 'tcp 7000' 'udp 53'; do
		# shellcheck disable=SC2086 # two words
		background nsenter "--net=/run/netns/$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/talk.py" ${what/ / $vip } 1000 \
			$((5 * WEIR_SLOW)) 0 0.1
		logs+=("$background_log")
		wait_for 20 "IPv$family, ${what% *}: exchanges" answers "$background_log" 3
	done
done
addr "$director" lo $VIP4/32 $VIP6/128
printf 'addr del %s dev eth0\n' $VIP4/32 $VIP6/128 | ip -n "$director" -batch -
for log in "${logs[@]}"; do
	wait_for 20 'the virtual addresses are on lo: exchanges go on' answers "$log" $(($(wc -l <"$log") + 10))
	check_no_match "$(cat "$log")" 'lost|wrong|Error' 'and none was lost'
done
for family in 4 6; do
	declare -n vip=VIP$family
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$family: nine requests to an address on lo"
	check_eq "$(ask_many "$client" udp "$vip" 53 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$family: nine UDP sockets"
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
