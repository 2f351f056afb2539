#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# weir-keeper looks after virtual servers: a server that dies is taken out and comes back, quorum and sorry server, a
# reload keeps what is known, an operator's drain and somebody else's change, a checker that dies, a module that is loaded again, an
# orderly end.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-keeper.sh"

# real I [LINE...]: a real server of both families' blocks
real() {
	local i=$1

	shift
	printf 'real_server %s 80 {\n%s\nHTTP_GET {\nurl {\npath /\n}\nconnect_timeout 2\n}\n}\n' \
		"${RIP4[i]}" "$(printf '%s\n' "$@")"
}
config() {
	cat >"$conf" <<-EOF
	global_defs {
		lvs_timeouts tcp 111 tcpfin 22 udp 33
	}
	virtual_server $VIP4 80 {
		protocol TCP
		delay_loop 0.3
		retry 1
		delay_before_retry 0.1
		lb_algo rr
		lb_kind NAT
		quorum_up "/usr/bin/touch $TEST_TMP/quorum_up" root
		quorum_down "/usr/bin/touch $TEST_TMP/quorum_down" root
		$(printf '%s\n' "$@")
		$(real 1 'weight 1')
		$(real 2 'inhibit_on_failure' "notify_down \"/usr/bin/touch $TEST_TMP/down2\" root")
	}
	virtual_server $VIP6 80 {
		protocol TCP
		delay_loop 0.3
		lb_algo wrr
		real_server ${RIP6[1]} 80 {
			weight 5
			TCP_CHECK {
				connect_timeout 2
			}
		}
	}
	EOF
}
# weights VIP: "address:port=weight ..." as the kernel has them
weights() {
	adm list -j | python3 -c '
import json, sys
vip = sys.argv[1]
for service in json.load(sys.stdin)["services"]:
    if vip in service["service"]:
        print(" ".join(sorted("%s=%s" % (s["server"], s.get("weight", 1)) for s in service.get("servers", []))))' "$1"
}
weights_are() { [[ $(weights "$1") == "$2" ]]; }
expect() {
	busywait 30 weights_are "$1" "$2" || fail "$3: $(weights "$1"), not $2; $(tail -n 20 "$keeper_log")"
	ok "$3"
}
both="${RIP4[1]}:80=1 ${RIP4[2]}:80=1"

config
start_keeper
expect $VIP4 "$both" 'both servers are there at the start'
expect $VIP6 "[${RIP6[1]}]:80=5" 'the IPv6 service too'
check_eq "$(adm list -j | grep -c '"owner": *"keeper"')" 2 'services of the keeper'
check_eq "$(http_spread "$client" "$(url $VIP4)" 4)" $'2 server1\n2 server2' traffic

kill "$(nginx_pid 1)"
expect $VIP4 "${RIP4[2]}:80=1" 'a dead server is removed'
start_nginx "${servers[1]}" 80 server1
expect $VIP4 "$both" 'it comes back'
kill "$(nginx_pid 2)"
expect $VIP4 "${RIP4[1]}:80=1 ${RIP4[2]}:80=0" 'a dead server is inhibited'
busywait 10 test -e "$TEST_TMP/down2" || fail 'notify_down did not run'
kill "$(nginx_pid 1)"
expect $VIP4 "${RIP4[2]}:80=0" 'all are dead'
busywait 10 test -e "$TEST_TMP/quorum_down" || fail 'quorum_down did not run'

# the sorry server, by a reload: what the checks know stays
config "sorry_server ${RIP4[3]} 80"
keeper_do reload
expect $VIP4 "${RIP4[2]}:80=0 ${RIP4[3]}:80=1" 'a reload brings the sorry server, the dead stay dead'
check_eq "$(http_get "$client" "$(url $VIP4)")" server3 'traffic of the sorry server'
start_nginx "${servers[1]}" 80 server1
expect $VIP4 "${RIP4[1]}:80=1 ${RIP4[2]}:80=0" 'with the quorum it goes'
busywait 10 test -e "$TEST_TMP/quorum_up" || fail 'quorum_up did not run'
start_nginx "${servers[2]}" 80 server2
expect $VIP4 "$both" 'all are back'
keeper_do status -j >"$TEST_TMP/status" || fail 'no status'
check_eq "$(python3 -c '
import json, sys
status = json.load(open(sys.argv[1]))
print(*("%s %s" % (s["server"], s["state"]) for v in status["virtual_servers"] for s in v["real_servers"]), sep=", ")
assert all(c["latency_ms"] > 0 and c["result"] for v in status["virtual_servers"] for s in v["real_servers"] for c in s["checks"])' \
	"$TEST_TMP/status")" "${RIP4[1]}:80 up, ${RIP4[2]}:80 up, [${RIP6[1]}]:80 up" status
