#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# A pool of eight ports: eight connections to a server, the ninth is refused at once, with a counter and an event; another server's
# port has eight of its own; a port that is given back serves the next; a socket of the director keeps its port. TCP and UDP.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
start_echo "${servers[1]}" tcp 8080 server1
start_echo "${servers[1]}" tcp 8081 server1
start_echo "${servers[1]}" udp 5300 server1
adm pool add eight4 $LIP4 --ports 6000-6007
adm pool add eight6 $LIP6 --ports 6000-6007
background nsenter "--net=/run/netns/$director" "$WEIRADM" monitor
events=$background_log
adm config timeout.udp-unreplied=600

# hold tcp|udp ADDRESS PORT COUNT: so many connections at once, each with an answer, then one more; "held N, then WHAT"
hold() {
	ns "$client" /usr/bin/python3 -SE - "$@" $((5 * WEIR_SLOW)) <<-'PY'
		import socket, sys, time
		proto, address, port, count, wait = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
		def one():
		    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
		                      socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
		    s.settimeout(wait)
		    s.connect((address, port))
		    s.send(b"hello\n")
		    assert b"hello" in s.recv(100)
		    return s
		held = [one() for i in range(count)]
		start = time.monotonic()
		try:
		    held.append(one())
		    what = "answered"
		except ConnectionRefusedError:
		    what = "refused" if time.monotonic() - start < wait / 2 else "refused late"
		except OSError as error:
		    what = repr(error)
		print("held %d, then %s" % (count, what))
		for s in held:
		    s.close()
	PY
}

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	for port in 80:8080 81:8081; do
		adm -A -t "$(hostport "$vip" "${port%:*}")" -s rr --pool "eight$family"
		adm -a -t "$(hostport "$vip" "${port%:*}")" -r "$(hostport "${rips[1]}" "${port#*:}")" --fullnat
	done
	adm -A -u "$(hostport "$vip" 53)" -s rr --pool "eight$family"
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 5300)" --fullnat

	check_eq "$(hold tcp "$vip" 80 8)" 'held 8, then refused' "IPv$family TCP: eight and no ninth"
	check_eq "$(pool_of "eight$family" refused)" 1 "IPv$family TCP: the pool counts it"
	wait_for 20 "IPv$family: the event" grep -q "pool-exhausted eight$family" "$events"
	check_eq "$(hold tcp "$vip" 81 8)" 'held 8, then refused' "IPv$family TCP: eight to another port of the server"
	# All are closed by now, in TIME_WAIT or on the way there: their ports serve again.
	check_eq "$(hold tcp "$vip" 80 7)" 'held 7, then answered' "IPv$family TCP: eight once more"
	check_eq "$(hold udp "$vip" 53 8)" 'held 8, then refused' "IPv$family UDP: eight and no ninth"
done
check_match "$(adm counters)" '^drop-pool-exhausted +6$' 'the refusals are counted'

# SYNs of which nothing came do not keep others out: a server that is silent for those of this number, a client that is nobody.
ns "${servers[1]}" nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp sequence 4242 drop'
nobody "$director"
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -t "$(hostport "$vip" 83)" -s rr --pool "eight$family"
	adm -a -t "$(hostport "$vip" 83)" -r "$(hostport "${rips[1]}" 8081)" --fullnat
	adm conn delete -s "tcp:$(hostport "$vip" 81)" >/dev/null
	scapy_py "$client" "$(mac_of "$director" eth0)" "$vip" <<-'EOF'
		mac, vip = sys.argv[1:]
		layer3 = IPv6(src="2001:db8:1::77", dst=vip) if ":" in vip else IP(src="192.0.2.77", dst=vip)
		sendp([Ether(dst=mac) / layer3 / TCP(sport=3000 + i, dport=83, flags="S", seq=4242) for i in range(8)], iface="eth0", verbose=False)
	EOF
	check_eq "$(pool_of "eight$family" refused)" 3 "IPv$family: the flood found a local end for each"
	sleep 2
	check_eq "$(hold tcp "$vip" 83 8)" 'held 8, then refused' "IPv$family: half-open ones make room"
done
check_match "$(adm counters)" '^connection-half-open-evicted +16$' 'which is counted'

adm -C
check_eq "$(pool_of eight4 services)" 0 'no service names the pool any more'

# Sockets of the director's own.
background nsenter "--net=/run/netns/$director" /usr/bin/python3 -SE -c '
import socket, sys, time
kept = []
for proto in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    for address in sys.argv[1:]:
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, proto)
        s.bind((address, 6003))
        if proto == socket.SOCK_STREAM:
            s.listen()
        kept.append(s)
time.sleep(1000)' 198.51.100.65 2001:db8:2::65
for proto in tcp udp; do
	wait_for 20 "$proto: both are bound" eval '(($(ns "$director" ss -Hln"${proto:0:1}" "sport = :6003" | wc -l) == 2))'
done
adm pool add host4 198.51.100.65 --ports 6000-6007
adm pool add host6 2001:db8:2::65 --ports 6000-6007
for family in 4 6; do
	declare -n vip=VIP$family
	service_between tcp $family $family 82 8080 --pool host$family
	service_between udp $family $family 54 5300 --pool host$family
	check_eq "$(hold tcp "$vip" 82 7)" 'held 7, then refused' "IPv$family TCP: the port of a socket is left to it"
	check_eq "$(hold udp "$vip" 54 7)" 'held 7, then refused' "IPv$family UDP: likewise"
	check_no_match "$(adm conn list -j)" '"local":"[^"]*65\]?:6003"' "IPv$family: no connection has it"
	check_range "$(pool_of host$family host)" 1 100000 "IPv$family: what was passed over is counted"
done
