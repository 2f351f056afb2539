# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# A master that is slow is no dead master: its backup stays backup, and nothing that a master waits for can hold its
# adverts or its guard up. Order and invariants, no times.

# pair [LINE...]: a is master, b its backup, both weir-keeper with adverts every 100 ms
pair() {
	config a 200 "version 3" "advert_int 0.1" "$@"
	config b 100 "version 3" "advert_int 0.1"
}
pair_up() {
	[[ ${1:-} == started ]] || start a weir
	busywait 15 holds a "$vip" || return 1
	start b weir
	busywait 15 is b BACKUP
}

# steady COMMAND...: while it runs the address stays where it is, and b is backup all the time
steady() {
	local transitions moved status

	transitions=$(count_of b transitions)
	record
	"$@"
	status=$?
	record_end
	# a reload says an address again that is there
	moved=$({ grep Deleted "$work/timeline.a"; cat "$work/timeline.b"; } | grep -cF " $vip/")
	((status == 0)) || { say "step $status of $*"; return "$status"; }
	is b BACKUP && [[ $(count_of b transitions) == "$transitions" && $moved == 0 ]] && alone a b && return
	say "transitions of the backup: $transitions before, $(count_of b transitions) now; changes of addresses: $moved"
	sed "s/^/# /" "$work/timeline.a" "$work/timeline.b"
	return 1
}

reload_a() { timeout 10 "$keeper" --socket "$work/a.sock" reload >/dev/null; }
reloads() {
	local i

	for i in 1 2 3; do
		sed -i "s|192.0.2.10[1-9]/24|192.0.2.10$((i + 1))/24|" "$work/a.conf"
		reload_a || return 30
		busywait 15 holds a 192.0.2.10$((i + 1)) || return 31
	done
}
other_vrrp_process() { [[ -n $(vrrp_process a) && $(vrrp_process a) != "$1" ]]; }

# death_of_a: the VRRP process is killed; its addresses go, and one master is there in the end
death_of_a() {
	local pid

	pid=$(vrrp_process a)
	record
	kill -KILL "$pid"
	busywait 10 removed_from a || return 40
	record_end
	busywait 20 other_vrrp_process "$pid" || return 41
	busywait 20 alone a b || return 42
}
# from the kernel's events: another process may have the address again before anybody looks
removed_from() { grep -F " $vip/" "$work/timeline.$1" | grep -q Deleted; }

busy_seconds() { sleep "$1"; }
load_busy() {
	local i pids=()

	pair
	pair_up || return 1
	for i in 1 2 3 4 5 6 7 8; do
		while :; do :; done &
		pids+=($!)
	done
	disown -a
	steady reloads
	i=$?
	((i)) || { steady busy_seconds 4 || i=2; }
	((i)) || { death_of_a || i=3; }
	kill "${pids[@]}"
	return $i
}

# A console that nobody reads, full from the start
load_log() {
	local helper

	pair
	mkfifo "$work/console"
	exec {console}<>"$work/console"
	timeout 1 cat /dev/zero >"$work/console"
	ip netns exec a "$keeper" -f "$work/a.conf" --socket "$work/a.sock" >"$work/console" 2>&1 &
	pid_a=$!
	disown $!
	pair_up started || return 1
	steady reloads || return 2
	# what the guard itself has to say: its helper died; and then it has to act
	helper=$(pgrep -x weir-helper --ns "$(vrrp_process a)" --nslist net)
	kill -KILL "$helper"
	busywait 15 is a MASTER || return 3
	steady reloads || return 4
	death_of_a || return 5
	stop a
	busywait 15 alone b a
}

load_disk() {
	local disk=$work/disk

	pair "notify $disk/told"
	mkdir "$disk"
	mount -t tmpfs -o size=64k none "$disk"
	printf '#!/bin/sh\necho "$@" >>%s/said\n' "$disk" >"$disk/told"
	chmod 755 "$work" "$disk" "$disk/told"
	cat /dev/zero >"$disk/full" 2>/dev/null
	ip netns exec a "$keeper" -f "$work/a.conf" --socket "$work/a.sock" -p "$disk/pid" >"$disk/log" 2>&1 &
	pid_a=$!
	disown $!
	pair_up started || return 1
	steady reloads || return 2
	death_of_a || return 3
	stop a
	busywait 15 alone b a
}

# Scripts that hang: of notifications, of tracking, of checks
load_scripts() {
	local i

	printf '#!/bin/sh\ntrap "" TERM\nexec sleep 1000\n' >"$work/hang"
	chmod 755 "$work" "$work/hang"
	pair "notify $work/hang root" "track_script {" "hang weight 1" "}"
	cat >>"$work/a.conf" <<-EOT
	vrrp_script hang {
		script $work/hang
		interval 1
		timeout 1
		user root
	}
	virtual_server 192.0.2.100 80 {
		protocol TCP
		delay_loop 1
		real_server 192.0.2.20 80 {
			MISC_CHECK {
				misc_path "$work/hang"
				misc_timeout 1
				user root
			}
		}
	}
	EOT
	pair_up || return 1
	steady reloads || return 2
	steady busy_seconds 3 || return 3
	death_of_a || return 4
	stop a
	gone "$pid_a" || return 5
	busywait 15 alone b a
}