keeper_do status >"$TEST_TMP/status" || fail 'no status'
grep -q "HTTP_GET" "$TEST_TMP/status" || fail "status: $(cat "$TEST_TMP/status")"

# somebody else
adm -D -t $VIP4:80
expect $VIP4 "$both" 'a service that is deleted by hand comes back'
adm -a -t $VIP4:80 -r "${RIP4[3]}:80" -m
expect $VIP4 "$both" 'a server that is added by hand goes'
adm drain tcp:$VIP4:80 -r "${RIP4[1]}:80" >/dev/null
kill "$(nginx_pid 1)"
expect $VIP4 "${RIP4[1]}:80=0 ${RIP4[2]}:80=1" 'a drained server that dies stays, for its drain'
start_nginx "${servers[1]}" 80 server1
expect $VIP4 "$both" 'and is back'
check_eq "$(http_spread "$client" "$(url $VIP4)" 4)" '4 server2' 'the drain stays'

# what the kernel refuses is left out, and all else comes in; an address that is no unicast one is nothing that the
# configuration could know better than the kernel
more() { # ADDRESS PORT
	printf 'virtual_server %s %s {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server %s 80 {\n}\n}\n' "$1" "$2" "${RIP4[3]}" >>"$conf"
}
there() { adm -L -n | grep -q "$1"; }
more 224.0.0.9 80
more $VIP4 81
keeper_do reload
refused() { keeper_do status | grep -q "NOT IN THE KERNEL: .*$1"; }
busywait 20 refused '224.0.0.9.*unicast' || fail "no refusal in the status: $(tail -n 5 "$keeper_log")"
there "$VIP4:81" || fail 'one service that is refused keeps another out'
check_eq "$(grep -c 'is left out' "$keeper_log")" 1 'the refusal is logged once'
# a limit of the kernel: what is beyond it comes in when there is room
adm config service-max=3
more $VIP4 82
keeper_do reload
busywait 20 refused "$VIP4:82" || fail "no refusal beyond service-max: $(tail -n 5 "$keeper_log")"
there "$VIP4:81" || fail 'a service beyond the limit keeps another out'
adm config service-max=100
busywait 60 there "$VIP4:82" || fail 'a refused service was not tried again'
grep -q 'takes TCP .*:82 now' "$keeper_log" || fail 'the log does not say that it was taken'
config
keeper_do reload
busywait 20 eval "! there $VIP4:82" || fail 'services that are no longer wanted stay'
expect $VIP4 "$both" 'what the kernel refuses is left out, the others are in'

# the checker dies: the table stays, and a dead server is not taken for alive
kill "$(nginx_pid 2)"
expect $VIP4 "${RIP4[1]}:80=1 ${RIP4[2]}:80=0" 'server2 is dead'
checker=$(pgrep -x weir-checker)
kill -KILL "$checker"
weights_are $VIP4 "${RIP4[1]}:80=1 ${RIP4[2]}:80=0" || fail 'the table did not outlive the checker'
other_checker() { [[ -n $(pgrep -x weir-checker) && $(pgrep -x weir-checker) != "$checker" ]]; }
busywait 20 other_checker || fail 'no other checker was started'
busywait 20 keeper_do status -j >/dev/null
weights_are $VIP4 "${RIP4[1]}:80=1 ${RIP4[2]}:80=0" || fail "a new checker forgot what was dead: $(weights $VIP4)"
start_nginx "${servers[2]}" 80 server2
expect $VIP4 "$both" 'the new checker sees it come back'

# another module: it has no services and its own time-outs
timeouts() { adm -L --timeout; }
check_match "$(timeouts)" ' 111 22 33$' 'time-outs'
rmmod weir
weir_load
expect $VIP4 "$both" 'a module that was loaded again has the services'
expect $VIP6 "[${RIP6[1]}]:80=5" 'and the IPv6 one'
busywait 20 eval "[[ \$(timeouts) == *' 111 22 33' ]]" || fail "time-outs of the new module: $(timeouts)"
ok 'and the time-outs'

# the end: what it added goes, what others have stays
adm -A -t $VIP4:81 -s rr
stop_keeper
weights_are $VIP6 '' || fail 'services stay behind'
check_eq "$(adm list -j | grep -c '"owner": *"cli"')" 1 'services of others'
