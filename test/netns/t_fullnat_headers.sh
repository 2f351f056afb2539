#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 360
# Headers of fullnat, captured on both sides, by the admission path and by the express path, v4 and v6: ends and checksums of UDP and TCP;
# UDP without a checksum stays without; a sum of zero is sent as 0xffff; a damaged packet opens no connection and is not mended; TCP
# timestamps are moved by one amount a connection, wherever the option stands, and the echo is moved back.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
adm config timeout.udp-unreplied=600 timeout.syn-recv=600
# The client's own kernel knows nothing of these connections and is to keep out of them.
ns "$client" nft -f - <<-'NFT'
	table inet quiet {
		chain c {
			type filter hook output priority 0;
			tcp flags & rst == rst drop
		}
	}
NFT

# The server's side: what comes, and an answer by hand to TCP segments, whose kernel does not know the connection.
watch_server() { # RIP
	scapy_py "${servers[1]}" "$1" "$(mac_of "$director" eth1)" <<-'PY' >"$TEST_TMP/server" 2>&1 &
		rip, mac = sys.argv[1:]
		kind = IPv6 if ":" in rip else IP
		def state(p):
		    l4 = p[UDP] if UDP in p else p[TCP]
		    again = p[kind].copy()
		    given = l4.chksum
		    del (again[UDP] if UDP in again else again[TCP]).chksum
		    if kind is IP:
		        del again.chksum
		    fresh = kind(bytes(again))
		    right = (fresh[UDP] if UDP in fresh else fresh[TCP]).chksum
		    if kind is IP and fresh.chksum != p[IP].chksum:
		        return "ip-wrong"
		    if given == 0 and UDP in p:
		        return "none"
		    return ("right" if given == right else "wrong") + (" ffff" if given == 0xffff else "")
		def stamps(p):
		    return dict((o[0], o[1]) for o in p[TCP].options if isinstance(o, tuple)).get("Timestamp")
		def show(p):
		    if kind not in p or p[kind].dst != rip or not (UDP in p or TCP in p):
		        return
		    l4 = p[UDP] if UDP in p else p[TCP]
		    print(p[kind].src, l4.sport, l4.dport, state(p), flush=True)
		    if UDP in p and l4.dport == 5399:
		        sys.exit(0)
		    if TCP in p and not l4.flags.R:
		        value = stamps(p)
		        print("stamp", value[0] if value else None, flush=True)
		        flags = "SA" if l4.flags.S else "A"
		        options = [("NOP", None), ("NOP", None), ("Timestamp", (777, value[0]))] if value else []
		        sendp(Ether(dst=mac) / kind(src=rip, dst=p[kind].src) /
		              TCP(sport=l4.dport, dport=l4.sport, flags=flags, seq=9000, ack=l4.seq + 1, options=options), iface="eth0")
		sniff(iface="eth0", prn=show, timeout=90, started_callback=lambda: print("ready", flush=True))
	PY
	wait_for 30 'the server is watched' grep -q ready "$TEST_TMP/server"
}

# The client's side: sends, and says of each TCP answer its ends, its checksum and the echo of the timestamp.
play_client() { # CIP VIP RIP LIP
	scapy_py "$client" "$(mac_of "$director" eth0)" "$@" <<-'PY'
		mac, cip, vip, rip, lip = sys.argv[1:]
		kind = IPv6 if ":" in vip else IP
		def out(p):
		    sendp(Ether(dst=mac) / p, iface="eth0"); time.sleep(0.1)
		def udp(sport, dport, data, **more):
		    return kind(src=cip, dst=vip) / UDP(sport=sport, dport=dport, **more) / data
		def tcp(sport, flags, seq, options):
		    p = Ether(dst=mac) / kind(src=cip, dst=vip) / TCP(sport=sport, dport=80, flags=flags, seq=seq, ack=9001 if "A" in flags else 0, options=options)
		    answer = srp1(p, iface="eth0", timeout=20, verbose=False)
		    if not answer:
		        print("no answer"); return
		    l4 = answer[TCP]
		    given = l4.chksum
		    again = answer[kind].copy(); del again[TCP].chksum
		    right = kind(bytes(again))[TCP].chksum == given
		    value = dict((o[0], o[1]) for o in l4.options if isinstance(o, tuple)).get("Timestamp")
		    print(answer[kind].src == vip, answer[kind].dst == cip, l4.sport, l4.dport, "right" if right else "wrong", value)
		for i in range(3):
		    out(udp(4001, 53, b"odd" * 3 + b"x" * i))
		if kind is IP:
		    out(udp(4002, 54, b"without", chksum=0))
		sample = kind(bytes(kind(src=lip, dst=rip) / UDP(sport=6000, dport=5303) / b"\0\0"))
		data = struct.pack(">H", sample[UDP].chksum)
		out(udp(4003, 55, data))
		out(udp(4006, 56, b"damaged", chksum=0xbad))
		out(udp(4001, 53, b"damaged", chksum=0xbad))
		# Odd on purpose; then the usual place, then among others.
		tcp(4004, "S", 1, [("NOP", None), ("Timestamp", (1000000, 0))])
		tcp(4004, "A", 2, [("NOP", None), ("NOP", None), ("Timestamp", (1000050, 777))])
		tcp(4004, "A", 2, [("NOP", None), ("Timestamp", (1000060, 777)), ("NOP", None), ("NOP", None), ("SAck", (5, 6))])
		tcp(4004, "A", 2, [])
		out(udp(4009, 59, b"end"))
	PY
}

