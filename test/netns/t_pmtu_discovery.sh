#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# The way from the director to a server carries less than the client's: Fragmentation Needed and Packet Too Big with the right
# size, from the virtual address; datagrams that may be cut are cut; TCP finds its way; a TTL of 1 ends with Time Exceeded.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
need_command iperf3

# METHOD PORT RPORT
try() {
	local method=$1 family option
	local -a pool

	case $method in
	nat) option=-m ;;
	dr) option=-g ;;
	fullnat) option=--fullnat ;;
	esac
	background nsenter "--net=/run/netns/${servers[1]}" iperf3 -s -p "$3"
	wait_for 20 'iperf3 listens' listening "${servers[1]}" tcp "$3"
	start_echo "${servers[1]}" udp "$3" server1
	for family in 4 6; do
		declare -n vip=VIP$family rips=RIP$family cip=CIP$family
		pool=()
		[[ $method != fullnat ]] || pool=(--pool "pool$family")
		adm -A -t "$(hostport "$vip" "$2")" -s rr "${pool[@]}"
		adm -a -t "$(hostport "$vip" "$2")" -r "$(hostport "${rips[1]}" "$3")" "$option"
		adm -A -u "$(hostport "$vip" "$2")" -s rr "${pool[@]}"
		adm -a -u "$(hostport "$vip" "$2")" -r "$(hostport "${rips[1]}" "$3")" "$option"

		scapy_py "$client" "$(mac_of "$director" eth0)" "$cip" "$vip" "$2" <<-'EOF'
			mac, cip, vip, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
			def ask(p):
			    answer = srp1(Ether(dst=mac) / p, iface="eth0", timeout=10)
			    assert answer, "no answer to " + p.summary()
			    return answer
			if ":" in vip:
			    p = ask(IPv6(src=cip, dst=vip) / UDP(sport=4001, dport=port) / bytes(1400))
			    assert ICMPv6PacketTooBig in p and p[ICMPv6PacketTooBig].mtu == 1300 and p[IPv6].src == vip, p.show(dump=True)
			    p = ask(IPv6(src=cip, dst=vip, hlim=1) / UDP(sport=4001, dport=port) / b"x")
			    assert ICMPv6TimeExceeded in p, p.show(dump=True)
			else:
			    p = ask(IP(src=cip, dst=vip, flags="DF") / UDP(sport=4001, dport=port) / bytes(1400))
			    assert p[ICMP].type == 3 and p[ICMP].code == 4 and p[ICMP].nexthopmtu == 1300 and p[IP].src == vip, p.show(dump=True)
			    p = ask(IP(src=cip, dst=vip, ttl=1) / UDP(sport=4001, dport=port) / b"x")
			    assert p[ICMP].type == 11 and p[ICMP].code == 0, p.show(dump=True)
			    p = ask(IP(src=cip, dst=vip) / UDP(sport=4001, dport=port) / (b"y" * 1400))
			    assert UDP in p, p.show(dump=True)
		EOF
		ok "$method, IPv$family: the client is told"
		check_ok "$method, IPv$family: TCP gets two megabytes through" \
			ns "$client" timeout $((40 * WEIR_SLOW)) iperf3 -c "$vip" -p "$2" -n 2M
	done
	check_match "$(adm counters)" '^drop-too-big' "$method: what was too big is counted"
	check_match "$(adm counters)" '^drop-ttl +2$' "$method: what was too old is counted"
}

topology_nat 1
routes "$director" "${RIP4[1]}/32 dev eth1 mtu lock 1300" "${RIP6[1]}/128 dev eth1 mtu lock 1300"
try nat 5201 5202

topology_dr 1
routes "$director" "${RIP4[1]}/32 dev eth0 mtu lock 1300" "${RIP6[1]}/128 dev eth0 mtu lock 1300"
try dr 5201 5201

topology_fullnat 1
routes "$director" "${RIP4[1]}/32 dev eth1 mtu lock 1300" "${RIP6[1]}/128 dev eth1 mtu lock 1300"
try fullnat 5201 5202
# The way to the client carries less than the server's: to the server it is the local address that says so.
routes "$director" "$CIP4/32 dev eth0 mtu lock 1280" "$CIP6/128 dev eth0 mtu lock 1280"
for family in 4 6; do
	declare -n vip=VIP$family
	check_ok "fullnat, IPv$family: TCP gets two megabytes back" \
		ns "$client" timeout $((40 * WEIR_SLOW)) iperf3 -c "$vip" -p 5201 -n 2M -R
done
