#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# Headers of fullnat between families, as they come to the server and, answered by a real one, back to the client, by the admission path
# and by the express path: ToS and ECN, TTL less one, lengths, DF and identification, no flow label, no options, checksums; UDP's missing
# checksum is made, a sum of zero is sent as 0xffff; TCP's MSS as it was; with --toa the server is told the client's address of the other family.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
need_command ethtool
topology_fullnat 1
# What real senders leave to their device to sum up is summed up when it leaves the director: its receiver sees the sum.
ns "$director" ethtool -K eth0 tx off >/dev/null
ns "$director" ethtool -K eth1 tx off >/dev/null
start_echo "${servers[1]}" udp 5300 server1
start_echo "${servers[1]}" tcp 8080 server1

# watch NS OWN-ADDRESS FILE: a line for each packet of UDP, and each TCP segment with the options in question, that comes to it
watch() {
	scapy_py "$1" "$2" <<-'PY' >>"$3" 2>&1 &
		own = sys.argv[1]
		kind = IPv6 if ":" in own else IP
		def right(p, l4):
		    again = p[kind].copy()
		    del again[l4].chksum
		    if kind is IP:
		        del again.chksum
		    fresh = kind(bytes(again))
		    if kind is IP and fresh.chksum != p[IP].chksum:
		        return "ip-wrong"
		    return ("right" if fresh[l4].chksum == p[l4].chksum else "wrong") + (" ffff" if p[l4].chksum == 0xffff else "")
		def head(p):
		    if kind is IP:
		        return "tos %d ttl %d len %d %s %s options %d" % (p[IP].tos, p[IP].ttl, p[IP].len, p[IP].flags or "-",
		            "id" if p[IP].id or not p[IP].flags.DF else "no-id", len(p[IP].options))
		    return "tos %d ttl %d len %d flow %d next %d" % (p[IPv6].tc, p[IPv6].hlim, p[IPv6].plen + 40, p[IPv6].fl, p[IPv6].nh)
		def show(p):
		    if kind not in p or p[kind].dst != own:
		        return
		    if UDP in p:
		        print("udp", p[kind].src, p[UDP].sport, p[UDP].dport, head(p), right(p, UDP), flush=True)
		    elif TCP in p:
		        options = dict((o[0], o[1]) for o in p[TCP].options if isinstance(o, tuple))
		        toa = [bytes(o[1]).hex() for o in p[TCP].options if isinstance(o, tuple) and o[0] in (253, 254)]
		        if p[TCP].flags.S:
		            print("syn mss", options.get("MSS"), right(p, TCP), flush=True)
		        elif toa:
		            print("toa", toa[0], right(p, TCP), flush=True)
		sniff(iface="eth0", prn=show, timeout=300, started_callback=lambda: print("ready", flush=True))
	PY
	wait_for 30 "$1 is watched" grep -q ready "$3"
}

# lines FILE COUNT: that many came since the last time
lines() {
	busywait 20 bash -c '(($(grep -vc ready "$1") >= $2))' lines "$1" "$2" || true
	grep -v ready "$1" || true
	: >"$1"
}

for family in 4 6; do
	other=$((10 - family))
	declare -n vip=VIP$family rips=RIP$other cip=CIP$family lip=LIP$other
	one_local_end "$family" "$other"
	family_service tcp "$family" 80 8080 --toa
	watch "${servers[1]}" "${rips[1]}" "$TEST_TMP/server"
	watch "$client" "$cip" "$TEST_TMP/client"
	for express in off on; do
		adm config express=$express
		flow "$vip" 53 3 "IPv$family, express $express" # settled
		lines "$TEST_TMP/server" 3 >/dev/null
		lines "$TEST_TMP/client" 3 >/dev/null
		request=$(count_of express-request) reply=$(count_of express-reply)
		scapy_py "$client" "$(mac_of "$director" eth0)" "$cip" "$vip" "${rips[1]}" "$lip" "$express_port" <<-'PY'
			from scapy.layers.inet import IPOption
			mac, cip, vip, rip, lip, port = sys.argv[1:]
			port = int(port)
			def out(p):
			    sendp(Ether(dst=mac) / p, iface="eth0"); time.sleep(0.2)
			def udp(data, **more):
			    return UDP(sport=port, dport=53, **more) / data
			there = IPv6 if ":" in rip else IP
			# What makes the server's checksum zero, which is not sent.
			zero = struct.pack(">H", there(bytes(there(src=lip, dst=rip) / UDP(sport=6000, dport=5300) / b"\0\0"))[UDP].chksum)
			if ":" in vip:
			    l3 = IPv6(src=cip, dst=vip, tc=0xb9, fl=0x12345, hlim=40)
			    out(l3 / udp(b"odd" * 7))
			    out(l3 / udp(b"y" * 1300))
			    out(l3 / udp(zero))
			    out(l3 / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]) / udp(b"extension"))
			else:
			    l3 = IP(src=cip, dst=vip, tos=0xb9, id=77, ttl=40)
			    out(l3 / udp(b"odd" * 7))
			    out(IP(src=cip, dst=vip, tos=0xb9, flags="DF", ttl=40) / udp(b"y" * 1300))
			    out(l3 / udp(zero))
			    out(l3 / udp(b"without", chksum=0))
			    out(IP(src=cip, dst=vip, tos=0xb9, ttl=40, options=[IPOption(b"\x94\x04\0\0")]) / udp(b"option"))
		PY
		if ((family == 4)); then
			expected="udp $lip 6000 5300 tos 185 ttl 39 len 69 flow 0 next 17 right
