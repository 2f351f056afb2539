#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# A SYN that a server refuses (nat, fullnat) or leaves unanswered (nat, dr, tun) goes to another server where the service asks for it, and the
# client notices nothing but time; without the setting the client is refused. What is left of retries is respected.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
topology_nat 3
# Server 1 refuses, server 2 is silent, server 3 serves.
start_nginx "${servers[3]}" 8080 server3
ns "${servers[2]}" nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 8080 drop'

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	service=tcp:$(hostport "$vip" 80)
	adm service add "$service" --scheduler rr
	adm server add "$service" "$(hostport "${rips[1]}" 8080)" --method nat
	adm server add "$service" "$(hostport "${rips[3]}" 8080)" --method nat
	spread=$(http_spread "$client" "$(url "$vip" 80)" 6) || true
	check_eq "$spread" "3 failed"$'\n'"3 server3" "IPv$family: without retries half of the requests fail"
	adm service set "$service" --syn-retry 2
	spread=$(http_spread "$client" "$(url "$vip" 80)" 6)
	check_eq "$spread" '6 server3' "IPv$family: refused SYNs are served"

	adm service add "tcp:$(hostport "$vip" 81)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 81)" "$(hostport "${rips[2]}" 8080)" --method nat
	adm server add "tcp:$(hostport "$vip" 81)" "$(hostport "${rips[3]}" 8080)" --method nat
	spread=$(http_spread "$client" "$(url "$vip" 81)" 4)
	check_eq "$spread" '4 server3' "IPv$family: unanswered SYNs are served"

	# Both refuse: one retry, then the client is told.
	adm service add "tcp:$(hostport "$vip" 82)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 82)" "$(hostport "${rips[1]}" 8082)" --method nat
	adm server add "tcp:$(hostport "$vip" 82)" "$(hostport "${rips[3]}" 8082)" --method nat
	check_fails - 'refused' "IPv$family: when all refuse, so does the service" \
		ns "$client" timeout $((10 * WEIR_SLOW)) bash -c "exec 3<>/dev/tcp/$vip/82"
done

# A SYN that was refused goes to the director's own socket at once: these clients repeat nothing.
start_nginx "$director" 83 director
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	if [[ $family == 4 ]]; then loopback=127.0.0.1; else loopback=::1; fi
	adm service add "tcp:$(hostport "$vip" 83)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 83)" "$(hostport "${rips[1]}" 8080)" --method nat
	adm server add "tcp:$(hostport "$vip" 83)" "$(hostport "$loopback" 83)" --method local
done
# Their SYN-ACKs find a neighbour, who does not care.
nobody "$director"
retried=$(adm counters | awk '$1 == "connection-retried" { print $2 }')
scapy_py "$client" "$(mac_of "$director" eth0)" "$VIP4" "$VIP6" <<-'EOF'
	for port in 4001, 4002:
	    for layer3 in IP(src="192.0.2.77", dst=sys.argv[2]), IPv6(src="2001:db8:1::77", dst=sys.argv[3]):
	        sendp(Ether(dst=sys.argv[1]) / layer3 / TCP(sport=port, dport=83, flags="S"), iface="eth0")
EOF
waiting_at_83() {
	(($(ns "$director" ss -Htn state syn-recv 'sport = :83' | wc -l) == 4))
}
wait_for 10 'local: a socket has each of the SYNs, two of which were refused elsewhere' waiting_at_83
check_eq "$(adm counters | awk '$1 == "connection-retried" { print $2 }')" $((retried + 2)) 'local: retried'

# Three to six refused, two to four unanswered and one in vain of each family: rr counts retries as picks too.
check_range "$retried" 12 22 'retries are counted'

topology_dr 2
start_nginx "${servers[2]}" 80 server2
ns "${servers[1]}" nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 80 drop'
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm service add "tcp:$(hostport "$vip" 80)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[1]}" 80)" --method dr
	adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[2]}" 80)" --method dr
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 4)" '4 server2' "dr, IPv$family: unanswered SYNs are served"
done

# One that somebody sends for a connection that stands, or that the network doubles, moves nothing.
for family in 4 6; do
	declare -n vip=VIP$family
	said=$(scapy_py "$client" "$vip" "$(mac_of "$director" eth0)" $((20 * WEIR_SLOW)) <<-'EOF'
		vip, mac, wait = sys.argv[1], sys.argv[2], int(sys.argv[3])
		sock = socket.create_connection((vip, 80), timeout=wait)
		sock.sendall(b"GET / HTTP/1.0\r\n")
		time.sleep(1)
		source, port = sock.getsockname()[:2]
		layer3 = IPv6(src=source, dst=vip) if ":" in vip else IP(src=source, dst=vip)
		for i in range(4):
		    sendp(Ether(dst=mac) / layer3 / TCP(sport=port, dport=80, flags="S", seq=1000 + i), iface="eth0", verbose=False)
		    time.sleep(0.5)
		sock.sendall(b"\r\n")
		data = b""
		while b"server2" not in data:
		    part = sock.recv(4096)
		    if not part:
		        break
		    data += part
		print("server2" if b"server2" in data else data)
	EOF
	)
	check_eq "$said" server2 "dr, IPv$family: SYNs on its tuple leave a connection where it is"
done

topology_tun 2
start_nginx "${servers[2]}" 80 server2
ns "${servers[1]}" nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 80 drop'
for family in 4 6; do
	declare -n vip=VIP$family
	adm service add "tcp:$(hostport "$vip" 80)" --scheduler rr --syn-retry 1
	# Servers of the other family too: the tunnel carries either.
	declare -n rips=RIP$family
	adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[1]}" 80)" --method tun
	declare -n rips=RIP$((10 - family))
	adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[2]}" 80)" --method tun
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 4)" '4 server2' "tun, IPv$family: unanswered SYNs are served"
done

topology_fullnat 2
start_nginx "${servers[2]}" 8080 server2
for family in 4 6; do
	declare -n vip=VIP$family
	fullnat_service tcp "$family" 80 8080 --syn-retry 1
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 4)" '4 server2' "fullnat, IPv$family: refused SYNs are served"
done
check_eq "$(pool_of pool4 conns)" "$(adm conn list -j | grep -c '"local":"198')" 'fullnat: what the first servers had is given back'
