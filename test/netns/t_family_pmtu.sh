#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 300
# fullnat between families where the way to the servers, or to the client, carries less: senders are told the MTU as their own family
# counts it, IPv6 ones none below 1280; IPv4 packets without DF go in fragments of 1280 bytes, IPv6 ones of up to 1280 bytes are cut on
# a way of IPv4 that carries less; TCP finds its way both ways; a TTL of 1 ends with Time Exceeded.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
need_command iperf3
topology_fullnat 1
background nsenter "--net=/run/netns/${servers[1]}" iperf3 -s -p 5202
wait_for 20 'iperf3 listens' listening "${servers[1]}" tcp 5202
start_echo "${servers[1]}" udp 5202 server1

# ways FAMILY MTU: of what the director sends to the servers by this family
ways() {
	local -n _rip=RIP$1

	ip -n "$director" route replace "${_rip[1]}" dev eth1 mtu lock "$2"
}

# two_megabytes ADDRESS WHAT [OPTION...]
two_megabytes() {
	check_ok "$2" ns "$client" timeout $((60 * WEIR_SLOW)) iperf3 -c "$1" -p 5201 -n 2M "${@:3}"
}

for family in 4 6; do
	family_service tcp "$family" 5201 5202
	family_service udp "$family" 5201 5202
done

# What of a datagram without DF comes to the IPv6 server: lengths of the fragments.
scapy_py "${servers[1]}" "${RIP6[1]}" <<-'PY' >>"$TEST_TMP/fragments" 2>&1 &
	def show(p):
	    if IPv6 in p and p[IPv6].dst == sys.argv[1] and IPv6ExtHdrFragment in p:
	        print(p[IPv6].plen + 40, p[IPv6ExtHdrFragment].m, flush=True)
	sniff(iface="eth0", prn=show, timeout=300, started_callback=lambda: print("ready", flush=True))
PY
wait_for 30 'the server is watched' grep -q ready "$TEST_TMP/fragments"

for express in on off; do
	adm config express=$express
	ways 4 1300
	ways 6 1300
	scapy_py "$client" "$(mac_of "$director" eth0)" "$CIP4" "$VIP4" <<-'PY'
		mac, cip, vip = sys.argv[1:]
		def ask(p):
		    answer = srp1(Ether(dst=mac) / p, iface="eth0", timeout=20)
		    assert answer, "no answer to " + p.summary()
		    return answer
		for again in 1, 2:
		    p = ask(IP(src=cip, dst=vip) / UDP(sport=4001, dport=5201) / b"x")
		    assert UDP in p and p[IP].flags.DF == 0, p.show(dump=True)
		p = ask(IP(src=cip, dst=vip, flags="DF") / UDP(sport=4001, dport=5201) / bytes(1400))
		assert p[ICMP].type == 3 and p[ICMP].code == 4 and p[ICMP].nexthopmtu == 1280 and p[IP].src == vip, p.show(dump=True)
		p = ask(IP(src=cip, dst=vip, flags="DF") / UDP(sport=4001, dport=5201) / (b"y" * 1252))
		assert UDP in p, p.show(dump=True)
		p = ask(IP(src=cip, dst=vip, ttl=1) / UDP(sport=4001, dport=5201) / b"x")
		assert p[ICMP].type == 11 and p[ICMP].code == 0 and p[IP].src == vip, p.show(dump=True)
		p = ask(IP(src=cip, dst=vip) / UDP(sport=4001, dport=5201) / (b"y" * 1400))
		assert UDP in p and p[IP].flags.DF == 1, p.show(dump=True)
	PY
	ok "express $express, IPv4 client: it is told, and answered where it may be"
	busywait 20 grep -q ' 0$' "$TEST_TMP/fragments" || fail "no fragments came: $(cat "$TEST_TMP/fragments")"
	# 8 of UDP and 1400: 1232 with the first header and that of fragments, the rest with others.
	check_eq "$(grep -v ready "$TEST_TMP/fragments")" "1280 1"$'\n'"224 0" "express $express: in fragments of 1280"
	: >"$TEST_TMP/fragments"

	scapy_py "$client" "$(mac_of "$director" eth0)" "$CIP6" "$VIP6" <<-'PY'
		mac, cip, vip = sys.argv[1:]
		def ask(p):
		    answer = srp1(Ether(dst=mac) / p, iface="eth0", timeout=20)
		    assert answer, "no answer to " + p.summary()
		    return answer
		for again in 1, 2:
		    p = ask(IPv6(src=cip, dst=vip) / UDP(sport=4001, dport=5201) / b"x")
		    assert UDP in p, p.show(dump=True)
		p = ask(IPv6(src=cip, dst=vip) / UDP(sport=4001, dport=5201) / bytes(1400))
		assert ICMPv6PacketTooBig in p and p[ICMPv6PacketTooBig].mtu == 1320 and p[IPv6].src == vip, p.show(dump=True)
		p = ask(IPv6(src=cip, dst=vip) / UDP(sport=4001, dport=5201) / (b"y" * 1272))
		assert UDP in p, p.show(dump=True)
		p = ask(IPv6(src=cip, dst=vip, hlim=1) / UDP(sport=4001, dport=5201) / b"x")
		assert ICMPv6TimeExceeded in p, p.show(dump=True)
	PY
	ok "express $express, IPv6 client: it is told"
	ways 4 1000
	scapy_py "$client" "$(mac_of "$director" eth0)" "$CIP6" "$VIP6" <<-'PY'
		mac, cip, vip = sys.argv[1:]
		for size in 1232, 1233:
		    p = srp1(Ether(dst=mac) / IPv6(src=cip, dst=vip) / UDP(sport=4001, dport=5201) / (b"y" * size), iface="eth0", timeout=20)
		    if size == 1232:
		        assert p and UDP in p, p and p.show(dump=True)
		    else:
		        assert p and ICMPv6PacketTooBig in p and p[ICMPv6PacketTooBig].mtu == 1280, p and p.show(dump=True)
	PY
	ok "express $express, IPv6 client: up to 1280 bytes are cut, others are too big"

	ways 4 1300
	for family in 4 6; do
		declare -n vip=VIP$family
		two_megabytes "$vip" "express $express, IPv$family: TCP gets two megabytes to the server"
	done
done
check_match "$(adm counters)" '^drop-too-big' 'what was too big is counted'
check_match "$(adm counters)" '^drop-ttl +4$' 'what was too old is counted'

# Clients whose segments have no DF: those of GSO packets are made smaller, the others go in fragments.
sysctls "$client" ipv4/ip_no_pmtu_disc=1
two_megabytes "$VIP4" 'IPv4, without DF: TCP gets two megabytes to the server'
sysctls "$client" ipv4/ip_no_pmtu_disc=0

# The way to the client carries less than the server's: to the server it is the local address that says so.
routes "$director" "$CIP4/32 dev eth0 mtu lock 1280" "$CIP6/128 dev eth0 mtu lock 1280"
for family in 4 6; do
	declare -n vip=VIP$family
	two_megabytes "$vip" "IPv$family: TCP gets two megabytes back" -R
done
