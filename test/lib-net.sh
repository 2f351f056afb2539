# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of lib.sh: namespaces, links, topologies, servers, clients, crafted packets.

# ---- namespaces and links ----

# Starting a program takes a tenth of a second in the emulated machine, so one does several things where it can.

# new_ns NAME...: makes a namespace each; the variable NAME holds its real name.
new_ns() {
	local name real

	for name in "$@"; do
		real=$name-$(_random)
		_namespaces+=("$real")
		printf -v "$name" '%s' "$real"
		printf 'netns add %s\n' "$real"
	done >"$TEST_TMP/batch"
	ip -batch "$TEST_TMP/batch"
	for name in "$@"; do
		local -n _real=$name
		# No duplicate address detection: addresses are usable at once. A closed socket whose peer answers no more keeps its
		# namespace alive until it gives up: after 3 seconds instead of 102; a half-open one whose listener is gone, until its
		# timer: 8 seconds at most instead of 32.
		ns "$_real" bash -c 'cd /proc/sys/net/ipv6/conf && echo 0 >all/accept_dad && echo 0 >default/accept_dad &&
			echo 0 >default/router_solicitations && cd /proc/sys/net/ipv4 && echo 3 >tcp_orphan_retries &&
			echo 3 >tcp_synack_retries && exec ip link set lo up'
		unset -n _real
	done
}

_random() {
	printf '%04x%04x' "$RANDOM" "$RANDOM"
}

# ns NAMESPACE COMMAND... (/sys/class/net is still that of the machine: ask ip)
ns() {
	local name=$1

	shift
	nsenter "--net=/run/netns/$name" "$@"
}

# sysctls NS NAME=VALUE...: names below net, with slashes: ipv4/ip_forward=1
sysctls() {
	local name=$1

	shift
	ns "$name" bash -c 'for pair; do echo "${pair#*=}" >"/proc/sys/net/${pair%%=*}" || exit 1; done' sysctls "$@"
}

# link_ns NS1 DEV1 NS2 DEV2 [WORDS FOR DEV1]: a veth pair, both ends up
link_ns() {
	printf 'link %s\n' "add $2 type veth peer name $4 netns $3" "set $2 up ${5:-}" | ip -n "$1" -batch -
	ip -n "$3" link set "$4" up
}

# addr NS DEV ADDRESS/LENGTH...
addr() {
	local name=$1 dev=$2 address

	shift 2
	for address in "$@"; do
		if [[ $address == *:* ]]; then
			printf 'addr add %s dev %s nodad\n' "$address" "$dev"
		else
			printf 'addr add %s dev %s\n' "$address" "$dev"
		fi
	done | ip -n "$name" -batch -
}

# routes NS ROUTE...: each the words after "route add"
routes() {
	local name=$1

	shift
	printf 'route add %s\n' "$@" | ip -n "$name" -batch -
}

# nobody NS: what NS sends to 192.0.2.77 and 2001:db8:1::77 by eth0 finds a neighbour who does not care
nobody() {
	printf 'neigh add %s lladdr 02:00:00:00:00:77 dev eth0 nud permanent\n' 192.0.2.77 2001:db8:1::77 | ip -n "$1" -batch -
}

mac_of() {
	ip -n "$1" -br link show dev "$2" | awk '{ print $3 }'
}

# dev_counter NS DEV rx_packets|rx_bytes|rx_dropped|tx_packets|...
dev_counter() {
	ip -n "$1" -s -j link show dev "$2" |
		grep -o "\"${3%%_*}\":{[^}]*}" | grep -o "\"${3#*_}\":[0-9]*" | cut -d : -f 2
}

# net_counter NS NAME: of nstat, e.g. IpForwDatagrams
net_counter() {
	ns "$1" nstat -asz "$2" 2>/dev/null | awk -v name="$2" '$1 == name { print $2 }'
}

forwarding_on() {
	sysctls "$1" ipv4/ip_forward=1 ipv6/conf/all/forwarding=1
}

