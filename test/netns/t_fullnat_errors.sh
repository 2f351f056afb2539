#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# ICMP and ICMPv6 errors over fullnat: from a server or a router on its side to the client, from the client to the server; outer and
# embedded headers carry the ends that their reader knows, every checksum right.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-icmp.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
# Between two crafted packets lie seconds on a slow machine; a datagram that was not answered is soon forgotten.
adm config timeout.udp-unreplied=600

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family lip=LIP$family
	one_local_end "$family" "$family"
	adm -A -u "$(hostport "$vip" 54)" -s rr --pool "pool$family"
	adm -a -u "$(hostport "$vip" 54)" -r "$(hostport "${rips[1]}" 5300)" --fullnat
	if [[ $family == 4 ]]; then errors='ICMP in p and UDPerror in p'; else errors='IPv6 in p and UDPerror in p'; fi

	# Nobody listens there: the server's own error.
	check_fails - 'refused' "IPv$family: the server's port unreachable reaches the client's socket" ask "$client" udp "$vip" 54 hello
	listen "$client" eth0 "$errors"
	scapy_py "$client" "$cip" "$vip" <<-'PY'
		l3 = IPv6 if ":" in sys.argv[1] else IP
		send(l3(src=sys.argv[1], dst=sys.argv[2]) / UDP(sport=4001, dport=53) / b"hello")
	PY
	check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right" "IPv$family: a server's error"

	# A router between the director and the server.
	listen "$client" eth0 "$errors"
	scapy_py "${servers[1]}" "${rips[1]}" "$lip" <<-'PY'
		rip, lip = sys.argv[1:]
		if ":" in rip:
		    inner = IPv6(src=lip, dst=rip) / UDP(sport=6000, dport=5300) / b"hello"
		    send(IPv6(src=rip, dst=lip) / ICMPv6PacketTooBig(mtu=1300) / bytes(inner))
		else:
		    inner = IP(src=lip, dst=rip) / UDP(sport=6000, dport=5300) / b"hello"
		    send(IP(src=rip, dst=lip) / ICMP(type=3, code=4, nexthopmtu=1300) / bytes(inner))
	PY
	check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right" "IPv$family: a router's packet too big"

	# The client's error about an answer; one about a stranger's is nobody's.
	listen "${servers[1]}" eth0 "$errors and p[Ether].dst == '$(mac_of "${servers[1]}" eth0)'"
	scapy_py "$client" "$cip" "$vip" <<-'PY'
		cip, vip = sys.argv[1:]
		l3 = IPv6 if ":" in cip else IP
		def error(sport):
		    inner = bytes(l3(src=vip, dst=cip) / UDP(sport=53, dport=sport) / b"answer")
		    if ":" in cip:
		        return IPv6(src=cip, dst=vip) / ICMPv6DestUnreach(code=4) / inner
		    return IP(src=cip, dst=vip) / ICMP(type=3, code=3) / inner
		send(error(4999))
		send(error(4001))
	PY
	check_eq "$(heard)" "$lip ${rips[1]} about ${rips[1]} 5300 $lip 6000 right" "IPv$family: the client's error"
done
