#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# expect-log: IPVS:
# The headers that weir puts in front of a packet are those of ip_vs, field by field, for each kind of tunnel and pair of
# families; on the express path too. Different by intent: a mark of congestion goes into the outer header (RFC 6040), the source port of
# GUE is one of the flow and of the dynamic range.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
need_command ipvsadm ethtool
need_module ip_vs ip_vs_rr
topology_dr 1
# Checksums are to be in what is looked at.
for name in "$client" "$director"; do
	ns "$name" ethtool -K eth0 tx off >"$TEST_TMP/ethtool"
done
probe=(/usr/bin/python3 -SE "$WEIR_ROOT/test/tools/tun_probe.py")

# A service on a port of its own for each kind of tunnel and outer family; of each flow two datagrams.
port=5000
for kind in ipip gre gre-csum gue gue-csum gue-remcsum; do
	for outer in 4 6; do
		declare -n rips=RIP$outer
		port=$((port + 1))
		for vip in "$VIP4" "$VIP6"; do
			printf -- '-A -u %s -s rr\n-a -u %s -r %s -i %s\n' "$(hostport "$vip" $port)" "$(hostport "$vip" $port)" \
				"$(hostport "${rips[1]}" $port)" "${TUN_OPTIONS[$kind]}"
		done >>"$TEST_TMP/rules"
		printf '%s\n' "$VIP4 $port 4000 0xb8 77 1" "$VIP4 $port 4000 0x01 9 0" "$VIP6 $port 4000 0x2a 77 0" "$VIP6 $port 4000 0 3 0" \
			>>"$TEST_TMP/probes"
	done
done

# seen NAME PROGRAM
seen() {
	background nsenter "--net=/run/netns/${servers[1]}" "${probe[@]}" watch eth0 48 $((30 * WEIR_SLOW))
	local log=$background_log pid=$background_pid

	wait_for 20 "the server of $1 watches" grep -q ready "$log"
	ns "$director" "$2" -R <"$TEST_TMP/rules"
	ns "$client" "${probe[@]}" send <"$TEST_TMP/probes"
	wait "$pid" || fail "$1: $(wc -l <"$log") of 48 probes came: $(tail -n 3 "$log")"
	grep '^outer:' "$log" >"$TEST_TMP/$1"
	grep -E '^[0-9]+$' "$log" >"$TEST_TMP/$1.sports"
	ns "$director" "$2" -C
}

seen ipvs ipvsadm
seen weir "$WEIRADM"
check_no_match "$(<"$TEST_TMP/weir")" 'wrong|False' 'all checksums and lengths are right'
if ! diff -U0 "$TEST_TMP/ipvs" "$TEST_TMP/weir"; then
	fail 'the headers differ'
fi
ok '48 packets, the same headers'
check_match "$(adm counters --all)" 'express-request +24' 'every second one took the express path'
check_no_match "$(awk '$1 < 49152' "$TEST_TMP/weir.sports")" . 'source ports are dynamic ones'
# three kinds by two outer families, two flows each with two probes
check_eq "$(uniq -c "$TEST_TMP/weir.sports" | awk '{ print $1 % 2 }' | sort -u)" 0 'a flow has one source port on both paths'
check_range "$(sort -u "$TEST_TMP/weir.sports" | wc -l)" 6 12 'flows have source ports of their own'

# Congestion experienced, on both paths.
adm -R <"$TEST_TMP/rules"
background nsenter "--net=/run/netns/${servers[1]}" "${probe[@]}" watch eth0 4 $((30 * WEIR_SLOW))
wait_for 20 'the server watches' grep -q ready "$background_log"
printf '%s\n' "$VIP4 5001 4001 3 64 1" "$VIP4 5001 4001 3 64 1" "$VIP6 5001 4001 3 64 1" "$VIP6 5001 4001 3 64 1" |
	ns "$client" "${probe[@]}" send
wait "$background_pid" || fail 'the datagrams did not arrive'
check_eq "$(grep -c '^outer: .* tos 0x03 .*inner: .* tos 0x03 ' "$background_log")" 4 'a mark of congestion is in both headers'
