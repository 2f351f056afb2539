#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# connections that open at ingress, where nobody else hooks their way, v4 and v6, UDP and TCP: the routing decision holds, the
# source's validation too; a firewall that appears has its say from its first moment on; persistent services keep to the admission path.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
need_command nft
topology_nat 1
express_service -m
start_nginx "${servers[1]}" 8080 server1

# opens_at ingress|admission FAMILY WHAT: three new connections are answered; where did they open?
opens_at() {
	local before expected=3

	declare -n _vip=VIP$2
	[[ $1 == ingress ]] || expected=0
	for _ in 1 2 3 4; do
		# The first packet to a server, and after a change of routes (a link's is told to them late), finds the way that those
		# after it take.
		flow "$_vip" 53 1 "$3"
		before=$(count_of express-new-connection)
		check_eq "$(ask_many "$client" udp "$_vip" 53 3)" '3 server1' "$3, IPv$2: answered"
		opened=$(($(count_of express-new-connection) - before))
		((opened < expected)) || break
		adm counters | sed "s/^/  /"
	done
	check_eq "$opened" $expected "$3, IPv$2: opened by $1"
}

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family cip=CIP$family
	opens_at ingress $family 'no firewall'

	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "${rips[1]}" 8080)" -m
	for _ in 1 2 3 4; do
		check_eq "$(http_spread "$client" "$(url "$vip" 80)" 1)" '1 server1' "IPv$family TCP: the first one"
		before=$(count_of express-new-connection)
		check_eq "$(http_spread "$client" "$(url "$vip" 80)" 5)" '5 server1' "IPv$family TCP: five more"
		opened=$(($(count_of express-new-connection) - before))
		((opened < 5)) || break
	done
	check_eq "$opened" 5 "IPv$family TCP: opened at ingress"

	ns "$director" nft 'add table inet fw; add chain inet fw input { type filter hook input priority filter; policy accept; }'
	opens_at admission $family 'an input chain'
	ns "$director" nft add rule inet fw input udp dport 53 drop
	check_no_match "$(talk udp "$vip" 53 1)" answered "IPv$family: the chain's rule holds"
	ns "$director" nft delete table inet fw
	opens_at ingress $family 'the chain is gone'

	ip -n "$director" -$family rule add pref 100 lookup local
	ip -n "$director" -$family rule del pref 0
	ip -n "$director" -$family rule add pref 50 from "$cip" blackhole
	check_no_match "$(talk udp "$vip" 53 1)" answered "IPv$family: a rule by source holds"
	ip -n "$director" -$family rule del pref 50
	opens_at ingress $family 'the rule is gone'

	adm service set "udp:$(hostport "$vip" 53)" --persistent 60
	opens_at admission $family 'persistence'
	adm service set "udp:$(hostport "$vip" 53)" --persistent 0
done

# Strict validation of the source: the way back to the client leads by another device.
sysctls "$director" ipv4/conf/all/rp_filter=1 ipv4/conf/eth0/rp_filter=1 ipv4/conf/eth1/rp_filter=0
opens_at ingress 4 'rp_filter'
ip -n "$director" route add "$CIP4/32" dev eth1
check_no_match "$(talk udp "$VIP4" 53 1)" answered 'a source that is not expected there opens nothing'
ip -n "$director" route del "$CIP4/32" dev eth1
opens_at ingress 4 'expected again'
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped by weir'
