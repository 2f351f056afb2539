#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# Family weir: what is set is what is listed, for every kind of service; the generation moves with every change and with
# nothing else; listeners hear of each; dumps are whole, or say that they are not.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

new_ns director
weir_py "$director" <<'EOF2'
w, listener = Weir(), Weir()
check("generation at the start", generation(w), 1)
check("nothing listed", (w.dump("service-get"), w.dump("server-get")), ([], []))
listener.join()

# every setting comes back
full = service(owner="test:1", scheduler="mh", flags=H.value["WEIR_SERVICE_F_MH_PORT"], persist_timeout=100, persist_prefix=24,
               syn_retry=2, on_gone=H.value["WEIR_ON_GONE_RESET"], mh_size=1009, seed=bytes(range(16)),
               timeout=[{"state": H.value["WEIR_STATE_TCP_ESTABLISHED"], "seconds": 77},
                        {"state": H.value["WEIR_STATE_TCP_FIN_WAIT"], "seconds": 5}])
first = server("10.0.0.1", 8080, method=0, weight=7, upper=100, lower=50)
second = server("10.0.0.2", 8080, method=0)
w.request("service-new", service=full, server=[first, second])
check("one change, one generation", generation(w), 2)
got = w.get("service-get", service=service())
check("answers carry the generation", got["generation"], 2)
got = got["service"]
for key, want in full.items():
    if key == "timeout":
        want = sorted(want, key=lambda t: t["state"])
    check("service %s" % key, got[key], want)
check("number of servers", got["servers"], 2)
check("statistics at 0", set(got["stats"].values()), {0})
got = w.get("server-get", service=service(), server=server("10.0.0.1", 8080))
for key, want in first.items():
    check("server %s" % key, got["server"][key], want)
check("the server's service", got["service"]["id"], w.get("service-get", service=service())["service"]["id"])
got = w.get("server-get", service=service(), server=server("10.0.0.2", 8080))["server"]
check("defaults of a server", [got[k] for k in ("weight", "upper", "lower", "flags")], [1, 0, 0, 0])

# other kinds of keys
v6 = service("2001:db8::1", 53, 17, scheduler="rr", flags=H.value["WEIR_SERVICE_F_ONE_PACKET"])
mark = {"family": socket.AF_INET, "fwmark": 0x10, "scheduler": "wlc", "persist-timeout": 50}
mark6 = {"family": socket.AF_INET6, "fwmark": 0x10, "scheduler": "lc"}
span = service("192.0.2.3", 1000, port_end=2000, scheduler="wrr", slow_start=10)
every = service("192.0.2.3", 0, scheduler="sh", persist_timeout=300)
one = service("192.0.2.4", 5, port_end=5, scheduler="rr")
for s in (v6, mark, mark6, span, every, one):
    w.request("service-new", service=s)
check("six more", generation(w), 8)
key = lambda s: {k: s[k] for k in ("family", "protocol", "addr", "port", "port-end", "fwmark") if k in s}
one.pop("port-end")
listed = [s["service"] for s in w.dump("service-get")]
check("listed in the order of creation", [key(s) for s in listed], [key(s) for s in (full, v6, mark, mark6, span, every, one)])
check("ids ascend", [s["id"] for s in listed], sorted({s["id"] for s in listed}))
check("owner cli where none is named", listed[1]["owner"], "cli")
check("prefixes default to the whole address", (listed[1]["persist-prefix"], listed[2]["persist-prefix"]), (128, 32))
check("found by mark and family", w.get("service-get", service={"family": socket.AF_INET6, "fwmark": 16})["service"]["scheduler"], "lc")
check("by owner", [s["service"]["owner"] for s in w.dump("service-get", owner="test:1")], ["test:1"])
check("services counted", w.get("config-get")["config"]["service-count"], 7)

