#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# A transaction makes its owner's objects what it says, all of it or nothing: what stays is not touched, other owners' objects
# are not either, an operator's overrides and drains outlast it, and whoever goes away in the middle leaves no trace.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

new_ns director
weir_py "$director" <<'EOF2'
w, other, listener = Weir(), Weir(), Weir()
listener.join()
MERGE = H.value["WEIR_TRANSACTION_MERGE"]

def svc(addr="192.0.2.1", port=80, **more):
    return service(addr, port, **dict({"scheduler": "wrr"}, **more))
def rs(n, weight=1, **more):
    return server("10.0.0.%u" % n, 80, method=0, weight=weight, **more)
def state():
    """Ids and settings by key."""
    out = {}
    for s in w.dump("server-get"):
        out[(s["service"].get("addr"), s["service"].get("port"), s["server"]["addr"])] = (s["server"]["id"], s["server"]["weight"])
    for s in w.dump("service-get"):
        s = s["service"]
        out[(s.get("addr"), s.get("port"), s.get("port-end"))] = (s["id"], s["owner"], s["scheduler"], s["flags"])
    return out
def index(e):
    return struct.unpack("=I", e.cookie)[0] if e and e.cookie else None

w.request("service-new", service=svc("192.0.2.9"), server=rs(9))
cli = state()

# adding, nothing to do, changing, removing
plan = [(svc(), [rs(1), rs(2), rs(3)]), (svc(port=81), [rs(1)]), (svc("2001:db8::1", persist_timeout=30), [])]
check("added", transaction(w, plan, "a"), {"generation": 3, "changed": 7})
first = state()
check("as many as named", len(first), len(cli) + 7)
listener.events(0.3)
check("the same again changes nothing", transaction(w, plan, "a"), {"generation": 3, "changed": 0})
check("not even by name", (state(), listener.events(0.3)), (first, []))
plan = [(svc(), [rs(1), rs(2, 5), rs(4)]), (svc("2001:db8::1", persist_timeout=31), [])]
check("changed", transaction(w, plan, "a"), {"generation": 4, "changed": 6})
second = state()
kept = [k for k in first if k in second and first[k] == second[k]]
check("what stays keeps its id", sorted(map(str, kept)), sorted(map(str, list(cli) + [("192.0.2.1", 80, "10.0.0.1"), ("192.0.2.1", 80, None), ("2001:db8::1", 80, None)])))
check("weight", second[("192.0.2.1", 80, "10.0.0.2")], (first[("192.0.2.1", 80, "10.0.0.2")][0], 5))
check("events", sorted(n for n, _ in listener.events()),
      sorted(["server-change-ntf", "server-add-ntf", "server-del-ntf", "service-change-ntf", "server-del-ntf", "service-del-ntf",
              "config-change-ntf"]))
check("servers one by one", transaction(w, [(svc(), [rs(1)])], "a", servers=[(service(), rs(2, 5)), (service(), rs(4))])["changed"], 1)
check("merge leaves the rest alone", transaction(w, [(svc(), [rs(5)])], "a", mode=MERGE)["changed"], 1)
check("four servers", len(w.dump("server-get", service=service())), 4)
check("nothing is named: all goes", transaction(w, [], "a")["changed"], 5)
check("but what others own", state(), cli)

# owners
transaction(w, [(svc(), [rs(1)])], "a")
before = state()
w.request("config-begin", owner="b")
e = refused("another owner's service", "EEXIST", "service", w.request, "service-new", text="another owner", service=svc())
refused("the commit after it", "ECANCELED", "-", w.request, "config-commit", staged=1)
refused("a label that is not the transaction's", "EINVAL", "service/owner",
        lambda: (w.request("config-begin", owner="b"), w.request("service-new", service=svc(port=7, owner="c"))))
w.request("config-abort")
w.request("config-begin", owner="b")
w.request("service-new", service=svc(port=7))
w.request("service-new", service=svc(port=8))
other.request("service-new", service=svc(port=8))
check("who came second is told which", index(refused("taken meanwhile", "EEXIST", "-", w.request, "config-commit", staged=2)), 1)
other.request("service-del", service=service(port=8))
check("nothing was taken over", state(), before)

# overrides and drains
w.request("server-set", service=service(), server=server("10.0.0.1", override=0))
w.request("server-new", service=service(), server=rs(2))
w.request("server-set", service=service(), server=server("10.0.0.2", drain=900))
transaction(w, [(svc(), [rs(1, 50), rs(2, 60)])], "a")
got = {s["server"]["addr"]: s["server"] for s in w.dump("server-get", service=service())}
check("override", (got["10.0.0.1"]["weight"], got["10.0.0.1"]["override"]), (50, 0))
check("drain", (got["10.0.0.2"]["weight"], "drain" in got["10.0.0.2"]), (60, True))

# refused in the middle, and afterwards
before, start = state(), generation(w)
for what, name, blame, attrs in (
        ("out of range", "ERANGE", "server/weight", {"service": svc(port=90), "server": rs(1, 70000)}),
        ("unknown scheduler", "ENOENT", "service/scheduler", {"service": svc(port=90, scheduler="x")}),
        ("no scheduler", "EINVAL", "missing 9", {"service": service(port=90)}),
        ("twice", "EEXIST", "service", {"service": svc(port=89)}),
        ("a server twice", "EEXIST", "server", {"service": svc(port=90), "server": [rs(1), rs(1)]}),
        ("no method for it", "EINVAL", "server/port", {"service": svc(port=90), "server": server("10.0.0.1", 81)})):
    w.request("config-begin", owner="a")
    w.request("service-new", service=svc(port=89), server=rs(1))
    refused(what, name, blame, w.request, "service-new", **attrs)
    w.request("service-new", service=svc(port=91))
    refused("commit after " + what, "ECANCELED", "-", w.request, "config-commit", staged=3)
    refused("it ended the transaction", "ENOENT", "-", w.request, "config-commit", staged=2)
