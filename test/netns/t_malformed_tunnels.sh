#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 400
# The storms of t_malformed_packets at tun, every kind of tunnel, and errors about the packets in the tunnels, cut and changed anywhere, as
# if from their end. Nothing crashes (the runner looks), the services go on.
# WEIR_STORM: packets of noise in each of twelve storms (default 1000).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
WEIR_STORM=${WEIR_STORM:-1000}

topology_tun 1
server=${servers[1]}
decapsulate_gre icsum
start_nginx "$server" 80 server1
start_echo "$server" udp 53 server1
for case in 'ipip 4 4' 'ipip 6 4' 'gre-csum 4 6' 'gre-csum 6 6' 'gue 4 4' 'gue-remcsum 4 6'; do
	read -r kind family outer <<<"$case"
	declare -n vip=VIP$family cip=CIP$family rips=RIP$outer dip=DIP$outer
	what="$kind, IPv$family in IPv$outer"
	for service in "-t $(hostport "$vip" 80)" "-u $(hostport "$vip" 53)"; do
		printf -- '-A %s -s rr\n' "$service"
		printf -- '-a %s -r %s -i %s\n' "$service" "$(hostport "${rips[1]}" "${service##*:}")" "${TUN_OPTIONS[$kind]}"
	done | adm -R
	storm "$client" client eth0 "$cip" "$vip" 80 53
	told=$(count_of tunnel-icmp-error)
	storm "$server" tunnel eth0 "${rips[1]}" "$dip" 80 53 "$kind" "$cip" "$vip"
	check_range "$(($(count_of tunnel-icmp-error) - told))" 50 100000 "$what: errors that the client was told"
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 2)" '2 server1' "$what: HTTP goes on"
	check_eq "$(ask_many "$client" udp "$vip" 53 2)" '2 server1' "$what: UDP goes on"
	adm -C
done
check_match "$(adm counters)" '^malformed +[0-9]{2,}$' 'counted'
