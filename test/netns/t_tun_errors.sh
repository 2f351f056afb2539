#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# Errors from inside a tunnel, IPv4 and IPv6 in either: a router on the way carries less: the client is told, from the virtual address,
# what fits into the tunnel, the next packet is refused by the director itself, TCP finds its way; the end does not decapsulate, or the
# TTL ends on the way: the client is told that too. Forged errors change nothing.
#
#   client eth0 --- director eth1 --- switch --- router --- far --- server1      the way from router to server1 carries 1400
#          back ---------------------------------- router                      the way back from the servers
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
need_command iperf3
topology_nat 2
new_ns router
# shellcheck disable=SC2034 # by reference
FAR4=203.0.113.11 FAR6=2001:db8:3::11
: "${router:=}"
link_ns "$switch" router "$router" eth0 'master br0'
link_ns "$router" far "${servers[1]}" far
link_ns "$router" back "$client" back
addr "$router" eth0 198.51.100.50/24 2001:db8:2::50/64
addr "$router" far 203.0.113.1/24 2001:db8:3::1/64
addr "${servers[1]}" far 203.0.113.11/24 2001:db8:3::11/64
addr "$router" back 198.18.0.1/24 2001:db8:9::1/64
addr "$client" back 198.18.0.2/24 2001:db8:9::2/64
ip -n "$router" link set far mtu 1400
forwarding_on "$router"
sysctls "$router" ipv4/icmp_ratelimit=0 ipv6/icmp/ratelimit=0
sysctls "$director" ipv4/icmp_ratelimit=0 ipv6/icmp/ratelimit=0
for server in "${servers[@]}"; do
	addr "$server" lo "$VIP4/32" "$VIP6/128"
	sysctls "$server" ipv4/icmp_ratelimit=0 ipv6/icmp/ratelimit=0
done
routes "$director" '203.0.113.0/24 via 198.51.100.50' '2001:db8:3::/64 via 2001:db8:2::50'
routes "$router" "$CIP4/32 via 198.18.0.2" "$CIP6/128 via 2001:db8:9::2"
ip -n "${servers[1]}" route replace default via 203.0.113.1
ip -n "${servers[1]}" route replace default via 2001:db8:3::1
decapsulate "${servers[1]}" "$FAR4" "$FAR6"
decapsulate_gre icsum
background nsenter "--net=/run/netns/${servers[1]}" iperf3 -s -p 5201
wait_for 20 'iperf3 listens' listening "${servers[1]}" tcp 5201

# headers between the packet and the wire, by kind and outer family
declare -A overhead=([ipip4]=20 [ipip6]=40 [gre-csum6]=48 [gue4]=32 [gue-csum6]=52)
port=5000
# Kind, family outside, family inside; TCP is tried where the last word says so. What has no UDP checksum over IPv6 is dropped without a
# word where nobody decapsulates.
for case in 'ipip 4 4 tcp' 'ipip 4 6' 'ipip 6 4' 'gre-csum 6 6 tcp' 'gue 4 4' 'gue-csum 6 6'; do
	read -r kind outer family tcp <<<"$case"
	declare -n far=FAR$outer rips=RIP$outer vip=VIP$family cip=CIP$family
	read -ra options <<<"${TUN_OPTIONS[$kind]}"
	what="$kind, IPv$family in IPv$outer"
	port=$((port + 1))
	adm -C
	ip -n "$director" route flush cache
	ip -n "$director" -6 route flush cache
	{
		printf -- '-A -t %s -s rr\n' "$(hostport "$vip" 5201)"
		printf -- '-a -t %s -r %s -i %s\n' "$(hostport "$vip" 5201)" "$(hostport "$far" 5201)" "${options[*]}"
		printf -- '-A -u %s -s rr\n' "$(hostport "$vip" 53)"
		printf -- '-a -u %s -r %s -i %s\n' "$(hostport "$vip" 53)" "$(hostport "$far" 53)" "${options[*]}"
		# does not decapsulate
		printf -- '-A -u %s -s rr\n' "$(hostport "$vip" 54)"
		printf -- '-a -u %s -r %s -i %s\n' "$(hostport "$vip" 54)" "$(hostport "${rips[2]}" 54)" "${options[*]}"
	} | adm -R
	scapy_py "$client" "$(mac_of "$director" eth0)" "$cip" "$vip" "$port" $((1400 - ${overhead[$kind$outer]})) <<-'PY'
		mac, cip, vip, port, fits = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
		six = ":" in vip
		def make(size, dport, ttl=64):
		    l3 = IPv6(src=cip, dst=vip, hlim=ttl) if six else IP(src=cip, dst=vip, flags="DF", ttl=ttl)
		    return Ether(dst=mac) / l3 / UDP(sport=port, dport=dport) / bytes(size - len(l3) - 8)
		def ask(p, what):
		    answer = srp1(p, iface="eth0", timeout=10)
		    assert answer, what + ": no answer to " + p.summary()
		    l3 = answer[IPv6] if six else answer[IP]
		    assert l3.src == vip, what + ": " + answer.show(dump=True)
		    return answer
		def too_big(p, what):
		    if six:
		        assert ICMPv6PacketTooBig in p and p[ICMPv6PacketTooBig].mtu == fits, what + ": " + p.show(dump=True)
		        inner = p[ICMPv6PacketTooBig].payload
		    else:
		        assert p[ICMP].type == 3 and p[ICMP].code == 4 and p[ICMP].nexthopmtu == fits, what + ": " + p.show(dump=True)
		        inner = p[ICMP].payload
		    assert inner.src == cip and inner.dst == vip and inner.sport == port, what + ": " + p.show(dump=True)
		# Larger than what the router carries; small enough for the director's own link.
		too_big(ask(make(fits + 20, 53), "by the router"), "by the router")
		too_big(ask(make(fits + 1, 53), "by the director"), "by the director")
		# the director counts down, then the router
		p = ask(make(100, 53, 2), "TTL")
		assert p[ICMPv6TimeExceeded].code == 0 if six else (p[ICMP].type, p[ICMP].code) == (11, 0), p.show(dump=True)
		p = ask(make(100, 54), "not decapsulated")
		if six:
		    assert p[ICMPv6DestUnreach].code == 3, p.show(dump=True)
		else:
		    assert (p[ICMP].type, p[ICMP].code) == (3, 1), p.show(dump=True)
	PY
	ok "$what: the client is told"
	[[ -z $tcp ]] || check_ok "$what: TCP gets a megabyte through" ns "$client" timeout $((40 * WEIR_SLOW)) iperf3 -c "$vip" -p 5201 -n 1M
done
check_match "$(adm counters)" '^tunnel-icmp-error' 'errors are counted'
check_no_match "$(adm counters)" '^drop-(no-memory|no-route|checksum)' 'nothing was dropped for another reason'

# An error about a packet to another end than the server's: not believed.
ip -n "$director" route flush cache
scapy_py "$router" "$(mac_of "$director" eth1)" "$DIP4" "$CIP4" "$VIP4" <<-'PY'
	mac, dip, cip, vip = sys.argv[1:5]
	inner = IP(src=dip, dst="203.0.113.99") / IP(src=cip, dst=vip) / UDP(sport=5001, dport=53)
	sendp(Ether(dst=mac) / IP(src="203.0.113.1", dst=dip) / ICMP(type=3, code=4, nexthopmtu=600) / inner, iface="eth0")
PY
check_no_match "$(ip -n "$director" route get 203.0.113.99)" 'mtu' 'a forged error changes no route'
