#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# ICMP and ICMPv6 errors. nat: from a server or a router behind the director to the client, from the client to the server, outer and
# embedded headers rewritten, every checksum right. dr: from the client to the server as they are. Errors about strangers, and
# damaged ones, are none of a connection's business.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-icmp.sh"
need_weiradm

topology_nat 1
# Between two crafted packets lie seconds on a slow machine; a datagram that was not answered is soon forgotten.
adm config timeout.udp-unreplied=600
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 5300)" -m
	if [[ $family == 4 ]]; then errors='ICMP in p and UDPerror in p'; else errors='IPv6 in p and UDPerror in p'; fi

	# Nobody listens there yet: the server's own error.
	check_fails - 'refused' "nat, IPv$family: the server's port unreachable reaches the client's socket" ask "$client" udp "$vip" 53 hello
	listen "$client" eth0 "$errors"
	scapy_py "$client" "$cip" "$vip" <<-'EOF'
		l3 = IPv6 if ":" in sys.argv[1] else IP
		send(l3(src=sys.argv[1], dst=sys.argv[2]) / UDP(sport=4001, dport=53) / b"hello")
	EOF
	check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right" "nat, IPv$family: a server's error"

	# A router between the director and the server.
	listen "$client" eth0 "$errors"
	scapy_py "${servers[1]}" "${rips[1]}" "$cip" <<-'EOF'
		rip, cip = sys.argv[1:]
		if ":" in rip:
		    inner = IPv6(src=cip, dst=rip) / UDP(sport=4001, dport=5300) / b"hello"
		    send(IPv6(src=rip, dst=cip) / ICMPv6PacketTooBig(mtu=1300) / bytes(inner))
		else:
		    inner = IP(src=cip, dst=rip) / UDP(sport=4001, dport=5300) / b"hello"
		    send(IP(src=rip, dst=cip) / ICMP(type=3, code=4, nexthopmtu=1300) / bytes(inner))
	EOF
	check_eq "$(heard)" "$vip $cip about $cip 4001 $vip 53 right" "nat, IPv$family: a router's packet too big"

	# The client's error about an answer.
	listen "${servers[1]}" eth0 "$errors and p[Ether].dst == '$(mac_of "${servers[1]}" eth0)'"
	scapy_py "$client" "$cip" "$vip" <<-'EOF'
		cip, vip = sys.argv[1:]
		def error(inner):
		    if ":" in cip:
		        return IPv6(src=cip, dst=vip) / ICMPv6DestUnreach(code=4) / bytes(inner)
		    return IP(src=cip, dst=vip) / ICMP(type=3, code=3) / bytes(inner)
		l3 = IPv6 if ":" in cip else IP
		answer = l3(src=vip, dst=cip) / UDP(sport=53, dport=4001) / b"answer"
		damaged = error(answer)
		if ":" in cip:
		    damaged[ICMPv6DestUnreach].cksum = 0xbad
		else:
		    damaged[ICMP].chksum = 0xbad
		send(damaged)
		send(error(l3(src=vip, dst=cip) / UDP(sport=53, dport=4999) / b"stranger"))
		send(error(answer))
	EOF
	check_eq "$(heard)" "$cip ${rips[1]} about ${rips[1]} 5300 $cip 4001 right" "nat, IPv$family: the client's error"
done
check_match "$(adm counters)" '^drop-checksum +2$' 'the damaged ones were dropped'
check_match "$(adm counters)" '^admit-icmp-error +8$' 'four errors a family were forwarded'

topology_dr 1
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 53)" -g
	if [[ $family == 4 ]]; then errors='ICMP in p and UDPerror in p'; else errors='IPv6 in p and UDPerror in p'; fi
	check_fails - 'refused' "dr, IPv$family: the server's port unreachable reaches the client by itself" ask "$client" udp "$vip" 53 hello
	listen "${servers[1]}" eth0 "$errors and p[Ether].dst == '$(mac_of "${servers[1]}" eth0)'"
	scapy_py "$client" "$cip" "$vip" <<-'EOF'
		cip, vip = sys.argv[1:]
		l3 = IPv6 if ":" in cip else IP
		send(l3(src=cip, dst=vip) / UDP(sport=4001, dport=53) / b"hello")
		answer = bytes(l3(src=vip, dst=cip) / UDP(sport=53, dport=4001) / b"answer")
		if ":" in cip:
		    send(IPv6(src=cip, dst=vip) / ICMPv6DestUnreach(code=4) / answer)
		else:
		    send(IP(src=cip, dst=vip) / ICMP(type=3, code=3) / answer)
	EOF
	check_eq "$(heard)" "$cip $vip about $vip 53 $cip 4001 right" "dr, IPv$family: the client's error"
done
