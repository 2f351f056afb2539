# shellcheck shell=bash disable=SC2154,SC2034 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# Who has the virtual address at each moment, from the kernel's own events; and what a client sees of it.

# record: from now on, into $work/timeline.NAME
record() {
	local side

	for side in a b; do
		(exec chrt -f 60 ip -ts -n $side -o monitor address >"$work/timeline.$side" 2>/dev/null) &
		eval "monitor_$side=$!"
	done
	sleep 0.2
}
record_end() {
	sleep 0.2
	kill "$monitor_a" "$monitor_b" 2>/dev/null
	wait "$monitor_a" "$monitor_b" 2>/dev/null
}

# overlap ADDRESS FIRST: the longest time in ms that both had it, when FIRST had it at the start
overlap() {
	for side in a b; do
		sed -n "s/^\[\([^]]*\)\] *\(.*\)/\1 $side \2/p" "$work/timeline.$side"
	done | grep -F " $1/" | sort | awk -v first="$2" '
		function seconds(stamp, part) {
			split(substr(stamp, 12), part, ":")
			return part[1] * 3600 + part[2] * 60 + part[3]
		}
		BEGIN { has[first] = 1; other["a"] = "b"; other["b"] = "a" }
		{
			now = seconds($1)
			gone = / Deleted |^[^ ]* [ab] Deleted/
			if (has["a"] && has["b"] && now - since > worst)
				worst = now - since
			has[$2] = !gone
			if (has["a"] && has["b"])
				since = now
		}
		END { printf "%.1f", (has["a"] && has["b"] ? 99999 : worst * 1000) }'
}

# ping_client START|END: a third host that pings the address every 2 ms; END says the longest gap in ms
client_start() {
	if ! ip netns list | grep -q '^c'; then
		ip netns add c
		ip link add eth0 netns c type veth peer name port-c
		ip link set port-c master br0 up
		ip -n c link set lo up
		ip -n c link set eth0 up
		ip -n c address add 192.0.2.30/24 dev eth0
	fi
	ip netns exec c chrt -f 60 ping -nDi 0.002 -W 1 "$vip" >"$work/client" 2>/dev/null &
	client=$!
	sleep 0.5
}
client_end() {
	sleep 0.3
	kill -INT "$client" 2>/dev/null
	wait "$client" 2>/dev/null
	awk -F'[][]' '/bytes from/ { if (last && $2 - last > worst) worst = $2 - last; last = $2 }
		END { printf "%.1f", worst * 1000 }' "$work/client"
}

# timeline_case GROUP NAME WHAT: a case, asked for by its own name or its group's
timeline_case() {
	family=4
	wanted "$1" || wanted "$2" || return 0
	"$2"
	result $? "$2: $3"
	stop_everything
	rm -f "$work"/timeline.*
}
