#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 120
# At the limit of connections the oldest half-open one makes room; where none is half-open the new one is refused and counted.
# Established connections are never evicted.
. "$(dirname "$0")/../lib.sh"

counter() {
	adm counters -a | awk -v name="$1" '$1 == name { print $2 }'
}

conn_count() {
	adm conn list | tail -n +3 | wc -l
}

# syns COUNT FIRST_PORT: SYNs from an address that nobody has, in order of their ports
syns() {
	scapy_py "$client" "$VIP4" "$@" <<-'EOF'
		vip, count, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		sock.bind(("eth0", 0))
		reply = srp1(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(pdst=vip), iface="eth0", timeout=5)
		for port in range(first, first + count):
		    sock.send(bytes(Ether(dst=reply.hwsrc) / IP(src="203.0.113.7", dst=vip) / TCP(sport=port, dport=81, flags="S")))
	EOF
}

topology_nat 1
start_echo "${servers[1]}" tcp 80 server1
# The director must not refuse the flood's source.
ns "$director" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
for port in 80 81; do
	adm service add "tcp:$VIP4:$port" -s rr
	adm server add "tcp:$VIP4:$port" "${RIP4[1]}:$port" -m nat
done
# Nobody answers on port 81: SYNs stay half-open.
ns "${servers[1]}" iptables -A INPUT -p tcp --dport 81 -j DROP 2>/dev/null ||
	ns "${servers[1]}" nft 'add table ip t; add chain ip t i { type filter hook input priority 0; }; add rule ip t i tcp dport 81 drop'

# Ten connections that stay.
background ip netns exec "$client" /usr/bin/python3 -c '
import socket, sys, time
socks = [socket.create_connection((sys.argv[1], 80)) for _ in range(10)]
while True:
    time.sleep(1)
    for sock in socks:
        sock.sendall(b"x\n")
        if not sock.recv(100):
            print("closed", flush=True)
    print("round", flush=True)
' "$VIP4"
client_log=$background_log
wait_for 20 'ten connections stand' grep -q round "$client_log"
check_eq "$(conn_count)" 10 'connections'

adm config conn-max=60
syns 50 10000
check_eq "$(conn_count)" 60 'connections at the limit'
check_eq "$(counter connection-half-open-evicted)" 0 'half-open connections evicted below the limit'

syns 100 20000
check_eq "$(conn_count)" 60 'connections after a flood'
check_eq "$(counter connection-half-open-evicted)" 100 'half-open connections evicted'
check_eq "$(adm conn list -s "tcp:$VIP4:80" --state established | grep -c ESTABLISHED)" 10 'established connections'
# The oldest went: what is left are the last 50 ports.
check_eq "$(adm conn list -s "tcp:$VIP4:81" | awk '/203.0.113.7/ { sub(/.*:/, "", $4); print $4 }' | sort -n | head -1)" 20050 \
	'the oldest half-open connection that is left'

# No half-open one: refused.
adm conn delete -s "tcp:$VIP4:81"
wait_for 10 'half-open connections were deleted' eval '(($(conn_count) == 10))'
adm config conn-max=10
refused=$(counter drop-connection-limit)
syns 5 30000
check_eq "$(($(counter drop-connection-limit) - refused))" 5 'SYNs refused'
check_eq "$(conn_count)" 10 'connections'

adm config conn-max=100
check_match "$(ask "$client" tcp "$VIP4" 80 hello)" '^server1 .* hello$' 'below the limit connections are taken again'
rounds=$(wc -l <"$client_log")
wait_for 10 'the ten connections still answer' eval "((\$(wc -l <'$client_log') > $rounds))"
check_no_match "$(cat "$client_log")" 'closed|Error' 'none of the ten was harmed'

# Templates of persistence have the same limit: those of which nothing came make room, one of a client that was answered stays.
adm service add "tcp:$VIP4:82" -s rr -p 300
adm server add "tcp:$VIP4:82" "${RIP4[1]}:80" -m nat
adm config conn-max=30
flood() {
	scapy_py "$client" "$VIP4" "$(mac_of "$director" eth0)" <<-'EOF'
		vip, mac = sys.argv[1:]
		sendp([Ether(dst=mac) / IP(src="203.0.113.%d" % i, dst=vip) / TCP(sport=1000, dport=82, flags="S") for i in range(1, 61)],
		      iface="eth0", verbose=False)
	EOF
}
templates() {
	adm -Lnc | awk -v client="$1:0" '$3 == "NONE" && $4 == client { n++ } END { print n + 0 }'
}
refused=$(counter drop-connection-limit)
flood
check_match "$(ask "$client" tcp "$VIP4" 82 hello)" '^server1 .* hello$' 'a flood of persistent clients keeps nobody out'
flood
check_eq "$(templates 192.0.2.2)" 1 'the template of who was answered is there after another flood'
check_eq "$(counter drop-connection-limit)" "$refused" 'nobody was refused'
