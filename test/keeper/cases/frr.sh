# shellcheck shell=bash disable=SC2154,SC2034 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# FRR's vrrpd as master and as backup. It has its addresses on a macvlan of its own, up while it is master.

frr_vrrp_config() {
	local priority=$1 version=$2 lines

	if [[ $family == 6 ]]; then
		lines=" vrrp 51 ipv6 fe80::100
		 vrrp 51 ipv6 2001:db8::100"
	else
		lines=" vrrp 51 ip 192.0.2.100
		 vrrp 51 ip 192.0.2.101"
	fi
	cat >"$work/vrrpd.conf" <<-EOT
	interface eth0
	 vrrp 51 version $version
	 vrrp 51 priority $priority
	 vrrp 51 advertisement-interval 1000
	$lines
	!
	EOT
	: >"$work/zebra.conf"
	if [[ $family == 6 ]]; then
		ip -n b link add vrrp6-1 link eth0 address 00:00:5e:00:02:33 type macvlan mode bridge
		ip -n b address add fe80::100/64 dev vrrp6-1 nodad
		ip -n b address add 2001:db8::100/64 dev vrrp6-1 nodad
		ip -n b link set vrrp6-1 up
	else
		ip -n b link add vrrp4-1 link eth0 address 00:00:5e:00:01:33 type macvlan mode bridge
		ip -n b address add 192.0.2.100/24 dev vrrp4-1
		ip -n b address add 192.0.2.101/24 dev vrrp4-1
		ip -n b link set vrrp4-1 up
	fi
}
frr_state() {
	vtysh --vty_socket /run/frr -d vrrpd -c 'show vrrp 51' 2>/dev/null | sed -n "s/.*Status (v$family) *//p" | grep -q "$1"
}
frr_show() { vtysh --vty_socket /run/frr -d vrrpd -c 'show vrrp 51' 2>&1 | sed 's/^/# frr: /' | head -n 30; }
frr_start_vrrp() {
	frr_start b zebra || return 1
	busywait 5 test -S /run/frr/zserv.api || return 1
	frr_start b vrrpd
}
frr_stop() {
	local daemon

	for daemon in vrrpd zebra; do
		kill "$(cat /run/frr/$daemon.pid)" 2>/dev/null
	done
	busywait 5 frr_gone
	rm -f /run/frr/* # nobody connects to a socket of those before
	ip -n b link del vrrp4-1 2>/dev/null
	ip -n b link del vrrp6-1 2>/dev/null
	return 0
}
frr_gone() { ! pgrep -x 'vrrpd|zebra' >/dev/null; }

# frr_pair OURS THEIRS VERSION: priorities; weir-keeper is there before vrrpd
frr_pair() {
	config a "$1" "version $3" "advert_int 1"
	frr_vrrp_config "$2" "$3"
	start a weir
	busywait 10 holds a "$vip" || return 1
	frr_start_vrrp || return 2
}
frr_backup() {
	frr_pair 200 100 "$1" || return
	busywait 10 frr_state Backup || return 3
	sleep 4
	is a MASTER && frr_state Backup || return 4
	stop a
	busywait 10 frr_state Master || return 5
	start a weir
	busywait 10 frr_state Backup || return 6
	is a MASTER
}
frr_master() {
	frr_pair 100 200 "$1" || return
	busywait 10 frr_state Master || return 3
	busywait 10 is a BACKUP || return 4
	sleep 4
	is a BACKUP && frr_state Master || return 5
	kill -KILL "$(cat /run/frr/vrrpd.pid)"
	busywait 10 holds a "$vip"
}

if wanted frr && [[ -x $frr/vrrpd ]]; then
	for which in '4 3' '4 2' '6 3'; do
		family=${which% *}
		for role in master backup; do
			"frr_$role" "${which#* }"
			status=$?
			((status == 0)) || { frr_show; sed 's/^/# frr: /' "$work/vrrpd.log" "$work/zebra.log" | tail -n 20; }
			result $status "frr: FRR's vrrpd is $role, IPv$family, version ${which#* }"
			frr_stop
			stop_everything
		done
	done
	family=4
fi
