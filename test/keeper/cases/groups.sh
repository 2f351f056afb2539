# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# A sync group over two networks, each of which may go by itself: its members are master at one and the same router.
#
#        br0 192.0.2.0/24     V: .100
#      +-----+------+
#   a: eth0     b: eth0
#      eth1        eth1
#      +-----+------+
#        br1 198.51.100.0/24  W: .100

vip_w=198.51.100.100

groups_setup() {
	local side

	ip link add name br1 type bridge && ip link set br1 up
	for side in a b; do
		ip link add eth1 netns $side type veth peer name "port1-$side"
		ip link set "port1-$side" master br1 up
		ip -n $side link set eth1 up
	done
	ip -n a address add 198.51.100.10/24 dev eth1
	ip -n b address add 198.51.100.20/24 dev eth1
}
groups_end() {
	stop_everything
	ip link del port1-a; ip link del port1-b; ip link del br1
}

# group_config SIDE PRIORITY [LINE...]
group_config() {
	local side=$1 priority=$2

	shift 2
	family=4
	config "$side" "$priority" "version 3" "advert_int 0.2" "$@"
	sed 's/instance V/instance W/; s/_id 51/_id 52/; s/eth0/eth1/; s/192\.0\.2\./198.51.100./g' "$work/$side.conf" \
		>"$work/$side.second"
	printf 'vrrp_sync_group G {\n\tgroup {\n\t\tV\n\t\tW\n\t}\n}\n' | cat "$work/$side.second" - >>"$work/$side.conf"
}

group_at() { alone "$1" "$2" && holds "$1" $vip_w && ! holds "$2" $vip_w; }
group_is() {
	"$keeper" --socket "$work/$1.sock" status 2>/dev/null |
		awk -v want="$2" '$1 == "V" || $1 == "W" { seen++; bad += $2 != want } END { exit !(seen == 2 && !bad) }'
}
is_weir() { [[ ${kind[$1]} == weir ]]; }
# became_master FILE: how many members did, by the daemon's own log
became_master() { grep -cE '\([VW]\) (.* -> MASTER|Entering MASTER STATE)' "$work/$1.log"; }

# sync_group KIND_OF_A KIND_OF_B: a has the higher priority
sync_group() {
	local before
	declare -A kind=([a]=$1 [b]=$2)

	group_config a 200
	group_config b 100
	start b "$2"
	busywait 10 group_at b a || return 1
	start a "$1"
	busywait 10 group_at a b || return 2
	# a sees the link go: its other member goes with it, and says FAULT too
	ip link set port1-a down
	busywait 10 group_at b a || return 3
	! is_weir a || group_is a FAULT || return 4
	ip link set port1-a up
	busywait 15 group_at a b || return 5
	# the same for the first member
	ip link set port-a down
	busywait 10 group_at b a || return 6
	ip link set port-a up
	busywait 15 group_at a b || return 7
	# one path goes and nobody sees it: b hears a's other member, so that a part of the group does not move
	before=$(became_master b)
	ip link set port1-a nomaster
	sleep 2
	group_at a b || return 8
	[[ $(became_master b) == "$before" ]] || return 9
	# both: then it moves as a whole, and goes back as a whole when they hear each other
	ip link set port-a nomaster
	busywait 10 group_holds b || return 10
	ip link set port-a master br0; ip link set port1-a master br1
	busywait 10 group_at a b || return 11
	! is_weir b || group_is b BACKUP || return 12
	stop a
	busywait 10 group_at b a || return 13
	start a "$1"
	busywait 10 group_at a b || return 14
	stop a KILL
	! is_weir a || ip netns exec a "$keeper" -f "$work/a.conf" cleanup || return 15
	busywait 10 group_holds b
}
group_holds() { holds "$1" "$vip" && holds "$1" $vip_w; }

# Both members are handed over, without a resignation of one; asked for one of them, the group goes the RFC's way
group_handover() {
	group_config a 200
	group_config b 100
	start a weir
	busywait 10 group_holds a || return 1
	start b weir
	busywait 10 group_is b BACKUP || return 2
	sleep 2.5 # b has announced itself, on both networks
	"$keeper" --socket "$work/a.sock" handover >/dev/null || return 4
	busywait 5 group_at b a || return 5
	sleep 1.5 # and it is not preempted
	group_at b a || return 6
	[[ $(sum_of a handed_over) == 2 && $(sum_of b taken_by_handover) == 2 ]] || return 7
	busywait 10 handed_back || return 8
	sleep 1.5 # and has heard who would take over from it
	stop a
	busywait 5 group_at b a || return 9
	[[ $(sum_of b taken_by_handover) == 4 ]] || return 10
	start a weir
	busywait 10 group_at a b || return 11
	"$keeper" --socket "$work/a.sock" handover W >/dev/null || return 12
	busywait 5 grep -q '(W) nobody can be asked to take over: resigns' "$work/a.log" || return 13
	busywait 5 group_at b a || return 14
	[[ $(sum_of b taken_by_handover) == 4 ]]
}
sum_of() { "$keeper" --socket "$work/$1.sock" status -j | awk -v want="\"$2\":" '$1 == want { sum += $2 } END { print sum + 0 }'; }
handed_back() {
	"$keeper" --socket "$work/b.sock" handover >/dev/null
	busywait 1 group_at a b
}

if wanted groups; then
	groups_setup
	for pair in "weir weir" "weir keepalived" "keepalived weir"; do
		# shellcheck disable=SC2086 # two words
		sync_group $pair
		result $? "groups: ${pair% *} and ${pair#* }: both members move together and return, whichever link goes"
		stop_everything
		ip link set port-a master br0; ip link set port1-a master br1 up
	done
	group_handover
	result $? "groups: handed over as a whole; a part of it by resignation"
	groups_end
fi
