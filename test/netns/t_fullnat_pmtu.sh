#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# fullnat where a router between director and server carries less than both know: what weir puts into requests (TOA, PROXY protocol) is
# taken off what the client is told, so that TCP finds its way with its very first request and datagrams do at the second try; where
# clients need not believe in so little (IPv6), the option is left out and datagrams are fragmented.
#
#   client eth0 --- director eth1 --- switch --- router --- far --- server1      the way from router to server1 carries 1400
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
topology_fullnat 1
server=${servers[1]}
new_ns router
: "${router:=}"
# shellcheck disable=SC2034 # by reference
FAR4=203.0.113.11 FAR6=2001:db8:3::11
link_ns "$switch" router "$router" eth0 'master br0'
link_ns "$router" far "$server" far
addr "$router" eth0 198.51.100.50/24 2001:db8:2::50/64
addr "$router" far 203.0.113.1/24 2001:db8:3::1/64
addr "$server" far $FAR4/24 "$FAR6/64"
forwarding_on "$router"
sysctls "$router" ipv4/icmp_ratelimit=0 ipv6/icmp/ratelimit=0
sysctls "$server" ipv4/conf/all/rp_filter=0 ipv4/conf/far/rp_filter=0 ipv4/conf/eth0/rp_filter=0
routes "$server" '198.51.100.64/31 via 203.0.113.1' '2001:db8:2::64/127 via 2001:db8:3::1'
routes "$director" '203.0.113.0/24 via 198.51.100.50' '2001:db8:3::/64 via 2001:db8:2::50'

# The server tells how many bytes came, without PROXY protocol's line.
background nsenter "--net=/run/netns/$server" /usr/bin/python3 -SEc '
import socket, threading
def serve(conn):
    data = b"".join(iter(lambda: conn.recv(65536), b""))
    if data.startswith(b"PROXY "):
        data = data.partition(b"\r\n")[2]
    conn.sendall(b"%d\n" % len(data))
    conn.close()
main = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    threading.Thread(target=serve, args=(main.accept()[0],), daemon=True).start()'
wait_for 20 'the server listens' listening "$server" tcp 8080
start_proxy_server "$server" udp v2 5300

# a_request ADDRESS PORT: longer than a segment; prints what the server says of it
a_request() {
	ns "$client" /usr/bin/python3 -SEc 'import socket, sys
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[3]))
sock.sendall(b"x" * 100000)
sock.shutdown(socket.SHUT_WR)
print(sock.recv(100).decode().strip())' "$1" "$2" $((20 * WEIR_SLOW))
}

# datagrams ADDRESS: of the size that the path's MTU, as it is known, leaves; prints the MTU and the answer
datagrams() {
	ns "$client" /usr/bin/python3 -SEc 'import socket, sys, time
address, wait = sys.argv[1], float(sys.argv[2])
six = ":" in address
sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
level, discover, mtu, headers = (41, 23, 24, 48) if six else (0, 10, 14, 28)
sock.settimeout(wait)
sock.setsockopt(level, discover, 2)
sock.connect((address, 53))
until = time.monotonic() + wait
while sock.getsockopt(level, mtu) == 1500 and time.monotonic() < until:
    try:
        sock.send(b"quiet" + b"d" * 1360)
    except OSError:  # what the router said
        pass
    time.sleep(0.2)
path = sock.getsockopt(level, mtu)
for again in range(3):
    try:
        sock.send(b"d" * (path - headers))
        break
    except OSError:
        pass
answer = sock.recv(1000).decode().strip()
assert answer.endswith(" data %d" % (path - headers)), answer
print(path, answer.split()[0])' "$1" $((20 * WEIR_SLOW))
}

# forget: what director and client know of paths
forget() {
	local name

	for name in "$director" "$client"; do
		ip -n "$name" route flush cache
		ip -n "$name" -6 route flush cache
	done
}

# service FAMILY tcp|udp PORT RPORT [OPTION...]
service() {
	local -n _vip=VIP$1 _far=FAR$1
	local letter=${2:0:1}

	adm -A "-$letter" "$(hostport "$_vip" "$3")" -s rr --pool "pool$1" "${@:5}"
	adm -a "-$letter" "$(hostport "$_vip" "$3")" -r "$(hostport "$_far" "$4")" --fullnat
}

ip -n "$router" link set far mtu 1400
for family in 4 6; do
	declare -n vip=VIP$family
	service $family tcp 80 8080
	service $family tcp 81 8080 --toa
	service $family tcp 82 8080 --proxy-protocol v1
	service $family udp 53 5300 --proxy-protocol v2
	for port in 80 81 82; do
		forget
		check_eq "$(a_request "$vip" $port)" 100000 "IPv$family, port $port: a request of 100,000 bytes"
	done
	forget
	header=28
	[[ $family == 4 ]] || header=52
	check_eq "$(datagrams "$vip")" "$((1400 - header)) from" "IPv$family: a datagram as large as fits with its header"
done
check_match "$(adm counters)" '^toa-sent +[1-9]' 'options went out'
check_no_match "$(adm counters)" '^toa-skipped-too-big +[1-9]' 'none was left out'

# As little as IPv6 allows: clients do not go below.
ip -n "$router" link set far mtu 1280
forget
check_eq "$(a_request "$VIP6" 81)" 100000 'a way of 1280: a request without options where they do not fit'
check_match "$(adm counters)" '^toa-skipped-too-big +[1-9]' 'which is counted'
forget
check_eq "$(datagrams "$VIP6")" '1280 from' 'a way of 1280: a datagram and its header in fragments'
