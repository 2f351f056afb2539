#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# What others hook is honoured while connections are express, by nat and dr, v4 and v6 at once: taps, nft and tc at ingress, tc and
# fq at egress, routes that encapsulate, IPsec policies. Afterwards they are express again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-flows.sh"
need_weiradm
need_module sch_fq sch_ingress cls_u32 act_gact xfrm_user

# tap_seen: what it has written so far
tap_seen() {
	tcpdump -n -r "$TEST_TMP/tap" 2>/dev/null
}

taps() {
	background nsenter "--net=/run/netns/$director" tcpdump --immediate-mode -U -n -i eth0 -w "$TEST_TMP/tap" udp
	wait_for 30 'a tap runs' grep -q listening "$background_log"
	flows_counted 4 'with a tap'
	check_eq "${moved[admitted]}" 0 'with a tap: by the admission path'
	four_seen() { (($(tap_seen | grep -c "$1 > $2.53: ") >= 4)); }
	wait_for 20 'the tap sees requests as they came, IPv4' four_seen "$CIP4.41000" "$VIP4"
	wait_for 20 'the tap sees requests as they came, IPv6' four_seen "$CIP6.41002" "$VIP6"
	[[ $flows_wanted == request ]] || check_no_match "$(tap_seen)" "> (${RIP4[1]}|${RIP6[1]})" 'and not what became of them'

	# For the tap packets have been given the time of day, which fq would take for the time to leave at: far behind its horizon.
	ns "$director" tc qdisc replace dev "$out" root fq horizon_drop
	flows_settle 'fq at egress, a tap at ingress'
	check_match "$(ns "$director" tc -s qdisc show dev "$out")" 'dropped 0,' 'fq dropped nothing'
	kill "$background_pid"
	flows_settle 'fq at egress'
	ns "$director" tc qdisc del dev "$out" root
}

filters() {
	local where dev way end port match

	ns "$director" nft -f - <<-'EOF2'
		table netdev guard {
			chain ingress { type filter hook ingress device eth0 priority 0; udp sport { 41000, 41002 } drop; }
		}
	EOF2
	flows_silent 'nft at ingress comes first' udp
	ns "$director" nft delete table netdev guard
	flows_settle 'the rule is gone'

	# what each of them drops: requests as they came in, and as they leave
	for where in 'eth0 ingress dport 53' "$out egress dport $rport"; do
		read -r dev way end port <<<"$where"
		ns "$director" tc qdisc add dev "$dev" clsact
		for match in 'ip match ip protocol 17 0xff match ip' 'ipv6 match ip6 protocol 17 0xff match ip6'; do
			# shellcheck disable=SC2086 # words
			ns "$director" tc filter add dev "$dev" "$way" protocol ${match%% *} u32 ${match#* } "$end" "$port" 0xffff action drop
		done
		flows_silent "tc at $way of $dev decides" udp
		ns "$director" tc qdisc del dev "$dev" clsact
		flows_settle 'the filters are gone'
	done
}

# A route that encapsulates: the path's header is not all that its packets get. The server takes the label off.
labels() {
	local four="${RIP4[1]}/32 encap mpls 42 via ${RIP4[1]} dev $out onlink"
	local six="${RIP6[1]}/128 encap mpls 42 via ${RIP6[1]} dev $out onlink"
	local wanted=none

	if ! modprobe -q mpls_iptunnel; then
		printf 'no MPLS in this kernel\n'
		return
	fi
	modprobe mpls_router
	[[ $flows_wanted == request ]] || wanted=reply
	sysctls "${servers[1]}" mpls/platform_labels=100 mpls/conf/eth0/input=1
	ip -n "${servers[1]}" -M route add 42 dev lo
	printf 'route add %s\n' "$four" "$six" | ip -n "$director" -batch -
	flows_settle 'routes to the server that encapsulate' $wanted
	check_range "${moved[express-refused]}" 16 60 'they are refused'
	check_range "${moved[express-not-path]}" 16 60 'and the path that there was is left'
	printf 'route del %s\n' "$four" "$six" | ip -n "$director" -batch -
	flows_settle 'the routes are gone'
}

# On the way to the client; where that is not the director's, to the server.
policies() {
	local four=$CIP4 six=$CIP6

	[[ $flows_wanted == both ]] || four=$VIP4 six=$VIP6
	ip -n "$director" xfrm policy add dir out src 0.0.0.0/0 dst "$four/32" action block
	ip -n "$director" xfrm policy add dir out src ::/0 dst "$six/128" action block
	flows_silent 'IPsec policies hold' udp
	ip -n "$director" xfrm policy deleteall
	flows_settle 'the policies are gone'
}

# others METHOD OUT RPORT: OUT is the director's device on the servers' side
others() {
	out=$2 rport=$3
	printf '\n---- %s\n' "$1"
	flows_service "$1"
	flows_open
	flows_settle 'at first'
	taps
	filters
	labels
	policies
	flows_close
}

topology_nat 1
others nat eth1 5300
topology_dr 1
others dr eth0 53