# ---- topologies ----
# The IPv6 VIP is deprecated, so that the director itself does not speak from it. Both set: client, director, servers[1..N] (namespaces), CIP4 CIP6 VIP4 VIP6 DIP4 DIP6, RIP4[1..N] RIP6[1..N].
# shellcheck disable=SC2034 # read by the tests
declare -a servers=() RIP4=() RIP6=()
# shellcheck disable=SC2034
client='' director='' switch=''

_make_servers() {
	local count=$1 net4=$2 net6=$3 i
	local -a names=()

	servers=() RIP4=() RIP6=()
	for ((i = 1; i <= count; i++)); do
		names+=("server$i")
	done
	new_ns "${names[@]}"
	printf 'link %s\n' 'add br0 type bridge mcast_snooping 0 forward_delay 0' 'set br0 up' | ip -n "$switch" -batch -
	for ((i = 1; i <= count; i++)); do
		local -n server_ns=server$i
		servers[i]=$server_ns
		unset -n server_ns
		RIP4[i]=$net4.$((10 + i))
		RIP6[i]=$net6::$((10 + i))
		link_ns "$switch" "port$i" "${servers[i]}" eth0 'master br0'
		addr "${servers[i]}" eth0 "${RIP4[i]}/24" "${RIP6[i]}/64"
	done
}

