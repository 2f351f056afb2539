#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# fullnat with --toa on the wire: the option stands first in every segment from the handshake's last one until data is acknowledged, the
# checksums are right, Fast Open's option and the client's own of these kinds do not get through, with --toa or without; full options are
# left as they are. (This test needs no BPF.)
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-toa.sh"
need_weiradm
topology_fullnat 1
server=${servers[1]}
start_echo "$server" tcp 8080 server1
# Clients that the client's machine does not know: it drops what comes for them.
routes "$director" '10.9.0.0/16 via 192.0.2.2' '2001:db8:9::/48 via 2001:db8:1::2'

# watch FAMILY: what comes to the server, a line each: flags, options' kinds with length, whether sums are right, data
watch() {
	local -n _rip=RIP$1

	scapy_py "$server" "${_rip[1]}" <<-'END' >>"$TEST_TMP/seen" 2>&1 &
		kind = IPv6 if ":" in sys.argv[1] else IP
		def options(raw):
		    words, at = [], 0
		    while at < len(raw) and raw[at] != 0:
		        size = 1 if raw[at] == 1 else raw[at + 1]
		        words.append("nop" if size == 1 else "%d:%s" % (raw[at], raw[at + 2:at + size].hex()) if raw[at] in (253, 254) else str(raw[at]))
		        at += size
		    return ",".join(words) or "-"
		def show(p):
		    if kind not in p or TCP not in p or p[kind].dst != sys.argv[1] or p[TCP].dport != 8080:
		        return
		    again = p[kind].copy()
		    del again[TCP].chksum
		    if kind is IP:
		        del again.chksum
		    fresh = kind(bytes(again))
		    right = fresh[TCP].chksum == p[TCP].chksum and (kind is IPv6 or fresh.chksum == p[IP].chksum)
		    raw = bytes(p[TCP])[20:p[TCP].dataofs * 4]
		    print(p[TCP].flags, options(raw), "right" if right else "wrong", bytes(p[TCP].payload).strip(b"\0\n").decode() or "-", flush=True)
		sniff(iface="eth0", prn=show, timeout=120, started_callback=lambda: print("ready", flush=True))
	END
	wait_for 60 'the server is watched' grep -q ready "$TEST_TMP/seen"
}

# connect FAMILY <connections of toa_client.py
connect() {
	local -n _vip=VIP$1

	ns "$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/toa_client.py" eth0 "$(mac_of "$director" eth0)" "$_vip" 80 >/dev/null
}

# seen LINES WHAT: exactly these came since the last time, resets aside
seen() {
	wait_for 20 "$2: the reset arrives" grep -q '^R' "$TEST_TMP/seen"
	check_eq "$(grep -v -e '^R' -e ready "$TEST_TMP/seen")" "$1" "$2"
	: >"$TEST_TMP/seen"
}

for family in 4 6; do
	declare -n vip=VIP$family
	if ((family == 4)); then
		from=10.9.0.1 other=203.0.113.5
	else
		from=2001:db8:9::1 other=2001:db8:dead::5
	fi
	# What the client says of another, and what the server is told of the client: as hexadecimal, and as the watcher shows it.
	forged=$([[ $other == *:* ]] && option6 "$other" 1 || option4 "$other" 1)
	hex=$([[ $from == *:* ]] && option6 "$from" 4001 || option4 "$from" 4001)
	shown=$((16#${hex:0:2})):${hex:4}
	stamps=0101080a0000000100000000
	fullnat_service tcp "$family" 80 8080 --toa
	watch "$family"

	# The client acknowledges the answer when the server has acknowledged its data.
	connect "$family" <<<"plain $from 4001 more="
	seen "S 2 right -
A $shown right -
PA $shown right plain
A - right -
PA - right plain
A - right -" "IPv$family: a connection"

	connect "$family" <<<"stamps $from 4001 syn=020405b4${stamps} ack=$stamps data=$stamps"
	seen "S 2,nop,nop,8 right -
A $shown,nop,nop,8 right -
PA $shown,nop,nop,8 right stamps
A - right -" "IPv$family: timestamps"

	removed=$(count_of toa-of-client-removed) full=$(count_of toa-skipped-options-full)
	# Fast Open: kinds 34, and 254 with its magic number; a forged option wherever it may stand
	nops=nop,nop,nop,nop,nop,nop,nop,nop
	((family == 4)) || nops=$nops,$nops,nop,nop,nop,nop
	connect "$family" <<<"forged $from 4001 syn=020405b4220afaf1f2f3f4f5f6f70101 ack=$forged data=$forged"
	seen "S 2,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop right -
A $shown,$nops right -
PA $shown,$nops right forged
A - right -" "IPv$family: forged options, Fast Open"
	check_eq $(($(count_of toa-of-client-removed) - removed)) 3 "IPv$family: packets that options were taken out of"

	connect "$family" <<<"full $from 4001 ack=$(printf '01%.0s' {1..36}) data="
	seen "S 2 right -
A $(printf 'nop,%.0s' {1..35})nop right -
PA $shown right full
A - right -" "IPv$family: no room"
	check_eq $(($(count_of toa-skipped-options-full) - full)) 1 "IPv$family: left out for want of room"

	# The service does not send it; servers may listen all the same.
	adm service set "tcp:$(hostport "$vip" 80)" --flags none
	connect "$family" <<<"forged $from 4001 ack=$forged data=$forged"
	seen "S 2 right -
A $nops right -
PA $nops right forged
A - right -" "IPv$family: without --toa"
	adm -C
done
