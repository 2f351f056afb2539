#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# Slow start: beside servers that carry connections a new one takes few at first, under lc, wlc, rr, wrr, sed, nq and twos; the flag
# is listed, and when the time is over the server is one like the others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

diff_py <<'EOF2'
WARMING = H.value["WEIR_SERVER_F_SLOW_START"]
w, listener = Weir(), Weir()

def one(svc, addr, port):
    return w.get("server-get", service=svc, server=server(addr, port))["server"]

for number, (name, port) in enumerate((("lc", 80), ("wlc", 81), ("rr", 82), ("wrr", 83), ("sed", 84), ("nq", 85), ("twos", 86))):
    svc = service(VIP4, port, scheduler=name)
    key = service(VIP4, port)
    w.request("service-new", service=svc, server=[server("198.51.100.11", port, weight=2), server("198.51.100.12", port, weight=2)])
    traffic("open", "tcp", VIP4, port, 100, number)
    w.request("service-set", service=service(VIP4, port, slow_start=3600))
    check("%s: the old servers do not begin anew" % name, one(key, "198.51.100.11", port)["flags"] & WARMING, 0)
    w.request("server-new", service=key, server=server("198.51.100.13", port, weight=2))
    check("%s: the new server is listed as warming up" % name, one(key, "198.51.100.13", port)["flags"] & WARMING, WARMING)
    traffic("open", "tcp", VIP4, port, 60, 10 + number)
    got = one(key, "198.51.100.13", port)["stats"]["conns"]
    check("%s: 1/256 of a share is %u of 60 connections" % (name, got), got <= 2, True)

# the time is over
listener.join()
for port in range(80, 87):
    w.request("service-set", service=service(VIP4, port, slow_start=1))
for number, (name, port, least) in enumerate((("lc", 80, 40), ("wlc", 81, 40), ("rr", 82, 20), ("wrr", 83, 20), ("sed", 84, 40),
                                            ("nq", 85, 40), ("twos", 86, 15))):
    key = service(VIP4, port)
    wait_until("%s: warm" % name, 10, lambda: not one(key, "198.51.100.13", port)["flags"] & WARMING)
    before = one(key, "198.51.100.13", port)["stats"]["conns"]
    traffic("open", "tcp", VIP4, port, 60, 20 + number)
    got = one(key, "198.51.100.13", port)["stats"]["conns"] - before
    check("%s: then it takes %u of 60" % (name, got), got >= least, True)
changed = {attrs["service"]["port"] for cmd, attrs in listener.events(1)
           if cmd == "server-change-ntf" and attrs["server"]["addr"] == "198.51.100.13"}
check("listeners hear of the end", changed, set(range(80, 87)))

# a weight of 0 and back is a new beginning
w.request("service-set", service=service(VIP4, 80, slow_start=3600))
w.request("server-set", service=service(VIP4, 80), server=server("198.51.100.13", 80, weight=0))
check("without a weight nothing warms up", one(service(VIP4, 80), "198.51.100.13", 80)["flags"] & WARMING, 0)
w.request("server-set", service=service(VIP4, 80), server=server("198.51.100.13", 80, weight=1))
check("with one again it does", one(service(VIP4, 80), "198.51.100.13", 80)["flags"] & WARMING, WARMING)
for name in ("fo", "ovf", "sh", "dh", "mh"):
    refused("%s has no slow start" % name, "EINVAL", ".*", w.request, "service-new",
            service=service(VIP4, 90, scheduler=name, slow_start=5), text="slow_start")
for name in ("lblc", "lblcr"):
    w.request("service-new", service=service(VIP4, 91, scheduler=name, slow_start=5))
    w.request("service-del", service=service(VIP4, 91))
EOF2
