#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 480
# An ordinary firewall on the director: policy drop, established and related accepted, invalid dropped, one rule for the
# service's port, in INPUT and FORWARD. nat and fullnat work without a rule for the servers' replies, tun and dr too; what the
# firewall does not allow stays out; the connections are not in conntrack's table, unless the service asks for them. fullnat between families
# likewise.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm
need_command nft conntrack
need_module nf_conntrack nft_ct

firewall() { # NEW: what a packet to the service has to be, besides its port
	ns "$director" nft -f - <<-EOF2
		flush ruleset
		table inet fw {
			chain input {
				type filter hook input priority filter; policy drop;
				iif lo accept
				ct state established,related accept
				ct state invalid drop
				meta l4proto { icmp, ipv6-icmp } accept
				tcp dport { 80, 81 } $1 accept
				udp dport 53 $1 accept
			}
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state established,related accept
				ct state invalid drop
				meta l4proto { icmp, ipv6-icmp } accept
			}
		}
	EOF2
}

service() { # METHOD PORT RPORT [other]: with servers of the other family
	local family inner
	local -a pool=()

	for family in 4 6; do
		inner=${4:+$((10 - family))}
		declare -n vip=VIP$family rips=RIP${inner:=$family}
		[[ $1 != --fullnat ]] || pool=(--pool "pool$inner")
		adm -A -t "$(hostport "$vip" "$2")" -s rr "${pool[@]}"
		adm -a -t "$(hostport "$vip" "$2")" -r "$(hostport "${rips[1]}" "$3")" "$1"
		adm -A -u "$(hostport "$vip" 53)" -s rr "${pool[@]}"
		adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "${rips[1]}" 53)" "$1"
		adm -A -t "$(hostport "$vip" 8888)" -s rr "${pool[@]}"
		adm -a -t "$(hostport "$vip" 8888)" -r "$(hostport "${rips[1]}" 8888)" "$1"
	done
}

tracked() { # of the service's
	ns "$director" conntrack -L 2>/dev/null | grep -cE 'dport=(80|53) ' || true
}

works() { # WHAT
	local family

	for family in 4 6; do
		declare -n vip=VIP$family
		check_eq "$(http_spread "$client" "$(url "$vip" 80)" 5)" '5 server1' "$1, IPv$family: HTTP"
		check_eq "$(ask_many "$client" udp "$vip" 53 3)" '3 server1' "$1, IPv$family: UDP"
		check_fails - '' "$1, IPv$family: a port that the firewall does not allow" ns "$client" \
			timeout $((2 * WEIR_SLOW)) bash -c "exec 3<>/dev/tcp/$vip/8888"
	done
}

# asks_for_conntrack WHAT: the service for HTTP does so, and conntrack has all its connections
asks_for_conntrack() {
	local family

	for family in 4 6; do
		declare -n vip=VIP$family
		adm service set "tcp:$(hostport "$vip" 80)" --flags conntrack
		check_eq "$(http_spread "$client" "$(url "$vip" 80)" 5)" '5 server1' "$1, conntrack asked for, IPv$family: HTTP"
	done
	check_range "$(tracked)" 10 12 "$1: conntrack has them"
}

# marks COUNT WHAT: so many packets of four exchanges, a request and a reply each, of a known flow are marked
marks() {
	local before

	before=$(count_of untracked)
	flow "$VIP4" 53 4 "$2"
	check_eq $(($(count_of untracked) - before)) "$1" "$2: packets that were marked"
}

topology_nat 1
start_nginx "${servers[1]}" 8080 server1
start_echo "${servers[1]}" udp 53 server1
service -m 80 8080
firewall ''
works 'nat'
check_eq "$(tracked)" 0 'nat: not in conntrack'"'"'s table'
firewall 'ct state new'
works 'nat, rules for new connections only'
check_match "$(adm counters)" '^untracked' 'packets were marked'
adm config express=0
firewall ''
works 'nat without the express path'

# Nobody marks for nobody; who comes finds the very first packet marked.
ns "$director" nft flush ruleset
flow "$VIP4" 53 1 'no firewall'
marks 0 'no firewall'
ns "$director" nft 'table ip raw { chain pre { type filter hook prerouting priority -100; ct state { new, established, invalid } counter drop; }; }'
marks 8 'a rule that drops what conntrack knows'
ns "$director" nft delete table ip raw

firewall 'ct state new'
asks_for_conntrack nat
check_eq "$(ns "$director" conntrack -L -p tcp 2>/dev/null | grep -c 'dport=80 .*ASSURED')" 10 'each seen from both ends'

# Answers come to a local address of the director's, which no rule for the service lets in.
topology_fullnat 1
start_nginx "${servers[1]}" 8080 server1
start_echo "${servers[1]}" udp 53 server1
service --fullnat 80 8080
for rules in '' 'ct state new'; do
	firewall "$rules"
	works "fullnat${rules:+, rules for new connections only}"
	check_eq "$(tracked)" 0 'fullnat: not in conntrack'"'"'s table'
done
asks_for_conntrack fullnat

adm -C
service --fullnat 80 8080 other
for rules in '' 'ct state new'; do
	firewall "$rules"
	ns "$director" conntrack -F 2>/dev/null
	works "fullnat between families${rules:+, rules for new connections only}"
	check_eq "$(tracked)" 0 'fullnat between families: not in conntrack'"'"'s table'
done

topology_tun 1
start_nginx "${servers[1]}" 80 server1
start_echo "${servers[1]}" udp 53 server1
service -i 80 80
firewall 'ct state new'
works 'tun'
check_eq "$(tracked)" 0 'tun: not in conntrack'"'"'s table'
# Half of what is said passes here: to conntrack that is invalid, and no such rule may be there.
ns "$director" nft 'flush ruleset; table inet fw { chain input { type filter hook input priority filter; ct state new counter; }; }'
asks_for_conntrack tun

topology_dr 1
start_nginx "${servers[1]}" 80 server1
start_echo "${servers[1]}" udp 53 server1
service -g 80 80
firewall 'ct state new'
works 'dr'
check_eq "$(tracked)" 0 'dr: not in conntrack'"'"'s table'
