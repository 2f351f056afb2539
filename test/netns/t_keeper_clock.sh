#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: nomodule
# timeout: 200
# Two routers whose clock jumps, both at once as in one machine: an hour forth, a day back, and back and forth many times in
# a second. Nobody takes a master for dead and no advert is missed; a master that dies afterwards is replaced in time.
. "$(dirname "$0")/../lib.sh"
keeper=$WEIR_ROOT/build/bin/weir-keeper
[[ -x $keeper ]] || skip 'weir-keeper is not built'
vip=192.0.2.100 first='' second=''

new_ns first second
link_ns "$first" eth0 "$second" eth0
addr "$first" eth0 192.0.2.10/24
addr "$second" eth0 192.0.2.20/24

# start NAMESPACE PRIORITY: sets started
start() {
	cat >"$TEST_TMP/$1.conf" <<-EOT
	vrrp_instance V {
		interface eth0
		virtual_router_id 51
		priority $2
		version 3
		advert_int 0.2
		virtual_ipaddress {
			$vip/24
		}
	}
	EOT
	background nsenter "--net=/run/netns/$1" "$keeper" -f "$TEST_TMP/$1.conf" --socket "$TEST_TMP/$1.sock"
	started=$background_pid
}
# no pipes: who looks no further than the first match would end the other side with SIGPIPE
holds() { [[ $(ip -n "$1" -o address show) == *" $vip/"* ]]; }
status() { "$keeper" --socket "$TEST_TMP/$1.sock" status "${@:2}" 2>/dev/null; }
# counter NAMESPACE NAME: the first of that name in the status
counter() { sed -n "s/.*\"$2\": \([0-9]*\),*/\1/p;T;q" <<<"$(status "$1" -j)"; }
state_is() { [[ $(status "$1") =~ V\ +$2\  ]]; }
adverts_after() { (($(counter "$first" adverts) > $1)); }

start "$first" 200
master=$started
busywait 20 holds "$first" || fail 'the first router does not become master'
start "$second" 100
busywait 20 state_is "$second" BACKUP || fail 'the second router is no backup'
sleep 1

# jump WHAT COMMAND...
jump() {
	local what=$1 transitions before

	shift
	transitions="$(counter "$first" transitions) $(counter "$second" transitions)"
	before=$(counter "$first" adverts)
	"$@"
	# two seconds by a clock that does not jump: ten adverts, as many as ever
	busywait 20 adverts_after $((before + 10)) || fail "$what: adverts do not go on"
	check_eq "$(counter "$first" transitions) $(counter "$second" transitions)" "$transitions" "$what: transitions"
	holds "$first" || fail "$what: the master has lost its address"
	! holds "$second" || fail "$what: the backup has the address too"
	ok "$what"
}
by() { date -s "@$(($(date +%s) + $1))" >/dev/null; }
shake() {
	local i

	for ((i = 0; i < 20; i++)); do
		by $((i % 2 ? -7200 : 7200))
	done
}
jump 'an hour forth' by 3600
jump 'a day back' by -86400
jump 'back and forth' shake

by 100000
mapfile -t children < <(pgrep -P "$master")
kill -KILL "${children[@]}" "$master"
busywait 5 holds "$second" || fail 'a dead master is not replaced after the jumps'
by -17200
ok 'a master that dies is replaced'
