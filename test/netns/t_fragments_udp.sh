#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# Datagrams in fragments, both ways, nat and dr, v4 and v6, without conntrack and with it; in any order; what overlaps is not
# delivered.
. "$(dirname "$0")/../lib.sh"
need_weiradm

# Sends one datagram of 4000 bytes through a socket and wants all of it back.
big() { # ADDRESS PORT
	ns "$client" /usr/bin/python3 -SE - "$1" "$2" $((5 * WEIR_SLOW)) <<-'EOF'
		import socket, sys
		s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(float(sys.argv[3]))
		s.connect((sys.argv[1], int(sys.argv[2])))
		text = b"abcdefghij" * 400
		s.send(text)
		answer = s.recv(65536)
		assert text in answer, (len(answer), answer[:40])
	EOF
}

# The same by hand: last fragment first, then twice with pieces that overlap, which must stay without an answer.
shuffled() { # SOURCE ADDRESS PORT
	scapy_py "$client" "$(mac_of "$director" eth0)" "$@" <<-'EOF'
		mac, cip, vip, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
		text = b"0123456789" * 300
		six = ":" in vip
		def pieces(sport, ident):
		    if six:
		        p = IPv6(src=cip, dst=vip) / IPv6ExtHdrFragment(id=ident) / UDP(sport=sport, dport=port) / text
		        return fragment6(p, 1280)
		    return fragment(IP(src=cip, dst=vip, id=ident) / UDP(sport=sport, dport=port) / text, 1000)
		def answered(packets, sport, timeout):
		    sniffer = AsyncSniffer(iface="eth0", lfilter=lambda p: (UDP in p and p[UDP].dport == sport), store=True)
		    sniffer.start(); time.sleep(0.5)
		    for p in packets:
		        sendp(Ether(dst=mac) / p, iface="eth0")
		    for i in range(int(timeout * 10)):
		        time.sleep(0.1)
		        if sniffer.results:
		            break
		    return len(sniffer.stop())
		assert answered(pieces(4100, port * 10 + 1)[::-1], 4100, 10) == 1, "last fragment first"
		overlapping = pieces(4101, port * 10 + 2)
		extra = overlapping[1].copy()
		if six:
		    extra[IPv6ExtHdrFragment].offset -= 8
		    extra[IPv6ExtHdrFragment].m = 1
		else:
		    extra.frag -= 8
		assert answered([overlapping[0], extra] + overlapping[1:], 4101, 2) == 0, "overlapping fragments"
	EOF
}

try() { # WHAT OPTION PORT RPORT
	local family

	start_echo "${servers[1]}" udp "$4" server1
	for family in 4 6; do
		declare -n vip=VIP$family rips=RIP$family cip=CIP$family
		adm -A -u "$(hostport "$vip" "$3")" -s rr
		adm -a -u "$(hostport "$vip" "$3")" -r "$(hostport "${rips[1]}" "$4")" "$2"
		check_ok "$1, IPv$family: 4000 bytes there and back" big "$vip" "$3"
		check_ok "$1, IPv$family: out of order, overlapping" shuffled "$cip" "$vip" "$3"
		check_ok "$1, IPv$family: 4000 bytes once more" big "$vip" "$3"
	done
	check_no_match "$(adm counters)" '^drop-' "$1: nothing was dropped"
}

topology_nat 1
try nat -m 53 5300
if modprobe -q nf_conntrack && modprobe -q nft_ct; then
	ns "$director" nft -f - <<-'EOF'
		table inet t {
			chain c { type filter hook forward priority filter; ct state invalid drop; }
		}
	EOF
	try 'nat and conntrack' -m 54 5301
fi
topology_dr 1
try dr -g 53 53
