# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that topology_*() and new_ns() set
# Sourced after lib-flows.sh by the tests of express while the network changes.

# Second cables beside the topology's, for other ways in and out:
#
#   client eth2 ---------------- eth2 director eth3 ---------------- eth1 server1
#   203.0.113.2     203.0.113.1                203.0.113.17     203.0.113.18
#   2001:db8:3::2 2001:db8:3::1                2001:db8:4::1   2001:db8:4::2
_changes_cables() {
	link_ns "$client" eth2 "$director" eth2
	link_ns "$director" eth3 "${servers[1]}" eth1
	addr "$client" eth2 203.0.113.2/28 2001:db8:3::2/64
	addr "$director" eth2 203.0.113.1/28 2001:db8:3::1/64
	addr "$director" eth3 203.0.113.17/28 2001:db8:4::1/64
	addr "${servers[1]}" eth1 203.0.113.18/28 2001:db8:4::2/64
	_changes_anyway "$client" eth0 eth2
	_changes_anyway "$director" eth0 eth2 "$changes_out" eth3
	_changes_anyway "${servers[1]}" eth0 eth1
}

# _changes_anyway NS DEV...: sources are not validated; a link that goes down takes no address with it
_changes_anyway() {
	local name=$1 dev
	local -a set=(ipv4/conf/all/rp_filter=0)

	shift
	for dev; do
		set+=("ipv4/conf/$dev/rp_filter=0" "ipv6/conf/$dev/keep_addr_on_down=1")
	done
	sysctls "$name" "${set[@]}"
}

# ---- the commands that change something ----

_neighbours_forgotten() {
	ns "$director" ip neigh flush dev "$changes_out"
	[[ $changes_out == eth0 ]] || ns "$director" ip neigh flush dev eth0
}

_client_moves() {
	ip -n "$client" link set eth0 address 02:00:00:00:77:01
	ns "$client" ip neigh flush dev eth0
}

# The address of the machine stays, its MAC address is another one.
_server_moves() {
	local rip

	ip -n "${servers[1]}" link set eth0 address 02:00:00:00:77:02
	for rip in "${RIP4[1]}" "${RIP6[1]}"; do
		ip -n "$director" neigh replace "$rip" lladdr 02:00:00:00:77:02 dev "$changes_out" nud reachable
	done
}

# _route add|del NS "ROUTE" "ROUTE": one of IPv4, one of IPv6
_route() {
	printf "route $1 %s\n" "$3" "$4" | ip -n "$2" -batch -
}

_client_elsewhere() {
	_route "$1" "$director" "$CIP4/32 via 203.0.113.2 dev eth2" "$CIP6/128 via 2001:db8:3::2 dev eth2"
}

_server_elsewhere() {
	_route "$1" "$director" "${RIP4[1]}/32 via 203.0.113.18 dev eth3" "${RIP6[1]}/128 via 2001:db8:4::2 dev eth3"
}

_requests_elsewhere() {
	_route "$1" "$client" "$VIP4/32 via 203.0.113.1 dev eth2 src $CIP4" "$VIP6/128 via 2001:db8:3::1 dev eth2 src $CIP6"
}

# eth2, by which requests come and replies go, leaves for another namespace.
_device_leaves() {
	_requests_elsewhere del
	ip -n "$director" link set eth2 netns "$elsewhere"
}

# Of the device; where requests come by the same one, which would not receive what is longer, of the routes, and of the device too.
_smaller_mtu() {
	if [[ $changes_out == eth0 ]]; then
		_route add "$director" "${RIP4[1]}/32 dev eth0 mtu 1300" "${RIP6[1]}/128 dev eth0 mtu 1300 metric 10"
		flows_go 1 'a smaller MTU of the routes'
		ip -n "$director" link set eth0 mtu 1450
	else
		ip -n "$director" link set "$changes_out" mtu 1300
	fi
}

_mtu_as_before() {
	ip -n "$director" link set "$changes_out" mtu 1500
	[[ $changes_out != eth0 ]] || _route del "$director" "${RIP4[1]}/32 dev eth0" "${RIP6[1]}/128 dev eth0 metric 10"
}

_virtual_addresses() {
	printf 'addr %s\n' "$1 $VIP4/32 dev eth0" "$1 $VIP6/128 dev eth0${2:+ $2}" | ip -n "$director" -batch -
}

# ---- their checks ----

# _confirmed ADDRESS,DEVICE...: neighbours who are stale are asked again while all packets stay express
_confirmed() {
	local pair what='neighbours who are stale'

	for pair; do
		ip -n "$director" neigh change "${pair%,*}" dev "${pair#*,}" nud stale
	done
	flows_counted 4 "$what"
	check_eq "${moved[admitted]}" 0 "$what: by the admission path"
	reachable() { [[ $(ip -n "$director" neigh show "${pair%,*}" dev "${pair#*,}") == *REACHABLE* ]]; }
	for pair; do
		wait_for 20 "$pair: express packets have it confirmed" reachable
	done
}

