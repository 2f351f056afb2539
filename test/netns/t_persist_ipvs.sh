#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 500
# Persistence does what ip_vs does: the same clients in the same order, through weir and through ip_vs beside it, reach the same
# servers: TCP and UDP, IPv4 and IPv6; one port, all ports, a range of ports, a firewall mark; a netmask; a server of weight 0,
# with and without expire-quiescent; a server that was deleted. (ip_vs has 192.0.2.20, .21 and 2001:db8:1::20, ::21, weir
# 192.0.2.10 and 2001:db8:1::10.)
. "$(dirname "$0")/../lib.sh"

need_command ipvsadm iptables ip6tables
need_module ip_vs ip_vs_rr
ipvs_vip4=192.0.2.20 ipvs_vip6=2001:db8:1::20
family=4 proto=tcp

# clients VIP SEED COUNT PORT...: the server of each of COUNT requests, clients and ports in an order that SEED gives
clients() {
	ns "$client" /usr/bin/python3 - $proto "$@" <<-'EOF'
		import random, socket, sys
		kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
		vip, seed, count, ports = sys.argv[2], sys.argv[3], int(sys.argv[4]), list(map(int, sys.argv[5:]))
		v6 = ":" in vip
		rng = random.Random(seed)
		for _ in range(count):
		    address = ("2001:db8:1::%x" if v6 else "192.0.2.%d") % rng.choice(range(100, 160))
		    port = rng.choice(ports)
		    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, kind) as sock:
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
	local what="IPv$family, $proto: $1" weir ipvs
	local -n vip=VIP$family ipvs_vip=ipvs_vip$family

	shift
	weir=$(clients "$vip" "$@")
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
	local -n vip=VIP$family ipvs_vip=ipvs_vip$family

	adm "${@//VIP:/$(hostport "$vip" '')}"
	ns "$director" ipvsadm "${@//VIP:/$(hostport "$ipvs_vip" '')}"
}

# server I [PORT]: as ipvsadm writes it
server() {
	local -n rips=RIP$family

	if [[ -n ${2:-} ]]; then hostport "${rips[$1]}" "$2"; else printf '%s' "${rips[$1]}"; fi
}

# servers_of OPTION SERVICE [PORT]
servers_of() {
	local i

	for i in 1 2 3; do
		both -a "$1" "$2" -r "$(server $i "${3:-}")" -m
	done
}

# persistence OPTION NETMASK WIDER-NETMASK MARK-OPTION...: -t or -u, of the family
persistence() {
	local option=$1 netmask=$2 wider=$3 i
	local -n own_vip=VIP$family their_vip=ipvs_vip$family

	shift 3
	both -A "$option" VIP:80 -s rr -p 300 -M "$netmask"
	servers_of "$option" VIP:80 80
	same 'one port' 1 40 80
	both -e "$option" VIP:80 -r "$(server 2 80)" -m -w 0
	same 'weight 0 keeps its clients' 2 40 80
	ns "$director" sysctl -qw net.ipv4.vs.expire_quiescent_template=1
	adm config expire-quiescent=on
	same 'weight 0 loses them with expire-quiescent' 3 40 80
	ns "$director" sysctl -qw net.ipv4.vs.expire_quiescent_template=0
	adm config expire-quiescent=off
	both -e "$option" VIP:80 -r "$(server 2 80)" -m -w 1
	both -d "$option" VIP:80 -r "$(server 3 80)"
	same 'a server that was deleted' 4 40 80
	both -D "$option" VIP:80

	both -A "$option" VIP:0 -s rr -p 300
	servers_of "$option" VIP:0
	same 'all ports' 5 40 80 81
	both -D "$option" VIP:0

	# ip_vs has no ranges: one of weir's is to its ports what all are to ip_vs's; at an address where it remembers nobody.
	their_vip=${their_vip/%20/21}
	adm -A "$option" "$(hostport "$own_vip" 80-81)" -s rr -p 300
	ns "$director" ipvsadm -A "$option" "$(hostport "$their_vip" 0)" -s rr -p 300
	for i in 1 2 3; do
		adm -a "$option" "$(hostport "$own_vip" 80-81)" -r "$(server $i)" -m
		ns "$director" ipvsadm -a "$option" "$(hostport "$their_vip" 0)" -r "$(server $i)" -m
	done
	same 'a range' 6 40 80 81
	adm -D "$option" "$(hostport "$own_vip" 80-81)"
	ns "$director" ipvsadm -D "$option" "$(hostport "$their_vip" 0)"
	their_vip=${their_vip/%21/20}

	adm -A -f 7 "$@" -s rr -p 300 -M "$wider"
	ns "$director" ipvsadm -A -f 8 "$@" -s rr -p 300 -M "$wider"
	for i in 1 2 3; do
		adm -a -f 7 "$@" -r "$(server $i)" -m
		ns "$director" ipvsadm -a -f 8 "$@" -r "$(server $i)" -m
	done
	"$tables" -A -d "$own_vip" -j MARK --set-mark 7
	"$tables" -A -d "$their_vip" -j MARK --set-mark 8
	same 'a firewall mark' 7 60 80 81
	"$tables" -F
	adm -D -f 7 "$@"
	ns "$director" ipvsadm -D -f 8 "$@"
}

# marks4|marks6 -A|-F ARGUMENT...
marks4() { ns "$director" iptables -t mangle "$1" PREROUTING "${@:2}"; }
marks6() { ns "$director" ip6tables -t mangle "$1" PREROUTING "${@:2}"; }

topology_nat 3
addr "$director" eth0 $ipvs_vip4/32 192.0.2.21/32 "$ipvs_vip6/128 preferred_lft 0" '2001:db8:1::21/128 preferred_lft 0'
for i in {100..159}; do
	printf 'addr add 192.0.2.%d/24 dev eth0\naddr add 2001:db8:1::%x/64 dev eth0\n' "$i" "$i"
done | ip -n "$client" -batch -
for proto in tcp udp; do
	start_echo_all $proto 80
	start_echo_all $proto 81
	for family in 4 6; do
		tables=marks$family
		if [[ $family == 4 ]]; then
			persistence -${proto:0:1} 255.255.255.248 255.255.255.240
		else
			persistence -${proto:0:1} 125 124 -6
		fi
	done
done

templates() {
	adm conn list | grep -c NONE || true
}

# What is weir's own: the template ends persist_timeout after its last connection, however long that was.
adm service add "udp:$VIP4:53" -s rr -p 2 --timeouts udp-unreplied=4
adm server add "udp:$VIP4:53" "${RIP4[1]}:53" -m nat
wait_for 5 'templates of a deleted service are gone' eval '(($(templates) == 0))'
ns "$client" bash -c "echo x >/dev/udp/$VIP4/53"
start=${EPOCHREALTIME/./}
check_eq "$(templates)" 1 'templates'
wait_for 20 'the template is gone' eval '(($(templates) == 0))'
check_range $(((${EPOCHREALTIME/./} - start) / 1000)) 5700 $((30000 * WEIR_SLOW)) \
	'milliseconds that it lived: 4 s of its connection, 2 s of its own'
