#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# express over fullnat between families, UDP and TCP: both directions are express after the first packets, and not where it is switched
# off; the end of a TCP connection is seen; what is refused in the configuration is refused with its reason.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 1
start_echo "${servers[1]}" udp 5300 server1
start_echo "${servers[1]}" tcp 8080 server1

for family in 4 6; do
	other=$((10 - family))
	declare -n vip=VIP$family rips=RIP$other same=RIP$family
	family_service udp "$family" 53 5300
	family_service tcp "$family" 80 8080
	express_udp "$vip" "IPv$family"
	express_tcp "$vip" "IPv$family"

	adm config express=off
	express_is none "$vip" 53 "IPv$family, express=off"
	check_eq "$(talk tcp "$vip" 80 20)" '20 answered server1' "IPv$family TCP: 20 exchanges without it"
	adm config express=on
	express_settles both "$vip" 53 "IPv$family, express=on"

	# ---- refusals: nothing is changed by them ----
	name=tcp:$(hostport "$vip" 80)
	check_fails 1 'conntrack cannot follow' "IPv$family: conntrack" adm service set "$name" --flags conntrack
	check_fails 1 "another family than a fullnat server's" "IPv$family: a pool of the clients' family" \
		adm service set "$name" --pool "pool$family"
	check_fails 1 "another family than a fullnat server's" "IPv$family: a fullnat server of the clients' family beside it" \
		adm server add "$name" "$(hostport "${same[1]}" 8080)" -m fullnat
	check_fails 1 "need a server of the service's family" "IPv$family: from fullnat to nat" \
		adm server set "$name" "$(hostport "${rips[1]}" 8080)" -m nat
	for method in dr local; do
		check_fails 1 "need a server of the service's family" "IPv$family: $method" \
			adm server add "$name" "$(hostport "${rips[1]}" 80)" -m $method
	done
	adm service add "tcp:$(hostport "$vip" 81)" --pool "pool$other" --flags conntrack
	check_fails 1 'conntrack cannot follow' "IPv$family: a server behind conntrack" \
		adm server add "tcp:$(hostport "$vip" 81)" "$(hostport "${rips[1]}" 8080)" -m fullnat
	cat >"$TEST_TMP/services.yaml" <<-END
		services:
		  - service: tcp:$(hostport "$vip" 82)
		    pool: pool$other
		    flags: [conntrack]
		    servers:
		      - server: '$(hostport "${rips[1]}" 8080)'
		        method: fullnat
	END
	check_fails 1 'conntrack cannot follow' "IPv$family: the same in a transaction" adm apply "$TEST_TMP/services.yaml"
	sed -i '/flags/d' "$TEST_TMP/services.yaml"
	check_ok "IPv$family: without conntrack it is taken" adm apply "$TEST_TMP/services.yaml"
	check_match "$(ask "$client" tcp "$vip" 82 hello)" '^server1 ' "IPv$family: and serves"
	check_match "$(ask "$client" tcp "$vip" 80 hello)" '^server1 ' "IPv$family: so does the first, as it was"
done
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