# _too_large BYTES NAME WHAT: is left to the admission path
_too_large() {
	flows_mark
	flows_say send "$1" "$2"
	check_eq "$flows_said" sent "$3, $2: a datagram of $1"
	left() { flows_moved && ((moved[express-not-size] == 1)); }
	wait_for 20 "$3, $2: left to the admission path" left
	check_eq "${moved[express-request]} ${moved[drop-too-big]}" '0 1' "$3, $2: express requests, and dropped for its size"
}

_reached() {
	ns "$director" ping -c 1 -W 1 "${RIP4[1]}" && ns "$director" ping -c 1 -W 1 "${RIP6[1]}" && ns "$client" ping -c 1 -W 1 "$VIP6"
}

# Who it is does not change: no packet is left to the admission path.
_changes_neighbours() {
	local -a ends=("${RIP4[1]},$changes_out" "${RIP6[1]},$changes_out")

	flows_change 0 admitted 'the server has another MAC address' _server_moves
	if [[ $flows_wanted == both ]]; then
		flows_change 0 admitted 'the client has another MAC address' _client_moves
		ends+=("$CIP4,eth0" "$CIP6,eth0")
	fi
	flows_change 0 admitted 'neighbours forgotten' _neighbours_forgotten
	_confirmed "${ends[@]}"
}

_changes_routes() {
	local before

	flows_change 4 express-not-path 'another next hop to the server' _server_elsewhere add
	before=$(dev_counter "$director" eth3 tx_packets)
	flows_go 2 'by the new next hop'
	check_range $(($(dev_counter "$director" eth3 tx_packets) - before)) 8 30 'requests leave by it'
	flows_change 4 express-not-path 'and the old one again' _server_elsewhere del

	if [[ $flows_wanted == both ]]; then
		flows_change 4 express-not-path 'another next hop to the client' _client_elsewhere add
		before=$(dev_counter "$director" eth2 tx_packets)
		flows_go 2 'by the new next hop'
		check_range $(($(dev_counter "$director" eth2 tx_packets) - before)) 8 30 'replies leave by it'
	fi
	flows_change 4 express-not-device 'requests come by another device' _requests_elsewhere add
	flows_change 4 express-not-device 'that device leaves for another namespace' _device_leaves
	ip -n "$elsewhere" link set eth2 netns "$director"
}

_changes_virtual_addresses() {
	_virtual_addresses del
	flows_silent 'the director has the virtual addresses no more' udp
	_virtual_addresses add 'preferred_lft 0 nodad'
	flows_settle 'it has them again'
}

_changes_link() {
	local name

	flows_change 4 express-not-path 'a smaller MTU' _smaller_mtu
	for name in udp4 udp6; do
		_too_large 1400 "$name" 'a smaller MTU'
	done
	flows_change 4 express-not-path 'the MTU as before' _mtu_as_before

	ip -n "$director" link set "$changes_out" down
	flows_silent 'the link is down' udp
	ip -n "$director" link set "$changes_out" up
	wait_for 20 'the server is reached again' _reached
	flows_settle 'after the link was down'
}

# The client's device goes, and comes back under its name.
_changes_device() {
	ip -n "$director" link del eth0
	check_no_match "$(ip -n "$director" link show)" ' eth0@' 'the device is gone'
	if [[ $changes_out == eth0 ]]; then
		link_ns "$switch" director "$director" eth0 'master br0'
		ns "$client" ip neigh flush dev eth0
	else
		link_ns "$client" eth0 "$director" eth0
		addr "$client" eth0 "$CIP4/24" "$CIP6/64"
		routes "$client" 'default via 192.0.2.1' 'default via 2001:db8:1::1'
	fi
	addr "$director" eth0 192.0.2.1/24 2001:db8:1::1/64 "$VIP4/32" "$VIP6/128 preferred_lft 0"
	_changes_anyway "$director" eth0
	wait_for 20 'the server is reached again' _reached
	flows_settle 'a new device of that name'
}

# What is not for this machine is not forwarded: replies of nat. What is for it, is.
_changes_forwarding() {
	sysctls "$director" ipv6/conf/all/forwarding=0
	if [[ $changes_method == nat ]]; then
		not_routed() { flows_say 1 "$WEIR_SLOW" udp6 && [[ $flows_said == 'udp6 0' ]]; }
		wait_for 20 'IPv6 is no longer forwarded, nor are replies' not_routed
		flows_silent 'and they stay away' udp6
	else
		flows_settle 'IPv6 is no longer forwarded, which virtual services do not need'
	fi
	sysctls "$director" ipv6/conf/all/forwarding=1
	flows_settle 'IPv6 is forwarded again'
}

# changes METHOD: all of them, in its topology
changes() {
	changes_method=$1 changes_out=eth1
	[[ $1 != dr && $1 != tun ]] || changes_out=eth0
	printf '\n---- %s\n' "$1"
	new_ns elsewhere
	_changes_cables
	flows_service "$1"
	flows_open
	flows_settle 'at first'
	_changes_neighbours
	_changes_routes
	_changes_virtual_addresses
	_changes_link
	_changes_forwarding
	_changes_device
	flows_close
}
