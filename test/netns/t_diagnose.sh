#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick nomodule
# timeout: 180
# What keeps a service from working, one thing at a time on a real machine: diagnose names it, and the command that it prints,
# run as it stands, mends it.
. "$(dirname "$0")/../lib.sh"
need_weiradm
need_command nft
topology_nat 2
start_nginx_all 80
service=tcp:$VIP4:80

# remedies NS REGEX [ARGUMENT...]: of the findings whose text matches, one a line
remedies() {
	{ ns "$1" "$WEIRADM" diagnose -j "${@:3}" || true; } | REGEX=$2 /usr/bin/python3 -SEc '
import json, os, re, sys
for report in json.load(sys.stdin):
    for finding in report["findings"]:
        if re.search(os.environ["REGEX"], finding["text"]):
            print(finding["remedy"] or "none")'
}

# mends NS WHAT REGEX [ARGUMENT...]: it is found, every remedy does what it says, and then it is found no more
mends() {
	local name=$1 what=$2 regex=$3 list remedy

	shift 3
	list=$(remedies "$name" "$regex" "$@")
	check_ne "$list" '' "$what: found"
	while read -r remedy; do
		check_ok "$what: $remedy" ns "$name" env PATH="$(dirname "$WEIRADM"):$PATH" bash -c "$remedy"
	done < <(sort -u <<<"$list")
	check_eq "$(remedies "$name" "$regex" "$@")" '' "$what: mended"
}

clean() {
	local output

	output=$(adm diagnose) || fail "there is a problem left:"$'\n'"$output"
	check_no_match "$output" 'problem' "$1: no problem is left"
}

serves() {
	check_eq "$(http_spread "$client" "$(url "$VIP4")" 4)" $'2 server1\n2 server2' "$1: it serves"
}

check_fails 1 'the module weir is not loaded' 'no module: found' adm diagnose
check_match "$(remedies "$director" 'is not loaded')" '^modprobe weir ' 'no module: how to load it'
weir_load

check_eq "$(remedies "$director" 'there is no service$')" 'weiradm service add tcp:ADDRESS:PORT' 'no service: found'
check_eq "$(remedies "$director" 'no such service' "$service")" "weiradm service add $service" 'no such service: found'
adm service add "$service" --scheduler rr
check_match "$(remedies "$director" 'the service has no server')" "^weiradm server add $service " 'no server: found'
for i in 1 2; do
	adm server add "$service" "${RIP4[i]}:80" --method nat
done
serves 'as it is'
clean 'as it is'

ip -n "$director" address del "$VIP4/32" dev eth0
mends "$director" 'no address' "$VIP4 is on no device"
sysctls "$director" ipv4/ip_forward=0
mends "$director" 'no forwarding' 'IPv4 forwarding is off'
serves 'address and forwarding'
sysctls "$director" ipv4/conf/eth0/rp_filter=1
mends "$director" 'reverse path' 'eth0 filters strictly'

for i in 1 2; do
	adm server set "$service" "${RIP4[i]}:80" --weight 0
done
mends "$director" 'weight 0' 'has weight 0'
for i in 1 2; do
	adm override "$service" -r "${RIP4[i]}:80" 0
done
mends "$director" "the operator's weight" "has the operator's weight 0"
for i in 1 2; do
	adm drain "$service" -r "${RIP4[i]}:80"
done
mends "$director" 'drained' 'is being drained'
serves 'weights'

adm server add "$service" "$DIP4:80" --method nat
mends "$director" 'itself by nat' "$DIP4:80 is this machine itself"
adm server delete "$service" "$DIP4:80"
adm server add "$service" 203.0.113.9:80 --method dr
mends "$director" 'dr beyond a router' '203.0.113.9:80 is reached by dr and is in no network'
adm server set "$service" 203.0.113.9:80 --method local
mends "$director" 'local elsewhere' '203.0.113.9:80 has method local, but is not an address'
adm server delete "$service" 203.0.113.9:80

# The server keeps what it answers: it has another way to the client.
ip -n "${servers[1]}" route replace unreachable 192.0.2.0/24
adm service add "udp:$VIP4:9" --scheduler rr
adm server add "udp:$VIP4:9" "${RIP4[1]}:9" --method nat
start_echo "${servers[1]}" udp 9 server1
for ((i = 0; i < 12; i++)); do
	ns "$client" bash -c "echo >/dev/udp/$VIP4/9"
done
wait_for 10 'answers elsewhere: found' eval '[[ -n $(remedies "$director" "12 packets and none came back") ]]'
adm service delete "udp:$VIP4:9"
ip -n "${servers[1]}" route del unreachable 192.0.2.0/24

need_module nft_ct
ns "$director" nft -f - <<-'EOF2'
	table inet fw {
		chain input {
			type filter hook input priority filter
			ct state invalid drop
		}
	}
EOF2
adm service set "$service" --flags conntrack
mends "$director" 'conntrack' 'conntrack calls invalid'
serves 'conntrack'
clean 'all of it'

topology_dr 1
service=tcp:$VIP4:80
adm service add "$service" --scheduler rr
adm server add "$service" "${RIP4[1]}:80" --method dr
check_eq "$(remedies "$director" 'clients on this machine itself cannot use a service by dr')" 'use method nat or local for them' \
	'dr: clients on the director'
clean 'dr'
server=${servers[1]}
check_ok 'a server that is prepared' ns "$server" "$WEIRADM" diagnose --real-server "$VIP4"
ip -n "$server" address del "$VIP4/32" dev lo
sysctls "$server" ipv4/conf/all/arp_ignore=0 ipv4/conf/all/arp_announce=0
addr "$server" eth0 "$VIP4/24"
mends "$server" 'dr: the address on eth0' "$VIP4 is on eth0" --real-server "$VIP4"
mends "$server" 'dr: ARP answers' 'eth0 answers ARP requests' --real-server "$VIP4"
mends "$server" 'dr: ARP announcements' 'eth0 may announce' --real-server "$VIP4"
ip -n "$server" address del "$VIP4/32" dev lo
mends "$server" 'dr: no address' "$VIP4 is on no device" --real-server "$VIP4"
check_ok 'a server that was mended' ns "$server" "$WEIRADM" diagnose --real-server "$VIP4"
