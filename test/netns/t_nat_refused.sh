#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# A service without a server that can take anything: TCP is refused with RST, UDP with ICMP port unreachable, both at once and
# counted, and told by the tracepoints of scheduling and of drops. A segment of no connection is left to the director's own stack, which
# answers RST.
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

tracing=/sys/kernel/tracing
mount -t tracefs none "$tracing" 2>/dev/null || true
echo 0 >"$tracing/events/enable"
echo >"$tracing/trace"
cleanup 'echo 0 >/sys/kernel/tracing/events/enable'
echo 1 >"$tracing/events/weir/weir_schedule/enable"
echo 1 >"$tracing/events/weir/weir_drop/enable"

scapy_py "$client" "$VIP4" "$VIP6" <<-'EOF'
	from scapy.layers.inet6 import IPv6
	for l3 in IP(dst=sys.argv[1]), IPv6(dst=sys.argv[2]):
	    syn = l3 / TCP(sport=4001, dport=80, flags="S", seq=1000)
	    r = sr1(syn, timeout=5)
	    assert r[TCP].flags == "RA" and r[TCP].seq == 0 and r[TCP].ack == 1001, r.show(dump=True)
	    r = sr1(l3 / TCP(sport=4002, dport=80, flags="A", seq=5, ack=77), timeout=5)
	    assert r[TCP].flags == "R" and r[TCP].seq == 77, r.show(dump=True)
	    send(l3 / UDP(sport=4003, dport=53) / b"x")
EOF
ok 'RST carries the numbers that the client expects'

# Who asked for what, in which namespace; the service's number, and 0, for no server, and the reason
netns=$(ns "$director" stat -Lc %i /proc/self/ns/net)
for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	mapped=
	((family == 6)) || mapped=::ffff:
	for case in 'tcp 4001 80' 'udp 4003 53'; do
		read -r proto source port <<<"$case"
		ends="ns=$netns $proto [$mapped$cip]:$source > [$mapped$vip]:$port"
		id=$(adm list -j "$proto:$(hostport "$vip" "$port")" |
			/usr/bin/python3 -SEc 'import json, sys; print(json.load(sys.stdin)["services"][0]["id"])')
		check_eq "$(sed -nE 's/^.*: (weir_[a-z]+: ns=)/\1/; s/ skb=[0-9a-f]{8,}/ skb/; /^weir/p' "$tracing/trace" | grep -F "$ends")" \
			"weir_schedule: $ends service=$id server=0"$'\n'"weir_drop: $ends skb reason=drop-no-server" "IPv$family: tracepoints, $proto"
	done
	check_eq "$(grep -cF "]:4002 > " "$tracing/trace" || true)" 0 'a segment of no connection is neither scheduled nor dropped'
done
