#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# The device towards the servers goes away under load, v4 and v6, nat and dr: it can be removed at once, packets are dropped for want
# of a route, and when it is back so is the service. The same for the namespace.
. "$(dirname "$0")/../lib.sh"
need_weiradm

load() { # NS SECONDS ADDRESS PORT: a stream of datagrams
	background nsenter "--net=/run/netns/$1" /usr/bin/python3 -SE -c "
import socket, sys, time
s = socket.socket(socket.AF_INET6 if ':' in '$3' else socket.AF_INET, socket.SOCK_DGRAM)
end = time.time() + $2 * $WEIR_SLOW
n = 0
while time.time() < end:
    n += 1
    if n % 50 == 0:
        s.close(); s = socket.socket(socket.AF_INET6 if ':' in '$3' else socket.AF_INET, socket.SOCK_DGRAM)
    try: s.sendto(b'x' * 100, ('$3', $4))
    except OSError: time.sleep(0.001)
"
}

served_again() { # METHOD PORT
	local family

	for family in 4 6; do
		declare -n vip=VIP$family
		busywait 20 ask "$client" udp "$vip" "$2" hello >/dev/null || fail "$1, IPv$family: not served again"
		ok "$1, IPv$family: served again"
	done
}

topology_nat 1
start_echo "${servers[1]}" udp 5300 server1
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 5300)" -m
	check_eq "$(ask_many "$client" udp "$vip" 53 2)" '2 server1' "IPv$family: served"
done
load "$client" 20 "$VIP4" 53
load "$client" 20 "$VIP6" 53
kmsg_mark removal
check_ok 'the device goes' timeout $((15 * WEIR_SLOW)) ip -n "$director" link del eth1
check_no_match "$(kmsg_since removal)" 'unregister_netdevice: waiting' 'nobody held on to it'
sleep 1
check_match "$(adm counters)" '^drop-no-route' 'no route'
link_ns "$director" eth1 "$switch" uplink
ip -n "$switch" link set uplink master br0
addr "$director" eth1 $DIP4/24 $DIP6/64
# The director's new device has another MAC address.
ip -n "${servers[1]}" neigh flush all
served_again nat 53

topology_dr 1
start_echo "${servers[1]}" udp 54 server1
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	# What the load has for a server throws it away; an echo server would be too busy to answer who asks on port 54.
	for port in 53 54; do
		adm -A -u "$(hostport "$vip" $port)" -s rr
		adm -a -u "$(hostport "$vip" $port)" -r "$(hostport "${rips[1]}" $port)" -g
	done
	check_eq "$(ask_many "$client" udp "$vip" 54 2)" '2 server1' "dr, IPv$family: served"
done
load "$client" 60 "$VIP4" 53
load "$client" 60 "$VIP6" 53
sleep 1
kmsg_mark dr
check_ok 'dr: the device goes' timeout $((15 * WEIR_SLOW)) ip -n "$director" link del eth0
check_no_match "$(kmsg_since dr)" 'unregister_netdevice: waiting' 'dr: nobody held on to it'
link_ns "$switch" director "$director" eth0 'master br0'
addr "$director" eth0 $DIP4/24 $DIP6/64 $VIP4/32 "$VIP6/128 preferred_lft 0"
# The load keeps the old device's address in use, so that a flush finds no end.
for address in $VIP4 "$VIP6"; do
	ip -n "$client" neigh replace "$address" lladdr "$(mac_of "$director" eth0)" dev eth0 nud reachable
done
served_again dr 54

kmsg_mark namespace
packets=$(dev_counter "$director" eth0 tx_packets)
sleep 1
check_range $(($(dev_counter "$director" eth0 tx_packets) - packets)) 10 10000000 'packets of a second of that load'
ip netns del "$director"
sleep $((4 * WEIR_SLOW))
check_no_match "$(kmsg_since namespace)" 'unregister_netdevice: waiting' 'the namespace went under load'
