# shellcheck shell=bash disable=SC2154,SC2034 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# "scripts/bench ha": how long a failover takes, on the wire and for a client, weir-keeper and keepalived in turn.
# Figures for people; nothing here passes or fails.

table=${WEIR_BENCH_OUTPUT:-$PWD/build/bench}/ha.md

row() { printf '| %s | %s | %s | %s | %s |\n' "$@" | tee -a "$table" | sed 's/^/# /'; }

# once KIND INTERVAL cut|stop [LINE]: sets $wire and $gap, in ms
once() {
	local kind=$1 capture

	config a 200 "version 3" "advert_int $2" "${4:-}"
	config b 100 "version 3" "advert_int $2" "${4:-}"
	[[ -z ${4:-} ]] || { bfd_config a 192.0.2.20 192.0.2.10 3 3; bfd_config b 192.0.2.10 192.0.2.20 3 3; }
	start a "$kind"
	busywait 15 holds a "$vip" || return 1
	start b "$kind"
	sleep 2.5
	[[ -z ${4:-} ]] || busywait 20 trusted
	ip link set br0 type bridge mcast_snooping 0
	tcpdump -tt -nni br0 -l ip proto 112 >"$work/wire" 2>/dev/null &
	capture=$!
	client_start
	if [[ $3 == cut ]]; then
		ip link set port-a down
	else
		stop a
	fi
	busywait 15 holds b "$vip"
	gap=$(client_end)
	kill $capture 2>/dev/null
	# adverts of b before a's last one are of a false alarm
	wire=$(awk '/192.0.2.10 >/ { last = $1; first = 0 } /192.0.2.20 >/ && !first { first = $1 }
		END { if (first) printf "%.1f", (first - last) * 1000; else printf "?" }' "$work/wire")
	stop_everything
}

# many KIND COUNT: memory and processor time of a daemon with that many masters
many() {
	local kind=$1 count=$2 i before after pids rss

	{
		for ((i = 0; i < count; i++)); do
			printf 'vrrp_instance V%d {\n\tinterface d%d\n\tvirtual_router_id %d\n\tpriority 100\n\tversion 3\n' \
				"$i" $((i / 200)) $((i % 200 + 1))
			printf '\tvirtual_ipaddress {\n\t\t10.%d.%d.1/24\n\t}\n}\n' $((i / 200 + 1)) $((i % 200 + 1))
		done
	} >"$work/a.conf"
	for ((i = 0; i * 200 < count; i++)); do
		ip -n a link add d$i type veth peer name e$i 2>/dev/null
		ip -n a address add 10.200.$i.1/24 dev d$i 2>/dev/null
		ip -n a link set d$i up; ip -n a link set e$i up
	done
	start a "$kind"
	busywait 30 holds a 10.1.1.1 || return 1
	sleep 8
	pids=$(ip netns pids a)
	[[ -z ${BENCH_SMAPS:-} ]] || for i in $pids; do cp "/proc/$i/smaps" "$BENCH_SMAPS/$kind.$(cat "/proc/$i/comm").$i"; done
	rss=$(for i in $pids; do awk '/^Pss:/ { print $2 }' "/proc/$i/smaps_rollup"; done | awk '{ sum += $1 } END { printf "%.1f", sum / 1024 }')
	before=$(cpu_of "$pids")
	sleep 10
	after=$(cpu_of "$pids")
	row "$count instances at 1 s, memory (PSS)" "$kind" - - "$rss MB"
	row "$count instances at 1 s, processor" "$kind" - - "$(awk -v t=$((after - before)) -v h="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f %%", t / h * 10 }')"
	many_reload "$kind" "$count"
	stop_everything
	for ((i = 0; i * 200 < count; i++)); do
		ip -n a link del d$i 2>/dev/null
	done
}
# The longest time between two adverts of one router over a reload, of a router on each interface; memory after it.
many_reload() {
	local kind=$1 count=$2 capture gap rss

	tcpdump --version >/dev/null 2>&1 || return 0
	ip netns exec a tcpdump -tt -nni any -l 'ip proto 112' >"$work/adverts" 2>/dev/null &
	capture=$!
	sleep 5
	sed -i 's|10\.1\.1\.1/24|10.1.1.2/24|' "$work/a.conf"
	kill -HUP "$pid_a"
	busywait 60 holds a 10.1.1.2 || { kill $capture; return 1; }
	sleep 5
	kill $capture
	wait $capture 2>/dev/null
	gap=$(awk '/ Out /{
			match($0, /^[0-9.]+/)
			now = substr($0, 1, RLENGTH) + 0
			router = $2 " " $0
			sub(/.*vrid /, "", router)
			router = $2 " " router + 0
			if (router in last && now - last[router] > worst)
				worst = now - last[router]
			last[router] = now
		}
		END { printf "%.1f", worst * 1000 }' "$work/adverts")
	rss=$(for i in $(ip netns pids a); do awk '/^Pss:/ { print $2 }' "/proc/$i/smaps_rollup"; done | awk '{ sum += $1 } END { printf "%.1f", sum / 1024 }')
	row "$count instances at 1 s, longest pause of adverts over a reload" "$kind" - - "$gap ms"
	row "$count instances at 1 s, memory after a reload (PSS)" "$kind" - - "$rss MB"
}
cpu_of() {
	local pid

	for pid in $1; do
		awk '{ print $14 + $15 }' "/proc/$pid/stat"
	done | awk '{ sum += $1 } END { print sum }'
}

# bench all|failover|instances
bench() {
	local kind interval

	mkdir -p "$(dirname "$table")"
	{
		echo "<!-- made by scripts/bench ha -->"
		echo '| failover | by | advert_int | wire | client |'
		echo '|---|---|---|---|---|'
	} >"$table"
	[[ $1 == instances ]] || bench_failover
	[[ $1 == failover ]] || bench_instances
	say "the table is in $table"
}
bench_failover() {
	for interval in 1 0.1 0.01; do
		for kind in weir keepalived; do
			once $kind $interval cut && row "link of the master cut" $kind "$interval s" "$wire ms" "$gap ms"
		done
	done
	for interval in 1 0.01; do
		for kind in weir keepalived; do
			once $kind $interval stop && row "master stopped" $kind "$interval s" - "$gap ms"
		done
	done
	once weir 1 cut "takeover_bfd B" && row "link cut, BFD 3 ms x 3" weir "1 s" - "$gap ms"
}
bench_instances() {
	for kind in weir keepalived; do
		many $kind 1000
	done
}

for part in all failover instances; do
	if ((${#names[@]})) && wanted "bench_$part" && command -v tcpdump >/dev/null; then
		family=4 vip=192.0.2.100
		bench $part
	fi
done
