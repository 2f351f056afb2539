#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# A service without a server that can take anything: TCP is refused with RST, UDP with ICMP port unreachable, both at once and
# counted. A segment of no connection is left to the director's own stack, which answers RST.
. "$(dirname "$0")/../lib.sh"
need_weiradm
topology_nat 1

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 80)" -m -w 0
	check_fails - 'refused' "IPv$family: TCP is refused" ns "$client" timeout $((5 * WEIR_SLOW)) bash -c "exec 3<>/dev/tcp/$vip/80"
	check_fails - 'refused' "IPv$family: UDP is refused" ask "$client" udp "$vip" 53 hello
done
check_match "$(adm counters)" '^drop-no-server +4$' 'counted'

scapy_py "$client" "$VIP4" "$VIP6" <<-'EOF'
	from scapy.layers.inet6 import IPv6
	for l3 in IP(dst=sys.argv[1]), IPv6(dst=sys.argv[2]):
	    syn = l3 / TCP(sport=4001, dport=80, flags="S", seq=1000)
	    r = sr1(syn, timeout=5)
	    assert r[TCP].flags == "RA" and r[TCP].seq == 0 and r[TCP].ack == 1001, r.show(dump=True)
	    r = sr1(l3 / TCP(sport=4002, dport=80, flags="A", seq=5, ack=77), timeout=5)
	    assert r[TCP].flags == "R" and r[TCP].seq == 77, r.show(dump=True)
EOF
ok 'RST carries the numbers that the client expects'
