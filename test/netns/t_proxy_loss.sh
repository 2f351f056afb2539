#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# fullnat with --proxy-protocol over bad links: each of the first six segments between director and server is lost in turn, and each of the
# first six between client and director, for clients and for servers that speak first; segments out of order both ways. The server is
# told the right ends and the data comes back byte for byte.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
need_command nft tc
need_module nft_numgen sch_netem
topology_fullnat 1
server=${servers[1]}
start_proxy_server "$server" tcp v1 9001
start_proxy_server "$server" tcp v2 9002
start_proxy_server "$server" tcp v1 9003 greet
start_proxy_server "$server" tcp v2 9004 greet
fullnat_service tcp 4 9001 9001 --proxy-protocol v1
fullnat_service tcp 6 9002 9002 --proxy-protocol v2
fullnat_service tcp 6 9003 9003 --proxy-protocol v1
fullnat_service tcp 4 9004 9004 --proxy-protocol v2

# lose NS "HOOK:DEVICE..." N: of the TCP packets that pass one of these the Nth is dropped, from 0 on
lose() {
	local ways=() hook

	for hook in $2; do
		ways+=("chain ${hook%:*}${hook#*:} { type filter hook ${hook%:*} device ${hook#*:} priority 0; jump link; }")
	done
	ns "$1" nft -f - <<-EOF2
		table netdev loss {
			chain link {
				meta l4proto tcp numgen inc mod 1000000 $3 counter drop
			}
			$(printf '%s\n' "${ways[@]}")
		}
	EOF2
}

# found NS: ends it; that one was dropped
found() {
	check_match "$(ns "$1" nft list table netdev loss)" 'counter packets 1 ' "$2: it was"
	ns "$1" nft delete table netdev loss
}

for link in server client; do
	where=$switch hooks='ingress:uplink ingress:port1'
	[[ $link == server ]] || where=$client hooks='ingress:eth0 egress:eth0'
	for n in 0 1 2 3 4 5; do
		for service in "$VIP4 9001" "$VIP6 9002" "$VIP6 9003 greet" "$VIP4 9004 greet"; do
			read -r address port greet <<<"$service"
			# Nothing is made up on this side: one of them does.
			[[ $link == server || $port == $((9001 + n % 4)) ]] || continue
			lose "$where" "$hooks" $n
			check_eq "$(transfer "$address" "$port" 30000 ${greet:+"$greet"})" 'known whole' "segment $n of the $link's link is lost, $address $port"
			found "$where" "segment $n"
		done
	done
done

for end in "$switch port1" "$switch uplink"; do
	read -r where device <<<"$end"
	ns "$where" tc qdisc add dev "$device" root netem delay 10ms 4ms reorder 30% 50%
done
retransmitted=$(net_counter "$server" TcpExtTCPOFOQueue)
check_eq "$(transfer "$VIP4" 9001 500000)" 'known whole' 'out of order, version 1, IPv4'
check_eq "$(transfer "$VIP6" 9002 500000)" 'known whole' 'out of order, version 2, IPv6'
check_eq "$(transfer "$VIP4" 9004 500000 greet)" 'known whole' 'out of order, a server that speaks first'
check_range $(($(net_counter "$server" TcpExtTCPOFOQueue) - retransmitted)) 1 100000 'segments that came out of order to the server'
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
