#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# express over fullnat, v4 and v6, UDP and TCP: the first packets are admitted, then both directions are express; the end of a TCP
# connection is seen; the switches of the namespace and of the service turn it off and on again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
start_echo "${servers[1]}" udp 5300 server1
start_echo "${servers[1]}" tcp 8080 server1

for family in 4 6; do
	declare -n vip=VIP$family
	fullnat_service udp "$family" 53 5300
	fullnat_service tcp "$family" 80 8080
	express_udp "$vip" "IPv$family"
	# The server learns the client's address from the first segments: these connections do not open at ingress.
	admitted=$(count_of admit-new-connection)
	express_tcp "$vip" "IPv$family"
	check_eq $(($(count_of admit-new-connection) - admitted)) 1 "IPv$family TCP: opened by admission"

	adm config express=off
	express_is none "$vip" 53 "IPv$family, express=off"
	check_eq "$(talk tcp "$vip" 80 20)" '20 answered server1' "IPv$family TCP: 20 exchanges without it"
	adm config express=on
	express_settles both "$vip" 53 "IPv$family, express=on"
	adm service set "udp:$(hostport "$vip" 53)" --flags no-express
	express_is none "$vip" 53 "IPv$family, no-express"
	adm service set "udp:$(hostport "$vip" 53)" --flags none
	express_settles both "$vip" 53 "IPv$family, no-express taken back"
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