no_connections() {
	[[ $(adm conn list -j) != *'"client"'* ]]
}

for express in off on; do
	adm config express=$express
	for family in 4 6; do
		declare -n vip=VIP$family rips=RIP$family cip=CIP$family lip=LIP$family
		# Of one local end each: what server's port they go to tells them apart.
		adm pool add "one$family" "$lip" --ports 6000
		for port in 53:5301 54:5302 55:5303 56:5304 59:5399; do
			adm -A -u "$(hostport "$vip" "${port%:*}")" -s rr --pool "one$family" --on-gone move
			adm -a -u "$(hostport "$vip" "${port%:*}")" -r "$(hostport "${rips[1]}" "${port#*:}")" --fullnat
		done
		adm -A -t "$(hostport "$vip" 80)" -s rr --pool "one$family" --on-gone move
		adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 8080)" --fullnat
		# Neighbours know each other: nothing waits for that, or gets lost over it.
		ns "$director" ping -q -c 1 "${rips[1]}" >/dev/null
		ns "$director" ping -q -c 1 "$cip" >/dev/null
		# The server's own kernel is to keep out of it.
		ns "${servers[1]}" nft -f - <<-'NFT'
			table inet quiet {
				chain c {
					type filter hook input priority 0; policy drop;
					meta l4proto ipv6-icmp accept
				}
			}
		NFT

		watch_server "${rips[1]}"
		check_eq "$(play_client "$cip" "$vip" "${rips[1]}" "$lip")" "True True 80 4004 right (777, 1000000)
True True 80 4004 right (777, 1000050)
True True 80 4004 right (777, 1000060)
True True 80 4004 right None" "express $express, IPv$family: what the client gets"
		busywait 20 grep -q " 5399 " "$TEST_TMP/server" || fail "the last packet did not arrive: $(cat "$TEST_TMP/server")"
		expected="$lip 6000 5301 right
$lip 6000 5301 right
$lip 6000 5301 right"
		[[ $family == 6 ]] || expected+="
$lip 6000 5302 none"
		expected+="
$lip 6000 5303 right ffff
$lip 6000 5301 wrong
$lip 6000 8080 right
$lip 6000 8080 right
$lip 6000 8080 right
$lip 6000 8080 right
$lip 6000 5399 right"
		check_eq "$(grep -v -e ready -e stamp "$TEST_TMP/server")" "$expected" "express $express, IPv$family: what the server gets"
		read -r first second third none < <(sed -n 's/^stamp //p' "$TEST_TMP/server" | paste -sd ' ')
		check_eq "$((second - first)) $((third - second)) $none" '50 10 None' "express $express, IPv$family: timestamps moved alike"
		check_range $(((${EPOCHREALTIME/./} / 1000 - first) & 0xffffffff)) 0 120000 \
			"express $express, IPv$family: to the director's clock"
		if [[ $express == on ]]; then
			# UDP that nobody answers is not; TCP is when both ways were learned after the server's first acknowledgement of data.
			check_range "$(adm counters --all | awk '$1 == "express-request" { print $2 }')" $(((family - 2) / 2)) 100 "IPv$family: some by the express path"
		fi
		ns "${servers[1]}" nft flush ruleset
		adm -C
		wait_for 20 'the connections end with their servers' no_connections
		adm pool delete "one$family"
	done
	adm config express=off
done
check_match "$(adm counters)" '^drop-checksum +4$' 'damaged ones that would have opened a connection'