w.request("config-begin", owner="a")
refused("a server without its service", "ESRCH", "service", w.request, "server-new", service=service(port=90), server=rs(1))
w.request("config-abort")
# netlink itself refuses: the count tells
w.request("config-begin", owner="a")
w.sock.send(w.pack("service-new", flags=0, service=svc(port=89)) + w.pack("service-new", nla(77, b"abcd"), flags=0) +
            w.pack("service-new", flags=0, service=svc(port=90)))
refused("a commit of three of which one never arrived", "ECANCELED", "-", w.request, "config-commit", text="number", staged=3)
check("nothing was changed", (state(), generation(w)), (before, start))

# what can only be seen at the end
overlap = [(svc(), [rs(1, 50), rs(2, 60)])] + [(svc("192.0.2.7", 100 * i, port_end=100 * i + 99), [rs(1)]) for i in range(1, 6)] + \
    [(svc("192.0.2.7", 350, port_end=360), [])] + [(svc(port=95), [])]
e = refused("ranges that overlap", "EEXIST", "-", transaction, w, overlap, "a", text="overlaps")
check("the message is named", index(e), 6)
w.request("config-set", config={"service-max": 4})
start = generation(w)
e = refused("more services than the limit", "ENOSPC", "-", transaction, w, overlap[:6], "a", text="limit")
check("the message is named", index(e), 3)
check("all as it was", (state(), generation(w)), (before, start))
check("at the limit", transaction(w, overlap[:2] + [(svc("192.0.2.7", 500), [])], "a")["changed"], 3)
check("a full house is exchanged", transaction(w, [(svc("192.0.2.8", i), []) for i in (1, 2, 3)], "a")["changed"] > 0, True)
w.request("config-set", config={"service-max": 65536})
transaction(w, [(svc("192.0.2.7", 100, port_end=200), [rs(1)])], "a")
check("a range grows in place", transaction(w, [(svc("192.0.2.7", 50, port_end=300), [rs(1)])], "a")["changed"], 4)

# generations
start = generation(w)
w.request("config-begin", owner="a", generation=start)
other.request("service-zero")
w.request("service-new", service=svc(port=1))
other.request("service-new", service=svc("192.0.2.9", 3))
before = state()
refused("overtaken", "ESTALE", "-", w.request, "config-commit", staged=1)
check("nothing was changed", state(), before)
refused("too late to begin", "ESTALE", "-", w.request, "config-begin", owner="a", generation=start)
check("on the present one", transaction(w, [(svc(port=1), [])], "a", generation=generation(w))["generation"], start + 2)

# one socket, one transaction, and only that
w.request("config-begin", owner="a")
refused("a second one", "EBUSY", "-", w.request, "config-begin", owner="b")
for command, attrs in (("service-set", {"service": svc()}), ("service-del", {"service": service()}), ("service-flush", {}),
                       ("service-zero", {}), ("server-set", {"service": service(), "server": server()}),
                       ("server-del", {"service": service(), "server": server()}), ("config-set", {"config": {"express": 1}}),
                       ("conn-del", {"conn": {"family": 2, "protocol": 6, "client-addr": "192.0.2.1", "client-port": 1,
                                              "virtual-addr": "192.0.2.2", "virtual-port": 2}})):
    refused(command + " meanwhile", "EBUSY", "-", w.request, command, **attrs)
check("reading goes on", len(w.dump("service-get")) > 0, True)
check("another socket is free", other.request("service-new", service=svc("192.0.2.9", 4)), [])
refused("a commit that says nothing of their number", "EINVAL", "missing [0-9]+", w.request, "config-commit")
w.request("config-abort")
refused("aborted", "ENOENT", "-", w.request, "config-commit", staged=0)

# gone in the middle
before = state()
for i in range(40):
    v = Weir()
    v.request("config-begin", owner="a")
    v.sock.send(b"".join(v.pack("service-new", flags=0, service=svc(port=100 + j), server=[rs(k) for k in range(1, 9)]) for j in range(20)))
    v.close()
check("closed sockets leave nothing", state(), before)
many = [Weir() for i in range(17)]
for v in many[:16]:
    v.request("config-begin", owner="a")
refused("too many at a time", "ENOSPC", "-", many[16].request, "config-begin", text="too many", owner="a")
many[3].close()
many[16].request("config-begin", owner="a")
for v in many:
    v.close()

# bounds
w.request("config-set", config={"staged-max": 20000})
e = refused("more than may be staged", "ECANCELED", "-", transaction, w, [(svc(port=100 + j), [rs(1)]) for j in range(200)], "a")
w.request("config-begin", owner="a")
refused("as the messages themselves say", "ENOSPC", "service|server", lambda: [w.request("service-new", service=svc(port=j), server=rs(1)) for j in range(100, 300)], text="staged")
w.request("config-abort")
check("nothing was changed", state(), before)
w.request("config-set", config={"staged-max": 64 << 20})
check("flush", transaction(w, [], "a")["changed"] > 0, True)
EOF2
ok "transactions"
