#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: nomodule debug smp
# timeout: 180
# Under traffic, with transactions open, dumps half read, listeners waiting and a drain that has its deadline ahead: the director's
# namespace is deleted, and the module is unloaded. Both are ordinary events; what was left open ends with an error at most.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

# What hangs around in the director's namespace until it is killed.
cat >"$TEST_TMP/guests.py" <<'EOF'
half = []
for command in ("service-get", "server-get", "conn-get", "counter-get", "pool-get"):
    w = Weir(rcvbuf=2048)
    w.sock.send(w.pack(command, flags=NLM_F_DUMP))
    # Small portions for a small buffer: most is still to come.
    w.sock.recv(1024)
    half.append(w)
opened = []
for i in range(5):
    w = Weir()
    w.join()
    w.request("config-begin", owner="guest")
    for port in range(1, 50):
        w.request("service-new", service=service("192.0.2.66", port, scheduler="rr"), server=[server("10.0.0.1", 80, method=0)])
    opened.append(w)
print("ready", flush=True)
time.sleep(600)
EOF

# nat, and for IPv4 fullnat by one of 50 pools
configure() {
	ip -n "$director" addr replace 198.51.100.64/32 dev eth1
	weir_py "$director" <<-EOF
		w = Weir()
		for i in range(50):
		    w.request("pool-new", pool={"name": "pool%u" % i, "family": 2, "range": {"first": "198.51.100.64"},
		                                "port": 2000 + 1000 * i, "port-end": 2999 + 1000 * i})
		plan = [(service("$VIP4", 7000, scheduler="rr", pool="pool0"), [server("${RIP4[1]}", 7000, method=4), server("${RIP4[2]}", 7000, method=0)]),
		        (service("$VIP6", 7000, scheduler="rr"), [server(r, 7000, method=0) for r in ("${RIP6[1]}", "${RIP6[2]}")])]
		plan += [(service("192.0.2.10", port, 17, scheduler="rr"), [server("${RIP4[1]}", port, method=0)]) for port in range(1, 500)]
		transaction(w, plan, "lab")
		w.request("server-set", service=service("$VIP4", 7000), server=server("${RIP4[2]}", 7000, drain=600))
	EOF
}

load_on() {
	background ip netns exec "$client" bash -c '
		slow=$1
		shift
		while :; do
			for vip; do
				{ echo ping; sleep 0.2; echo ping; } |
					timeout $((3 * slow)) socat -t "$slow" - "TCP:$vip:7000,connect-timeout=$((2 * slow))"
			done
		done' load "$WEIR_SLOW" "$VIP4" "[$VIP6]"
	load_log=$background_log load_pid=$background_pid
	wait_for 20 "traffic" grep -q server "$load_log"
}

guests() {
	weir_py "$director" <"$TEST_TMP/guests.py"
}

guests_on() {
	background guests
	wait_for 30 "guests" grep -q ready "$background_log"
}

opener() {
	weir_py "$director" <<-'EOF'
		w = Weir()
		w.join()
		w.request("config-begin", owner="a")
		w.request("service-new", service=service("192.0.2.66", 9, scheduler="rr"))
		print("ready", flush=True)
		time.sleep(600)
	EOF
}

# A program that takes queue 7 of netfilter and never gives a verdict
queue_silently() {
	ns "$director" /usr/bin/python3 -SE - <<-'EOF'
		import socket, struct, time
		CONFIG, CMD, PARAMS, BIND, COPY_META = 3 << 8 | 2, 1, 2, 1, 1
		sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
		for kind, data in (CMD, struct.pack("!BxH", BIND, 0)), (PARAMS, struct.pack("!IB", 0, COPY_META)):
		    attr = struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)
		    body = struct.pack("!BBH", 0, 0, 7) + attr
		    sock.send(struct.pack("=IHHII", 16 + len(body), CONFIG, 1 | 4, 1, 0) + body)
		    error, = struct.unpack_from("=i", sock.recv(4096), 16)
		    assert not error, error
		print("ready", flush=True)
		time.sleep(600)
	EOF
}

queued() {
	ns "$director" awk '$1 == 7 { print $3 }' /proc/net/netfilter/nfnetlink_queue
}

weir_load
topology_nat 2
start_echo_all tcp 7000
configure
load_on
guests_on

# The namespace loses its name, then its last process: everything in it dies under the traffic.
before=$(awk '$1 == "weir" { print $3 }' /proc/modules)
check_range "$before" 1 100 "references that half read dumps hold on the module"
check_fails 1 "in use" "unloading it meanwhile" rmmod weir
inside=$(ip netns pids "$director")
ip netns del "$director"
xargs kill -KILL <<<"$inside"
wait_for 30 "the dumps are closed" bash -c '[[ $(awk "\$1 == \"weir\" { print \$3 }" /proc/modules) == 0 ]]'
kill "$load_pid"

# Unloaded and loaded again under traffic, three times; the module's own state is new each time.
topology_nat 2
start_echo_all tcp 7000
for round in 1 2 3; do
	configure
	load_on
	guests_on
	ip netns pids "$director" | xargs -r kill -KILL
	# An open transaction and a listener do not keep the module.
	background opener
	wait_for 30 "an open transaction" grep -q ready "$background_log"
	wait_for 30 "unloading, round $round" rmmod weir
	kill "$load_pid" 2>/dev/null || true
	ip netns pids "$director" | xargs -r kill -KILL
	weir_load
	check_eq "$(weir_py "$director" <<<'w = Weir(); print(len(w.dump("service-get")), generation(w))')" "0 1" "a new module, round $round"
done

# Packets that a rule gave to a queue, and that nobody has judged yet, when the module goes: they go with it.
if modprobe -q nfnetlink_queue && modprobe -q nft_queue; then
	configure
	# What weir is still to see, and what it sends.
	ns "$director" nft -f - <<-'EOF'
		table inet t {
			chain in { type filter hook input priority -10; udp dport 300-399 queue num 7; }
			chain out { type filter hook output priority 0; udp dport 400-499 queue num 7; }
		}
	EOF
	background queue_silently
	queue_log=$background_log queue_pid=$background_pid
	wait_for 20 'a queue' grep -q ready "$queue_log"
	ns "$client" /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(300, 500):
    s.sendto(b"x", (sys.argv[1], port))' "$VIP4"
	wait_for 20 '200 packets wait in the queue' eval '(($(queued) == 200))'
	check_ok 'unloading with packets in a queue' rmmod weir
	check_eq "$(queued)" 0 'packets left in the queue'
	kill "$queue_pid"
	weir_load
fi
weir_unload
ok "lifetimes"
