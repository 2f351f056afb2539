#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long debug nomodule smp
# timeout: 240
# The namespace and the module go while the table is full and packets keep coming: nothing crashes, nothing leaks, and it is quick.
. "$(dirname "$0")/../lib.sh"

# flood_on ADDRESS VIP: SYNs and datagrams from ever new ports of a client that nobody is
flood_on() {
	background nsenter "--net=/run/netns/$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/storm.py" flood eth0 \
		"$(mac_of "$director" eth0)" "$1" "$2" 80 53 $((90 * WEIR_SLOW))
	floods+=("$background_pid")
}

setup() {
	local vip

	topology_nat 2
	ns "$director" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	for vip in "$VIP4" "$VIP6"; do
		adm service add "tcp:$(hostport "$vip" 80)" -s rr --on-gone "$1" -p 300
		adm service add "udp:$(hostport "$vip" 53)" -s wlc --on-gone "$1"
		for i in 1 2; do
			local rip=${RIP4[i]}
			if [[ $vip == *:* ]]; then
				rip=${RIP6[i]}
			fi
			adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "$rip" 80)" -m nat
			adm server add "udp:$(hostport "$vip" 53)" "$(hostport "$rip" 53)" -m nat
		done
	done
}

created() {
	adm counters -a | awk '$1 == "connection-created" { print $2 }'
}

# milliseconds COMMAND...
milliseconds() {
	local start=${EPOCHREALTIME/./}

	"$@"
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}

# shellcheck disable=SC2119 # no parameters
weir_load
for how in keep reset move; do
	setup "$how"
	floods=()
	flood_on 100.64.0.1 "$VIP4"
	flood_on 2001:db8:64::1 "$VIP6"
	wait_for 60 "$how: many connections" eval '(($(created) > 1500))'
	adm drain "tcp:$VIP4:80" -r "${RIP4[1]}:80" -d 1
	adm server delete "tcp:$VIP4:80" "${RIP4[2]}:80"
	adm server delete "udp:$VIP4:53" "${RIP4[2]}:53"
	adm server add "udp:$VIP4:53" "${RIP4[2]}:53" -m nat
	adm service delete "udp:$(hostport "$VIP6" 53)"
	ok "$how: servers and services came and went under traffic"
	case $how in
	keep)
		ip netns pids "$director" | xargs -r kill 2>/dev/null || true
		took=$(milliseconds ip netns del "$director")
		check_range "$took" 0 $((30000 * WEIR_SLOW)) "$how: milliseconds to delete the namespace"
		;;
	*)
		took=$(milliseconds rmmod weir)
		check_range "$took" 0 $((30000 * WEIR_SLOW)) "$how: milliseconds to unload the module"
		# shellcheck disable=SC2119
		weir_load
		;;
	esac
	kill "${floods[@]}" 2>/dev/null || true
done
# The namespace that was deleted is destroyed behind the command's back: unloading waits for it.
check_ok 'the module goes' rmmod weir
