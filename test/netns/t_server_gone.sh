#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 480
# What becomes of a deleted server's connections says on-gone of its service. reset: the sockets of both ends see a reset at the next
# segment, whoever sends it; so they do where connections are deleted, and no others. keep: they go on. move: the next datagram of the
# same socket goes to another server. A server of weight 0 keeps what it has, gets nothing new, and is used again with weight 1. By nat,
# dr, fullnat and tun, IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"
need_weiradm

# ends_are WANTED: the last that each connection of the client had to say
ends_are() {
	[[ $(ends) == "$1" ]]
}

ends() {
	awk 'NF > 2 { end[$2 " " $3] = $1 } END { for (name in end) print name, end[name] }' "$client_log" | LC_ALL=C sort
}

# resets PORT: connections whose reset the first server saw
resets() {
	grep -c "^reset $1 " "$server_log" || true
}

resets_are() {
	(($(resets "$1") == $2))
}

# check_tcp: every case has its service: 81 on-gone reset, 82 keep, 83 keep and then reset, 84 weight 0, 85 deleted connections
check_tcp() {
	local go=$TEST_TMP/go.$RANDOM port reset drained gone wanted
	local -A options=([81]='--on-gone reset' [82]='' [83]='--no-express' [84]='--on-gone reset' [85]='')

	for port in 81 82 83 84 85; do
		printf -- '-A -t %s -s rr %s %s\n' "$(hostport "$vip" $port)" "$pool_option" "${options[$port]}"
		printf -- '-a -t %s -r %s %s\n' "$(hostport "$vip" $port)" "$(hostport "$rip" $port)" "$letter"
	done | adm -R
	background nsenter "--net=/run/netns/$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/ends_client.py" "$vip" "$go" \
		81 82 83 84 "85@$cip" "85@$other"
	client_log=$background_log
	wait_for 20 "$what: connections stand" grep -qx ready "$client_log"
	drained=$(count_of drop-drained) gone=$(count_of drop-server-gone) reset=$(count_of connection-reset)

	for port in 81 82 83 84; do
		printf -- '-a -t %s -r %s %s\n' "$(hostport "$vip" $port)" "$(hostport "$rip2" $port)" "$letter"
		if ((port == 84)); then
			printf -- '-e -t %s -r %s %s -w 0\n' "$(hostport "$vip" 84)" "$(hostport "$rip" 84)" "$letter"
		else
			printf -- '-d -t %s -r %s\n' "$(hostport "$vip" $port)" "$(hostport "$rip" $port)"
		fi
	done | adm -R
	adm service set "tcp:$(hostport "$vip" 83)" --on-gone reset
	check_eq "$(adm conn delete -s "tcp:$(hostport "$vip" 85)" -c "$cip")" '2 deleted' "$what: connections of one client are deleted"
	check_eq "$(ask_many "$client" tcp "$vip" 84 4)" '4 server2' "$what: weight 0, nothing new comes"
	check_eq "$(ends)" '' "$what: silent connections know nothing yet"

	: >"$go"
	wanted=$(printf '%s\n' "81 hears reset" "81 speaks reset" "82 hears heard" "82 speaks heard" "83 hears reset" "83 speaks reset" \
		"84 hears heard" "84 speaks heard" "85@$cip hears reset" "85@$cip speaks reset" "85@$other hears heard" "85@$other speaks heard")
	busywait 60 ends_are "$wanted" || fail "$what: ends of the client (<), expected (>)"$'\n'"$(diff <(ends) - <<<"$wanted")"
	ok "$what: the client's ends: reset by on-gone and by deletion, the others heard"
	for port in 81 83 85; do
		wait_for 10 "$what: port $port, the server saw both resets" resets_are $port 2
	done
	check_eq "$(resets 82) $(resets 84)" '0 0' "$what: resets that the server saw of those that go on"
	check_eq $(($(count_of connection-reset) - reset)) 6 "$what: connections reset"
	check_eq $(($(count_of drop-drained) - drained)) 4 "$what: their segments dropped"
	check_eq $(($(count_of drop-server-gone) - gone)) 2 "$what: and of those that were to go on at first"

	adm server set "tcp:$(hostport "$vip" 84)" "$(hostport "$rip" 84)" -w 1
	check_eq "$(ask_many "$client" tcp "$vip" 84 4)" '2 server1'$'\n''2 server2' "$what: weight 1, it is used again"
	kill "$background_pid"
}

# check_udp: 53 on-gone keep, 54 move, 55 reset, which has no word for UDP
check_udp() {
	local port who
	local -A on_gones=([53]=keep [54]=move [55]=reset)

	for port in 53 54 55; do
		printf -- '-A -u %s -s rr %s --on-gone %s\n' "$(hostport "$vip" $port)" "$pool_option" "${on_gones[$port]}"
		printf -- '-a -u %s -r %s %s\n' "$(hostport "$vip" $port)" "$(hostport "$rip" $port)" "$letter"
	done | adm -R
	for port in 53 54 55; do
		check_eq "$(talk udp "$vip" $port 3 $express_port)" '3 answered server1' "$what: UDP, its first server"
	done
	for port in 53 54 55; do
		printf -- '-a -u %s -r %s %s\n' "$(hostport "$vip" $port)" "$(hostport "$rip2" $port)" "$letter"
		printf -- '-d -u %s -r %s\n' "$(hostport "$vip" $port)" "$(hostport "$rip" $port)"
	done | adm -R
	for port in 53 54 55; do
		who=server2
		[[ $port != 53 ]] || who=server1
		check_eq "$(talk udp "$vip" $port 3 $express_port)" "3 answered $who" "$what: UDP, on-gone ${on_gones[$port]}"
	done
}

# start_servers tools/PROGRAM ARGUMENT...: on both servers, "serverI" as the last argument; server_log is that of the first
start_servers() {
	local i

	for i in 2 1; do
		background nsenter "--net=/run/netns/${servers[i]}" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/$1" "${@:2}" "server$i"
		server_log=$background_log
	done
}

declare -A letters=([nat]=-m [dr]=-g [fullnat]=--fullnat [tun]=-i)
for method in nat dr fullnat tun; do
	letter=${letters[$method]}
	topology_$method 2
	addr "$client" eth0 192.0.2.3/24 2001:db8:1::3/64
	start_servers echo_server.py udp 53-55
	for i in 1 2; do
		wait_for 20 "$method: server $i has its UDP sockets" listening "${servers[i]}" udp 55
	done
	for family in 4 6; do
		declare -n vip=VIP$family cip=CIP$family rips=RIP$family
		pool_option=
		[[ $method != fullnat ]] || pool_option="--pool pool$family"
		rip=${rips[1]} rip2=${rips[2]} what="$method, IPv$family" other=192.0.2.3 any=0.0.0.0
		((family == 4)) || other=2001:db8:1::3 any=::
		start_servers ends_server.py "$any" 81-85
		for i in 1 2; do
			wait_for 20 "$what: server $i listens" listening "${servers[i]}" tcp 85
		done
		check_tcp
		check_udp
	done
done
