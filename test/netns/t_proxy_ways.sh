#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# PROXY protocol on fullnat's less common ways: connections that conntrack follows under rules that drop what is invalid; clients and
# servers on the director; services by mark, TCP and UDP; a second server after one that refused; persistence.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
need_command nft
topology_fullnat 2
for server in "${servers[1]}" "$director"; do
	start_proxy_server "$server" tcp v1 9001
	start_proxy_server "$server" tcp v2 9002
done
start_proxy_server "${servers[1]}" udp v2 5300
remote=$client

for family in 4 6; do
	declare -n vip=VIP$family dip=DIP$family rips=RIP$family cip=CIP$family
	mark=fwmark:7
	((family == 4)) || mark+=/ipv6
	for version in v1 v2; do
		what="IPv$family, $version"
		rport=900${version#v}
		tcp=tcp:$(hostport "$vip" 80)
		adm service add "$tcp" -s rr --pool pool$family --proxy-protocol $version
		adm server add "$tcp" "$(hostport "${rips[1]}" $rport)" -m fullnat
		client=$director
		check_eq "$(transfer "$vip" 80 100000)" 'known whole' "$what: a client on the director"
		client=$remote
		adm service set "$tcp" --persistent 60
		check_eq "$(transfer "$vip" 80 1000)" 'known whole' "$what: a persistent service"
		adm service set "$tcp" --persistent 0

		# The second server has nobody on this port.
		adm server add "$tcp" "$(hostport "${rips[2]}" $rport)" -m fullnat
		adm service set "$tcp" --syn-retry 1
		for _ in 1 2; do
			check_eq "$(transfer "$vip" 80 1000)" 'known whole' "$what: one of two servers refuses"
		done
		adm server delete "$tcp" "$(hostport "${rips[1]}" $rport)"
		adm server delete "$tcp" "$(hostport "${rips[2]}" $rport)"
		adm service set "$tcp" --syn-retry 0

		adm server add "$tcp" "$(hostport "$dip" $rport)" -m fullnat
		check_eq "$(transfer "$vip" 80 100000)" 'known whole' "$what: a server on the director"
		client=$director
		check_eq "$(transfer "$vip" 80 100000)" 'known whole' "$what: both there"
		client=$remote
		adm -C

		ns "$director" nft -f - <<-EOF2
			table inet marks {
				chain prerouting { type filter hook prerouting priority mangle; meta l4proto { tcp, udp } th dport { 53, 80 } meta mark set 7; }
			}
		EOF2
		adm service add "$mark" -s rr --pool pool$family --proxy-protocol $version
		adm server add "$mark" "$(hostport "${rips[1]}" $rport)" -m fullnat
		check_eq "$(transfer "$vip" 80 1000)" 'known whole' "$what: by mark"
		adm server set "$mark" "$(hostport "${rips[1]}" $rport)" -w 0
		adm server add "$mark" "$(hostport "${rips[1]}" 5300)" -m fullnat
		wanted='^bare data 6$'
		[[ $version == v1 ]] || wanted="^from $cip [0-9]+ to $vip 53 data 6\$"
		check_match "$(ask "$client" udp "$vip" 53 hello)" "$wanted" "$what: a datagram by mark"
		adm -C
		ns "$director" nft delete table inet marks
	done
done

# Replies are shown to conntrack with the client's numbers, requests before they have the server's.
need_module nf_conntrack nft_ct
ns "$director" nft -f - <<EOF2
	table inet strict {
		chain input { type filter hook input priority 0; ct state invalid counter drop; }
		chain output { type filter hook output priority 0; ct state invalid counter drop; }
	}
EOF2
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	fullnat_service tcp $family 9001 9001 --proxy-protocol v1 --conntrack
	adm server delete "tcp:$(hostport "$vip" 9001)" "$(hostport "${rips[2]}" 9001)"
	check_eq "$(transfer "$vip" 9001 100000)" 'known whole' "IPv$family: with conntrack"
done
check_no_match "$(ns "$director" nft list table inet strict)" 'counter packets [1-9]' 'nothing was invalid'
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
