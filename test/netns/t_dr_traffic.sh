#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# dr: HTTP and UDP over three servers in turn, v4 and v6; the director sees requests only; the packet reaches the server as the
# client sent it but for its MAC address and TTL; bulk data from the client, GSO kept whole; a director that forwards nothing
# else (ip_forward off).
. "$(dirname "$0")/../lib.sh"
need_weiradm
topology_dr 3
sysctls "$director" ipv4/ip_forward=0 ipv6/conf/all/forwarding=0
start_nginx_all 80
start_echo_all udp 53

for family in 4 6; do
	check_three_in_turn "$family" 80 53 -g
done
check_no_match "$(adm counters)" '^admit-reply' 'replies do not come by the director'

# A datagram as it arrives: nothing but the MAC addresses and the TTL was touched.
adm -A -u "$VIP4:5353" -s rr
adm -a -u "$VIP4:5353" -r "${RIP4[1]}:5353" -g
scapy_py "${servers[1]}" "$(mac_of "${servers[1]}" eth0)" <<-'EOF' >"$TEST_TMP/seen" &
	mac = sys.argv[1]
	p = sniff(iface="eth0", count=1, timeout=60, lfilter=lambda p: UDP in p and p[UDP].dport == 5353 and p[Ether].dst == mac,
	          started_callback=lambda: print("ready", flush=True))[0]
	print(p[IP].src, p[IP].dst, p[IP].ttl, p[IP].id, p[UDP].chksum, bytes(p[UDP].payload).decode())
EOF
sniffer=$!
wait_for 20 'the server listens' grep -q ready "$TEST_TMP/seen"
scapy_py "$client" "$CIP4" "$VIP4" <<-'EOF'
	send(IP(src=sys.argv[1], dst=sys.argv[2], ttl=77, id=4711) / UDP(sport=4000, dport=5353, chksum=0) / b"as it is")
EOF
wait "$sniffer"
check_eq "$(tail -n 1 "$TEST_TMP/seen")" "$CIP4 $VIP4 76 4711 0 as it is" 'the packet is as the client made it, one hop older'

start_bulk_server "${servers[2]}" 5201
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -t "$(hostport "$vip" 5201)" -s rr
	adm -a -t "$(hostport "$vip" 5201)" -r "$(hostport "${rips[2]}" 5201)" -g
	before=$(dev_counter "$director" eth0 tx_packets)
	check_bulk give "$vip" 5201 20 "IPv$family: bytes of 20 MB that arrived"
	packets=$(($(dev_counter "$director" eth0 tx_packets) - before))
	check_range "$packets" 100 9000 "IPv$family: packets to the server, GSO not split"
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
