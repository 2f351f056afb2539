#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# policies of IPsec hold for what a packet has become, by nat and fullnat, v4 and v6: what is to be encrypted on its way to the server
# or to the client is, what is blocked does not leave, none of it is express; encrypted requests are served.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
need_module xfrm_user esp4 esp6 gcm echainiv
topology_nat 1
express_service -m
addr "$director" eth1 198.51.100.64/32 2001:db8:2::64/128
adm pool add pool4 198.51.100.64
adm pool add pool6 2001:db8:2::64
start_echo "${servers[1]}" udp 5400 server1

key=0x$(printf '%040d' 7)
# esp FROM ADDRESS TO ADDRESS SELECTOR...: what the selector names of the first namespace's packets goes to the second one in ESP, which
# takes it no other way
esp() {
	local from=$1 src=$2 to=$3 dst=$4
	local -a tunnel=(src "$src" dst "$dst" proto esp reqid 1 mode tunnel)
	local ns

	shift 4
	for ns in "$from" "$to"; do
		ip -n "$ns" xfrm state add src "$src" dst "$dst" proto esp spi 0x1000 reqid 1 mode tunnel \
			aead 'rfc4106(gcm(aes))' "$key" 128
	done
	ip -n "$from" xfrm policy add dir out "$@" tmpl "${tunnel[@]}"
	ip -n "$to" xfrm policy add dir in "$@" tmpl "${tunnel[@]}"
	ip -n "$to" xfrm policy add dir fwd "$@" tmpl "${tunnel[@]}"
}

# esp_ends NS NS: it does no longer; so many packets came that way
esp_ends() {
	local ns

	esp_packets=$(ip -n "$2" -s xfrm state | awk '/packets/ { gsub(/[^0-9]/, "", $2); sum += $2 } END { print sum + 0 }')
	for ns; do
		ip -n "$ns" xfrm policy deleteall
		ip -n "$ns" xfrm state deleteall
	done
}

# silent ADDRESS PORT [SOURCE-PORT]: a datagram that no answer comes to. One second says little; callers look at the counter, too.
silent() {
	check_no_match "$(ns "$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/talk.py" udp "$1" "$2" 1 1 ${3:+"$3"})" answered \
		"$1 port $2 is silent"
}

# holds FAMILY METHOD PORT RPORT LOCAL-END: a flow to PORT, whose requests leave for RPORT of the server; replies come to LOCAL-END
holds() {
	local -n vip=VIP$1 cip=CIP$1 rips=RIP$1 dip=DIP$1
	local server=${servers[1]} rip=${rips[1]} what="$2, IPv$1" gateway=192.0.2.1 all=0.0.0.0/0 dropped

	[[ $1 == 4 ]] || { gateway=2001:db8:1::1 all=::/0; }
	express_settles both "$vip" "$3" "$what, no policy"

	esp "$director" "$dip" "$server" "$rip" src "$all" dst "$rip" proto udp dport "$4"
	express_settles reply "$vip" "$3" "$what, encrypted to the server"
	check_eq "$(ask_many "$client" udp "$vip" "$3" 3)" '3 server1' "$what, encrypted to the server: new ones"
	esp_ends "$director" "$server"
	check_range "$esp_packets" 14 50 "$what: all of them"
	express_settles both "$vip" "$3" "$what, in clear again"

	esp "$server" "$rip" "$director" "$dip" src "$rip" dst "$5" proto udp sport "$4"
	express_settles request "$vip" "$3" "$what, encrypted by the server"
	esp_ends "$director" "$server"

	# The virtual address is what the client's side has rules about.
	esp "$director" "$gateway" "$client" "$cip" src "$vip" dst "$cip" proto udp sport "$3"
	express_settles request "$vip" "$3" "$what, encrypted to the client"
	esp_ends "$director" "$client"

	esp "$client" "$cip" "$director" "$gateway" src "$cip" dst "$vip" proto udp dport "$3"
	express_settles reply "$vip" "$3" "$what, encrypted by the client"
	dropped=$(count_of drop-ipsec-policy)
	ip -n "$client" xfrm policy deleteall
	silent "$vip" "$3" $express_port
	silent "$vip" "$3"
	check_eq $(($(count_of drop-ipsec-policy) - dropped)) 2 "$what: what comes in clear is dropped, known or new"
	esp_ends "$director" "$client"
	express_settles both "$vip" "$3" "$what, without encryption again"

	dropped=$(count_of drop-ipsec-policy)
	ip -n "$director" xfrm policy add dir out src "$all" dst "$rip" proto udp dport "$4" action block
	silent "$vip" "$3" $express_port
	silent "$vip" "$3"
	check_eq $(($(count_of drop-ipsec-policy) - dropped)) 2 "$what: a blocked way to the server, known or new"
	ip -n "$director" xfrm policy deleteall
	express_settles both "$vip" "$3" "$what, the block is gone"
}

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	adm -A -u "$(hostport "$vip" 54)" -s rr --pool "pool$family"
	adm -a -u "$(hostport "$vip" 54)" -r "$(hostport "${rips[1]}" 5400)" --fullnat
	holds $family nat 53 5300 "$cip"
done
holds 4 fullnat 54 5400 198.51.100.64
holds 6 fullnat 54 5400 2001:db8:2::64