# topology_nat [N=3]
#
#   client                 director                       switch       server1 .. serverN
#   eth0 ----------------- eth0  192.0.2.1         eth1 --- br0 ------ eth0
#   192.0.2.2              VIP 192.0.2.10    198.51.100.1              198.51.100.11 .. default via the director
#   2001:db8:1::2          2001:db8:1::1    2001:db8:2::1              2001:db8:2::11 ..
#                          VIP 2001:db8:1::10
topology_nat() {
	local i

	new_ns client director switch
	CIP4=192.0.2.2 CIP6=2001:db8:1::2 VIP4=192.0.2.10 VIP6=2001:db8:1::10
	DIP4=198.51.100.1 DIP6=2001:db8:2::1
	link_ns "$client" eth0 "$director" eth0
	_make_servers "${1:-3}" 198.51.100 2001:db8:2
	link_ns "$switch" uplink "$director" eth1 'master br0'
	addr "$client" eth0 $CIP4/24 $CIP6/64
	addr "$director" eth0 192.0.2.1/24 2001:db8:1::1/64 $VIP4/32 "$VIP6/128 preferred_lft 0"
	addr "$director" eth1 $DIP4/24 $DIP6/64
	routes "$client" 'default via 192.0.2.1' 'default via 2001:db8:1::1'
	for ((i = 1; i < ${#servers[@]} + 1; i++)); do
		routes "${servers[i]}" "default via $DIP4" "default via $DIP6"
	done
	forwarding_on "$director"
}

# topology_dr [N=3]
#
#   client eth0 192.0.2.2 ------+
#          2001:db8:1::2        |
#   director eth0 192.0.2.1 ----+-- switch br0 --+-- server1 eth0 192.0.2.11  2001:db8:1::11   VIP on lo, no ARP for it
#          2001:db8:1::1        |                +-- serverN ...
#          VIP 192.0.2.10, 2001:db8:1::10
topology_dr() {
	local i

	new_ns client director switch
	CIP4=192.0.2.2 CIP6=2001:db8:1::2 VIP4=192.0.2.10 VIP6=2001:db8:1::10
	DIP4=192.0.2.1 DIP6=2001:db8:1::1
	_make_servers "${1:-3}" 192.0.2 2001:db8:1
	link_ns "$switch" client "$client" eth0 'master br0'
	link_ns "$switch" director "$director" eth0 'master br0'
	addr "$client" eth0 $CIP4/24 $CIP6/64
	addr "$director" eth0 $DIP4/24 $DIP6/64 $VIP4/32 "$VIP6/128 preferred_lft 0"
	for ((i = 1; i < ${#servers[@]} + 1; i++)); do
		sysctls "${servers[i]}" ipv4/conf/all/arp_ignore=1 ipv4/conf/all/arp_announce=2
		addr "${servers[i]}" lo $VIP4/32 $VIP6/128
	done
	forwarding_on "$director"
}

# ---- weiradm ----

# adm ARGUMENT...: weiradm in the director's namespace
adm() {
	ns "$director" "$WEIRADM" "$@"
}

# url ADDRESS [PORT]
url() {
	if [[ $1 == *:* ]]; then
		printf 'http://[%s]:%s/' "$1" "${2:-80}"
	else
		printf 'http://%s:%s/' "$1" "${2:-80}"
	fi
}

# hostport ADDRESS PORT: as ipvsadm writes it
hostport() {
	if [[ $1 == *:* ]]; then
		printf '[%s]:%s' "$1" "$2"
	else
		printf '%s:%s' "$1" "$2"
	fi
}

# ---- servers ----

# background COMMAND...: ends with the test; its process in $background_pid, its output in $background_log
background() {
	background_log=$TEST_TMP/background.${#_processes[@]}
	"$@" >"$background_log" 2>&1 </dev/null &
	background_pid=$!
	_processes+=("$background_pid")
}

# listening NS tcp|udp PORT
listening() {
	[[ -n $(ns "$1" ss -Hln"${2:0:1}" "sport = :$3") ]]
}

# start_nginx NS PORT TEXT [ADDRESS...]: every request is answered with TEXT and a newline (default: all addresses)
start_nginx() {
	local name=$1 port=$2 text=$3 dir address listen=

	shift 3
	dir=$TEST_TMP/nginx-$name-$port
	mkdir -p "$dir"
	if (($# == 0)); then
		listen="listen $port; listen [::]:$port;"
	fi
	for address in "$@"; do
		listen+=" listen $(hostport "$address" "$port");"
	done
	cat >"$dir/nginx.conf" <<-EOF
		daemon off; master_process off; pid $dir/pid; error_log $dir/error.log; user root;
		events { worker_connections 1024; }
		http {
			access_log off; keepalive_requests 100000; default_type text/plain;
			client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
			server {
				$listen
				location = /peer { return 200 "$text \$remote_addr\n"; }
				location / { return 200 "$text\n"; }
			}
		}
	EOF
	background nsenter "--net=/run/netns/$name" nginx -c "$dir/nginx.conf" -p "$dir"
	busywait 60 listening "$name" tcp "$port" || fail "nginx in $name does not listen: $(cat "$background_log" "$dir/error.log")"
}

# start_nginx_all PORT: one on each server; server I answers "serverI"
start_nginx_all() {
	local i

	for ((i = 1; i < ${#servers[@]} + 1; i++)); do
		start_nginx "${servers[i]}" "$1" "server$i"
	done
}

# start_echo NS tcp|udp PORT TEXT [ADDRESS...]: answers each line or datagram with "TEXT <peer's address> <what came>"
start_echo() {
	local name=$1 proto=$2 port=$3 text=$4

	shift 4
	background nsenter "--net=/run/netns/$name" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/echo_server.py" "$proto" "$port" "$text" "$@"
	busywait 60 listening "$name" "$proto" "$port" || fail "the $proto server in $name does not listen: $(cat "$background_log")"
}

start_echo_all() {
	local i

	for ((i = 1; i < ${#servers[@]} + 1; i++)); do
		start_echo "${servers[i]}" "$1" "$2" "server$i"
	done
}

# ---- clients ----

# http_get NS URL: the answer's body
http_get() {
	ns "$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/http_get.py" "$2" 1 $((10 * WEIR_SLOW))
}

# http_spread NS URL COUNT: "requests server" lines of that many requests, a connection each; a failure is a server "failed"
http_spread() {
	ns "$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/http_get.py" "$2" "$3" $((10 * WEIR_SLOW)) |
		awk '{ n[$1]++ } END { for (name in n) print n[name], name }' | LC_ALL=C sort -k 2
}

# spread_of "SPREAD" NAME: the count of one name in such lines
spread_of() {
	awk -v name="$2" '$2 == name { n = $1 } END { print n + 0 }' <<<"$1"
}

# ask NS tcp|udp ADDRESS PORT TEXT: one exchange with an echo server
ask() {
	ns "$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/ask.py" "$2" "$3" "$4" "$5" $((3 * WEIR_SLOW))
}

# ask_many NS tcp|udp ADDRESS PORT COUNT: that many, a socket each; "count name" lines
ask_many() {
	ns "$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/ask.py" "$2" "$3" "$4" ping $((3 * WEIR_SLOW)) "$5" |
		awk '{ n[$1]++ } END { for (name in n) print n[name], name }' | LC_ALL=C sort -k 2
}

# ---- checks of traffic ----

# check_three_in_turn FAMILY HTTP-PORT UDP-PORT METHOD: services 80 and 53 over the three servers, which listen on these ports;
# METHOD is weiradm's option. Nine requests to each go round by rr; servers see the client's address.
check_three_in_turn() {
	local -n turn_vip=VIP$1 turn_cip=CIP$1 turn_rips=RIP$1
	local web dns rip

	web=$(hostport "$turn_vip" 80) dns=$(hostport "$turn_vip" 53)
	adm -A -t "$web" -s rr
	adm -A -u "$dns" -s rr
	for rip in "${turn_rips[@]}"; do
		adm -a -t "$web" -r "$(hostport "$rip" "$2")" "$4"
		adm -a -u "$dns" -r "$(hostport "$rip" "$3")" "$4"
	done
	check_eq "$(http_spread "$client" "$(url "$turn_vip" 80)" 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$1: nine requests by rr"
	check_match "$(http_get "$client" "$(url "$turn_vip" 80)peer")" " $turn_cip\$" "IPv$1: the server sees the client's address"
	check_eq "$(ask_many "$client" udp "$turn_vip" 53 9)" "$(printf '3 server%d\n' 1 2 3)" "IPv$1: nine UDP sockets by rr"
}

# storm NS client|server|tunnel DEVICE SRC DST TCP-PORT UDP-PORT [MORE...]: tools/storm.py from eth0 of a namespace to that device of the
# director, where it arrives, with $WEIR_STORM packets of noise
storm() {
	local before sent

	before=$(dev_counter "$director" "$3" rx_packets)
	sent=$(ns "$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/storm.py" "$2" eth0 "$(mac_of "$director" "$3")" "${@:4:4}" "$WEIR_STORM" "${@:8}")
	check_range $(($(dev_counter "$director" "$3" rx_packets) - before)) $((sent * 9 / 10)) $((sent * 2)) "${what:+$what: }$sent packets from the $2, arrived"
}

# start_bulk_server NS PORT
start_bulk_server() {
	background nsenter "--net=/run/netns/$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/bulk.py" serve "$2"
	wait_for 20 "the server of bulk data in $1 listens" listening "$1" tcp "$2"
}

# check_bulk give|take ADDRESS PORT MEGABYTES WHAT: all that the client gives to start_bulk_server(), or takes from it, arrives
check_bulk() {
	local bytes=$(($4 * 1000000))

	check_eq "$(ns "$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/bulk.py" "$1" "$2" "$3" $bytes $((60 * WEIR_SLOW)))" $bytes "$5"
}

# scapy_py NS [ARGUMENT...] <script: scapy's Ethernet, IP and IPv6 layers are imported, by one process for all such scripts
scapy_py() {
	local name=$1 script=$TEST_TMP/scapy.$RANDOM.py

	shift
	cat >"$script"
	if mkdir "$TEST_TMP/scapy" 2>/dev/null; then
		/usr/bin/python3 "$WEIR_ROOT/test/tools/scapy_server.py" "$TEST_TMP/scapy/socket" </dev/null >"$TEST_TMP/scapy/log" 2>&1 &
		echo $! >"$TEST_TMP/scapy/pid"
	fi
	/usr/bin/python3 -SE "$WEIR_ROOT/test/tools/scapy_call.py" "$TEST_TMP/scapy/socket" "$name" "$script" "$@"
}
