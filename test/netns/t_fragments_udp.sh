#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 400
# Datagrams in fragments, both ways, nat, dr, tun and fullnat, v4 and v6 and between the two, without conntrack and with it; in any
# order; what overlaps is not delivered.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm

# Sends one datagram of 4000 bytes through a socket and wants all of it back. By a tunnel the first of IPv6 is lost: the client learns
# what fits, and fragments for that.
big() { # ADDRESS PORT [tunnel]
	ns "$client" /usr/bin/python3 -SE - "$1" "$2" $((5 * WEIR_SLOW)) "${3:-}" <<-'EOF'
		import errno, socket, sys
		v6 = ":" in sys.argv[1]
		s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(float(sys.argv[3]))
		s.connect((sys.argv[1], int(sys.argv[2])))
		text = b"abcdefghij" * 400
		s.send(text)
		try:
		    answer = s.recv(65536)
		except OSError as error:
		    assert v6 and sys.argv[4] and error.errno == errno.EMSGSIZE, error
		    s.send(text)
		    answer = s.recv(65536)
		assert text in answer, (len(answer), answer[:40])
	EOF
}

# The same by hand: with pieces that overlap, which must stay without an answer, then last fragment first.
shuffled() { # SOURCE ADDRESS PORT
	scapy_py "$client" "$(mac_of "$director" eth0)" "$@" <<-'EOF'
		import threading
		mac, cip, vip, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
		text = b"0123456789" * 300
		six = ":" in vip
		def pieces(sport, ident):
		    if six:
		        p = IPv6(src=cip, dst=vip) / IPv6ExtHdrFragment(id=ident) / UDP(sport=sport, dport=port) / text
		        return fragment6(p, 1280)
		    return fragment(IP(src=cip, dst=vip, id=ident) / UDP(sport=sport, dport=port) / text, 1000)
		overlapping = pieces(4101, port * 10 + 2)
		extra = overlapping[1].copy()
		if six:
		    extra[IPv6ExtHdrFragment].offset -= 8
		    extra[IPv6ExtHdrFragment].m = 1
		else:
		    extra.frag -= 8
		answered = []
		ready, last = threading.Event(), threading.Event()
		def heard(p):
		    if UDP in p and p[UDP].dport in (4100, 4101):
		        answered.append(p[UDP].dport)
		        if p[UDP].dport == 4100:
		            last.set()
		sniffer = AsyncSniffer(iface="eth0", prn=heard, store=False, started_callback=ready.set)
		sniffer.start()
		assert ready.wait(30)
		for p in [overlapping[0], extra] + overlapping[1:] + pieces(4100, port * 10 + 1)[::-1]:
		    sendp(Ether(dst=mac) / p, iface="eth0")
		last.wait(10)
		# What was sent before it would have been answered before it.
		time.sleep(0.2)
		sniffer.stop()
		assert answered == [4100], (answered, "4101: overlapping fragments, 4100: last fragment first")
	EOF
}

try() { # WHAT "OPTION..." PORT RPORT [other]: servers of the other family
	local family to
	local -a pool=() options

	read -ra options <<<"$2"
	start_echo "${servers[1]}" udp "$4" server1
	for family in 4 6; do
		to=$family
		[[ ! ${5:-} ]] || to=$((10 - family))
		declare -n vip=VIP$family rips=RIP$to cip=CIP$family
		[[ $2 != --fullnat ]] || pool=(--pool "pool$to")
		adm -A -u "$(hostport "$vip" "$3")" -s rr "${pool[@]}"
		adm -a -u "$(hostport "$vip" "$3")" -r "$(hostport "${rips[1]}" "$4")" "${options[@]}"
		check_ok "$1, IPv$family: 4000 bytes there and back" big "$vip" "$3" "${tunnel:-}"
		check_ok "$1, IPv$family: out of order, overlapping" shuffled "$cip" "$vip" "$3"
		check_ok "$1, IPv$family: 4000 bytes once more" big "$vip" "$3"
	done
	check_no_match "$(adm counters | sed "${tunnel:+/^drop-too-big/d}")" '^drop-' "$1: nothing was dropped"
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
decapsulate "${servers[1]}" "${RIP4[1]}" "${RIP6[1]}"
port=6000 tunnel=yes
for kind in ipip gre gue-csum; do
	port=$((port + 2))
	try "tun by $kind" "-i ${TUN_OPTIONS[$kind]}" $port $port
	try "tun by $kind between families" "-i ${TUN_OPTIONS[$kind]}" $((port + 1)) $((port + 1)) other
done
topology_fullnat 1
try fullnat --fullnat 53 5300
try 'fullnat between families' --fullnat 54 5301 other
