#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 400
# The storms of t_malformed_packets at fullnat, of one family and between families: with the client's address as a TCP option, and by
# PROXY protocol in both versions, TCP and UDP. Nothing crashes (the runner looks), the services go on, every local end that is taken
# belongs to a connection.
# WEIR_STORM: packets of noise in each of sixteen storms (default 1000).
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
WEIR_STORM=${WEIR_STORM:-1000}

# Each connection has a local end of the pool's, and nobody else has one.
ends_are_connections() {
	(($(adm conn list -j | grep -cE "\"local\":\"\\[?$lip\\]?:") == $(pool_of "few$inner" conns)))
}

topology_fullnat 1
server=${servers[1]}
start_nginx "$server" 8080 server1
start_echo "$server" udp 5300 server1
start_proxy_server "$server" tcp v1 9001
start_proxy_server "$server" tcp v2 9002
start_proxy_server "$server" udp v2 5302
# The client's ports in a storm are these: the server's, as answers to them, meet connections.
adm pool add few4 "$LIP4" --ports 5000-5999
adm pool add few6 "$LIP6" --ports 5000-5999
for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	for inner in 4 6; do
		declare -n rips=RIP$inner lip=LIP$inner
		service_between tcp "$family" "$inner" 80 8080 --pool few$inner --toa
		service_between udp "$family" "$inner" 53 5300 --pool few$inner
		version=v$((1 + (family + inner) / 2 % 2))
		service_between tcp "$family" "$inner" 81 "900${version#v}" --pool few$inner --proxy-protocol $version
		service_between udp "$family" "$inner" 54 5302 --pool few$inner --proxy-protocol v2
		for ports in '80 8080 53 5300' '81 900'"${version#v}"' 54 5302'; do
			read -r tcp rtcp udp rudp <<<"$ports"
			what="IPv$family to IPv$inner, ports $tcp and $udp"
			storm "$client" client eth0 "$cip" "$vip" "$tcp" "$udp"
			storm "$server" server eth1 "${rips[1]}" "$lip" "$rtcp" "$rudp"
			wait_for 20 "$what: local ends are those of connections" ends_are_connections
		done
		what="IPv$family to IPv$inner"
		check_eq "$(http_spread "$client" "$(url "$vip" 80)" 2)" '2 server1' "$what: HTTP goes on"
		check_eq "$(ask_many "$client" udp "$vip" 53 2)" '2 server1' "$what: UDP goes on"
		check_eq "$(transfer "$vip" 81 1000)" 'known whole' "$what, PROXY $version: TCP goes on"
		check_match "$(ask "$client" udp "$vip" 54 hello)" "^from $cip " "$what, PROXY v2: UDP goes on"
		adm -C
	done
done
check_match "$(adm counters)" '^malformed +[0-9]{2,}$' 'counted'
