#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# ICMP errors over fullnat between families: from a server, or a router on its side, to the client, and from the client to the server.
# Types, codes and MTUs by RFC 7915, every checksum right, embedded headers of the ends that their reader knows; no longer than they may
# be; what has no counterpart, and a packet that has further to go by its source route, is dropped and counted.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-icmp.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
# Between two crafted packets lie seconds on a slow machine; a datagram that was not answered is soon forgotten.
adm config timeout.udp-unreplied=600
# What is heard by clients and servers of each family, and what is told of it.
declare -A heard=([4]='ICMP in p and UDPerror in p' [6]='IPv6 in p and UDPerror in p') more=(
	[4]='"%d/%d mtu %d len %d" % (p[ICMP].type, p[ICMP].code, p[ICMP].nexthopmtu or 0, p[IP].len)'
	[6]='"%d/%d mtu %d len %d" % (p[IPv6].payload.type, p[IPv6].payload.code, getattr(p[IPv6].payload, "mtu", 0), p[IPv6].plen + 40)'
)

# from_server ERROR EXPECTED WHAT: a router beside the server complains of what came to it; ERROR is scapy's, about inner
from_server() {
	listen "$client" eth0 "${heard[$family]}" "${more[$family]}"
	scapy_py "${servers[1]}" "${rips[1]}" "$lip" "$1" <<-'PY'
		from scapy.layers.inet import IPOption
		rip, lip, error = sys.argv[1:]
		kind = IPv6 if ":" in rip else IP
		def inner(size, **more):
		    return bytes(kind(src=lip, dst=rip, **more) / UDP(sport=6000, dport=5300) / bytes(size))
		send(kind(src=rip, dst=lip) / eval(error))
	PY
	check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right $2" "IPv$family client: $3"
}

for family in 4 6; do
	other=$((10 - family))
	declare -n vip=VIP$family rips=RIP$other cip=CIP$family lip=LIP$other
	one_local_end "$family" "$other"
	family_service udp "$family" 54 5300

	# Nobody listens there: the server's own error.
	check_fails - 'refused' "IPv$family client: the server's port unreachable reaches its socket" ask "$client" udp "$vip" 54 hello
	listen "$client" eth0 "${heard[$family]}" "${more[$family]}"
	scapy_py "$client" "$cip" "$vip" <<-'PY'
		l3 = IPv6 if ":" in sys.argv[1] else IP
		send(l3(src=sys.argv[1], dst=sys.argv[2]) / UDP(sport=4001, dport=53) / b"hello")
	PY
	if ((family == 4)); then
		check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right 3/3 mtu 0 len 61" "IPv4 client: a server's error"
		from_server 'ICMPv6PacketTooBig(mtu=1400) / inner(500)' '3/4 mtu 1380 len 556' 'a packet too big'
		from_server 'ICMPv6PacketTooBig(mtu=1000) / inner(10)' '3/4 mtu 1260 len 66' 'too big for less than IPv6 carries'
		from_server 'ICMPv6TimeExceeded(code=0) / inner(10)' '11/0 mtu 0 len 66' 'time exceeded'
		from_server 'ICMPv6DestUnreach(code=1) / inner(10)' '3/10 mtu 0 len 66' 'prohibited'
		from_server 'ICMPv6DestUnreach(code=0) / inner(1000)' '3/1 mtu 0 len 576' 'no route, and no more than 576 bytes'
		dropped='ICMPv6DestUnreach(code=6) / inner(10)'
	else
		check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right 1/4 mtu 0 len 101" "IPv6 client: a server's error"
		from_server 'ICMP(type=3, code=4, nexthopmtu=1400) / inner(500)' '2/0 mtu 1420 len 596' 'a packet too big'
		from_server 'ICMP(type=3, code=4, nexthopmtu=576) / inner(10)' '2/0 mtu 1280 len 106' 'too big for less than IPv6 carries'
		from_server 'ICMP(type=3, code=4, nexthopmtu=0) / inner(1372)' '2/0 mtu 1280 len 1280' 'a router that tells no size'
		from_server 'ICMP(type=11, code=0) / inner(10)' '3/0 mtu 0 len 106' 'time exceeded'
		from_server 'ICMP(type=3, code=13) / inner(10)' '1/1 mtu 0 len 106' 'prohibited'
		from_server 'ICMP(type=3, code=1) / inner(10, options=[IPOption(b"\x94\x04\0\0")])' '1/0 mtu 0 len 106' 'options in what is embedded'
		dropped='ICMP(type=4) / inner(10)'
	fi
	before=$(count_of drop-untranslatable)
	scapy_py "${servers[1]}" "${rips[1]}" "$lip" "$dropped" <<-'PY'
		rip, lip, error = sys.argv[1:]
		kind = IPv6 if ":" in rip else IP
		def inner(size):
		    return bytes(kind(src=lip, dst=rip) / UDP(sport=6000, dport=5300) / bytes(size))
		send(kind(src=rip, dst=lip) / eval(error))
	PY
	check_eq $(($(count_of drop-untranslatable) - before)) 1 "IPv$family client: without a counterpart"

	# The client's error about an answer; one about a stranger's is nobody's.
	listen "${servers[1]}" eth0 "${heard[$other]} and p[Ether].dst == '$(mac_of "${servers[1]}" eth0)'" "${more[$other]}"
	scapy_py "$client" "$cip" "$vip" <<-'PY'
		cip, vip = sys.argv[1:]
		l3 = IPv6 if ":" in cip else IP
		def error(sport):
		    inner = bytes(l3(src=vip, dst=cip) / UDP(sport=53, dport=sport) / b"answer")
		    if ":" in cip:
		        return IPv6(src=cip, dst=vip) / ICMPv6PacketTooBig(mtu=1300) / inner
		    return IP(src=cip, dst=vip) / ICMP(type=3, code=4, nexthopmtu=1300) / inner
		send(error(4999))
		send(error(4001))
	PY
	if ((other == 4)); then wanted='3/4 mtu 1280 len 62'; else wanted='2/0 mtu 1320 len 102'; fi
	check_eq "$(heard)" "$lip ${rips[1]} about ${rips[1]} 5300 $lip 6000 right $wanted" "IPv$family client: its error"
done

before=$(count_of drop-untranslatable)
ns "$director" /usr/bin/python3 -SE - "$VIP4" <<-'PY'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([0x83, 7, 4]) + socket.inet_aton(sys.argv[1]) + b"\0")
	try:
	    s.sendto(b"by way of the virtual address", ("203.0.113.9", 54))
	except PermissionError:
	    pass # what a hook drops on its way out
PY
check_eq $(($(count_of drop-untranslatable) - before)) 1 'a source route that goes on'
