#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 60
# Services, servers, settings and counters are anybody's to read; everything else needs CAP_NET_ADMIN over the namespace, which
# root of a user namespace has over its own. Seeds are shown to who could change them; limits are raised by the machine's root.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

new_ns director
weir_py "$director" <<'EOF'
w, listener = Weir(), Weir()
w.request("service-new", service=service(scheduler="mh", seed=b"0123456789abcdef"), server=server(method=0))
check("root sees the seed", w.get("service-get", service=service())["service"].get("seed"), b"0123456789abcdef")
listener.join()
w.request("service-set", service=service(mh_size=1009))
check("events have none", ["seed" in e["service"] for _, e in listener.events()], [False])

pid = os.fork()
if not pid:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    w = Weir()
    w.join()
    check("events by nobody", w.events(0.1), [])
    for command in ("service-get", "server-get", "counter-get"):
        check(command + " by nobody", len(w.dump(command)) > 0, True)
    check("config-get by nobody", "config" in w.get("config-get"), True)
    check("one service", w.get("service-get", service=service())["service"].get("seed", "hidden"), "hidden")
    check("dump", [s["service"].get("seed", "hidden") for s in w.dump("service-get")], ["hidden"])
    def denied(command, function, **attrs):
        try:
            function(command, **attrs)
            failed(command + " by nobody is allowed")
        except Refused as e:
            check(command + " by nobody", e.name, "EPERM")
    check("pool-get by nobody", w.dump("pool-get"), [])
    for command in ("pool-new", "pool-set", "pool-del"):
        denied(command, w.request, pool={"name": "lan"})
    for command in ("service-new", "service-set"):
        denied(command, w.request, service=service(scheduler="rr"))
    denied("service-del", w.request, service=service())
    denied("service-flush", w.request)
    denied("service-zero", w.request)
    for command in ("server-new", "server-set"):
        denied(command, w.request, service=service(), server=server(method=0))
    denied("server-del", w.request, service=service(), server=server())
    denied("conn-get", w.dump)
    denied("conn-del", w.request, conn={"family": 2})
    denied("config-set", w.request, config={"express": 0})
    denied("config-begin", w.request, owner="a")
    denied("config-commit", w.request, staged=0)
    denied("config-abort", w.request)
    sys.stdout.flush()
    os._exit(len(failures) != 0)
check("nobody", os.waitpid(pid, 0)[1], 0)
check("one service, unchanged", len(w.dump("service-get")), 1)
EOF

# A namespace of a user namespace: its root is nobody here and master there.
cat >"$TEST_TMP/own" <<'ENDOFSCRIPT'
TEST_TMP=$1 WEIR_ROOT=$2
. "$WEIR_ROOT/test/lib-nl.sh"
weir_py "" <<'EOF'
w = Weir()
transaction(w, [(service(scheduler="mh", seed=b"0123456789abcdef"), [server(method=0)])], "inside")
check("its root sees the seed", w.dump("service-get")[0]["service"]["seed"], b"0123456789abcdef")
check("its connections", w.dump("conn-get"), [])
limits = lambda: {k: v for k, v in w.get("config-get")["config"].items() if k.endswith("-max")}
before = limits()
for key, limit in before.items():
    refused("raising " + key, "EPERM", "config/" + key, w.request, "config-set", config={key: limit + 1})
    w.request("config-set", config={key: limit - 1})
    w.request("config-set", config={key: limit})
check("limits as before", limits(), before)
EOF
ENDOFSCRIPT
cat >"$TEST_TMP/foreign" <<'ENDOFSCRIPT'
TEST_TMP=$1 WEIR_ROOT=$2
. "$WEIR_ROOT/test/lib-nl.sh"
weir_py "" <<'EOF'
w = Weir()
check("reading", len(w.dump("service-get")), 1)
try:
    w.request("service-flush")
    failed("another user namespace's root may flush")
except Refused as e:
    check("root of another user namespace", e.name, "EPERM")
EOF
ENDOFSCRIPT
check_ok "root of a user namespace in a network namespace of its own" \
	unshare --user --map-root-user --net bash "$TEST_TMP/own" "$TEST_TMP" "$WEIR_ROOT"
check_ok "root of a user namespace in this network namespace" \
	ip netns exec "$director" unshare --user --map-root-user bash "$TEST_TMP/foreign" "$TEST_TMP" "$WEIR_ROOT"
weir_py "$director" <<'EOF'
w = Weir()
limit = w.get("config-get")["config"]["conn-max"]
w.request("config-set", config={"conn-max": limit + 1})
check("the machine's root raises limits", w.get("config-get")["config"]["conn-max"], limit + 1)
EOF
