#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# Thresholds: a server takes connections up to the upper one, as ip_vs's does, and none again before it has fallen below the
# lower one (by default three quarters of the upper); listeners hear of both.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both -A -u $VIP4:53 -s lc
both -a -u $VIP4:53 -r 198.51.100.11:53 -g -x 20
both -a -u $VIP4:53 -r 198.51.100.12:53 -g -x 30 -y 10
traffic open udp $VIP4 53 70 1
check_same_decisions 53 50 'two servers at their thresholds'

diff_py <<'EOF2'
OVERLOADED = H.value["WEIR_SERVER_F_OVERLOADED"]
w, listener = Weir(), Weir()
listener.join()

def one(svc, addr, port):
    return w.get("server-get", service=svc, server=server(addr, port))["server"]

def overloaded(svc, addr, port):
    return bool(one(svc, addr, port)["flags"] & OVERLOADED)

def hears(state):
    """Changes that follow each other closely are told once, with the state that they led to."""
    return any(cmd == "server-change-ntf" and attrs["server"]["addr"] == "198.51.100.11"
               and bool(attrs["server"]["flags"] & OVERLOADED) == state for cmd, attrs in listener.events(0.2))

def conns(addr):
    return [c["conn"] for c in w.dump("conn-get") if c["conn"]["server-addr"] == addr]

def forget(addr, left):
    for c in conns(addr)[left:]:
        w.request("conn-del", conn={k: c[k] for k in ("family", "protocol", "client-addr", "client-port", "virtual-addr",
                                                      "virtual-port")})

svc = service(VIP4, 53, 17)
for addr, upper, lower in (("198.51.100.11", 20, 15), ("198.51.100.12", 30, 10)):
    check("%s: at the upper threshold" % addr, (len(conns(addr)), overloaded(svc, addr, 53)), (upper, True))
    forget(addr, lower)
    check("%s: at the lower threshold" % addr, (len(conns(addr)), overloaded(svc, addr, 53)), (lower, True))
traffic("open", "udp", VIP4, 53, 10, 2)
check("between the thresholds nothing new", (len(conns("198.51.100.11")), len(conns("198.51.100.12"))), (15, 10))
forget("198.51.100.11", 14)
check("below the lower one", overloaded(svc, "198.51.100.11", 53), False)
wait_until("listeners hear of its end", 20, lambda: hears(False))
traffic("open", "udp", VIP4, 53, 10, 3)
check("it takes connections again, up to the upper one", (len(conns("198.51.100.11")), len(conns("198.51.100.12"))), (20, 10))

wait_until("listeners hear of overload", 20, lambda: hears(True))

# other thresholds count at once
w.request("server-set", service=svc, server=server("198.51.100.12", 53, upper=0, lower=0))
check("no threshold, no overload", overloaded(svc, "198.51.100.12", 53), False)
w.request("server-set", service=svc, server=server("198.51.100.12", 53, upper=10))
check("a lower threshold than connections", overloaded(svc, "198.51.100.12", 53), True)
refused("lower above upper", "ERANGE", ".*", w.request, "server-set", service=svc,
        server=server("198.51.100.12", 53, upper=10, lower=11), text="lower")
EOF2
