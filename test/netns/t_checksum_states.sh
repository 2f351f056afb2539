#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# Checksums after nat, of packets that carry a full one (the devices' offload is another test's: bulk data of nat-traffic): right in
# TCP and UDP, v4 and v6; UDP without one stays without; a sum of zero is sent as 0xffff; damaged packets open no connection, and
# one in mid-connection is not mended.
. "$(dirname "$0")/../lib.sh"
need_weiradm
topology_nat 1
adm config express="${EXPRESS:-1}"

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	adm -A -u "$(hostport "$vip" 53)" -s rr
	adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 5300)" -m
	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 8080)" -m

	scapy_py "${servers[1]}" "${rips[1]}" <<-'EOF' >"$TEST_TMP/seen" 2>&1 &
		kind = IPv6 if ":" in sys.argv[1] else IP
		def show(p):
		    if kind not in p or p[kind].dst != sys.argv[1] or not (UDP in p or TCP in p):
		        return
		    l4 = p[UDP] if UDP in p else p[TCP]
		    again = p[kind].copy()
		    given = l4.chksum
		    del (again[UDP] if UDP in again else again[TCP]).chksum
		    if kind is IP:
		        del again.chksum
		    fresh = kind(bytes(again))
		    right = (fresh[UDP] if UDP in fresh else fresh[TCP]).chksum
		    ip_right = kind is IPv6 or fresh.chksum == p[IP].chksum
		    state = "none" if given == 0 and UDP in p else "right" if given == right else "wrong"
		    print(l4.sport, "udp" if UDP in p else "tcp", state if ip_right else "ip-wrong", "ffff" if given == 0xffff else "-", flush=True)
		    if l4.sport == 4999:
		        sys.exit(0)
		sniff(iface="eth0", prn=show, timeout=90, started_callback=lambda: print("ready", flush=True))
	EOF
	wait_for 30 'the server is watched' grep -q ready "$TEST_TMP/seen"
	scapy_py "$client" "$(mac_of "$director" eth0)" "$cip" "$vip" "${rips[1]}" <<-'EOF'
		mac, cip, vip, rip = sys.argv[1:]
		kind = IPv6 if ":" in vip else IP
		def out(p):
		    sendp(Ether(dst=mac) / p, iface="eth0"); time.sleep(0.05)
		def udp(sport, data, **more):
		    return kind(src=cip, dst=vip) / UDP(sport=sport, dport=53, **more) / data
		def tcp(sport, **more):
		    return kind(src=cip, dst=vip) / TCP(sport=sport, dport=80, **more)
		for i in range(3):
		    out(udp(4001, b"odd" * 3 + b"x" * i))
		if kind is IP:
		    out(udp(4002, b"without", chksum=0))
		# The data that makes the sum zero once the packet has the server's address and port
		for n in range(65536):
		    data = struct.pack(">H", n)
		    sample = kind(bytes(kind(src=cip, dst=rip) / UDP(sport=4003, dport=5300) / data))
		    if n == 0:
		        base = sample[UDP].chksum
		        data = struct.pack(">H", base)
		        sample = kind(bytes(kind(src=cip, dst=rip) / UDP(sport=4003, dport=5300) / data))
		    if sample[UDP].chksum in (0, 0xffff):
		        break
		out(udp(4003, data))
		out(tcp(4004, flags="S", seq=1))
		out(tcp(4005, flags="S", seq=1, chksum=0xbad))
		out(udp(4006, b"damaged", chksum=0xbad))
		out(udp(4001, b"damaged", chksum=0xbad))
		out(udp(4999, b"end"))
	EOF
	busywait 20 grep -q '^4999' "$TEST_TMP/seen" || fail "the last packet did not arrive: $(cat "$TEST_TMP/seen")"
	expected="4001 udp right -
4001 udp right -
4001 udp right -"
	[[ $family == 6 ]] || expected+="
4002 udp none -"
	expected+="
4003 udp right ffff
4004 tcp right -
4001 udp wrong -
4999 udp right -"
	check_eq "$(grep -v ready "$TEST_TMP/seen")" "$expected" "IPv$family: what arrives"
done
check_match "$(adm counters)" '^drop-checksum +4$' 'damaged ones that would have opened a connection'
