#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long debug nomodule smp
# timeout: 480
# The namespace and the module go while the table is full and packets keep coming: nothing crashes, nothing leaks, and it is quick. By
# nat, tun, and fullnat of one family and between families.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"

# flood_on ADDRESS VIP: SYNs and datagrams from ever new ports of a client that nobody is
flood_on() {
	background nsenter "--net=/run/netns/$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/storm.py" flood eth0 \
		"$(mac_of "$director" eth0)" "$1" "$2" 80 53 $((90 * WEIR_SLOW))
	floods+=("$background_pid")
}

# setup keep|reset|move nat|tun|fullnat|family
setup() {
	local family inner pool method=$2

	topology_fullnat 2
	ns "$director" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	[[ $method != family ]] || method=fullnat
	for family in 4 6; do
		local -n vip=VIP$family
		inner=$([[ $2 == family ]] && echo $((10 - family)) || echo "$family")
		local -n rips=RIP$inner
		pool=$([[ $method == fullnat ]] && echo "pool$inner" || echo none)
		adm service add "tcp:$(hostport "$vip" 80)" -s rr --on-gone "$1" -p 300 --pool "$pool"
		adm service add "udp:$(hostport "$vip" 53)" -s wlc --on-gone "$1" --pool "$pool"
		for i in 1 2; do
			adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[i]}" 80)" -m "$method"
			adm server add "udp:$(hostport "$vip" 53)" "$(hostport "${rips[i]}" 53)" -m "$method"
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
for case in 'keep nat' 'reset nat' 'move nat' 'keep fullnat' 'reset fullnat' 'move family' 'keep family' 'reset tun'; do
	read -r how method <<<"$case"
	setup "$how" "$method"
	inner=4
	[[ $method != family ]] || inner=6
	declare -n rips=RIP$inner
	first=$(hostport "${rips[1]}" 80) second=$(hostport "${rips[2]}" 80) second_udp=$(hostport "${rips[2]}" 53)
	[[ $method != family ]] || method=fullnat
	floods=()
	flood_on 100.64.0.1 "$VIP4"
	flood_on 2001:db8:64::1 "$VIP6"
	wait_for 60 "$case: many connections" eval '(($(created) > 1500))'
	adm drain "tcp:$VIP4:80" -r "$first" -d 1
	adm server delete "tcp:$VIP4:80" "$second"
	adm server delete "udp:$VIP4:53" "$second_udp"
	adm server add "udp:$VIP4:53" "$second_udp" -m "$method"
	adm service delete "udp:$(hostport "$VIP6" 53)"
	ok "$case: servers and services came and went under traffic"
	case $how in
	keep)
		ip netns pids "$director" | xargs -r kill 2>/dev/null || true
		took=$(milliseconds ip netns del "$director")
		check_range "$took" 0 $((30000 * WEIR_SLOW)) "$case: milliseconds to delete the namespace"
		;;
	*)
		took=$(milliseconds rmmod weir)
		check_range "$took" 0 $((30000 * WEIR_SLOW)) "$case: milliseconds to unload the module"
		# shellcheck disable=SC2119
		weir_load
		;;
	esac
	kill "${floods[@]}" 2>/dev/null || true
done
# The namespace that was deleted is destroyed behind the command's back: unloading waits for it.
check_ok 'the module goes' rmmod weir
