#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# What vrrp_track_process means: weir-keeper and keepalived, each with an interface of its own, see the same processes start,
# fork and end, and come to the same states and priorities, those that stand here. In the machine's first network namespace, for
# keepalived is told of processes by a socket of the kernel that no other one has.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-track.sh"

keeper=$WEIR_ROOT/build/bin/weir-keeper
[[ -x $keeper ]] || skip 'weir-keeper is not built'
need_command keepalived tcpdump
dir=$TEST_TMP
daemons=(weir keepalived)

# A virtual router for each; NAME VRID LINES, "%" ends a line
tracked=(
	"plain 61 process weir-traced%"
	"up 62 process weir-traced% weight 20%"
	"down 63 process weir-traced% weight -30%"
	"reverse 64 process weir-traced% weight 15 reverse%"
	"down_reverse 65 process weir-traced% weight -15 reverse%"
	"zero 66 process weir-traced% weight 0 reverse%"
	"quorum 67 process weir-traced% quorum 2% weight 10%"
	"most 68 process weir-traced% quorum_max 2% weight 10%"
	"never 69 process weir-traced% quorum_max 0% weight 10%"
	"fork 70 process weir-traced% quorum 3% fork_delay 4% weight 10%"
	"end 71 process weir-traced% terminate_delay 4% weight 10%"
	"delay 78 process weir-traced% delay 4% weight 10%"
	"full 72 process $dir/weir-traced% full_command% weight 10%"
	"word 73 process weir-traced% full_command% weight 10%"
	"exact 74 process $dir/weir-traced $dir/main 1000% quorum 3% weight 10%"
	"initial 75 process $dir/weir-traced $dir/main 10% param_match initial% quorum 3% weight 10%"
	"partial 76 process $dir/weir-traced $dir/main 1000% param_match partial% quorum 3% weight 10%"
	"part 77 process $dir/weir-traced $dir/main 10% param_match partial% weight 10%"
	"bare 79 process $dir/weir-traced% param_match% weight 10%"
)

# config DAEMON NETWORK
config() {
	local entry name vrid lines

	printf 'global_defs {\n\tscript_user root\n\trouter_id processes\n}\n'
	for entry in "${tracked[@]}"; do
		read -r name vrid lines <<<"$entry"
		printf 'vrrp_track_process %s {\n\t%s\n}\n' "$name" "${lines//%/$'\n\t'}"
		printf 'vrrp_instance %s {\n\tinterface %s\n\tversion 3\n\tadvert_int 0.5\n\tvirtual_router_id %s\n\tpriority 100\n' \
			"$name" "$1" "$vrid"
		printf '\tnotify %s/told-%s\n\ttrack_process {\n\t\t%s\n\t}\n' "$dir" "$1" "$name"
		printf '\tvirtual_ipaddress {\n\t\t%s.1%s/24\n\t}\n}\n' "$2" "$vrid"
	done
}

is_at() { [[ $(tracked_status "$dir" "$1") == "$want" ]]; }
both_are() { is_at weir && is_at keepalived; }
# expect WHAT NAME=WANT...
expect() {
	local what=$1 want daemon

	shift
	want=$(tracked_wanted "$@")
	if ! busywait 30 both_are; then
		for daemon in "${daemons[@]}"; do
			diff <(echo "$want") <(tracked_status "$dir" "$daemon") | sed "s/^/$daemon: /"
		done
		fail "$what: wanted $*"
	fi
	ok "$what"
}

# first DAEMON VRID PRIO SINCE: when the first such advert after that was heard
first() {
	awk -v since="$4" -v what="vrid $2, prio $3," '$1 > since && index($0, what) { print $1; exit }' "$dir/heard.$1"
}
heard() { [[ -n $(first "$@") ]]; }
# takes NAME PRIO SINCE LOW HIGH: how long after SINCE each has that priority, in ms
takes() {
	local name=$1 prio=$2 since=$3 low=$4 high=$5 daemon vrid

	vrid=$(printf '%s\n' "${tracked[@]}" | awk -v name="$name" '$1 == name { print $2 }')
	for daemon in "${daemons[@]}"; do
		busywait 30 heard "$daemon" "$vrid" "$prio" "$since" || fail "$daemon: $name never has $prio"
		check_range "$(first "$daemon" "$vrid" "$prio" "$since" | awk -v since="$since" '{ printf "%d", ($1 - since) * 1000 }')" \
			"$low" "$high" "$daemon: $name has $prio after so many ms"
	done
}

