# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# Who may take the place of whom: nopreempt and preempt_delay, weir-keeper and keepalived reading one file, each in the part
# of the other.

# one_file LINE...: a has the higher priority
one_file() {
	family=4
	config a 100 "version 3" "advert_int 0.2" "$@"
	sed -i 's/priority 100/@a priority 200\n\t@b priority 100/' "$work/a.conf"
	cp "$work/a.conf" "$work/b.conf"
}
# Its addresses go with it, as where its machine dies
dies() {
	local address

	stop "$1" KILL
	for address in "$vip" 192.0.2.101; do
		ip -n "$1" address del "$address/24" dev eth0
	done
}
# Neither moves for longer than the longest down interval: 0.8 s
stays() {
	sleep 2
	alone "$1" "$2"
}

# nopreempt KIND_OF_A KIND_OF_B: whoever is master stays so
nopreempt() {
	one_file "state BACKUP" "nopreempt"
	start b "$2"
	busywait 10 alone b a || return 1
	start a "$1"
	stays b a || return 2
	stop b
	busywait 10 alone a b || return 3
	start b "$2"
	stays a b || return 4
	dies a "$1"
	busywait 10 alone b a || return 5
	start a "$1"
	stays b a || return 6
	# a fault that ends
	ip link set port-b down
	busywait 10 alone a b || return 7
	ip link set port-b up
	stays a b || return 8
	ip link set port-a down
	busywait 10 alone b a || return 9
	ip link set port-a up
	stays b a || return 10
	# both are master, unseen, and meet: priorities decide even so
	ip link set port-a nomaster
	busywait 10 holds a "$vip" || return 11
	ip link set port-a master br0
	busywait 10 alone a b
}

# preempt_delay KIND_OF_A KIND_OF_B: the higher priority waits two seconds from the first advert that it hears of the lower
preempt_delay() {
	local before

	one_file "state BACKUP" "preempt_delay 2"
	start b "$2"
	busywait 10 alone b a || return 1
	before=$(now_ms)
	start a "$1"
	busywait 20 alone a b || return 2
	waited_for 2000 "$before" || return 3
	# a death is not waited for
	dies a "$1"
	busywait 10 alone b a || return 4
	before=$(now_ms)
	start a "$1"
	busywait 20 alone a b || return 5
	waited_for 2000 "$before" || return 6
	# nor a resignation: b's, in the middle of the delay
	dies a "$1"
	busywait 10 alone b a || return 7
	start a "$1"
	sleep 0.5
	alone b a || return 8
	stop b
	busywait 10 alone a b || return 9
	# after a fault it is
	start b "$2"
	sleep 1
	before=$(now_ms)
	ip link set port-a down
	busywait 10 alone b a || return 10
	ip link set port-a up
	busywait 20 alone a b || return 11
	waited_for 2000 "$before" || return 12
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }
waited_for() {
	local passed=$(($(now_ms) - $2))

	say "after $passed ms"
	((passed >= $1))
}

# nopreempt and preempt_delay mean nothing beside "state MASTER": a takes its place at once
preempt_state() {
	one_file "state MASTER" "nopreempt"
	start b "$2"
	busywait 10 alone b a || return 1
	start a "$1"
	busywait 10 alone a b || return 2
	stop a
	busywait 10 alone b a || return 3
	sed -i 's/nopreempt/preempt_delay 100/' "$work/a.conf"
	start a "$1"
	busywait 10 alone a b
}

if wanted preempt; then
	for pair in "weir keepalived" "keepalived weir" "weir weir"; do
		for what in nopreempt preempt_delay preempt_state; do
			# shellcheck disable=SC2086 # two words
			$what $pair
			result $? "preempt: $what, one file, ${pair% *} has the higher priority, ${pair#* } the lower"
			stop_everything
			ip link set port-a master br0 up
		done
	done
fi
