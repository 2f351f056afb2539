#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# express over direct routing, v4 and v6: requests are express from the second one on, replies do not come by; TCP works.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
topology_dr 1
express_service -g
start_nginx "${servers[1]}" 80 server1

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	express_from_second "$vip" "IPv$family"
	express_is request "$vip" 53 "IPv$family"

	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 80)" -g
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 10)" '10 server1' "IPv$family TCP: ten requests"
done

check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