# A shell under another name, which starts no program: USR1 makes it fork, USR2 end that child.
cp /bin/bash "$dir/weir-traced"
mkfifo "$dir/never"
cat >"$dir/main" <<-EOF
	exec 9<>"$dir/never"
	trap '(trap - USR1 USR2; read -r -u 9) & child=\$!' USR1
	trap 'kill \$child' USR2
	while :; do read -r -u 9; done
EOF
# start_traced ARGUMENT...: its process in $traced
start_traced() {
	"$dir/weir-traced" "$@" <>"$dir/never" >"$dir/traced.log" 2>&1 &
	traced=$!
	_processes+=("$traced")
}
end_traced() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null || true
}

net=192.0.2
for daemon in "${daemons[@]}"; do
	ip link add "$daemon" type veth peer name "$daemon-peer"
	cleanup "ip link del $daemon"
	ip link set "$daemon" up
	ip link set "$daemon-peer" up
	ip address add "$net.1/24" dev "$daemon"
	config "$daemon" $net >"$dir/$daemon.conf"
	printf '#!/bin/sh\necho "$1 $2 $3 $4" >>%s\n' "$dir/told.$daemon" >"$dir/told-$daemon"
	chmod 755 "$dir/told-$daemon"
	tcpdump -l -tt -nni "$daemon-peer" ip proto 112 >"$dir/heard.$daemon" 2>/dev/null &
	_processes+=($!)
	net=198.51.100
done
chmod 755 "$dir"
background "$keeper" -f "$dir/weir.conf" --socket "$dir/weir.sock"
weir_pid=$background_pid
background keepalived -n -l -P -D -f "$dir/keepalived.conf" -p "$dir/ka.pid" -r "$dir/ka.vrrp"
keepalived_pid=$background_pid

expect 'none runs' plain=FAULT down=70 down_reverse=115 never=110
one=(up=120 reverse=85 zero=FAULT most=110 end=110 delay=110 full=110)
two=("${one[@]}" quorum=110)
three=("${two[@]}" most=100 fork=110)
since=$EPOCHREALTIME
start_traced "$dir/main" 1000
first_traced=$traced
expect 'one runs' "${one[@]}"
# it was not forked by one of them
takes delay 110 "$since" 0 3500
start_traced "$dir/main" 1000
second_traced=$traced
expect 'two' "${two[@]}"
since=$EPOCHREALTIME
start_traced "$dir/main" 1000 more
third_traced=$traced
expect 'three, one with more arguments' "${three[@]}" initial=110 partial=110
takes fork 110 "$since" 0 3500
end_traced "$third_traced"
expect 'two are left' "${two[@]}"

since=$EPOCHREALTIME
kill -USR1 "$first_traced"
expect 'one forks' "${three[@]}" exact=110 initial=110 partial=110
takes fork 110 "$since" 3900 7500
# it is dead, and nobody has waited for it
kill -STOP "$first_traced"
kill -KILL "$(pgrep -P "$first_traced")"
expect 'a zombie does not run' "${two[@]}"
kill -CONT "$first_traced"

end_traced "$second_traced"
expect 'one is left' "${one[@]}"
since=$EPOCHREALTIME
end_traced "$first_traced"
# a restart within terminate_delay is none
start_traced
bare=$traced
expect 'one without arguments' "${one[@]}" bare=110
for daemon in "${daemons[@]}"; do
	! heard "$daemon" 71 100 "$since" || fail "$daemon: terminate_delay did not hold over a restart"
done
since=$EPOCHREALTIME
end_traced "$bare"
expect 'none again' plain=FAULT down=70 down_reverse=115 never=110
takes end 100 "$since" 3900 7500
takes delay 100 "$since" 3900 7500
takes up 100 "$since" 0 3500
kill "$weir_pid" "$keepalived_pid"
both_gone() { ! kill -0 "$weir_pid" 2>/dev/null && ! kill -0 "$keepalived_pid" 2>/dev/null; }
busywait 20 both_gone || fail 'a daemon does not end'
