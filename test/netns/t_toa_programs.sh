#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: nomodule
# timeout: 240
# weir-toa with programs as they are: nginx and sshd log the client's address, socat has it in SOCAT_PEERADDR; only in the cgroup that was
# asked for, or below it; by the cgroup in which the socket was made, as with socket activation. It outlives the program, gives way to
# detach, and says when its cgroup has gone; diagnose tells what is wrong.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-toa.sh"
need_toa
need_command nginx socat sshd

server=''
new_ns director server
link_ns "$director" eth0 "$server" eth0
addr "$director" eth0 192.0.2.1/24 2001:db8:1::1/64
addr "$server" eth0 192.0.2.2/24 2001:db8:1::2/64
routes "$server" '10.9.0.0/16 via 192.0.2.1' '2001:db8:9::/48 via 2001:db8:1::1'
v4=$(option4 198.51.100.7 49153) v6=$(option6 2001:db8:77::7 49154)

toa() {
	ns "$server" "$WEIR_TOA" "$@"
}

connect() {
	ns "$director" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/toa_client.py" eth0 "$(mac_of "$server" eth0)" "$1" "$2"
}

# shown SERVER PORT SOURCE-PORT: what the peer server says of a connection with the option
shown() {
	connect "$1" "$2" <<<"x 10.9.0.1 $3 ack=$v4" | sed 's/.* peer=\([^ ]*\) .*/\1/'
}

check_eq "$(toa list)" '' 'nothing is attached'
check_fails 2 'director' 'attach without a director' toa attach /web
check_fails 2 'anybody could' 'everybody as a director' toa attach /web --director 0.0.0.0/0
check_fails 2 'anybody could' 'everybody as a director, of IPv6' toa attach /web --director ::/64
check_fails 1 'there is no cgroup' 'attach to no cgroup' toa attach /web --director 10.9.0.0/16
check_fails 1 'no unit' 'attach to no unit' toa attach web.service --director 10.9.0.0/16
check_fails 2 'no command' 'no such command' toa attack

# ---- nginx and socat ----
cgroup web
cgroup web/nginx.service
mkdir "$TEST_TMP/nginx"
cat >"$TEST_TMP/nginx/conf" <<-END
	daemon off; master_process off; pid $TEST_TMP/nginx/pid; error_log $TEST_TMP/nginx/error.log; user root;
	events { worker_connections 64; }
	http {
		log_format who '\$remote_addr:\$remote_port "\$request"'; access_log $TEST_TMP/nginx/log who;
		client_body_temp_path $TEST_TMP/nginx/1; proxy_temp_path $TEST_TMP/nginx/2; fastcgi_temp_path $TEST_TMP/nginx/3;
		uwsgi_temp_path $TEST_TMP/nginx/4; scgi_temp_path $TEST_TMP/nginx/5;
		server { listen 80; listen [::]:80; location / { return 200 "hello\n"; } }
	}
END
in_cgroup web/nginx.service background nsenter "--net=/run/netns/$server" nginx -c "$TEST_TMP/nginx/conf" -p "$TEST_TMP/nginx"
wait_for 20 'nginx listens' listening "$server" tcp 80
check_match "$(toa attach nginx.service --director 10.9.0.0/16 -d 2001:db8:9::/48)" '^/web/nginx.service: attached, directors 10.9.0.0/16 2001:db8:9::/48$' \
	'attached by the name of its unit'
# without a version nginx answers at the first newline, as HTTP/0.9 has it
check_eq "$(connect 192.0.2.2 80 <<<"GET%20/ 10.9.0.1 4001 ack=$v4")" 'GET%20/ hello' 'nginx answers'
check_eq "$(connect 2001:db8:1::2 80 <<<"GET%20/ 2001:db8:9::1 4001 ack=$v6")" 'GET%20/ hello' 'nginx answers by IPv6'
wait_for 10 'nginx has written its log' grep -q 2001:db8 "$TEST_TMP/nginx/log"
check_eq "$(<"$TEST_TMP/nginx/log")" '198.51.100.7:49153 "GET /"
2001:db8:77::7:49154 "GET /"' 'what nginx logs'

in_cgroup web/nginx.service background nsenter "--net=/run/netns/$server" socat TCP6-LISTEN:2000,ipv6only=0,fork,reuseaddr \
	SYSTEM:'read line; echo "$SOCAT_PEERADDR $SOCAT_PEERPORT"'
wait_for 20 'socat listens' listening "$server" tcp 2000
check_match "$(connect 2001:db8:1::2 2000 <<<"x 2001:db8:9::1 4002 ack=$v6")" '2001:0?db8:.*0?77:.*7\]? 49154$' 'what socat has as its peer'

# It speaks first, and asks in the process that it makes for the connection.
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/key"
mkdir -p /run/sshd
in_cgroup web/nginx.service background nsenter "--net=/run/netns/$server" "$(command -v sshd)" -D -e -f /dev/null -h "$TEST_TMP/key" \
	-o LogLevel=VERBOSE -o PidFile=none
wait_for 20 'sshd listens' listening "$server" tcp 22
connect 192.0.2.2 22 <<<"x 10.9.0.1 4003 ack=$v4" >/dev/null
wait_for 10 'sshd has written its log' grep -q 'Connection from' "$background_log"
check_match "$(<"$background_log")" 'Connection from 198\.51\.100\.7 port 49153 ' 'what sshd logs'

