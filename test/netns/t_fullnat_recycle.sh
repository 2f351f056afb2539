#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# One local port for the connections of two clients, one after the other, that the server closes first: it has each in TIME_WAIT when
# the next one's SYN comes from the same address and port, of one family and between families. Whatever the clients' timestamps are, it is
# taken at once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
addr "$client" eth0 192.0.2.3/24 2001:db8:1::3/64

# Says a line and closes; the client closes when it has read that.
server='
import socket, sys
main = socket.socket(socket.AF_INET6)
main.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
main.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
main.bind(("::", 8080))
main.listen(10)
while True:
    sock, peer = main.accept()
    sock.sendall(b"bye")
    sock.close()
'
background nsenter "--net=/run/netns/${servers[1]}" /usr/bin/python3 -SE -c "$server"
wait_for 20 'the server listens' listening "${servers[1]}" tcp 8080

# twenty ADDRESS SOURCE...: connections from the sources in turn
twenty() {
	ns "$client" /usr/bin/python3 -SE - "$@" <<-'PY'
		import socket, sys, time
		address, sources = sys.argv[1], sys.argv[2:]
		for i in range(20):
		    s = socket.create_connection((address, 80), 30, (sources[i % len(sources)], 0))
		    assert s.recv(10) == b"bye" and s.recv(10) == b"", "no answer"
		    s.close()
		    time.sleep(0.05)
	PY
}

port=6000
for family in 4 6; do
	for inner in 4 6; do
		declare -n vip=VIP$family cip=CIP$family lip=LIP$inner
		what="IPv$family to IPv$inner" port=$((port + 1))
		adm pool add one$port "$lip" --ports $port
		service_between tcp $family $inner 80 8080 --pool one$port
		again=$(net_counter "$client" TcpExtTCPSynRetrans)
		check_ok "$what: twenty connections" twenty "$vip" "$cip" "${cip%2}3"
		# A busy machine may repeat one; every second one is where the other client's timestamps are ahead.
		check_range $(($(net_counter "$client" TcpExtTCPSynRetrans) - again)) 0 2 "$what: SYNs that were sent again"
		check_range "$(pool_of one$port taken)" 20 22 "$what: all by one port"
		check_match "$(ns "${servers[1]}" ss -Htn state time-wait)" ":$port" "$what: the server has the last one in TIME_WAIT"
		adm -C
	done
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
