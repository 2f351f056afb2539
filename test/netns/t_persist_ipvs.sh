#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# Persistence does what ip_vs does: the same clients in the same order, through weir and through ip_vs beside it, reach the same
# servers: one port, all ports, a firewall mark; a netmask; a server of weight 0, with and without expire-quiescent; a server
# that was deleted. (ip_vs has 192.0.2.20, weir 192.0.2.10.)
. "$(dirname "$0")/../lib.sh"

need_command ipvsadm iptables
need_module ip_vs ip_vs_rr
ipvs_vip=192.0.2.20

# clients VIP SEED COUNT PORT...: the server of each of COUNT requests, clients and ports in an order that SEED gives
clients() {
	ns "$client" /usr/bin/python3 - "$@" <<-'EOF'
		import random, socket, sys
		vip, seed, count, ports = sys.argv[1], sys.argv[2], int(sys.argv[3]), list(map(int, sys.argv[4:]))
		rng = random.Random(seed)
		for _ in range(count):
		    address = "192.0.2.%d" % rng.choice(range(100, 160))
		    port = rng.choice(ports)
		    with socket.socket() as sock:
		        sock.settimeout(5)
		        sock.bind((address, 0))
		        try:
		            sock.connect((vip, port))
		            sock.sendall(b"x\n")
		            print(address, port, sock.recv(100).decode().split()[0])
		        except OSError as error:
		            print(address, port, error)
	EOF
}

# same WHAT SEED COUNT PORT...
same() {
	local what=$1 weir ipvs

	shift
	weir=$(clients "$VIP4" "$@")
	ipvs=$(clients "$ipvs_vip" "$@")
	if [[ $weir != "$ipvs" ]]; then
		diff <(printf '%s\n' "$weir") <(printf '%s\n' "$ipvs") >&2 || true
		fail "$what: weir (<) and ip_vs (>) differ"
	fi
	check_no_match "$weir" 'rror|refused|timed' "$what: every request was answered"
	ok "$what: $(wc -l <<<"$weir") requests, $(awk '{ print $3 }' <<<"$weir" | sort | uniq -c | awk '{ print $2 ": " $1 }' | tr '\n' ' ')"
}

# both ARGUMENT...: the same change to both; VIP stands for the virtual address
both() {
	ns "$director" "$WEIRADM" "${@//VIP/$VIP4}"
	ns "$director" ipvsadm "${@//VIP/$ipvs_vip}"
}

servers_of() {
	local i

	for i in 1 2 3; do
		both -a "$@" -r "${RIP4[i]}${port:+:$port}" -m
	done
}

topology_nat 3
addr "$director" eth0 $ipvs_vip/32
for i in {100..159}; do
	echo "addr add 192.0.2.$i/24 dev eth0"
done | ip -n "$client" -batch -
start_echo_all tcp 80
start_echo_all tcp 81

port=80
both -A -t VIP:80 -s rr -p 300 -M 255.255.255.248
servers_of -t VIP:80
same 'one port' 1 60 80
both -e -t VIP:80 -r "${RIP4[2]}:80" -m -w 0
same 'weight 0 keeps its clients' 2 60 80
ns "$director" sysctl -qw net.ipv4.vs.expire_quiescent_template=1
adm config expire-quiescent=on
same 'weight 0 loses them with expire-quiescent' 3 60 80
both -e -t VIP:80 -r "${RIP4[2]}:80" -m -w 1
both -d -t VIP:80 -r "${RIP4[3]}:80"
same 'a server that was deleted' 4 60 80
both -D -t VIP:80

port=
both -A -t VIP:0 -s rr -p 300
servers_of -t VIP:0
same 'all ports' 5 120 80 81
both -D -t VIP:0

for i in "$VIP4 7" "$ipvs_vip 8"; do
	ns "$director" iptables -t mangle -A PREROUTING -d "${i% *}" -p tcp -j MARK --set-mark "${i#* }"
done
ns "$director" "$WEIRADM" -A -f 7 -s rr -p 300 -M 255.255.255.240
ns "$director" ipvsadm -A -f 8 -s rr -p 300 -M 255.255.255.240
for i in 1 2 3; do
	ns "$director" "$WEIRADM" -a -f 7 -r "${RIP4[i]}" -m
	ns "$director" ipvsadm -a -f 8 -r "${RIP4[i]}" -m
done
same 'a firewall mark' 6 120 80 81

templates() {
	adm conn list | grep -c NONE || true
}

# What is weir's own: the template ends persist_timeout after its last connection, however long that was.
adm service add "udp:$VIP4:53" -s rr -p 2 --timeouts udp-unreplied=4
adm server add "udp:$VIP4:53" "${RIP4[1]}:53" -m nat
adm service delete fwmark:7
wait_for 5 'templates of a deleted service are gone' eval '(($(templates) == 0))'
ns "$client" bash -c "echo x >/dev/udp/$VIP4/53"
start=${EPOCHREALTIME/./}
check_eq "$(templates)" 1 'templates'
wait_for 20 'the template is gone' eval '(($(templates) == 0))'
check_range $(((${EPOCHREALTIME/./} - start) / 1000)) 5700 $((30000 * WEIR_SLOW)) \
	'milliseconds that it lived: 4 s of its connection, 2 s of its own'
