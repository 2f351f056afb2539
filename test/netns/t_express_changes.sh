#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # new_ns sets variables by name
# tags: debug smp
# timeout: 180
# express while the network changes: the client's MAC address and next hop, its way in, neighbours forgotten, MTU, a link down, a
# device moved to another namespace and one removed, IPv6 no longer forwarded. Traffic goes on by the admission path and is express again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"

need_weiradm
topology_nat 1
express_service -m
sysctls "$client" ipv4/conf/all/rp_filter=0 ipv4/conf/eth0/rp_filter=0
sysctls "$director" ipv4/conf/all/rp_filter=0 ipv4/conf/eth0/rp_filter=0
link_ns "$client" eth2 "$director" eth2
sysctls "$client" ipv4/conf/eth2/rp_filter=0
sysctls "$director" ipv4/conf/eth2/rp_filter=0
addr "$client" eth2 203.0.113.2/28
addr "$director" eth2 203.0.113.1/28
express_settles both "$VIP4" 53 'at first'

express_settles both "$VIP6" 53 'IPv6'
sysctls "$director" ipv6/conf/all/forwarding=0
not_routed() { [[ $(talk udp "$VIP6" 53 1 $express_port) != *answered* ]]; }
wait_for 20 'IPv6 is no longer forwarded, nor are replies' not_routed
check_no_match "$(talk udp "$VIP6" 53 3 $express_port)" answered 'and they stay away'
sysctls "$director" ipv6/conf/all/forwarding=1
express_settles both "$VIP6" 53 'IPv6 is forwarded again'

ip -n "$client" link set eth0 address 02:00:00:00:77:01
ns "$client" ip neigh flush dev eth0
express_settles both "$VIP4" 53 'the client has another MAC address'

ns "$director" ip neigh flush dev eth1
ns "$director" ip neigh flush dev eth0
express_settles both "$VIP4" 53 'neighbours forgotten'

# neighbour ADDRESS DEVICE: its state
neighbour() {
	ip -n "$director" neigh show "$1" dev "$2" | awk '{ print $NF }'
}
for end in "${RIP4[1]} eth1" "$CIP4 eth0"; do
	read -r address dev <<<"$end"
	ip -n "$director" neigh change "$address" dev "$dev" nud stale
	express_is both "$VIP4" 53 "$dev: a neighbour who is stale"
	reachable() { [[ $(neighbour "$address" "$dev") == REACHABLE ]]; }
	wait_for 20 "$dev: express packets have it confirmed" reachable
done

path=$(count_of express-not-path)
ip -n "$director" route add $CIP4/32 via 203.0.113.2 dev eth2
express_settles both "$VIP4" 53 'another next hop to the client'
check_range $(($(count_of express-not-path) - path)) 1 4 'what had the route before is left to the admission path'
before=$(dev_counter "$director" eth2 tx_packets)
flow "$VIP4" 53 5 'by the new next hop'
check_range $(($(dev_counter "$director" eth2 tx_packets) - before)) 5 9 'replies leave by it'

other=$(count_of express-not-device)
ip -n "$client" route add $VIP4/32 via 203.0.113.1 dev eth2 src $CIP4
express_settles both "$VIP4" 53 'requests come by another device'
check_range $(($(count_of express-not-device) - other)) 1 3 'the first of them is admitted'
ip -n "$client" route del $VIP4/32
ip -n "$director" route del $CIP4/32 via 203.0.113.2
express_settles both "$VIP4" 53 'back again'

ip -n "$director" link set eth1 mtu 1000
express_settles both "$VIP4" 53 'a smaller MTU'
large=$(count_of express-not-size)
ns "$client" /usr/bin/python3 -SE -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", int(sys.argv[2])))
s.sendto(b"x" * 1200, (sys.argv[1], 53))' "$VIP4" $express_port
check_eq $(($(count_of express-not-size) - large)) 1 'a packet beyond it is left to the admission path'
ip -n "$director" link set eth1 mtu 1500
express_settles both "$VIP4" 53 'the MTU as before'

ip -n "$director" link set eth1 down
check_no_match "$(talk udp "$VIP4" 53 1 $express_port)" answered 'no answer while the link is down'
ip -n "$director" link set eth1 up
wait_for 20 'the server is reached again' ns "$director" ping -c 1 -W 1 "${RIP4[1]}"
express_settles both "$VIP4" 53 'after the link was down'

new_ns elsewhere
ip -n "$director" link set eth2 netns "$elsewhere"
express_settles both "$VIP4" 53 'a device left for another namespace'
ip -n "$elsewhere" link set eth2 netns "$director"

ip -n "$director" link del eth0
check_no_match "$(ip -n "$director" link show)" ' eth0@' 'the device is gone'
link_ns "$client" eth0 "$director" eth0
addr "$client" eth0 $CIP4/24
addr "$director" eth0 192.0.2.1/24 $VIP4/32
routes "$client" 'default via 192.0.2.1'
express_settles both "$VIP4" 53 'a new device of that name'