# SET changes what it names
w.request("service-set", service=service(persist_timeout=0, on_gone=0))
got = w.get("service-get", service=service())["service"]
check("changed", (got["persist-timeout"], got["on-gone"]), (0, 0))
check("left alone", (got["scheduler"], got["mh-size"], got["seed"], got["persist-prefix"]), ("mh", 1009, bytes(range(16)), 24))
w.request("service-set", service=service(scheduler="rr"))
got = w.get("service-get", service=service())["service"]
check("another scheduler takes no flags over", (got["scheduler"], got["flags"]), ("rr", 0))
where = dict(service=service(), server=server("10.0.0.1", 8080))
w.request("server-set", service=service(), server=server("10.0.0.1", 8080, weight=3))
got = w.get("server-get", **where)["server"]
check("weight alone", (got["weight"], got["upper"], got["lower"], got["method"]), (3, 100, 50, 0))
w.request("server-set", service=service(), server=server("10.0.0.1", 8080, override=9))
check("override", w.get("server-get", **where)["server"]["override"], 9)
w.request("server-set", service=service(), server=server("10.0.0.1", 8080, drain=600))
got = w.get("server-get", **where)["server"]
check("drains", got["flags"] & H.value["WEIR_SERVER_F_DRAINING"], H.value["WEIR_SERVER_F_DRAINING"])
check("deadline", 590 <= got["drain"] <= 600, True)
w.request("server-set", service=service(), server=server("10.0.0.1", 8080, override_clear=True))
got = w.get("server-get", **where)["server"]
check("override and drain ended", ("override" in got, "drain" in got, got["flags"]), (False, False, 0))
w.request("server-new", service=service("192.0.2.3", 1000, port_end=2000), server=server("10.1.0.1", 0, method=0))
w.request("server-del", service=service(), server=server("10.0.0.2", 8080))
check("servers of one service", [s["server"]["addr"] for s in w.dump("server-get", service=service())], ["10.0.0.1"])
check("servers of all", [s["server"]["addr"] for s in w.dump("server-get")], ["10.0.0.1", "10.1.0.1"])

# settings
w.request("config-set", config={"conn-max": 5000, "sloppy-tcp": 1, "timeout": [{"state": 1, "seconds": 60}, {"state": 11, "seconds": 33}]})
got = w.get("config-get")["config"]
check("settings", (got["conn-max"], got["sloppy-tcp"]), (5000, 1))
timeouts = {t["state"]: t["seconds"] for t in got["timeout"]}
check("time-outs", (timeouts[1], timeouts[11], timeouts[4]), (60, 33, 120))
w.request("service-zero", service=service())
w.request("service-zero")
names = {c["counter"]["name"]: c["counter"]["value"] for c in w.dump("counter-get")}
check("counters", "drop-no-server" in names and set(names.values()) == {0}, True)

# the end
before = generation(w)
w.request("service-del", service=service())
check("deleted with its server", [s["server"]["addr"] for s in w.dump("server-get")], ["10.1.0.1"])
w.request("service-flush", owner="nobody")
check("a flush of nothing changes nothing", (len(w.dump("service-get")), generation(w)), (6, before + 1))
w.request("service-flush", owner="cli")
check("all gone", w.dump("service-get"), [])

events = [name for name, _ in listener.events()]
check("events by kind", {n: events.count(n) for n in sorted(set(events))},
      {"config-change-ntf": 1, "server-add-ntf": 3, "server-change-ntf": 4, "server-del-ntf": 3, "service-add-ntf": 7,
       "service-change-ntf": 2, "service-del-ntf": 7})
EOF2

weir_py "$director" <<'EOF2'
# large dumps, and one that is overtaken by a change
w, other = Weir(), Weir()
want = []
for i in range(400):
    address = "192.0.2.%u" % (i % 200)
    port = 1000 + i
    w.request("service-new", service=service(address, port, scheduler="rr"),
              server=[server("10.0.%u.%u" % (i // 200, j + 1), port, method=0) for j in range(3)])
    want.append((address, port))
check("400 services", [(s["service"]["addr"], s["service"]["port"]) for s in w.dump("service-get")], want)
check("consistent", w.interrupted, False)
servers = w.dump("server-get")
check("1200 servers", len({s["server"]["id"] for s in servers}), 1200)
check("each with its service", [s["service"]["port"] for s in servers], [p for _, p in want for j in range(3)])
for command, n in (("service-get", 400), ("server-get", 1200)):
    w.sock.send(w.pack(command, flags=NLM_F_DUMP))
    got = list(w.messages())
    other.request("service-del", service=service(*want.pop(0)))
    while got[-1][2] != NLMSG_DONE:
        got += w.messages()
    check("a dump that was overtaken says so", any(flags & NLM_F_DUMP_INTR for _, flags, _, _ in got), True)
    check("and lists what is still there", len(got) - 1 >= n - 8, True)
# the reader goes in the middle of a dump
for i in range(20):
    v = Weir()
    v.sock.send(v.pack("server-get", flags=NLM_F_DUMP))
    v.close()
w.request("service-flush")
EOF2
ok "listings"
