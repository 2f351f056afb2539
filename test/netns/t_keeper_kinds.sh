#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# weir-keeper's virtual servers of the rarer kinds, in the kernel and with traffic: UDP of both families, a mark of each family,
# a group with a range of addresses. Each loses a server that dies, and has it again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-keeper.sh"
need_command nft

# service NAME PROTOCOL CHECK SERVER...: a virtual server
service() {
	local name=$1 protocol=$2 check=$3 server

	shift 3
	printf 'virtual_server %s {\nprotocol %s\ndelay_loop 0.3\nlb_algo rr\nlb_kind NAT\n' "$name" "$protocol"
	for server in "$@"; do
		printf 'real_server %s {\nretry 0\n%s\nconnect_timeout 2\n}\n}\n' "$server" "$check"
	done
	printf '}\n'
}
udp=$'UDP_CHECK {\npayload 70 69 6e 67\nrequire_reply 73'	# "ping", and what begins with "s"
cat >"$conf" <<-EOT
	virtual_server_group range {
		192.0.2.10-12 81
	}
	$(service "$VIP4 53" UDP "$udp" "${RIP4[1]} 53" "${RIP4[2]} 53")
	$(service "$VIP6 53" UDP "$udp" "${RIP6[1]} 53" "${RIP6[2]} 53")
	$(service 'fwmark 5' TCP 'TCP_CHECK {' "${RIP4[1]} 80" "${RIP4[2]} 80")
	$(service 'fwmark 6' TCP 'TCP_CHECK {' "${RIP6[1]} 80" "${RIP6[2]} 80")
	$(service 'group range' TCP 'TCP_CHECK {' "${RIP4[1]} 80" "${RIP4[2]} 80")
EOT

# "service: server ...", the keeper's, one a line
table() {
	adm list -j | python3 -c '
import json, sys
for service in json.load(sys.stdin)["services"]:
    if service["owner"] == "keeper":
        print(service["service"] + ":", *sorted(s["server"] for s in service.get("servers", [])))'
}
# everywhere SERVER4 SERVER6: the words that stand at services of each family, ports left out
everywhere() {
	local found

	found=$(table | sed -E 's/^.*: //; s/:(53|80)\b//g' | LC_ALL=C sort | uniq -c | sed 's/^ *//')
	[[ $found == "$(printf '%s\n' "5 $1" "2 $2" | LC_ALL=C sort -k 2)" ]]
}
expect() {
	busywait 30 everywhere "$1" "$2" || fail "$3: $(table); $(tail -n 20 "$keeper_log")"
	ok "$3"
}
both4="${RIP4[1]} ${RIP4[2]}" both6="[${RIP6[1]}] [${RIP6[2]}]"

start_echo "${servers[1]}" udp 53 server1
echo1=$background_pid
start_echo "${servers[2]}" udp 53 server2
ns "$director" nft -f - <<-'EOT'
	table inet marks {
		chain prerouting {
			type filter hook prerouting priority mangle
			meta nfproto ipv4 tcp dport 8080 meta mark set 5
			meta nfproto ipv6 tcp dport 8080 meta mark set 6
		}
	}
EOT
start_keeper
expect "$both4" "$both6" 'all kinds have their servers'
check_eq "$(ask_many "$client" udp $VIP4 53 4)" $'2 server1\n2 server2' 'UDP traffic, IPv4'
check_eq "$(ask_many "$client" udp $VIP6 53 4)" $'2 server1\n2 server2' 'UDP traffic, IPv6'
check_eq "$(http_spread "$client" "$(url $VIP4 8080)" 4)" $'2 server1\n2 server2' 'traffic by mark, IPv4'
check_eq "$(http_spread "$client" "$(url $VIP6 8080)" 4)" $'2 server1\n2 server2' 'traffic by mark, IPv6'
check_eq "$(http_spread "$client" "$(url $VIP4 81)" 4)" $'2 server1\n2 server2' 'traffic of the range'

kill "$echo1" "$(nginx_pid 1)"
expect "${RIP4[2]}" "[${RIP6[2]}]" 'a server that dies goes everywhere'
check_eq "$(ask_many "$client" udp $VIP6 53 3)" '3 server2' 'UDP traffic of the one that is left'
start_echo "${servers[1]}" udp 53 server1
start_nginx "${servers[1]}" 80 server1
expect "$both4" "$both6" 'and comes back'
stop_keeper
check_eq "$(table)" '' 'the keeper took its own away'
