#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# express into tunnels, v4 and v6: requests are express from the second one on; the tunnel may change under a connection; TCP works.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
topology_tun 1
decapsulate_gre icsum
express_service -i
start_nginx "${servers[1]}" 80 server1

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	express_from_second "$vip" "IPv$family"
	for kind in gre-csum gue-csum gue; do
		read -ra options <<<"${TUN_OPTIONS[$kind]}"
		adm -e -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 53)" -i "${options[@]}"
		express_settles request "$vip" 53 "IPv$family, $kind"
	done
	check_range "$(dev_counter "${servers[1]}" "gre$family" rx_packets)" 11 11 "IPv$family: packets that came by gre"

	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 80)" -i
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 10)" '10 server1' "IPv$family TCP: ten requests"
done

check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
