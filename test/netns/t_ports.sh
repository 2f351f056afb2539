#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# Which service takes a packet: its mark's, its port's, the range's, all ports'. What contradicts is refused.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
. "$(dirname "$0")/../lib-diff.sh"
need_command nft
topology_diff
ns "$director_weir" nft -f - <<EOF2
table ip marks { chain pre { type filter hook prerouting priority mangle; tcp dport 7000-7009 meta mark set 7; }; }
table ip6 marks { chain pre { type filter hook prerouting priority mangle; tcp dport 7000-7009 meta mark set 7; }; }
EOF2

diff_py <<'EOF2'
w = Weir()
V4, V6 = socket.AF_INET, socket.AF_INET6

def conns():
    out = {}
    for s in w.dump("service-get"):
        s = s["service"]
        out["%s %s %s-%s" % (s["family"], s.get("fwmark", "-"), s.get("port", "-"), s.get("port-end", "-"))] = s["stats"]["conns"]
    return out

def changed(what, *args, **want):
    before = conns()
    traffic(*args)
    now = conns()
    got = {k: now[k] - before[k] for k in now if now[k] != before[k]}
    check(what, got, {names[k]: v for k, v in want.items()})

names = {}
for family, vip, rip in ((V4, VIP4, "198.51.100.11"), (V6, VIP6, "2001:db8:2::11")):
    one = [server(rip, 0)]
    add = lambda svc, servers=one: w.request("service-new", service=svc, server=servers)
    names = {"exact": "%u - 8080--" % family, "span": "%u - 8000-8100" % family, "upper": "%u - 8101-9000" % family,
             "every": "%u - 0--" % family, "mark": "%u 7 ---" % family}
    add(service(vip, 8080, scheduler="rr"))
    changed("its port", "open", "tcp", vip, 8080, 20, 1, exact=20)
    changed("no service for another port", "open", "tcp", vip, "8000-8010", 20, 2)
    add(service(vip, 8000, port_end=8100, scheduler="lc"))
    add(service(vip, 8101, port_end=9000, scheduler="wlc"))
    changed("first port of the range", "open", "tcp", vip, 8000, 5, 3, span=5)
    changed("last port of the range", "open", "tcp", vip, 8100, 5, 4, span=5)
    changed("the next range", "open", "tcp", vip, "8101-9000", 30, 5, upper=30)
    changed("the port outranks the range", "open", "tcp", vip, 8080, 5, 6, exact=5)
    changed("above the ranges", "open", "tcp", vip, 9001, 5, 7)
    changed("another protocol", "open", "udp", vip, 8080, 5, 8)
    add(service(vip, 0, scheduler="sh", persist_timeout=60))
    changed("all ports", "open", "tcp", vip, 9001, 5, 9, every=5)
    changed("all ports yield to a range", "open", "tcp", vip, 8001, 5, 10, span=5)
    changed("marked, without a service by mark", "open", "tcp", vip, 7000, 5, 11, every=5)
    add({"family": family, "fwmark": 7, "scheduler": "rr"})
    changed("the mark outranks all", "open", "tcp", vip, "7000-7009", 30, 12, mark=30)
    w.request("service-del", service={"family": family, "fwmark": 7})
    changed("without it all ports again", "open", "tcp", vip, 7001, 5, 13, every=5)
    w.request("service-del", service=service(vip, 8000, port_end=8100))
    changed("without the range too", "open", "tcp", vip, 8002, 5, 14, every=5)
    add(service(vip, 8000, port_end=8100, scheduler="rr"))

    new = lambda **more: (lambda: w.request("service-new", service=service(vip, **more)))
    for what, error, text, act in (
            ("the same range", "EEXIST", "exists", new(port=8000, port_end=8100, scheduler="rr")),
            ("a range that overlaps", "EEXIST", "overlaps", new(port=8050, port_end=8200, scheduler="rr")),
            ("a range inside", "EEXIST", "overlaps", new(port=8010, port_end=8020, scheduler="rr")),
            ("a range around all", "EEXIST", "overlaps", new(port=1, port_end=65535, scheduler="rr")),
            ("the same port", "EEXIST", "exists", new(port=8080, scheduler="rr")),
            ("all ports twice", "EEXIST", "exists", new(port=0, persist_timeout=9, scheduler="rr")),
            ("all ports without persistence", "EINVAL", "persistence", new(port=0, proto=17, scheduler="rr")),
            ("a range that ends before it begins", "EINVAL", "", new(port=90, port_end=80, scheduler="rr")),
            ("one packet of TCP", "EINVAL", "one-packet", new(port=1, scheduler="rr", flags=1)),
            ("sh-port with rr", "EINVAL", "scheduler", new(port=1, scheduler="rr", flags=H.value["WEIR_SERVICE_F_SH_PORT"]))):
        refused(what, error, ".*", act, text=text)
    add(service(vip, 8050, port_end=8200, proto=17, scheduler="rr"))
    changed("ranges of another protocol stand beside it", "open", "udp", vip, 8150, 5, 15,
            **{"udp": 5} if names.update(udp="%u - 8050-8200" % family) is None else {})
    w.request("service-flush")
EOF2
