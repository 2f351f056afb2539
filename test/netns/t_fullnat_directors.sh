#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# Two directors with pools of their own serve the same servers by fullnat at once: each server's answer comes back to the director that
# asked, and no director hears of the other's connections, although their ports are the same.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 2
first=$director
second=
new_ns second
link_ns "$client" eth1 "$second" eth0
link_ns "$switch" uplink2 "$second" eth1 'master br0'
addr "$client" eth1 203.0.113.2/24 2001:db8:3::2/64
addr "$second" eth0 203.0.113.1/24 203.0.113.10/32 2001:db8:3::1/64 2001:db8:3::10/128
addr "$second" eth1 198.51.100.2/24 198.51.100.80/32 2001:db8:2::2/64 2001:db8:2::80/128
forwarding_on "$second"
start_nginx_all 8080
start_echo_all udp 5300

# Few ports: the directors use the same ones.
adm pool set pool4 -p 20000-20199
adm pool set pool6 -p 20000-20199
on_second() {
	local director=$second

	"$@"
}
on_second adm pool add pool4 198.51.100.80 -p 20000-20199
on_second adm pool add pool6 2001:db8:2::80 -p 20000-20199

for family in 4 6; do
	fullnat_service tcp "$family" 80 8080
	fullnat_service udp "$family" 53 5300
done
declare -A mine=([4]=$VIP4 [6]=$VIP6) other=([4]=203.0.113.10 [6]=2001:db8:3::10)
VIP4=${other[4]} VIP6=${other[6]}
for family in 4 6; do
	on_second fullnat_service tcp "$family" 80 8080
	on_second fullnat_service udp "$family" 53 5300
done

# answered <"COUNT NAME" lines: the sum of those of servers, both of which are there
answered() {
	awk '/ server[12]$/ { n += $1; seen++ } END { print seen == 2 ? n : "not by both" }'
}

for family in 4 6; do
	declare -n lip=LIP$family
	check_match "$(http_get "$client" "$(url "${mine[$family]}")peer")" " ${lip%4}[45]\$" "IPv$family: the first director's own address"
	check_match "$(http_get "$client" "$(url "${other[$family]}")peer")" ' [^ ]*[.:]80$' "IPv$family: the second one's"
	# Who of the servers answers is rr's affair, and two directors at once are no place to count it.
	http_spread "$client" "$(url "${mine[$family]}")" 40 >"$TEST_TMP/first" &
	half=$!
	check_eq "$(answered <<<"$(http_spread "$client" "$(url "${other[$family]}")" 40)")" 40 "IPv$family: HTTP by the second"
	wait $half
	check_eq "$(answered <"$TEST_TMP/first")" 40 "IPv$family: HTTP by the first at the same time"
	ask_many "$client" udp "${mine[$family]}" 53 20 >"$TEST_TMP/first" &
	half=$!
	check_eq "$(answered <<<"$(ask_many "$client" udp "${other[$family]}" 53 20)")" 20 "IPv$family: UDP by the second"
	wait $half
	check_eq "$(answered <"$TEST_TMP/first")" 20 "IPv$family: UDP by the first at the same time"
	check_range "$(pool_of "pool$family" taken)" 61 65 "IPv$family: the first took ports for its own alone"
	check_range "$(on_second pool_of "pool$family" taken)" 61 65 "IPv$family: the second too"
done
[[ $director == "$first" ]]
check_no_match "$(adm counters)" '^drop-' 'the first dropped nothing'
check_no_match "$(on_second adm counters)" '^drop-' 'nor did the second'