# ---- the right cgroup, and who is told ----
cgroup other
start_peer_server other "$server" 0.0.0.0 9001
check_eq "$(shown 192.0.2.2 9001 4001)" 10.9.0.1:4001 'a program of another cgroup sees the director'
check_match "$(toa attach /sys/fs/cgroup/other -d 10.8.0.0/16)" '^/other: attached' 'attached by its directory'
check_eq "$(shown 192.0.2.2 9001 4002)" 10.9.0.1:4002 'the wrong director is not believed'
check_eq "$(toa_count refused /other)" 1 'and counted'
check_match "$(toa diagnose /other)" 'note: .*from addresses that are no director' 'diagnose says so'
check_match "$(toa attach other -d 10.9.0.1)" '^/other: was attached, directors 10.9.0.1$' 'attached again with other directors'
check_eq "$(shown 192.0.2.2 9001 4003)" 198.51.100.7:49153 'now it is believed'
check_eq "$(connect 192.0.2.2 9001 <<<"x 10.9.0.1 4004 ack=$v6" | cut -d ' ' -f 3)" peer=10.9.0.1:4004 'an IPv6 client on an AF_INET socket'
output=$(toa diagnose /other)
check_match "$output" 'note: .*0\.0\.0\.0:9001 is an AF_INET socket' 'diagnose sees the AF_INET socket'
check_match "$output" 'note: .*1 IPv6 clients came to AF_INET sockets' 'diagnose knows of the client'
check_no_match "$output" '^problem' 'diagnose finds no problem'
check_eq "$(toa list)" '/other
  directors 10.9.0.1
/web/nginx.service
  directors 10.9.0.0/16 2001:db8:9::/48' 'the list'
check_eq "$(toa list -j | /usr/bin/python3 -c 'import json, sys
for entry in json.load(sys.stdin): print(entry["cgroup"], entry["gone"], *entry["directors"])')" '/other False 10.9.0.1
/web/nginx.service False 10.9.0.0/16 2001:db8:9::/48' 'the list as JSON'
check_eq "$(toa status -j /other | /usr/bin/python3 -c 'import json, sys
print(*map(json.load(sys.stdin)[0]["counters"].get, ("connections", "found", "family", "refused")))')" '2 1 1 1' 'counters as JSON'

# A cgroup above counts as well.
cgroup parent
cgroup parent/child
start_peer_server parent/child "$server" 0.0.0.0 9002
toa attach /parent -d 10.9.0.0/16 >/dev/null
check_eq "$(shown 192.0.2.2 9002 4001)" 198.51.100.7:49153 'attached to the cgroup above'
check_no_match "$(toa diagnose /parent/child)" '^problem' 'diagnose takes the one above'

# ---- socket activation ----
cgroup act.socket
cgroup act.service
start_peer_server act.socket "$server" 0.0.0.0 9003 act.service
toa attach act.service -d 10.9.0.0/16 >/dev/null
check_eq "$(shown 192.0.2.2 9003 4001)" 10.9.0.1:4001 'the cgroup that serves does not count'
check_fails 1 'problem: .*0\.0\.0\.0:9003 was made in /act.socket' 'diagnose knows where the socket was made' toa diagnose act.service
toa detach act.service >/dev/null
toa attach act.socket -d 10.9.0.0/16 >/dev/null
check_eq "$(shown 192.0.2.2 9003 4002)" 198.51.100.7:49153 'that in which the socket was made does'

# ---- the end ----
check_match "$(toa detach act.socket)" '^/act.socket: detached$' 'detach'
check_eq "$(shown 192.0.2.2 9003 4003)" 10.9.0.1:4003 'detached, the director shows again'
check_fails 1 'nothing is attached' 'detach again' toa detach act.socket
check_ok 'what is left of it' test ! -e "/sys/fs/bpf/weir-toa/$(stat -c %i "$CGROUPS/act.socket")"

echo 1 >"$CGROUPS/other/cgroup.kill"
wait_for 20 'its cgroup goes' rmdir "$CGROUPS/other"
lists_gone() {
	toa list | grep -qx '/other  (gone)'
}
wait_for 20 'the list says so' lists_gone
check_fails 1 '^problem: /other: the cgroup' 'diagnose says so' toa diagnose
cgroup other
start_peer_server other "$server" 0.0.0.0 9001
check_eq "$(shown 192.0.2.2 9001 4005)" 10.9.0.1:4005 'a new cgroup of that name has nothing'
toa attach other -d 10.9.0.1 >/dev/null
check_eq "$(shown 192.0.2.2 9001 4006)" 198.51.100.7:49153 'until it is attached'
check_eq "$(toa list | grep -c '^/other')" 1 'which takes the place of the old'
check_eq "$(toa detach --all | wc -l)" 3 'all are detached'
check_eq "$(toa list)$(ls /sys/fs/bpf/weir-toa)" '' 'nothing is left'
check_eq "$(bpftool cgroup tree "$CGROUPS" 2>/dev/null | grep -c weir_toa || :)" 0 'no program is attached'
