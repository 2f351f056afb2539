#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# mh: directors that share a seed agree, in whatever order their servers were added, and others do not; shares follow the weights;
# a server that goes moves few clients of the others, none with mh-fallback, and when it is back all is as it was.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff
ipvs() { # the other director is one of weir's too
	ns "$director_ipvs" "$WEIRADM" "$@"
}

seed=000102030405060708090a0b0c0d0e0f
# add WHO PORT OPTIONS WEIGHT... : servers 1, 2, ..; with WHO ipvs the last one first
add() {
	local who=$1 port=$2 options=$3 i order

	shift 3
	# shellcheck disable=SC2086 # options are words
	"$who" service add "udp:$VIP4:$port" --scheduler mh $options
	order=$(seq "$#")
	[[ $who == weir ]] || order=$(seq "$#" -1 1)
	for i in $order; do
		"$who" server add "udp:$VIP4:$port" "198.51.100.1$i:$port" --weight "${!i}"
	done
}

add weir 53 "--seed $seed" 1 2 3 4
add ipvs 53 "--seed $seed" 1 2 3 4
traffic open udp $VIP4 53 800 1
check_same_decisions 53 800 'one seed'
got=$(spread weir 53)
for i in 1 2 3 4; do
	check_range "$(spread_of "$got" "198.51.100.1$i:53")" $((80 * i - 45)) $((80 * i + 45)) "share of weight $i of 10"
done

add weir 54 '' 1 1
add ipvs 54 '' 1 1
traffic open udp $VIP4 54 200 2
decisions weir 54 >"$TEST_TMP/one"
decisions ipvs 54 >"$TEST_TMP/other"
! cmp -s "$TEST_TMP/one" "$TEST_TMP/other" || fail 'two secrets are the same'
ok 'without a seed each director has a secret'

# moved PORT SERVER: after a change the clients of other servers that changed theirs; "before" has the old decisions
again() {
	weir conn delete --all >/dev/null
	traffic open udp $VIP4 "$1" 500 3 >/dev/null
	decisions weir "$1" >"$TEST_TMP/after"
}
moved() {
	LC_ALL=C join -j 3 <(LC_ALL=C sort -k 3 "$TEST_TMP/before") <(LC_ALL=C sort -k 3 "$TEST_TMP/after") |
		awk -v gone="$1" '$5 != $9 && $5 != gone { n++ } END { print n + 0 }'
}

for flags in none mh-fallback; do
	port=$([[ $flags == none ]] && echo 55 || echo 56)
	add weir "$port" "--seed $seed -b $flags" 1 1 1 1 1
	again "$port"
	cp "$TEST_TMP/after" "$TEST_TMP/before"
	weir server set "udp:$VIP4:$port" "198.51.100.13:$port" --weight 0
	again "$port"
	check_eq "$(wc -l <"$TEST_TMP/after")" 500 "$flags: everybody has a server"
	check_eq "$(spread_of "$(spread weir "$port")" "198.51.100.13:$port")" 0 "$flags: nobody has that of weight 0"
	if [[ $flags == none ]]; then
		check_range "$(moved "198.51.100.13:$port")" 0 99 "$flags: clients of others that moved"
	else
		check_eq "$(moved "198.51.100.13:$port")" 0 "$flags: clients of others that moved"
	fi
	weir server set "udp:$VIP4:$port" "198.51.100.13:$port" --weight 1
	again "$port"
	cmp "$TEST_TMP/before" "$TEST_TMP/after" || fail "$flags: not as it was"
	ok "$flags: as it was when the server is back"
done
