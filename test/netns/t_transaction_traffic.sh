#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug smp
# timeout: 180
# While a whole configuration is exchanged again and again, no request fails, connections to servers that stay are neither cut
# nor moved, and no packet finds a service without servers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

topology_nat 3
start_echo_all tcp 7000

# Even ones have server1 and server2, odd ones server1 and server3; a second service comes and goes.
cat >"$TEST_TMP/plans.py" <<EOF
from weirnl import service, server
VIPS = ("$VIP4", "$VIP6")
RIPS = (("${RIP4[1]}", "${RIP4[2]}", "${RIP4[3]}"), ("${RIP6[1]}", "${RIP6[2]}", "${RIP6[3]}"))
def plan(n):
    def both(port, **more):
        return [(service(vip, port, **more), [server(rips[i], 7000, method=0) for i in (0, 1 + n % 2)])
                for vip, rips in zip(VIPS, RIPS)]
    return both(7000, scheduler=("rr", "wrr", "wlc")[n % 3]) + (both(7001, scheduler="rr") if n % 4 < 2 else [])
EOF

weir_py "$director" <<EOF
sys.path.insert(0, "$TEST_TMP")
from plans import plan
transaction(Weir(), plan(0), "lab")
EOF

# Two threads a family with a connection a request, four with one that stays open.
cat >"$TEST_TMP/load.py" <<EOF
import socket, sys, threading, time
stop, errors, asked, talked, stayed = threading.Event(), [], [], [], []
def talk(s):
    s.sendall(b"ping\n")
    got = b""
    while not got.endswith(b"\n"):
        more = s.recv(1000)
        if not more:
            raise OSError("closed after %r" % got)
        got += more
    return got.split()[0].decode()
def connect(vip):
    return socket.create_connection((vip, 7000), timeout=20 * $WEIR_SLOW)
def short(vip):
    while not stop.is_set():
        try:
            with connect(vip) as s:
                talk(s)
            asked.append(1)
        except OSError as e:
            errors.append("%s: %s" % (vip, e))
def long(vip):
    name = "?"
    try:
        with connect(vip) as s:
            name = talk(s)
            while not stop.is_set():
                if talk(s) != name:
                    raise OSError("moved")
                talked.append(1)
                time.sleep(0.02)
        stayed.append(1)
    except OSError as e:
        errors.append("%s, open to %s: %s" % (vip, name, e))
threads = [threading.Thread(target=f, args=(vip,)) for vip in ("$VIP4", "$VIP6") for f in (short, short, long, long, long, long)]
for t in threads:
    t.start()
time.sleep(1)
open("$TEST_TMP/running", "w").close()
for line in sys.stdin:
    break
stop.set()
for t in threads:
    t.join()
print(len(errors), len(asked), len(talked), len(stayed))
for e in errors[:10]:
    print(e)
EOF
mkfifo "$TEST_TMP/stop"
ns "$client" /usr/bin/python3 "$TEST_TMP/load.py" <"$TEST_TMP/stop" >"$TEST_TMP/load.log" &
load=$!
exec 9>"$TEST_TMP/stop"
wait_for 60 "the load" test -e "$TEST_TMP/running"

weir_py "$director" <<EOF
sys.path.insert(0, "$TEST_TMP")
from plans import plan
w = Weir()
started, n = time.monotonic(), 0
while n < 60 or time.monotonic() - started < 8:
    n += 1
    if transaction(w, plan(n), "lab")["changed"] == 0:
        failed("transaction %u changed nothing" % n)
    # one that is refused in the middle, and one that is given up
    if n % 5 == 0:
        try:
            transaction(w, plan(n + 1) + [(service("192.0.2.77", 1, scheduler="none"), [])], "lab")
            failed("accepted")
        except Refused:
            pass
        v = Weir()
        v.request("config-begin", owner="lab")
        v.request("service-new", service=plan(n)[0][0])
        v.close()
print("ok: %u transactions" % n)
EOF
echo stop >&9
wait "$load"
read -r errors asked talked stayed <"$TEST_TMP/load.log"
[[ $errors == 0 ]] || cat "$TEST_TMP/load.log"
check_eq "$errors" 0 "failures"
check_range "$asked" 50 10000000 "requests meanwhile"
check_range "$talked" 50 10000000 "exchanges on open connections"
check_eq "$stayed" 8 "connections that stayed open"
drops=$(
	weir_py "$director" <<-'EOF'
		print(sum(c["counter"]["value"] for c in Weir().dump("counter-get") if c["counter"]["name"] == "drop-no-server"))
	EOF
)
check_eq "$drops" 0 "packets that found no server"
