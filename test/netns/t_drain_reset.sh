#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 360
# A drain with a deadline: connections go on until then, nothing new comes; at the deadline real sockets on both ends see
# "connection reset". A connection that was silent meanwhile is reset when it next speaks. By nat, dr, tun, local and fullnat, IPv4 and
# IPv6, and between the two.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"

# A client with connections of which each goes its own way: "busy" speaks all the time, "silent" says nothing until the file
# argv[2] is there, "waiting" has spoken since the drain began and now waits for the server, "alive" sends keepalives only.
client_script='
import os, socket, sys, threading, time
address, go, drained = sys.argv[1:4]
def wait(path):
    while not os.path.exists(path):
        time.sleep(0.05)
def talk(sock):
    sock.sendall(b"hello\n")
    sock.recv(100)
def busy(sock):
    while True:
        talk(sock)
        time.sleep(0.1)
def waiting(sock):
    wait(drained)
    talk(sock)
    sock.recv(100)
def alive(sock):
    for option in socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL:
        sock.setsockopt(socket.IPPROTO_TCP, option, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.recv(100)
def silent(sock):
    wait(go)
    talk(sock)
    sock.recv(100)
def run(what, sock):
    port = sock.getsockname()[1]
    try:
        what(sock)
        print("eof", what.__name__, port, flush=True)
    except ConnectionResetError:
        print("reset", what.__name__, port, flush=True)
    except OSError as error:
        print("error", what.__name__, port, error, flush=True)
for what in (busy, waiting, alive, silent) * 2:
    sock = socket.create_connection((address, 80))
    sock.settimeout(60 * int(os.environ["WEIR_SLOW"]))
    talk(sock)
    threading.Thread(target=run, args=(what, sock), daemon=True).start()
print("ready", flush=True)
time.sleep(1000)
'

counter() {
	adm counters -a | awk -v name="$1" '$1 == name { print $2 }'
}

# lines_are FILE REGEX COUNT
lines_are() {
	(($(grep -cE "$2" "$1") == $3))
}

# check_drain METHOD VIP RIP LISTEN_ADDRESS [POOL]
check_drain() {
	local method=$1 vip=$2 rip=$3 what="$1, $2" tcp server=${servers[1]} server_log server_pid client_log go drained start

	[[ $method != local ]] || server=$director
	tcp=tcp:$(hostport "$vip" 80)
	go=$TEST_TMP/go.$RANDOM drained=$TEST_TMP/drained.$RANDOM
	adm service add "$tcp" -s rr ${5:+--pool "$5"}
	adm server add "$tcp" "$(hostport "$rip" 80)" -m "$method"
	background ip netns exec "$server" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/ends_server.py" "$4" 80 server
	server_log=$background_log server_pid=$background_pid
	wait_for 20 "$what: the server listens" grep -qx ready "$server_log"
	background ip netns exec "$client" /usr/bin/python3 -c "$client_script" "$vip" "$go" "$drained"
	client_log=$background_log
	wait_for 20 "$what: connections stand" grep -qx ready "$client_log"
	check_eq "$(grep -c ^open "$server_log")" 8 "$what: connections that the server has"

	start=$(date +%s%N)
	adm drain "$tcp" -r "$(hostport "$rip" 80)" -d $((3 * WEIR_SLOW))
	: >"$drained"
	check_fails 1 'refused|reset|timed out' "$what: nothing new is taken" ask "$client" tcp "$vip" 80 x
	wait_for 20 "$what: the client's busy, waiting and idle connections were reset" lines_are "$client_log" '^reset (busy|waiting|alive)' 6
	check_range $((($(date +%s%N) - start) / 1000000)) $((2900 * WEIR_SLOW)) $((60000 * WEIR_SLOW)) "$what: milliseconds until then"
	wait_for 10 "$what: so were the server's" lines_are "$server_log" '^reset' 6
	check_eq "$(adm conn list -s "$tcp" | tail -n +3 | wc -l)" 0 "$what: connections listed after the deadline"
	check_eq "$(grep -c silent "$client_log" || true)" 0 "$what: silent connections know nothing yet"

	: >"$go"
	wait_for 10 "$what: silent connections were reset when they spoke" lines_are "$client_log" '^reset silent' 2
	wait_for 10 "$what: at the server too" lines_are "$server_log" '^reset' 8
	check_eq "$(grep -cE '^(eof|error)' "$client_log" || true)" 0 "$what: other ends"
	check_eq "$(adm conn list -s "$tcp" | tail -n +3 | wc -l)" 0 "$what: connections left"

	# Undone, the server is itself again.
	adm drain "$tcp" -r "$(hostport "$rip" 80)" -u
	check_ok "$what: after the drain is undone the server answers" http_any "$vip"
	adm service delete "$tcp"
	kill "$background_pid" "$server_pid"
}

# http_any ADDRESS: anything comes back
http_any() {
	ask "$client" tcp "$1" 80 hello
}

topology_nat 1
check_drain nat "$VIP4" "${RIP4[1]}" "${RIP4[1]}"
check_drain nat "$VIP6" "${RIP6[1]}" "${RIP6[1]}"
check_drain local "$VIP4" 127.0.0.1 "$VIP4"
check_drain local "$VIP6" ::1 "$VIP6"
check_ne "$(counter connection-reset)" 0 'connections reset'
topology_dr 1
check_drain dr "$VIP4" "${RIP4[1]}" "$VIP4"
check_drain dr "$VIP6" "${RIP6[1]}" "$VIP6"
decapsulate "${servers[1]}" "${RIP4[1]}" "${RIP6[1]}"
check_drain tun "$VIP4" "${RIP4[1]}" "$VIP4"
check_drain tun "$VIP6" "${RIP6[1]}" "$VIP6"
check_drain tun "$VIP4" "${RIP6[1]}" "$VIP4"
topology_fullnat 1
check_drain fullnat "$VIP4" "${RIP4[1]}" "${RIP4[1]}" pool4
check_drain fullnat "$VIP6" "${RIP6[1]}" "${RIP6[1]}" pool6
topology_fullnat 1
check_drain fullnat "$VIP4" "${RIP6[1]}" "${RIP6[1]}" pool6
check_drain fullnat "$VIP6" "${RIP4[1]}" "${RIP4[1]}" pool4
