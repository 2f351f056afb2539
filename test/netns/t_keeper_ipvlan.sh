#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: nomodule
# timeout: 300
# use_ipvlan, and vmacs in a VRF: one file, read by keepalived and by weir-keeper in turn. Adverts have the same source, MAC and
# addresses, the same interfaces are made and carry the same. Then both as master and backup of each other, a handover between two
# weir-keepers, a reload, a crash, and what is left behind.
. "$(dirname "$0")/../lib.sh"
keeper=$WEIR_ROOT/build/bin/weir-keeper
[[ -x $keeper ]] || skip 'weir-keeper is not built'
command -v keepalived >/dev/null || skip 'keepalived is not installed'
first='' second='' vip=192.0.2.100
declare -A pid

new_ns first second
for name in "$first" "$second"; do
	sysctls "$name" ipv6/conf/all/accept_dad=0 ipv6/conf/default/accept_dad=0
done
link_ns "$first" eth0 "$second" eth0
addr "$first" eth0 192.0.2.10/24
addr "$second" eth0 192.0.2.20/24

# config [LINE...]: of both, with these lines in the first instance
config() {
	cat >"$TEST_TMP/conf" <<-EOT
	vrrp_instance four {
		interface eth0
		virtual_router_id 51
		@first priority 200
		@second priority 100
		version 3
		advert_int 0.2
		$(printf '%s\n' "$@")
		virtual_ipaddress {
			$vip/24
		}
		virtual_ipaddress_excluded {
			2001:db8::100/64
			192.0.2.101/24 dev eth0
		}
	}
	EOT
}
six() {
	cat >>"$TEST_TMP/conf" <<-EOT
	vrrp_instance six {
		interface eth0
		virtual_router_id 52
		@first priority 200
		@second priority 100
		advert_int 0.2
		$1
		virtual_ipaddress {
			fe80::100
			2001:db8::200/64
		}
	}
	EOT
}
# start first|second weir|keepalived
start() {
	local -n namespace=$1

	if [[ $2 == weir ]]; then
		background nsenter "--net=/run/netns/$namespace" "$keeper" -i "$1" -f "$TEST_TMP/conf" --socket "$TEST_TMP/$1.sock"
	else
		background nsenter "--net=/run/netns/$namespace" keepalived -i "$1" -n -l -P -D -f "$TEST_TMP/conf" \
			-p "$TEST_TMP/$1.pid" -r "$TEST_TMP/$1.vrrp"
	fi
	pid[$1]=$background_pid
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# stop first|second [SIGNAL]
stop() {
	kill "-${2:-TERM}" "${pid[$1]}"
	busywait 20 gone "${pid[$1]}" || fail "$1 does not end"
}
tell() { "$keeper" --socket "$TEST_TMP/$1.sock" "${@:2}"; }
holds() { [[ $(ip -n "$1" -o address show) == *" $2/"* ]]; }
alone() { holds "$1" "$vip" && ! holds "$2" "$vip"; }
all_at() { alone "$1" "$2" && holds "$1" fe80::100 && ! holds "$2" fe80::100; }
made() { ip -n "$1" -o link show type "$2" | wc -l; }
# addresses NAMESPACE: "device address", of interfaces that are made for one, and virtual ones
addresses() {
	ip -n "$1" -o address show | awk '$2 != "lo" { print $2, $4 }' | sort
}
# adverts: one of each router on the wire, as the other side sees it: source MAC and all of the packet that is not chance
adverts() {
	{ ns "$second" timeout 5 tcpdump -c 6 -nnvei eth0 'ip proto 112 or ip6 proto 112' 2>/dev/null || :; } |
		sed -n '/ethertype IPv4/{N; s/\n */ /; }
			s/^[0-9:.]* \(.* > .*\), ethertype.* \([0-9a-f:.]* > [0-9a-f:.]*: VRRP.*\)/\1 \2/p' | sort -u
}
# compare WHAT: the first router alone, by keepalived and by weir-keeper
compare() {
	local program

	for program in keepalived weir; do
		start first $program
		busywait 20 "${2:-holds}" "$first" "${3:-$vip}" || fail "$1: $program does not become master: $(<"$background_log")"
		sleep 1
		addresses "$first" >"$TEST_TMP/addresses-$program"
		adverts >"$TEST_TMP/adverts-$program"
		ip -n "$first" -d -o link show |
			sed -n 's/^[0-9]*: \([a-z0-9.]*\)@eth0: .*\(master [a-z0-9]*\).*group \([a-z0-9]*\).*/\1 \2 \3/p; t
			s/^[0-9]*: \([a-z0-9.]*\)@eth0: .*group \([a-z0-9]*\).*\(ipvlan *mode [a-z0-9]* [a-z]*\).*/\1 \2 \3/p' >"$TEST_TMP/links-$program"
		stop first
		! holds "$first" "$vip" || fail "$1: $program leaves its address"
		check_eq "$(made "$first" ipvlan) $(made "$first" macvlan)" '0 0' "$1: what $program leaves"
	done
	for what in addresses adverts links; do
		[[ -s $TEST_TMP/$what-keepalived ]] || fail "$1: no $what seen"
		diff "$TEST_TMP/$what-keepalived" "$TEST_TMP/$what-weir" || fail "$1: $what are not keepalived's"
	done
	sed 's/^/# /' "$TEST_TMP/links-weir" "$TEST_TMP/adverts-weir"
	ok "$1: adverts, interfaces and addresses are keepalived's"
}
both_families() { holds "$1" "$2" && holds "$1" fe80::100; }

config 'use_ipvlan iv0 192.0.2.11/24'
six use_ipvlan
compare 'bridge' both_families
config 'use_ipvlan private 192.0.2.11'
six 'use_ipvlan private iv6'
compare 'private' both_families
config 'use_ipvlan 192.0.2.11 vepa'
compare 'vepa'

# both, with each other
config '@first use_ipvlan iv0 192.0.2.11/24' '@second use_ipvlan iv0 192.0.2.21/24'
six use_ipvlan
start second keepalived
busywait 20 all_at "$second" "$first" || fail 'keepalived is not master'
start first weir
busywait 20 all_at "$first" "$second" || fail "the higher priority does not win: $(tell first status)"
[[ $(tell first status) != *' fault '* ]] || fail "$(tell first status)"
stop first
busywait 20 all_at "$second" "$first" || fail 'keepalived does not take over'
ok 'keepalived and weir-keeper hear each other'
stop second
start second weir
busywait 20 all_at "$second" "$first" || fail 'weir-keeper is not master'
start first keepalived
busywait 20 all_at "$first" "$second" || fail "keepalived does not win: $(tell second status)"
stop first
busywait 20 all_at "$second" "$first" || fail 'weir-keeper does not take over'
ok 'and the other way round'
start first weir
first_log=$background_log
busywait 20 all_at "$first" "$second" || fail "the second weir-keeper does not win: $(tell first status)"

# a handover: announced and asked for between the ipvlans. The emulated machine is too slow for an answer within 3 ms.
handed_over() {
	local status

	status=$(tell second status)
	[[ $status == *'handed over by the master: 192.0.2.11'* && $status == *'handed over by the master: fe80:'* ]]
}
sleep 2
tell first handover >/dev/null
busywait 10 all_at "$second" "$first" || fail 'no handover'
busywait 5 handed_over || fail "nobody was asked: $(tell second status)"
ok 'handover between two weir-keepers, by IPv4 and IPv6'
sleep 2
tell second handover >/dev/null
busywait 10 all_at "$first" "$second" || fail 'no handover back'

# an ipvlan that somebody takes away is made again; one that a reload names otherwise is another
ip -n "$first" link delete iv0
again() { [[ $(ip -n "$first" -o address show dev iv0 2>/dev/null) == *192.0.2.11/24* ]] && all_at "$first" "$second"; }
busywait 20 again || fail 'an ipvlan that was taken away is not made again'
ok 'an ipvlan that was taken away comes back'
sed -i 's/@first use_ipvlan iv0/@first use_ipvlan other/' "$TEST_TMP/conf"
tell first reload >/dev/null
renamed() {
	all_at "$first" "$second" && [[ $(ip -n "$first" -o link show type ipvlan) == *other@* ]] && (($(made "$first" ipvlan) == 2))
}
busywait 20 renamed || fail "a reload with another name: $(ip -n "$first" link show)"
ok 'a reload names it otherwise'
cp "$TEST_TMP/conf" "$TEST_TMP/good"
config '@first use_ipvlan' '@second use_ipvlan iv0 192.0.2.21/24'
tell first reload >/dev/null
refused() { [[ $(<"$first_log") == *'needs an address'* ]]; }
busywait 10 refused || fail "an ipvlan without an address is taken: $(<"$first_log")"
all_at "$first" "$second" || fail 'a refused reload changed something'
cp "$TEST_TMP/good" "$TEST_TMP/conf"
ok 'a refused reload changes nothing'

# the whole daemon dies: cleanup leaves nothing
mapfile -t all < <(ip netns pids "$first")
kill -STOP "${all[@]}"
kill -KILL "${all[@]}" || : # the guard first: the others end with it
busywait 20 holds "$second" "$vip" || fail 'a dead master is not replaced'
check_eq "$(made "$first" ipvlan)" 2 'what a killed daemon leaves'
ns "$first" "$keeper" -i first -f "$TEST_TMP/conf" cleanup
check_eq "$(made "$first" ipvlan)" 0 'after cleanup'
! holds "$first" "$vip" || fail 'cleanup leaves the address'
stop second

# a vmac is in the VRF of the interface below it
ip -n "$first" link add red type vrf table 10
ip -n "$first" link set red up
ip -n "$first" link set eth0 master red
config 'use_vmac' 'vrf red'
sed -i '/2001:db8::100/d' "$TEST_TMP/conf"
compare 'vmac in a VRF'
grep -q 'vrrp.51 master red' "$TEST_TMP/links-weir" || fail "the vmac is in no VRF: $(<"$TEST_TMP/links-weir")"