# All of a master is stopped, as a machine that freezes: one master in the end, and none of both gives up for good.
# Its checker dies: nothing happens.
load_frozen() {
	local checker

	pair
	printf 'virtual_server 192.0.2.100 80 {\n\tprotocol TCP\n\treal_server 192.0.2.20 80 {\n\t\tTCP_CHECK {\n\t\t}\n\t}\n}\n' \
		>>"$work/a.conf"
	pair_up || return 1
	ip netns pids a | xargs kill -STOP
	busywait 15 holds b "$vip" || return 2
	ip netns pids a | xargs kill -CONT
	busywait 15 alone a b || return 3
	busywait 15 is b BACKUP || return 4
	checker=$(pgrep -x weir-checker --ns "$(vrrp_process a)" --nslist net)
	[[ -n $checker ]] || return 5
	steady kill_checker "$checker" || return 6
}
kill_checker() {
	kill -KILL "$1"
	busywait 15 other_checker "$1"
}
other_checker() {
	local now

	now=$(pgrep -x weir-checker --ns "$(vrrp_process a)" --nslist net)
	[[ -n $now && $now != "$1" ]]
}

# many_config COUNT INTERVAL: that many virtual routers on both, 200 on each of some links of their own
many_config() {
	local i side priority

	for side in a b; do
		priority=$([[ $side == a ]] && echo 200 || echo 100)
		for ((i = 0; i < $1; i++)); do
			printf 'vrrp_instance V%d {\n\tinterface m%d\n\tvirtual_router_id %d\n\tpriority %d\n\tversion 3\n' \
				"$i" $((i / 200)) $((i % 200 + 1)) "$priority"
			printf '\tadvert_int %s\n\tvirtual_ipaddress {\n\t\t10.%d.%d.1/24\n\t}\n}\n' "$2" $((i / 200 + 1)) $((i % 200 + 1))
		done >"$work/$side.conf"
	done
	for ((i = 0; i * 200 < $1; i++)); do
		ip link add m$i netns a type veth peer name m$i netns b
		ip -n a address add 10.200.$i.1/24 dev m$i
		ip -n b address add 10.200.$i.2/24 dev m$i
		ip -n a link set m$i up
		ip -n b link set m$i up
	done
}
many_unconfig() {
	local link

	for link in $(ip -n a -o link show type veth | sed -n 's/^[0-9]*: \(m[0-9]*\)@.*/\1/p'); do
		ip -n a link del "$link"
	done
}
all_are() { [[ $(timeout 10 "$keeper" --socket "$work/$1.sock" status 2>/dev/null | awk -v state="$2" '$2 == state' | wc -l) == "$3" ]]; }
transitions() { timeout 10 "$keeper" --socket "$work/$1.sock" status -j | awk '/"transitions"/ { gsub(/,/, ""); sum += $2 } END { print sum }'; }

# load_many COUNT INTERVAL: beside eight busy processes none of so many masters is taken for dead; all of them die at once,
# and come back
load_many() {
	local i pids=() before status=0

	vip=192.0.2.100
	many_config "$1" "$2"
	start a weir
	busywait 30 all_are a MASTER "$1" || return 1
	start b weir
	busywait 30 all_are b BACKUP "$1" || return 2
	for i in 1 2 3 4 5 6 7 8; do
		while :; do :; done &
		pids+=($!)
	done
	disown -a
	sleep 1
	before=$(transitions b)
	record
	sleep 8
	record_end
	[[ $(transitions b) == "$before" ]] || status=3
	! grep -q ' 10\.[0-9.]*\.1/' "$work/timeline.a" "$work/timeline.b" || status=4
	all_are a MASTER "$1" || status=5
	kill -KILL "$(vrrp_process a)"
	((status)) || busywait 30 more_transitions "$before" || status=6
	((status)) || busywait 60 all_are a MASTER "$1" || status=7
	((status)) || busywait 30 all_are b BACKUP "$1" || status=8
	kill "${pids[@]}"
	((status == 0)) || say "transitions of the backups: $before before, $(transitions b) now"
	return $status
}
more_transitions() { (($(transitions b) > $1)); }
load_1000() { load_many 1000 1; }
load_500() { load_many 500 0.1; }

timeline_case load load_busy "eight busy processes beside a master"
timeline_case load load_1000 "1,000 masters with adverts every second, beside eight busy processes"
many_unconfig
timeline_case load load_500 "500 masters with adverts every 100 ms, beside eight busy processes"
many_unconfig
timeline_case load load_log "a console that nobody reads holds neither VRRP nor guard nor helper up"
timeline_case load load_disk "a full disk"
timeline_case load load_scripts "notify, track and check scripts that hang"
timeline_case load load_frozen "a daemon that is stopped and goes on, and a checker that is killed"
