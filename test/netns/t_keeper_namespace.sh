#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# expect-log: IPVS:
# net_namespace_ipvs: services are in the namespace that it names and nowhere else; checks and virtual routers stay in the
# daemon's own, the only one from which the servers answer to checks. weir-keeper with weir, and keepalived with ip_vs, from one
# file.
#
#   manager  the daemon's              server1 .. server3
#   eth0 ---- switch br0 ------------- eth0
#   203.0.113.1                        203.0.113.11 ..   checked, from manager alone
#                 director eth1 ------                   198.51.100.11 ..  the director's way to them
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-keeper.sh"
need_command keepalived ipvsadm
need_module ip_vs ip_vs_rr

manager=''
new_ns manager
link_ns "$switch" manager "$manager" eth0 'master br0'
addr "$manager" eth0 203.0.113.1/24
for i in 1 2 3; do
	addr "${servers[i]}" eth0 "203.0.113.1$i/24"
done
keeper_ns=$manager

# config [LINE...]
config() {
	cat >"$conf" <<-EOT
	$(printf '%s\n' "$@")
	vrrp_instance office {
		interface eth0
		version 3
		advert_int 0.2
		virtual_router_id 9
		priority 200
		virtual_ipaddress {
			203.0.113.100/24
		}
	}
	virtual_server $VIP4 80 {
		protocol TCP
		delay_loop 1
		lb_algo rr
		lb_kind NAT
		$(for i in 1 2; do
			printf 'real_server %s 80 {\nTCP_CHECK {\nconnect_ip 203.0.113.1%s\nconnect_port 80\nconnect_timeout 2\nretry 0\n}\n}\n' \
				"${RIP4[i]}" $i
		done)
	}
	EOT
}

# table_in COMMAND...: "address:port ..." of all servers that weir has where the command runs
table_in() {
	"$@" "$WEIRADM" list -j | python3 -c '
import json, sys
print(*sorted(server["server"] for service in json.load(sys.stdin)["services"] for server in service.get("servers", [])))'
}
here=(nsenter "--net=/run/netns/$director")
elsewhere() { [[ -z $(table_in ns "$manager")$(table_in env) ]]; }
table_is() { [[ $(table_in "${here[@]}") == "$1" ]]; }
expect() {
	busywait 30 table_is "$1" || fail "$2: $(table_in "${here[@]}"), not $1; $(tail -n 20 "$keeper_log")"
	elsewhere || fail "$2: services in $manager, or where no namespace was entered"
	ok "$2"
}
both="${RIP4[1]}:80 ${RIP4[2]}:80"
router_is_up() { ip -n "$manager" -o address show dev eth0 | grep -q ' 203.0.113.100/'; }

# what is not there is said by name, before anything is done
config 'net_namespace_ipvs no-such-namespace'
run_once() { timeout 20 nsenter "--net=/run/netns/$manager" "$keeper" -f "$conf" --socket "$sock" "$@"; }
check_fails 1 'net_namespace_ipvs: network namespace /run/netns/no-such-namespace: No such file' 'no such namespace' run_once
: >"$TEST_TMP/plain"
config "net_namespace_ipvs $TEST_TMP/plain"
check_fails 1 "net_namespace_ipvs: network namespace: Invalid argument \\($TEST_TMP/plain\\)" 'a file that is none' run_once
check_ok 'it is none of the file' "$keeper" --check "$conf"

config "net_namespace_ipvs $director"
check_fails - '' 'the director does not reach what is checked' http_get "$director" "$(url 203.0.113.11)"
# by -s as well as from inside
background "$keeper" -f "$conf" --socket "$sock" -s "$manager"
keeper_pid=$background_pid keeper_log=$background_log
expect "$both" 'services are in the namespace that is named'
busywait 20 router_is_up || fail "no virtual router in the daemon's own: $(tail -n 20 "$keeper_log")"
check_no_match "$(ip -n "$director" -o address show)" ' 203\.0\.113\.100/' 'no virtual router in the other'
check_eq "$(http_spread "$client" "$(url $VIP4)" 4)" $'2 server1\n2 server2' traffic
keeper_do status >"$TEST_TMP/status"
check_match "$(cat "$TEST_TMP/status")" "in network namespace $director\$" 'the status says where'
keeper_do status -j >"$TEST_TMP/status"
check_match "$(cat "$TEST_TMP/status")" "\"net_namespace_ipvs\": \"$director\"" 'in JSON too'
kill "$(nginx_pid 1)"
expect "${RIP4[2]}:80" 'a server that dies goes'
start_nginx "${servers[1]}" 80 server1
expect "$both" 'and comes back'

