# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# Who holds the virtual address at each millisecond while its master dies in the ways in which masters die. What is said
# in ms is for people; what is required is order: who lets go before whom, and that nobody holds what another one has.

# holders FIRST: a line for each stretch of time, "MS HOLDER", its length and who had the address: a, b, both, nobody
holders() {
	{
		echo "$recorded start"
		for side in a b; do
			sed -n "s/^\[[^]]*T\([^]]*\)\] *\(.*\)/\1 $side \2/p" "$work/timeline.$side" | grep -F " $vip/"
		done | sort
		echo "$ended end"
	} | awk -v holder="$1" '
		function ms(stamp, part) {
			split(stamp, part, ":")
			return (part[1] * 3600 + part[2] * 60 + part[3]) * 1000
		}
		BEGIN { has["a"] = holder != "b"; has["b"] = holder != "a" }
		$2 == "start" { since = ms($1); next }
		ms($1) < since { next }
		{
			now = ms($1)
			if ($2 != "end")
				has[$2] = !/ Deleted /
			next_holder = has["a"] && has["b"] ? "both" : has["a"] ? "a" : has["b"] ? "b" : "nobody"
			if (next_holder != holder || $2 == "end") {
				printf "%.1f %s\n", now - since, holder
				since = now
				holder = next_holder
			}
		}'
}
# tell FIRST WHAT: keeps the stretches in $work/holders, $held has who they were of
tell() {
	holders "$1" >"$work/holders"
	held=$(awk '{ printf "%s%s", (NR > 1 ? " " : ""), $2 }' "$work/holders")
	say "$2: $(awk '{ printf "%s%s %s ms", (NR > 1 ? ", " : ""), $2, $1 }' "$work/holders")"
}
longest() { awk -v who="$1" '$2 == who && $1 > most { most = $1 } END { printf "%d", most }' "$work/holders"; }
watch_holders() {
	record
	recorded=$(date +%T.%6N)
}
unwatch_holders() {
	ended=$(date +%T.%6N)
	record_end
}
# a is master, b its backup, adverts every 0.2 s: b takes over 0.6 to 0.8 s after the last one
two() {
	config a 200 "version 3" "advert_int 0.2"
	config b 100 "version 3" "advert_int 0.2"
	start a weir
	busywait 10 holds a "$vip" || return 1
	start b weir
	busywait 10 is b BACKUP || return 2
	sleep 0.5
}
process_of() { pgrep -x "weir-$2" --ns "$(vrrp_process "$1")" --nslist net; }

# The master sees its link go: it lets go, and nobody has the address until the backup's time has come
holder_link() {
	two || return
	watch_holders
	ip link set port-a down
	busywait 10 alone b a || return 3
	ip link set port-a up
	busywait 10 alone a b || return 4
	unwatch_holders
	tell a "link cut and mended"
	[[ $held == "a nobody b nobody a" || $held == "a nobody b both a" ]] || return 5
	# back: each lets go when it hears the other
	(($(longest both) < 200)) || return 6
}

# Nobody sees that the path between them goes (a switch in between): both are master then, as VRRP has it. Once they hear
# each other again, one is left within an advert interval, the one of the higher priority, and it never let go.
holder_path() {
	two || return
	watch_holders
	bridge link set dev port-a isolated on
	bridge link set dev port-b isolated on
	busywait 10 holds b "$vip" || return 3
	holds a "$vip" || return 4
	mended=$(date +%T.%6N)
	bridge link set dev port-a isolated off
	bridge link set dev port-b isolated off
	busywait 10 alone a b || return 5
	unwatch_holders
	tell a "path cut and mended"
	[[ $held == "a both a" ]] || return 6
	# from before the path was mended, two commands long: until b gave way
	recorded=$mended
	holders both >"$work/holders"
	say "one master $(awk 'NR == 1 { print $1 }' "$work/holders") ms after the path was mended (adverts: 200 ms)"
	awk 'NR == 1 { exit !($1 <= 200 + 200) }' "$work/holders"
}

