#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# A virtual_server_group is one virtual server with many addresses and a mark: one quorum, one sorry server, the same
# real servers everywhere. on_failure reset is in the kernel. lvs_flush removes what others left, at the start only.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-keeper.sh"

# config [LINE...]: global_defs of these lines
config() {
	cat >"$conf" <<-EOT
	global_defs {
		$(printf '%s\n' "$@")
	}
	virtual_server_group web {
		$VIP4 80
		$VIP4 81
		fwmark 7
	}
	virtual_server group web {
		protocol TCP
		delay_loop 0.3
		lb_algo rr
		lb_kind NAT
		on_failure reset
		quorum 2
		quorum_up "$TEST_TMP/told up" root
		quorum_down "$TEST_TMP/told down" root
		sorry_server ${RIP4[3]} 80
		$(real 1)
		$(real 2)
	}
	EOT
}
real() { printf 'real_server %s 80 {\nretry 0\nTCP_CHECK {\nconnect_timeout 2\n}\n}\n' "${RIP4[$1]}"; }
printf '#!/bin/sh\necho "$@" >>%s/said\n' "$TEST_TMP" >"$TEST_TMP/told"
chmod 755 "$TEST_TMP" "$TEST_TMP/told"
: >"$TEST_TMP/said"

# "service: server=weight ...", the keeper's, one a line
table() {
	adm list -j | python3 -c '
import json, sys
for service in json.load(sys.stdin)["services"]:
    if service["owner"] == "keeper":
        print(service["service"] + ":", *sorted("%s=%s" % (s["server"], s.get("weight", 1)) for s in service.get("servers", [])))'
}
# expect SERVERS WHAT: at each of the group's addresses, and its mark
expect() {
	servers_wanted=$1
	busywait 30 everywhere || fail "$2: $(table); $(tail -n 20 "$keeper_log")"
	ok "$2"
}
everywhere() { [[ $(table | wc -l) == 3 && $(table | sed 's/.*: //' | sort -u) == "$servers_wanted" ]]; }
there() { adm -L -n | grep -q "$1"; }
both="${RIP4[1]}:80=1 ${RIP4[2]}:80=1"

adm -A -t $VIP4:99 -s rr
config lvs_flush
start_keeper
expect "$both" 'every address and the mark have the real servers'
there $VIP4:99 && fail 'lvs_flush left a service'
check_eq "$(adm list -j | grep -c '"on-gone": *"reset"')" 3 'on_failure reset is in the kernel'
check_eq "$(http_spread "$client" "$(url $VIP4)" 4)" $'2 server1\n2 server2' 'traffic of the first address'

kill "$(nginx_pid 1)"
expect "${RIP4[3]}:80=1" 'without its quorum the whole group has the sorry server'
check_eq "$(http_get "$client" "$(url $VIP4)")" server3 'traffic of the sorry server'
start_nginx "${servers[1]}" 80 server1
expect "$both" 'with it the real servers'
told() { [[ $(cat "$TEST_TMP/said") == $'down\nup' ]]; }
busywait 10 told || fail "the group has one quorum: $(cat "$TEST_TMP/said")"

# a reload does not flush
adm -A -t $VIP4:99 -s rr
keeper_do reload
expect "$both" 'after a reload'
there $VIP4:99 || fail 'lvs_flush at a reload'
stop_keeper
check_eq "$(table)" '' 'the keeper took its own away'
there $VIP4:99 || fail 'the keeper took a service of others away'

# and without the word nothing of others is touched
config
start_keeper
expect "$both" 'again, without lvs_flush'
there $VIP4:99 || fail 'a start without lvs_flush took a service of others away'
