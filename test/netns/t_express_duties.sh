#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# express does what ip_rcv() and ip_forward() would: padding is trimmed, damaged and special headers are left to the stack, TTL 1
# is answered. What others hook is honoured: taps, nft and tc at ingress, fq at egress, IPsec policies. Clients on the director work.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
topology_nat 1
express_service -m
express_settles both "$VIP4" 53 'at first'

# frame KIND: one datagram of the flow "$express_port", made by hand
frame() {
	ns "$client" /usr/bin/python3 -SE - "$1" "$(mac_of "$client" eth0)" "$(mac_of "$director" eth0)" $CIP4 $VIP4 $express_port <<'PY'
import socket, struct, sys
kind, smac, dmac, src, dst, sport = sys.argv[1:]
def total(data):
    value = sum(struct.unpack(f">{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff
payload = kind.encode()
udp = struct.pack(">HHHH", int(sport), 53, 8 + len(payload), 0) + payload
options = b"\x01\x01\x01\x00" if kind == "options" else b""
length = 20 + len(options) + len(udp) + (40 if kind == "beyond" else 0)
head = struct.pack(">BBHHHBBH4s4s", 0x40 | (5 + len(options) // 4), 0, length, 1, 0, 1 if kind == "ttl" else 64, 17, 0,
                   socket.inet_aton(src), socket.inet_aton(dst)) + options
check = total(head) ^ (1 if kind == "checksum" else 0)
head = head[:10] + struct.pack(">H", check) + head[12:]
mac = lambda text: bytes.fromhex(text.replace(":", ""))
data = mac(dmac) + mac(smac) + b"\x08\x00" + head + udp + (b"\xee" * 30 if kind == "padded" else b"")
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind(("eth0", 0))
sock.send(data)
PY
}

# What the server gets: payload and length of the frame behind its Ethernet header.
background nsenter "--net=/run/netns/${servers[1]}" /usr/bin/python3 -SEu -c '
import socket
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
sock.bind(("eth0", 0x0800))
print("ready")
while True:
    data, where = sock.recvfrom(2048)
    ip = data[14:]
    head = (ip[0] & 15) * 4
    if where[2] != 4 and ip[9] == 17 and ip[head + 2:head + 4] == (5300).to_bytes(2, "big"):
        size = int.from_bytes(ip[head + 4:head + 6], "big") - 8
        print("got", ip[head + 8:head + 8 + size].decode(), "ip", int.from_bytes(ip[2:4], "big"), "of", len(ip), "ttl", ip[8])'
seen=$background_log
wait_for 30 'the server is watched' grep -q ready "$seen"

express=$(count_of express-request)
frame plain
wait_for 20 'a frame made by hand arrives, TTL decremented' grep -q 'got plain ip 33 of 33 ttl 63' "$seen"
frame padded
wait_for 20 'padding is trimmed' grep -q 'got padded ip 34 of 34 ttl 63' "$seen"
check_eq $(($(count_of express-request) - express)) 2 'both were express'

express=$(count_of express-request) unread=$(count_of express-not-plain)
frame options
wait_for 20 'options: by the admission path' grep -q 'got options' "$seen"
check_eq $(($(count_of express-not-plain) - unread)) 1 'and counted there'
header=$(count_of express-not-header)
frame checksum
frame beyond
exceeded=$(net_counter "$director" IcmpOutTimeExcds)
frame ttl
wait_for 20 'TTL 1 is answered' bash -c "[[ \$(nsenter --net=/run/netns/$director nstat -asz IcmpOutTimeExcds | awk '/Time/ { print \$2 }') == $((exceeded + 1)) ]]"
frame last
wait_for 20 'the last one arrives' grep -q 'got last' "$seen"
check_no_match "$(cat "$seen")" 'got (checksum|beyond|ttl)' 'damaged frames and TTL 1 do not'
check_eq $(($(count_of express-not-header) - header)) 1 'the damaged header is counted'
check_eq $(($(count_of express-request) - express)) 1 'only the last one was express'

# tap_seen: what it has written so far
tap_seen() {
	tcpdump -n -r "$TEST_TMP/tap" 2>/dev/null
}
background nsenter "--net=/run/netns/$director" tcpdump --immediate-mode -U -n -i eth0 -w "$TEST_TMP/tap" udp
wait_for 30 'a tap runs' grep -q listening "$background_log"
express_is both "$VIP4" 53 'with a tap'
eight_seen() {
	(($(tap_seen | grep -c "> $VIP4.53: ") >= 8))
}
wait_for 20 'the tap sees requests as they came' eight_seen
check_no_match "$(tap_seen)" "> ${RIP4[1]}" 'and not what became of them'

# For the tap packets have been given the time of day, which fq would take for the time to leave at: far behind its horizon.
need_module sch_fq
ns "$director" tc qdisc replace dev eth1 root fq horizon_drop
express_settles both "$VIP4" 53 'fq at egress, a tap at ingress'
check_match "$(ns "$director" tc -s qdisc show dev eth1)" 'dropped 0,' 'fq dropped nothing'
kill "$background_pid"
express_settles both "$VIP4" 53 'fq at egress'
ns "$director" tc qdisc del dev eth1 root

ns "$director" nft -f - <<-EOF2
	table netdev guard {
		chain ingress { type filter hook ingress device eth0 priority 0; udp sport $express_port drop; }
	}
EOF2
check_no_match "$(talk udp "$VIP4" 53 1 $express_port)" answered 'nft at ingress comes first'
ns "$director" nft delete table netdev guard
express_settles both "$VIP4" 53 'the rule is gone'

need_module sch_ingress cls_u32 act_gact
# what each of them drops: requests as they came in, and as they leave
for where in 'eth0 ingress sport '$express_port 'eth1 egress dport 5300'; do
	read -r dev way end port <<<"$where"
	ns "$director" tc qdisc add dev "$dev" clsact
	ns "$director" tc filter add dev "$dev" "$way" protocol ip u32 match ip "$end" "$port" 0xffff action drop
	check_no_match "$(talk udp "$VIP4" 53 1 $express_port)" answered "tc at $way of $dev decides"
	ns "$director" tc qdisc del dev "$dev" clsact
	express_settles both "$VIP4" 53 'the filter is gone'
done

# A route that encapsulates: the path's header is not all that its packets get. The server takes the label off.
if modprobe -q mpls_iptunnel; then
	modprobe mpls_router
	sysctls "${servers[1]}" mpls/platform_labels=100 mpls/conf/eth0/input=1
	ip -n "${servers[1]}" -M route add 42 dev lo
	ip -n "$director" route add "${RIP4[1]}/32" encap mpls 42 via "${RIP4[1]}" dev eth1 onlink
	express_settles reply "$VIP4" 53 'a route to the server that encapsulates'
	ip -n "$director" route del "${RIP4[1]}/32" encap mpls 42 via "${RIP4[1]}" dev eth1 onlink
	express_settles both "$VIP4" 53 'the route is gone'
else
	printf 'no MPLS in this kernel\n'
fi

need_module xfrm_user
ip -n "$director" xfrm policy add dir out src 0.0.0.0/0 dst $CIP4/32 action block
check_no_match "$(talk udp "$VIP4" 53 1 $express_port)" answered 'an IPsec policy on the way to the client holds'
ip -n "$director" xfrm policy deleteall
express_settles both "$VIP4" 53 'the policy is gone'

client=$director
express_settles none "$VIP4" 53 'a client on the director'