# The VRRP process is killed, and then stopped: its guard takes the address away before the backup has it
holder_process() {
	local pid signal

	two || return
	for signal in KILL STOP; do
		pid=$(vrrp_process a)
		watch_holders
		kill -$signal "$pid"
		busywait 10 alone b a || return 3
		[[ $signal == KILL ]] || kill -CONT "$pid"
		busywait 15 alone a b || return 4
		unwatch_holders
		tell a "VRRP process, SIG$signal"
		[[ $held == "a nobody b nobody a" || $held == "a nobody b both a" ]] || return 5
		# what both have is b's last moment, after a was master again
		(($(longest both) < 200)) || return 6
		busywait 10 is b BACKUP || return 7
	done
}

# Any other process of the master is stopped or killed: nothing moves
holder_others() {
	local process pid

	two || return
	watch_holders
	for process in helper keeper; do
		pid=$(process_of a $process)
		[[ $process == keeper ]] && pid=$pid_a
		kill -STOP "$pid"
		sleep 1.5
		kill -CONT "$pid"
	done
	pid=$(process_of a helper)
	kill -KILL "$pid"
	busywait 10 other_helper "$pid" || return 3
	sleep 1
	unwatch_holders
	tell a "helper and guard stopped, helper killed"
	[[ $held == a ]] && is b BACKUP
}
other_helper() { [[ -n $(process_of a helper) && $(process_of a helper) != "$1" ]]; }

# All of the master is killed at one moment, and its service manager runs the stop hook: it is gone before b has it
holder_cgroup() {
	local group=''

	two || return
	for group in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[[ -e $group/cgroup.procs ]] && mkdir "$group/weir-keeper-test.$$" 2>/dev/null && break
		group=''
	done
	group=${group:+$group/weir-keeper-test.$$}
	if [[ -e $group/cgroup.kill ]]; then
		ip netns pids a | while read -r pid; do echo "$pid" >"$group/cgroup.procs"; done
		watch_holders
		echo 1 >"$group/cgroup.kill"
	else
		say "no cgroup.kill here: its processes are stopped, and killed"
		watch_holders
		stop a KILL
	fi
	ip netns exec a "$keeper" -f "$work/a.conf" --socket "$work/a.sock" cleanup || return 3
	busywait 10 alone b a || return 4
	unwatch_holders
	[[ -z $group ]] || busywait 5 rmdir "$group"
	tell a "everything killed at once"
	[[ $held == "a nobody b" ]]
}

# All of the master is stopped, longer than b waits, as a machine that freezes. When it goes on it gives way before it
# says a word: b is master all the while, until a has preempted it by its priority.
holder_frozen() {
	two || return
	watch_holders
	ip netns pids a | xargs kill -STOP
	busywait 10 holds b "$vip" || return 3
	sleep 0.5
	ip netns pids a | xargs kill -CONT
	busywait 10 alone a b || return 4
	unwatch_holders
	tell a "everything stopped, and goes on"
	[[ $held == "a both b nobody a" || $held == "a both b both a" ]] || return 5
	busywait 10 is b BACKUP || return 6
	[[ $(grep -F " $vip/" "$work/timeline.a" | head -n 1) == *Deleted* ]]
}

# The master's link flaps faster than anybody takes over, and slower: in the end there is one master
holder_flap() {
	local i

	two || return
	watch_holders
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		ip link set port-a down
		sleep 0.$((i % 4 * 3))1
		ip link set port-a up
		sleep 0.$((i % 3))1
	done
	busywait 15 alone a b || return 3
	sleep 1
	unwatch_holders
	tell a "link flaps"
	[[ $held == *a ]] || return 4
	(($(longest both) < 250)) || return 5
	alone a b && is b BACKUP
}

timeline_case holder holder_link "the master's link is cut"
timeline_case holder holder_path "the path between both is cut unseen"
timeline_case holder holder_process "the VRRP process is killed, and stopped"
timeline_case holder holder_others "other processes are stopped and killed: nothing moves"
timeline_case holder holder_cgroup "the whole control group is killed, its stop hook cleans up"
timeline_case holder holder_frozen "the whole daemon is stopped and goes on"
timeline_case holder holder_flap "the link flaps"
