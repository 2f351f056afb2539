#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The provisioning scripts, as they stand in docs/ and scripts/, bring bare machines to serving; twice changes nothing.
# tags: quick
. "$(dirname "$0")/../lib.sh"

need_weiradm
PATH=$(dirname "$WEIRADM"):$PATH

# bare NS DEV...: a director that nobody has set up
bare() {
	local name=$1 dev

	shift
	for dev in "$@"; do
		ip -n "$name" address flush dev "$dev"
	done
	ns "$name" sysctl -qw net.ipv4.ip_forward=0
}

served_by_all() {
	local got

	got=$(http_spread "$client" "$(url "$VIP4")" 9)
	check_eq "$got" $'3 server1\n3 server2\n3 server3' "$1: nine requests over three servers"
}

# provision SCRIPT VARIABLE=VALUE...: runs it twice
provision() {
	local script=$1 first second

	shift
	first=$(ns "$director" env "$@" "$WEIR_ROOT/docs/provision/$script") || fail "$script ended with $?: $first"
	second=$(ns "$director" env "$@" "$WEIR_ROOT/docs/provision/$script") || fail "$script again ended with $?: $second"
	check_eq "$(grep -- '^  ->' <<<"$second")" "$(grep -- '^  ->' <<<"$first")" "$script: a second run changes nothing"
}

nat() {
	topology_nat 3
	bare "$director" eth0 eth1
	addr "$director" eth0 192.0.2.1/24
	start_nginx_all 80
	provision director-nat.sh PUBLIC=eth0 PRIVATE=eth1 VIP="$VIP4" GATEWAY="$DIP4/24" SERVERS="${RIP4[*]}"
	served_by_all nat
}

dr() {
	local i before after

	topology_dr 3
	bare "$director" eth0
	for i in 1 2 3; do
		ip -n "${servers[i]}" address flush dev lo
		addr "${servers[i]}" lo 127.0.0.1/8
		ns "${servers[i]}" sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0
		export WEIR_STATE_DIR=$TEST_TMP/real-server$i
		before=$(ns "${servers[i]}" "$WEIR_ROOT/scripts/real-server" status)
		check_ok "server$i is prepared" ns "${servers[i]}" "$WEIR_ROOT/scripts/real-server" up "$VIP4" dr
		after=$(ns "${servers[i]}" "$WEIR_ROOT/scripts/real-server" up "$VIP4" dr)
		check_eq "$after" "" "server$i: a second run changes nothing"
	done
	start_nginx_all 80
	provision director-dr.sh DEVICE=eth0 ADDRESS="$DIP4/24" VIP="$VIP4" SERVERS="${RIP4[*]}"
	served_by_all dr
	ns "${servers[3]}" "$WEIR_ROOT/scripts/real-server" down "$VIP4"
	check_eq "$(ns "${servers[3]}" "$WEIR_ROOT/scripts/real-server" status)" "$before" "server3 is as it was"
	check_fails 2 "not an IPv4 or IPv6 address" "a bad address" "$WEIR_ROOT/scripts/real-server" up 192.0.2.256
	check_fails 2 "only dr and tun need" "another method" "$WEIR_ROOT/scripts/real-server" up 192.0.2.1 nat
}

nat
dr
