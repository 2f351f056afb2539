#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: smp
# timeout: 180
# express on devices of two queues, with GRO, TSO and checksum offload, packets spread over two CPUs by RPS and XPS: flows at once, bulk
# data both ways, v4 and v6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
need_command ethtool
topology_nat 1
express_service -m

for end in "$client eth0" "$director eth0" "$director eth1" "$switch uplink"; do
	read -r name dev <<<"$end"
	ns "$name" ethtool -L "$dev" rx 2 tx 2 || skip 'veth has one queue here'
	ns "$name" ethtool -K "$dev" gro on tso on tx on
	# NAPI begins with the device.
	ip netns exec "$name" sh -c "echo 3 | tee /sys/class/net/$dev/queues/rx-*/rps_cpus >/dev/null
		echo 1 >/sys/class/net/$dev/queues/tx-0/xps_cpus; echo 2 >/sys/class/net/$dev/queues/tx-1/xps_cpus"
done
check_match "$(ns "$director" ethtool -k eth0)" '^generic-receive-offload: on' 'GRO'

# steered: packets that each CPU got by RPS
steered() {
	awk '{ print strtonum("0x" $10) }' /proc/net/softnet_stat | tr '\n' ' '
}

start_bulk_server "${servers[1]}" 5201
read -r first second _ <<<"$(steered)"
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	express_settles both "$vip" 53 "IPv$family"

	request=$(count_of express-request) reply=$(count_of express-reply)
	talks=()
	for ((i = 1; i <= 6; i++)); do
		talk udp "$vip" 53 50 $((express_port + i)) >"$TEST_TMP/talk$i" &
		talks+=($!)
	done
	wait "${talks[@]}"
	check_eq "$(cat "$TEST_TMP"/talk* | sort | uniq -c | tr -s ' ')" ' 6 50 answered server1' "IPv$family: six flows at once"
	check_eq "$(($(count_of express-request) - request)) $(($(count_of express-reply) - reply))" '294 294' \
		"IPv$family: express but for the first of each direction"

	adm -A -t "$(hostport "$vip" 5201)" -s rr
	adm -a -t "$(hostport "$vip" 5201)" -r "$(hostport "${rips[1]}" 5201)" -m
	for direction in give take; do
		express_bulk $direction "$vip" 5201 "IPv$family"
	done
done
read -r first_after second_after _ <<<"$(steered)"
check_range $((first_after - first)) 100 10000000 'packets that the first CPU got by RPS'
check_range $((second_after - second)) 100 10000000 'and the second one'
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
