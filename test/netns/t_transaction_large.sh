#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long
# timeout: 600
# 10,000 services with 10 servers each come in one transaction and go in another, whole and unchanged in between; times and
# memory are printed beside those of ipvsadm --restore for ip_vs in the same machine. WEIR_SERVICES: another number of services;
# a tenth on a debug kernel.
# shellcheck disable=SC2154 # variables of new_ns
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

services=${WEIR_SERVICES:-$((WEIR_SLOW == 1 ? 10000 : 1000))}
new_ns director reference
weir_py "$director" "$services" <<'EOF'
n = int(sys.argv[1])
def memory():
    m = dict(re.findall(r"(\w+): +(\d+) kB", open("/proc/meminfo").read()))
    return int(m["Slab"]) + int(m["Percpu"])
class Timer:
    def __enter__(self):
        self.t = time.monotonic()
        return self
    def __exit__(self, *_):
        self.t = time.monotonic() - self.t
w = Weir(rcvbuf=8 << 20)
plan = [(service("192.0.2.%u" % (i % 200), 1000 + i // 200, scheduler="wlc"),
         [server("10.%u.%u.%u" % (i >> 8, i & 255, j + 1), 1000 + i // 200, method=0) for j in range(10)]) for i in range(n)]
messages = [w.pack("service-new", flags=0, service=s, server=l) for s, l in plan]
before = memory()
w.request("config-begin", owner="large")
with Timer() as stage:
    for i in range(0, n, 100):
        w.sock.send(b"".join(messages[i:i + 100]))
staged = memory()
with Timer() as commit:
    got = w.get("config-commit", staged=n)
after = memory()
check("objects", got["changed"], 11 * n)
def list_all(command):
    # as a program in C would: bytes, not dictionaries
    w.sock.send(w.pack(command, flags=NLM_F_DUMP))
    count = 0
    while True:
        data = w.sock.recv(1 << 17)
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            if kind == NLMSG_DONE:
                return count
            count += 1
            data = data[(length + 3) & ~3:]
with Timer() as listing:
    check("listed", (list_all("service-get"), list_all("server-get")), (n, 10 * n))
w.request("config-begin", owner="large")
for i in range(0, n, 100):
    w.sock.send(b"".join(messages[i:i + 100]))
with Timer() as again:
    check("again", w.get("config-commit", staged=n)["changed"], 0)
with Timer() as gone:
    check("gone", transaction(w, [], "large")["changed"], 11 * n)
print("weir: %u x 10: staged in %.1f s (%u KiB), committed in %.1f s, %u KiB; listed in %.1f s; compared in %.1f s; deleted in %.1f s" %
      (n, stage.t, staged - before, commit.t, after - before, listing.t, again.t, gone.t))
EOF
if modprobe ip_vs 2>/dev/null && command -v ipvsadm >/dev/null; then
	/usr/bin/python3 - "$services" >"$TEST_TMP/rules" <<-'EOF'
		import sys
		for i in range(int(sys.argv[1])):
		    key = "192.0.2.%u:%u" % (i % 200, 1000 + i // 200)
		    print("-A -t %s -s wlc" % key)
		    for j in range(10):
		        print("-a -t %s -r 10.%u.%u.%u:%u -m -w 1" % (key, i >> 8, i & 255, j + 1, 1000 + i // 200))
	EOF
	used() {
		awk '/^(Slab|Percpu):/ { n += $2 } END { print n }' /proc/meminfo
	}
	before=$(used) start=${EPOCHREALTIME/./}
	ns "$reference" ipvsadm --restore <"$TEST_TMP/rules"
	middle=${EPOCHREALTIME/./} after=$(used)
	ns "$reference" ipvsadm -Ln >/dev/null
	end=${EPOCHREALTIME/./}
	printf 'ip_vs: %s x 10: ipvsadm --restore in %s ms, %s KiB; listed in %s ms\n' "$services" $(((middle - start) / 1000)) \
		$((after - before)) $(((end - middle) / 1000))
	ns "$reference" ipvsadm -C
fi
ok "large"