# no thread of the checker may do what going there has taken; 1 << CAP_SYS_ADMIN
admins() { grep -h '^Cap[PEI]' /proc/"$(pgrep -x weir-checker)"/task/*/status | awk '{ print $2 }' |
	python3 -c 'import sys; print(sum(int(line, 16) >> 21 & 1 for line in sys.stdin))'; }
check_eq "$(admins)" 0 'the checker has no CAP_SYS_ADMIN'

# all of its sockets are there: of events, of the table, of the module, and those of the next checker
adm -D -t $VIP4:80
expect "$both" 'a service that is deleted by hand comes back'
rmmod weir
weir_load
expect "$both" 'a module that was loaded again has the services'
checker=$(pgrep -x weir-checker)
kill -KILL "$checker"
other_checker() { [[ -n $(pgrep -x weir-checker) && $(pgrep -x weir-checker) != "$checker" ]]; }
busywait 20 other_checker || fail 'no other checker was started'
kill "$(nginx_pid 2)"
expect "${RIP4[1]}:80" 'another checker goes on'
start_nginx "${servers[2]}" 80 server2
expect "$both" 'with all servers'

# a reload moves nothing
refusals() { grep -c "net_namespace_ipvs cannot change by a reload" "$keeper_log" || true; }
refused() { [[ $(refusals) == "$1" ]]; }
config "net_namespace_ipvs $manager"
keeper_do reload
busywait 20 refused 1 || fail "a reload with another namespace: $(tail -n 5 "$keeper_log")"
config
keeper_do reload
busywait 20 refused 2 || fail "a reload without the namespace: $(tail -n 5 "$keeper_log")"
check_eq "$(grep -c 'the new configuration is not used' "$keeper_log")" 2 'both are refused'
expect "$both" 'and change nothing'
config "net_namespace_ipvs $director"
sed -i "s/real_server ${RIP4[2]} 80/real_server ${RIP4[3]} 80/; s/203.0.113.12/203.0.113.13/" "$conf"
keeper_do reload
expect "${RIP4[1]}:80 ${RIP4[3]}:80" 'a reload of all else is done there'

# the end
stop_keeper
expect '' 'no service is left'

# killed as a whole: the stop hook finds them; lvs_flush_on_stop takes others' along, there
config "net_namespace_ipvs $director" 'global_defs {' 'lvs_flush_on_stop' '}'
start_keeper
expect "$both" 'started from inside'
busywait 20 router_is_up || fail 'no virtual router'
kill -STOP "$keeper_pid"
kill -KILL "$(pgrep -x weir-vrrp)" "$(pgrep -x weir-helper)" "$(pgrep -x weir-checker)" "$keeper_pid"
wait "$keeper_pid" || true
table_is "$both" || fail 'services went with the daemon'
check_ok cleanup run_once cleanup
expect '' 'cleanup removes services there'
check_eq "$(router_is_up && echo up)" '' 'and the address here'
start_keeper
expect "$both" 'started again'
adm -A -t $VIP4:81 -s rr
ns "$manager" "$WEIRADM" -A -t 203.0.113.100:81 -s rr
stop_keeper
check_no_match "$(adm list -j)" '"service":' 'lvs_flush_on_stop'
check_eq "$(ns "$manager" "$WEIRADM" list -j | grep -c '"owner": *"cli"')" 1 "others' services elsewhere"
ns "$manager" "$WEIRADM" -C

# without a name: that of process 1, wherever the daemon was started
config net_namespace_ipvs
start_keeper
initial_is() { [[ $(table_in env) == "$1" ]]; }
busywait 30 initial_is "$both" || fail "not where process 1 is: $(tail -n 20 "$keeper_log")"
[[ -z $(table_in ns "$manager")$(table_in "${here[@]}") ]] || fail 'services elsewhere too'
stop_keeper
check_eq "$(table_in env)" '' 'without a name it is where process 1 is'

# keepalived beside it
start_keepalived() {
	background nsenter "--net=/run/netns/$manager" keepalived -n -l -D -f "$conf" -p "$TEST_TMP/ka.pid" \
		-r "$TEST_TMP/ka.vrrp" -c "$TEST_TMP/ka.checkers"
	keeper_pid=$background_pid keeper_log=$background_log
}
config "net_namespace_ipvs $director"
start_keepalived
table_in() { "$@" ipvsadm -L -n | awk '$1 == "->" && $2 ~ /^[0-9]/ { print $2 }' | LC_ALL=C sort | paste -sd ' '; }
expect "$both" 'keepalived: services are in the namespace that is named'
busywait 20 router_is_up || fail "keepalived: no virtual router in the daemon's own"
check_eq "$(http_spread "$client" "$(url $VIP4)" 4)" $'2 server1\n2 server2' 'keepalived: traffic'
kill "$(nginx_pid 1)"
expect "${RIP4[2]}:80" 'keepalived: a server that dies goes'
start_nginx "${servers[1]}" 80 server1
expect "$both" 'keepalived: and comes back'
config "net_namespace_ipvs $manager"
kill -HUP "$keeper_pid"
busywait 20 grep -q 'Cannot change IPVS network namespace at a reload' "$keeper_log" || fail 'keepalived moves by a reload'
expect "$both" 'keepalived: a reload moves nothing'
stop_keeper
expect '' 'keepalived: no service is left'
config net_namespace_ipvs
start_keepalived
busywait 30 initial_is "$both" || fail "keepalived: not where process 1 is: $(tail -n 20 "$keeper_log")"
stop_keeper
ok 'keepalived: without a name it is where process 1 is'
