#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 240
# Clients and servers on the director itself. nat: a client on the director reaches remote servers, a remote client reaches a
# server on the director by another port, both at once. local: the director's own socket serves. dr from the director cannot
# work: it is refused at once and counted.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
need_weiradm
topology_nat 2
start_nginx_all 8080
start_echo_all udp 5300
start_nginx "$director" 8081 director
start_echo "$director" udp 5301 director
start_nginx "$director" 82 local
start_echo "$director" udp 82 local

# served FAMILY
served() {
	local rip loopback
	local -n vip=VIP$1 rips=RIP$1 dip=DIP$1

	adm -A -t "$(hostport "$vip" 80)" -s rr
	adm -A -u "$(hostport "$vip" 53)" -s rr
	for rip in "${rips[@]}"; do
		adm -a -t "$(hostport "$vip" 80)" -r "$(hostport "$rip" 8080)" -m
		adm -a -u "$(hostport "$vip" 53)" -r "$(hostport "$rip" 5300)" -m
	done
	check_eq "$(http_spread "$director" "$(url "$vip" 80)" 4)" "2 server1"$'\n'"2 server2" \
		"nat, IPv$1, express $express: a client on the director, remote servers"
	check_eq "$(ask_many "$director" udp "$vip" 53 4)" "2 server1"$'\n'"2 server2" "nat, IPv$1, express $express: the same over UDP"

	adm -A -t "$(hostport "$vip" 81)" -s rr
	adm -a -t "$(hostport "$vip" 81)" -r "$(hostport "$dip" 8081)" -m
	adm -A -u "$(hostport "$vip" 54)" -s rr
	adm -a -u "$(hostport "$vip" 54)" -r "$(hostport "$dip" 5301)" -m
	check_eq "$(http_spread "$client" "$(url "$vip" 81)" 3)" '3 director' "nat, IPv$1, express $express: a remote client, the server on the director"
	check_eq "$(ask_many "$client" udp "$vip" 54 3)" '3 director' "nat, IPv$1, express $express: the same over UDP"
	check_eq "$(http_spread "$director" "$(url "$vip" 81)" 3)" '3 director' "nat, IPv$1, express $express: both on the director"

	adm -A -t "$(hostport "$vip" 82)" -s rr
	if [[ $1 == 4 ]]; then loopback=127.0.0.1; else loopback=::1; fi
	adm server add "tcp:$(hostport "$vip" 82)" "$(hostport "$loopback" 82)" --method local
	check_eq "$(http_spread "$client" "$(url "$vip" 82)" 3)" '3 local' "local, IPv$1, express $express: a remote client"
	check_eq "$(http_spread "$director" "$(url "$vip" 82)" 3)" '3 local' "local, IPv$1, express $express: a client on the director"
	adm -A -u "$(hostport "$vip" 82)" -s rr
	adm server add "udp:$(hostport "$vip" 82)" "$(hostport "$loopback" 82)" --method local
	check_eq "$(ask_many "$client" udp "$vip" 82 3)" '3 local' "local, IPv$1, express $express: UDP, a remote client"
	check_eq "$(ask_many "$director" udp "$vip" 82 3)" '3 local' "local, IPv$1, express $express: UDP, a client on the director"

	adm -A -t "$(hostport "$vip" 83)" -s rr
	adm -a -t "$(hostport "$vip" 83)" -r "$(hostport "${rips[1]}" 83)" -g
	check_fails - 'refused' "dr, IPv$1, express $express: a client on the director is refused" ns "$director" \
		timeout $((5 * WEIR_SLOW)) bash -c "exec 3<>/dev/tcp/$vip/83"

	# Its SYN meets weir twice on the way to the director's own socket: no repetition that goes elsewhere.
	adm service set "tcp:$(hostport "$vip" 82)" --syn-retry 2
	adm server add "tcp:$(hostport "$vip" 82)" "$(hostport "${rips[1]}" 8080)" --method nat
	check_eq "$(http_spread "$director" "$(url "$vip" 82)" 4)" "2 local"$'\n'"2 server1" \
		"local and nat with retries, IPv$1, express $express: a client on the director"

	# What a nat server refused is not given to dr.
	adm service add "tcp:$(hostport "$vip" 84)" --scheduler rr --syn-retry 1
	adm server add "tcp:$(hostport "$vip" 84)" "$(hostport "${rips[1]}" 8084)" --method nat
	adm server add "tcp:$(hostport "$vip" 84)" "$(hostport "${rips[2]}" 84)" --method dr
	for _ in 1 2; do
		check_fails - 'refused' "nat, then dr with retries, IPv$1, express $express: refused at once" ns "$director" \
			timeout $((5 * WEIR_SLOW)) bash -c "exec 3<>/dev/tcp/$vip/84"
	done
}

# Both ends or one are the director's own: nothing of it is express where that is on.
refused=0
for express in off on; do
	adm config express=$express
	served 4
	served 6
	check_eq "$(count_of drop-local-client-dr)" $((refused += 4)) "express $express: dr: counted"
	check_eq "$(count_of express-request) $(count_of express-reply) $(count_of express-new)" '0 0 0' "express $express: no express packet"
	adm -C
done

# A megabyte from a client on the director: its segments are cut for the loopback device and have to fit the way to the server.
for family in 4 6; do
	declare -n vip=VIP$family rips=RIP$family
	adm -A -t "$(hostport "$vip" 5201)" -s rr
	adm -a -t "$(hostport "$vip" 5201)" -r "$(hostport "${rips[1]}" 5201)" -m
	background nsenter "--net=/run/netns/${servers[1]}" iperf3 -s -1 -p 5201
	wait_for 20 'iperf3 listens' listening "${servers[1]}" tcp 5201
	check_ok "nat, IPv$family: a megabyte from the director" ns "$director" timeout $((30 * WEIR_SLOW)) iperf3 -c "$vip" -p 5201 -n 1M
done
