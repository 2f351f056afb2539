#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# scripts/real-server makes a machine decapsulate, tells clients a smaller MSS where it is asked to, changes nothing when it is run
# again, and leaves nothing behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
need_command nft
need_module ipip sit ip6_tunnel ip_gre ip6_gre fou fou6
topology_dr 1
server=${servers[1]}
ip -n "$server" address flush dev lo
addr "$server" lo 127.0.0.1/8 ::1/128
start_nginx "$server" 80 server1
export WEIR_STATE_DIR=$TEST_TMP/state

real_server() {
	ns "$server" "$WEIR_ROOT/scripts/real-server" "$@"
}

# what a clean machine has none of
leftovers() {
	ip -n "$server" -o link show | grep -o 'weir-[a-z0-9]*' || :
	ns "$server" nft list tables
	ip -n "$server" fou show
	ip -n "$server" -6 fou show
}

for case in 'ipip 4 1300' 'gre,csum 6 1200' 'gue:6080,csum 6 1250'; do
	read -r tunnel outer mss <<<"$case"
	declare -n rips=RIP$outer
	adm -C
	for vip in "$VIP4" "$VIP6"; do
		check_match "$(real_server up "$vip" tun "$tunnel" "${rips[1]}" "$mss")" 'lo: added' "$tunnel: $vip is prepared"
		check_eq "$(real_server up "$vip" tun "$tunnel" "${rips[1]}" "$mss")" '' "$tunnel: a second run changes nothing"
		adm service add "tcp:$(hostport "$vip" 80)"
		adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[1]}" 80)" --method tun --tunnel "$tunnel"
		check_eq "$(http_get "$client" "$(url "$vip" 80)")" server1 "$tunnel: HTTP by $vip"
		# TCP_MAXSEG, less what timestamps take
		check_eq "$(ns "$client" /usr/bin/python3 -SEc 'import socket, sys
print(socket.create_connection((sys.argv[1], 80), 10).getsockopt(6, 2))' "$vip")" $((mss - 12)) "$tunnel: segments are as small as asked for"
	done
	for vip in "$VIP4" "$VIP6"; do
		real_server down "$vip" >/dev/null
	done
	check_eq "$(leftovers)" '' "$tunnel: nothing is left"
done

real_server up "$VIP4" tun gre "${RIP4[1]}" >/dev/null
check_match "$(real_server up "$VIP4" tun ipip "${RIP4[1]}")" 'weir-gre4: removed' 'another tunnel takes the place of the first'
real_server down "$VIP4" >/dev/null
check_fails 2 'is no tunnel' 'a bad tunnel' real_server up "$VIP4" tun vxlan "${RIP4[1]}"
check_fails 2 'is no MSS' 'a bad MSS' real_server up "$VIP4" tun ipip "${RIP4[1]}" 99999
check_eq "$(leftovers)" '' 'nothing is left'
