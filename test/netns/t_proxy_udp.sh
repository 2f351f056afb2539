#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# fullnat with --proxy-protocol v2 and UDP: a real socket gets the header in front of each datagram until it has answered, and none after
# that; what the header leaves of the MTU is told to clients that ask not to fragment, others' datagrams are fragmented; one without a
# checksum stays without.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
topology_fullnat 1
server=${servers[1]}
start_proxy_server "$server" udp v2 5300
server_log=$background_log

# say ADDRESS SOURCE-PORT "WORD..." [quiet] - a socket of the client's: each WORD is "SIZE", answered or not, or "quietSIZE", or "dfSIZE",
# which is not to be fragmented; prints answers, or what the path's MTU turned out to be
say() {
	ns "$client" /usr/bin/python3 -SEc 'import socket, sys
address, port, seconds, words = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].split()
six = ":" in address
sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("::" if six else "0.0.0.0", port))
sock.settimeout(seconds)
level, discover, mtu = (41, 23, 24) if six else (0, 10, 14)
sock.connect((address, 53))
sock.setsockopt(level, discover, 0)
for word in words:
    quiet, df, size = word.startswith("quiet"), word.startswith("df"), int(word.lstrip("quietdf"))
    if df:
        sock.setsockopt(level, discover, 2)
        sock.send(b"d" * size)
        try:
            print(sock.recv(1000).decode().strip())
        except OSError as error:
            print(error.strerror, sock.getsockopt(level, mtu))
        sock.setsockopt(level, discover, 0)
    else:
        sock.send((b"quiet" if quiet else b"") + b"d" * (size - (5 if quiet else 0)))
        if not quiet:
            print(sock.recv(1000).decode().strip())' "$1" "$2" $((20 * WEIR_SLOW)) "$3"
}

for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	fullnat_service udp "$family" 53 5300 --proxy-protocol v2
	: >"$server_log"
	check_eq "$(say "$vip" 4001 'quiet10 quiet11 12 13 14')" "from $cip 4001 to $vip 53 data 12
bare data 13
bare data 14" "IPv$family: headers until the first answer"
	check_eq "$(<"$server_log")" "from $cip 4001 to $vip 53 data 10
from $cip 4001 to $vip 53 data 11
from $cip 4001 to $vip 53 data 12
bare data 13
bare data 14" "IPv$family: what the server got"
	check_eq "$(say "$vip" 4002 '0 0')" "from $cip 4002 to $vip 53 data 0
bare data 0" "IPv$family: empty datagrams"

	# 1500 less IP, UDP and the header
	limit=1444 mtu=1472
	((family == 4)) || limit=1400 mtu=1448
	check_eq "$(say "$vip" 4003 "df$limit")" "from $cip 4003 to $vip 53 data $limit" "IPv$family: the largest that fits"
	check_eq "$(say "$vip" 4004 "df$((limit + 1))")" "Message too long $mtu" "IPv$family: one byte more, not to be fragmented"
	# The client remembers: it fragments, the director puts it together.
	check_eq "$(say "$vip" 4005 "$((limit + 1)) 5")" "from $cip 4005 to $vip 53 data $((limit + 1))
bare data 5" "IPv$family: the same, which may be fragmented"
	check_eq "$(say "$vip" 4006 '20000')" "from $cip 4006 to $vip 53 data 20000" "IPv$family: a large one"
	check_eq "$(say "$vip" 4007 '65500')" 'bare data 65500' "IPv$family: one that has no room for a header"
	ns "$client" ip route flush cache
	ns "$client" ip -6 route flush cache
	adm -C
done
check_eq "$(count_of proxy-skipped-too-big)" 2 'left out for want of room'

# Without a checksum, and one that a device is to make, seen on the wire
fullnat_service udp 4 53 5300 --proxy-protocol v2
scapy_py "$server" "${RIP4[1]}" <<-'END' >"$TEST_TMP/seen" 2>&1 &
	def show(p):
	    if IP in p and UDP in p and p[IP].dst == sys.argv[1]:
	        again = p[IP].copy()
	        del again[UDP].chksum, again.chksum
	        fresh = IP(bytes(again))
	        state = "none" if p[UDP].chksum == 0 else "right" if p[UDP].chksum == fresh[UDP].chksum else "wrong"
	        print(state, "right" if fresh.chksum == p[IP].chksum else "wrong", p[UDP].len, bytes(p[UDP].payload)[-4:].decode(), flush=True)
	sniff(iface="eth0", prn=show, timeout=60, started_callback=lambda: print("ready", flush=True))
END
wait_for 60 'the server is watched' grep -q ready "$TEST_TMP/seen"
scapy_py "$client" "$(mac_of "$director" eth0)" "$CIP4" "$VIP4" <<-'END'
	mac, cip, vip = sys.argv[1:]
	for port, more in (4101, dict(chksum=0)), (4102, {}):
	    sendp(Ether(dst=mac) / IP(src=cip, dst=vip) / UDP(sport=port, dport=53, **more) / b"quietabcd", iface="eth0")
	    time.sleep(0.1)
END
wait_for 20 'both arrive' grep -q '^right' "$TEST_TMP/seen"
check_eq "$(grep -v ready "$TEST_TMP/seen")" "none right 45 abcd
right right 45 abcd" 'checksums'
check_match "$(adm counters)" '^drop-too-big +2$' 'those that were refused'
