#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long debug nomodule
# timeout: 240
# The namespace and the module go while the table is full and packets keep coming: nothing crashes, nothing leaks, and it is quick.
. "$(dirname "$0")/../lib.sh"

# flood SECONDS: UDP and TCP SYNs to the virtual addresses, IPv4 and IPv6, from ever new ports of two clients that nobody is
flood() {
	scapy_py "$client" "$VIP4" "$VIP6" "$1" <<-'EOF'
		vip4, vip6, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
		mac = srp1(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(pdst=vip4), iface="eth0", timeout=20).hwsrc
		sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		sock.bind(("eth0", 0))

		# A packet from port 0 as a pattern: the port's place, the checksum's place, the sum without a port.
		def pattern(layer3, layer4, checksum):
		    data = bytearray(bytes(Ether(dst=mac) / layer3 / layer4))
		    port = 14 + len(layer3)
		    return data, port, port + checksum, ~struct.unpack_from("!H", data, port + checksum)[0] & 0xffff

		patterns = [pattern(layer3, layer4, checksum)
		            for layer3 in (IP(src="100.64.0.1", dst=vip4), IPv6(src="2001:db8:64::1", dst=vip6))
		            for layer4, checksum in ((TCP(sport=0, dport=80, flags="S"), 16), (UDP(sport=0, dport=53) / b"xx", 6))]
		end = time.monotonic() + seconds
		print("go", flush=True)
		port = 1024
		while time.monotonic() < end:
		    for data, where, checksum, sum0 in patterns:
		        total = sum0 + port
		        struct.pack_into("!H", data, where, port)
		        struct.pack_into("!H", data, checksum, ~((total & 0xffff) + (total >> 16)) & 0xffff or 0xffff)
		        try:
		            sock.send(data)
		        except OSError:
		            pass
		    port = port + 1 if port < 65535 else 1024
	EOF
}

setup() {
	local vip

	topology_nat 2
	ns "$director" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
	for vip in "$VIP4" "$VIP6"; do
		adm service add "tcp:$(hostport "$vip" 80)" -s rr --on-gone "$1" -p 300
		adm service add "udp:$(hostport "$vip" 53)" -s wlc --on-gone "$1"
		for i in 1 2; do
			local rip=${RIP4[i]}
			if [[ $vip == *:* ]]; then
				rip=${RIP6[i]}
			fi
			adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "$rip" 80)" -m nat
			adm server add "udp:$(hostport "$vip" 53)" "$(hostport "$rip" 53)" -m nat
		done
	done
}

created() {
	adm counters -a | awk '$1 == "connection-created" { print $2 }'
}

# milliseconds COMMAND...
milliseconds() {
	local start=${EPOCHREALTIME/./}

	"$@"
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}

# shellcheck disable=SC2119 # no parameters
weir_load
for how in keep reset move; do
	setup "$how"
	background flood $((90 * WEIR_SLOW))
	wait_for 60 "$how: many connections" eval '(($(created) > 1500))'
	adm drain "tcp:$VIP4:80" -r "${RIP4[1]}:80" -d 1
	adm server delete "tcp:$VIP4:80" "${RIP4[2]}:80"
	adm server delete "udp:$VIP4:53" "${RIP4[2]}:53"
	adm server add "udp:$VIP4:53" "${RIP4[2]}:53" -m nat
	adm service delete "udp:$(hostport "$VIP6" 53)"
	ok "$how: servers and services came and went under traffic"
	case $how in
	keep)
		ip netns pids "$director" | xargs -r kill 2>/dev/null || true
		took=$(milliseconds ip netns del "$director")
		check_range "$took" 0 $((30000 * WEIR_SLOW)) "$how: milliseconds to delete the namespace"
		;;
	*)
		took=$(milliseconds rmmod weir)
		check_range "$took" 0 $((30000 * WEIR_SLOW)) "$how: milliseconds to unload the module"
		# shellcheck disable=SC2119
		weir_load
		;;
	esac
	kill "$background_pid" 2>/dev/null || true
done
# The namespace that was deleted is destroyed behind the command's back: unloading waits for it.
check_ok 'the module goes' rmmod weir
