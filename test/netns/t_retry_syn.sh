#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# A SYN that a server refuses (nat) or leaves unanswered (nat, dr) goes to another server where the service asks for it, and the
# client notices nothing but time; without the setting the client is refused. What is left of retries is respected.
. "$(dirname "$0")/../lib.sh"
need_weiradm
topology_nat 3
# Server 1 refuses, server 2 is silent, server 3 serves.
start_nginx "${servers[3]}" 8080 server3
ns "${servers[2]}" nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 8080 drop'

for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	service=tcp:$(hostport "$vip" 80)
	adm service add "$service" --scheduler rr
	adm server add "$service" "$(hostport "${rips[1]}" 8080)" --method nat
	adm server add "$service" "$(hostport "${rips[3]}" 8080)" --method nat
	spread=$(http_spread "$client" "$(url "$vip" 80)" 6) || true
	check_eq "$spread" "3 failed"$'\n'"3 server3" "IPv$family: without retries half of the requests fail"
	adm service set "$service" --syn-retry 2
	spread=$(http_spread "$client" "$(url "$vip" 80)" 6)
	check_eq "$spread" '6 server3' "IPv$family: refused SYNs are served"

	adm service add "tcp:$(hostport "$vip" 81)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 81)" "$(hostport "${rips[2]}" 8080)" --method nat
	adm server add "tcp:$(hostport "$vip" 81)" "$(hostport "${rips[3]}" 8080)" --method nat
	spread=$(http_spread "$client" "$(url "$vip" 81)" 4)
	check_eq "$spread" '4 server3' "IPv$family: unanswered SYNs are served"

	# Both refuse: one retry, then the client is told.
	adm service add "tcp:$(hostport "$vip" 82)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 82)" "$(hostport "${rips[1]}" 8082)" --method nat
	adm server add "tcp:$(hostport "$vip" 82)" "$(hostport "${rips[3]}" 8082)" --method nat
	check_fails - 'refused' "IPv$family: when all refuse, so does the service" \
		ns "$client" timeout $((10 * WEIR_SLOW)) bash -c "exec 3<>/dev/tcp/$vip/82"
done
# Three to six refused, two to four unanswered and one in vain of each family: rr counts retries as picks too.
check_range "$(adm counters | awk '$1 == "connection-retried" { print $2 }')" 12 22 'retries are counted'

topology_dr 2
start_nginx "${servers[2]}" 80 server2
ns "${servers[1]}" nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 80 drop'
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm service add "tcp:$(hostport "$vip" 80)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[1]}" 80)" --method dr
	adm server add "tcp:$(hostport "$vip" 80)" "$(hostport "${rips[2]}" 80)" --method dr
	check_eq "$(http_spread "$client" "$(url "$vip" 80)" 4)" '4 server2' "dr, IPv$family: unanswered SYNs are served"
done
