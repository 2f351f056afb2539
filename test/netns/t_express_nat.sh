#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# express over nat, v4 and v6, UDP and TCP: the first packets are admitted, then both directions are express; statistics count
# every packet; the end of a TCP connection is seen; the switches of the namespace and of the service turn it off and on again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
topology_nat 1
express_service -m
start_echo "${servers[1]}" tcp 8080 server1


for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	below=192.0.2.77/32
	((family == 4)) || below=2001:db8:1::77/128
	express_udp "$vip" "IPv$family"

	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 8080)" -m
	express_tcp "$vip" "IPv$family"

	adm config express=off
	express_is none "$vip" 53 "IPv$family, express=off"
	adm config express=on
	express_settles both "$vip" 53 "IPv$family, express=on"
	adm service set "udp:$(hostport "$vip" 53)" --flags no-express
	express_is none "$vip" 53 "IPv$family, no-express"
	adm service set "udp:$(hostport "$vip" 53)" --flags none
	express_settles both "$vip" 53 "IPv$family, no-express taken back"

	# IPv6's route to the client is the same object afterwards, with another cookie; a second connection had it too.
	check_eq "$(talk udp "$vip" 53 3 $((express_port + 1)))" '3 answered server1' "IPv$family: another connection"
	ip -n "$director" route add "$below" dev eth0
	express_settles both "$vip" 53 "IPv$family, another route has come below the one to the client"
	ip -n "$director" route del "$below" dev eth0
	express_settles both "$vip" 53 "IPv$family, and has gone"
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'

# With the last service of a family all of its hooks go: what is left of its connections does not stay half alive.
for service in tcp:$(hostport "$VIP6" 80) udp:$(hostport "$VIP6" 53); do
	adm service delete "$service"
done
express=$(count_of express-request)
check_match "$(talk udp "$VIP6" 53 1 $express_port)" '^1 lost' 'the last IPv6 service is gone: no answer'
check_eq "$(count_of express-request)" "$express" 'nor an express packet'
express_settles both "$VIP4" 53 'IPv4 is as it was'