udp $lip 6000 5300 tos 185 ttl 39 len 1348 flow 0 next 17 right
udp $lip 6000 5300 tos 185 ttl 39 len 50 flow 0 next 17 right ffff
udp $lip 6000 5300 tos 185 ttl 39 len 55 flow 0 next 17 right
udp $lip 6000 5300 tos 185 ttl 39 len 54 flow 0 next 17 right"
			# "server1 <local address> <what was sent>\n"
			answers="udp $vip 53 $express_port tos 0 ttl 63 len 73 - id options 0 right
udp $vip 53 $express_port tos 0 ttl 63 len 1352 DF no-id options 0 right
udp $vip 53 $express_port tos 0 ttl 63 len 54 - id options 0 right
udp $vip 53 $express_port tos 0 ttl 63 len 59 - id options 0 right
udp $vip 53 $express_port tos 0 ttl 63 len 58 - id options 0 right"
			count=5 way='4 5'
		else
			expected="udp $lip 6000 5300 tos 185 ttl 39 len 49 - id options 0 right
udp $lip 6000 5300 tos 185 ttl 39 len 1328 DF no-id options 0 right
udp $lip 6000 5300 tos 185 ttl 39 len 30 - id options 0 right ffff
udp $lip 6000 5300 tos 185 ttl 39 len 37 - id options 0 right"
			answers="udp $vip 53 $express_port tos 0 ttl 63 len 92 flow 0 next 17 right
udp $vip 53 $express_port tos 0 ttl 63 len 1371 flow 0 next 17 right
udp $vip 53 $express_port tos 0 ttl 63 len 73 flow 0 next 17 right
udp $vip 53 $express_port tos 0 ttl 63 len 80 flow 0 next 17 right"
			count=4 way='3 4'
		fi
		check_eq "$(lines "$TEST_TMP/server" "$count")" "$expected" "express $express, IPv$family: what the server gets"
		check_eq "$(lines "$TEST_TMP/client" "$count")" "$answers" "express $express, IPv$family: what the client gets"
		[[ $express == on ]] || way='0 0'
		check_eq "$(($(count_of express-request) - request)) $(($(count_of express-reply) - reply))" "$way" \
			"express $express, IPv$family: express requests and replies, all but those with options"

		check_match "$(ask "$client" tcp "$vip" 80 hello)" '^server1 ' "express $express, IPv$family: a TCP connection"
		if ((family == 4)); then
			# The client has 1460 of its 1500; the server 1440, and 8 of it are for the option.
			mss='1460 1432' address=c0000202
		else
			mss='1440 1440' address=20010db8000100000000000000000002
		fi
		seen=$(lines "$TEST_TMP/server" 3)
		check_eq "$(sed -n 's/^syn //p' <<<"$seen") $(lines "$TEST_TMP/client" 1)" "mss ${mss% *} right syn mss ${mss#* } right" \
			"express $express, IPv$family: the MSS that server and client are offered"
		check_eq "$(sed -n 's/^toa ....//p' <<<"$seen" | sort -u)" "$address right" \
			"express $express, IPv$family: the server is told the client's address"
	done
	adm -C
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
