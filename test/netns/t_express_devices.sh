#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # new_ns sets variables by name
# tags: debug
# timeout: 180
# express by kinds of devices on the client's side: VLAN, bond, team, bridge with the address on the bridge, macvlan, ipvlan. Traffic
# is express at the device that has the address, never at the one below it; and where devices are named, at those alone.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"

need_weiradm
need_command teamnl
topology_nat 1
express_service -m
first=$client
flow "$VIP4" 53 2 'veth'

# by KIND GATEWAY ADDRESS COMMAND...: a client of its own; COMMAND, with $dev as the director's end of its cable, makes the device "top"
number=0
by() {
	local kind=$1 dev=cable$((++number)) peer=eth0 above
	local gateway=203.0.113.$((number * 16 + 1)) address=203.0.113.$((number * 16 + 2))

	new_ns guest
	client=$guest
	link_ns "$director" "$dev" "$client" eth0
	case $kind in
	vlan)
		ip -n "$director" link add link "$dev" name top type vlan id 7
		ip -n "$client" link add link eth0 name eth0.7 type vlan id 7
		ip -n "$client" link set eth0.7 up
		peer=eth0.7
		;;
	bond)
		ip -n "$director" link add top type bond mode active-backup miimon 100
		ip -n "$director" link set "$dev" down
		ip -n "$director" link set "$dev" master top
		;;
	team)
		ip -n "$director" link add top type team
		ip -n "$director" link set top address "$(mac_of "$director" "$dev")"
		ns "$director" teamnl top setoption mode activebackup
		ip -n "$director" link set "$dev" down
		ip -n "$director" link set "$dev" master top
		ip -n "$director" link set "$dev" up
		ns "$director" teamnl top setoption activeport "$(ip -n "$director" -o link show "$dev" | cut -d : -f 1)"
		;;
	bridge)
		ip -n "$director" link add top type bridge forward_delay 0
		ip -n "$director" link set "$dev" master top
		;;
	macvlan) ip -n "$director" link add top link "$dev" type macvlan mode bridge ;;
	passthru) ip -n "$director" link add top link "$dev" type macvlan mode passthru ;;
	ipvlan)
		ip -n "$director" link add top link "$dev" type ipvlan mode l2
		# it is given the packets for its addresses, and no others
		addr "$director" top "$VIP4/32"
		;;
	esac
	ip -n "$director" link set top up
	addr "$director" top $gateway/28
	addr "$client" $peer $address/28
	routes "$client" "default via $gateway"
	wait_for 20 "$kind: the director answers" ns "$client" ping -c 1 -W 1 $gateway
	# A hook below would take packets away before the device above counts them.
	above=$(dev_counter "$director" top rx_packets)
	express_settles both "$VIP4" 53 "$kind"
	check_range $(($(dev_counter "$director" top rx_packets) - above)) 8 1000 "$kind: the device that has the address received them"
	if [[ $kind == bridge ]]; then
		ip -n "$director" link set "$dev" nomaster
		ip -n "$director" addr flush dev top
		addr "$director" "$dev" $gateway/28
		wait_for 20 'out of its bridge: the director answers' ns "$client" ping -c 1 -W 1 $gateway
		express_settles both "$VIP4" 53 'a port that has left its bridge'
	fi
	ip -n "$director" link del top
	ip -n "$director" link del "$dev"
}

for kind in vlan bond team bridge macvlan passthru ipvlan; do
	case $kind in
	vlan) module=8021q ;;
	bond) module=bonding ;;
	team) module=team_mode_activebackup ;;
	passthru) module=macvlan ;;
	*) module=$kind ;;
	esac
	if ! modprobe -q $module && [[ ! -d /sys/module/$module ]]; then
		printf 'no %s in this kernel\n' "$kind"
		continue
	fi
	by "$kind"
done
client=$first
express_settles both "$VIP4" 53 'veth, all others gone'

# Only named devices: requests come by eth0, replies by eth1. Paths that are known stay, but nothing comes to them.
adm config express-devices=eth0
check_match "$(adm config)" '^express-devices +eth0$' 'a device is named'
express_settles request "$VIP4" 53 'eth0 alone'
adm config express-devices=eth1,later
express_settles reply "$VIP4" 53 'eth1, and one that is not there yet'
ip -n "$director" link set eth0 down
ip -n "$director" link set eth0 name later
ip -n "$director" link set later up
wait_for 20 'the director answers' ns "$client" ping -c 1 -W 1 192.0.2.1
express_settles both "$VIP4" 53 'it is there'
ip -n "$director" link set later down
ip -n "$director" link set later name eth0
ip -n "$director" link set eth0 up
wait_for 20 'the director answers again' ns "$client" ping -c 1 -W 1 192.0.2.1
express_settles reply "$VIP4" 53 'it has another name again'
adm config express-devices=all
check_match "$(adm config)" '^express-devices +all$' 'no device is named'
express_settles both "$VIP4" 53 'all devices'
