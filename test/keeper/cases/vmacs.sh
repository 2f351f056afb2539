# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# use_vmac_addr: addresses on another interface than the adverts', and of the other family, have the virtual MAC too. On
# the networks of groups.sh; one file, read by weir-keeper and keepalived in turn.

vmacs_config() {
	family=4
	config a 100 "version 3" "advert_int 0.2" "use_vmac" "use_vmac_addr"
	sed -i 's/priority 100/@a priority 200\n\t@b priority 100/' "$work/a.conf"
	insert a 'virtual_ipaddress_excluded {' "$vip_w/24 dev eth1" '2001:db8::100/64' '}'
	cp "$work/a.conf" "$work/b.conf"
}
# where SIDE: the interfaces of the three addresses, with their MACs
where() {
	ip -n "$1" -o address show | awk -v w="$vip_w/" -v v="$vip/" 'index($4, w) == 1 || index($4, v) == 1 || /2001:db8::100\// {
		sub("/.*", "", $4); print $4, $2 }' | sort | while read -r address device; do
		echo "$address $device $(ip -n "$1" -o link show dev "$device" | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/')"
	done
}
all_three() { [[ $(where "$1" | wc -l) == 3 && -z $(where "$2") ]]; }
macvlans() { ip -n "$1" -o link show type macvlan | wc -l; }
no_macvlans() { (($(macvlans "$1") == 0)); }
answered() {
	ip netns exec b ping -c 1 -W 1 -I eth1 "$vip_w" >/dev/null
	ip -n b neigh flush dev eth1
	grep -q "Reply $vip_w is-at 00:00:5e:00:01:33" "$work/arp" && ! grep "Reply $vip_w" "$work/arp" | grep -v 00:00:5e:00:01:33
}
vmacs() {
	local there

	vmacs_config
	start b keepalived
	busywait 10 all_three b a || return 1
	there=$(where b)
	start a weir
	busywait 10 all_three a b || return 2
	where a | sed 's/^/# /'
	diff <(echo "$there") <(where a) || return 3
	# a neighbor on the other network is answered with the virtual MAC
	ip -n b neigh flush dev eth1
	tcpdump -l -nni port1-a arp >"$work/arp" 2>/dev/null &
	busywait 10 answered || return 5
	kill %% 2>/dev/null
	# the VRRP process dies: the macvlans stay for the next, the addresses go and come
	kill -KILL "$(vrrp_process a)"
	busywait 20 all_three a b || return 6
	# a reload without the other interface
	sed -i "/dev eth1/d" "$work/a.conf"
	"$keeper" --socket "$work/a.sock" reload >/dev/null || return 7
	busywait 10 gone_from a "$vip_w" || return 8
	is a MASTER || return 9
	(($(macvlans a) == 2)) || return 10
	cp "$work/b.conf" "$work/a.conf"
	"$keeper" --socket "$work/a.sock" reload >/dev/null || return 11
	busywait 10 holds a "$vip_w" || return 12
	# the other interface is tracked
	ip link set port1-a down
	busywait 10 all_three b a || return 13
	is a FAULT || return 14
	ip link set port1-a up
	busywait 15 all_three a b || return 15
	stop a
	busywait 10 all_three b a || return 16
	no_macvlans a || return 17
	start a weir
	busywait 10 all_three a b || return 18
	stop a KILL
	ip netns exec a "$keeper" -i a -f "$work/a.conf" cleanup || return 19
	no_macvlans a
}

mac_of() { ip -n "$1" -o link show dev eth0 | sed 's/.*link.ether \([0-9a-f:]*\) .*/\1/'; }
# arps PROGRAM: who asked and answered what, MACs by their names
arps() {
	sed -n '/^# /p
		s/^[0-9:.]* \([0-9a-f:]*\) > .*Request who-has \([0-9.]*\) tell \([0-9.]*\),.*/\1 asks for \2 as \3/p
		s/^[0-9:.]* \([0-9a-f:]*\) > .*Reply \([0-9.]*\) is-at \([0-9a-f:]*\),.*/\1 answers that \2 is \3/p' "$work/arp.$1" |
		sed "s/$(mac_of a)/real/g; s/$(mac_of b)/other/g; s/00:00:5e:00:01:33/virtual/g"
}
# settings: of ARP and routes, on the interface and the vmac
settings() {
	ip netns exec a sh -c 'cd /proc/sys/net/ipv4/conf && grep . eth0/* vrrp.51/*' |
		grep -E 'arp_|rp_filter|accept_local|promote_secondaries|forwarding'
}
# ask FROM TO ADDRESS PROGRAM: one ping when nobody knows a neighbor
ask() {
	echo "# $1, $2 to $3" >>"$work/arp.$4"
	ip -n a neigh flush all
	ip -n b neigh flush all
	ip netns exec "$1" ping -c 1 -W 1 -I "$2" "$3" >/dev/null
	sleep 0.2
}
# An address of the virtual router asks by whichever interface the route is on, the real MAC with the virtual address among it:
# that is the kernel's, with keepalived's settings. Nobody but the vmac answers for it.
vmac_arps() {
	local program

	family=4
	config a 200 "version 3" "advert_int 0.2" "garp_master_delay 1" "use_vmac"
	for program in keepalived weir; do
		start a $program
		busywait 10 holds a "$vip" || return 1
		sleep 2 # the announcements are over
		settings >"$work/settings.$program"
		tcpdump -l -nnei br0 arp >>"$work/arp.$program" 2>/dev/null &
		sleep 1
		ask a 192.0.2.10 192.0.2.20 $program
		ask a "$vip" 192.0.2.20 $program
		ask a vrrp.51 192.0.2.20 $program
		ask b eth0 "$vip" $program
		ask b eth0 192.0.2.10 $program
		kill %%
		stop a
		busywait 10 gone_from a "$vip" || return 2
		arps $program >"$work/arps.$program"
	done
	sed 's/^/# /' "$work/arps.weir"
	diff "$work/settings.keepalived" "$work/settings.weir" || return 3
	diff "$work/arps.keepalived" "$work/arps.weir" || return 4
	grep -Fqx "virtual answers that $vip is virtual" "$work/arps.weir" || return 5
	! grep -Fqx "real answers that $vip is real" "$work/arps.weir"
}

if wanted vmacs && command -v tcpdump >/dev/null; then
	groups_setup
	vmacs
	result $? "vmacs: addresses on another interface and of the other family have virtual MACs where keepalived has them"
	groups_end
fi
if wanted vmac_arps && command -v tcpdump >/dev/null; then
	vmac_arps
	result $? "vmac_arps: ARP of and for a virtual MAC, and the settings for it, are keepalived's"
	stop_everything
fi
