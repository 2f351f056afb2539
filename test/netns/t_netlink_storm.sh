#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug smp
# timeout: 120
# Random messages, valid, nearly valid and garbage, from several sockets at once, in and out of transactions, for a bounded
# time one by one, then a number of them by the hundred. Whatever the answers: afterwards the listings agree with each other and
# a transaction of nothing leaves nothing.
# WEIR_STORM: seconds (default 8). WEIR_STORM_MESSAGES: by the hundred (default 6000). WEIR_SEED: repeats a run.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

new_ns director
seed=${WEIR_SEED:-$RANDOM$RANDOM}
echo "seed $seed"
weir_py "$director" "$seed" $((${WEIR_STORM:-8} * (WEIR_SLOW > 4 ? 4 : WEIR_SLOW))) "${WEIR_STORM_MESSAGES:-6000}" <<'EOF'
import errno
seed, seconds, many = map(int, sys.argv[1:])
sent, answered = {}, {}
POOLS = ("lan", "wan", "a", "b", "n" * 31, "")

def storm(number, until, count):
    rng = random.Random(seed + number)
    pick = rng.choice
    owners = ["a", "b", "cli", "o" * 63]

    def some_service(full):
        kind = rng.random()
        v6 = rng.random() < 0.3
        addr = "2001:db8::%x" % rng.randrange(1, 5) if v6 else "192.0.2.%u" % rng.randrange(1, 5)
        if kind < 0.15:
            s = {"family": 10 if v6 else 2, "fwmark": rng.randrange(1, 6)}
        else:
            s = service(addr, rng.randrange(1, 12), pick((6, 17)))
            if kind < 0.3:
                s["port-end"] = s["port"] + rng.randrange(0, 6)
        if full or rng.random() < 0.3:
            s["scheduler"] = pick(("rr", "wrr", "lc", "wlc", "sh", "mh", "mh", "none"))
            for key, values in (("flags", (0, 1, 2, 8, 16, 32, 64, 128, 256)), ("persist-timeout", (0, 30)), ("persist-prefix", (24, 32)),
                                ("slow-start", (0, 2)), ("syn-retry", (0, 3)), ("on-gone", (0, 1, 2)), ("mh-size", (0, 251, 4093)),
                                ("seed", (b"0" * 16,)), ("pool", POOLS), ("pool", POOLS), ("proxy-protocol", (0, 1, 2)), ("timeout", ({"state": 1, "seconds": 5}, [{"state": 2, "seconds": 1}] * 3))):
                if rng.random() < 0.15:
                    s[key] = pick(values)
            if rng.random() < 0.2:
                s["owner"] = pick(owners)
        return s

    def some_server():
        s = server("10.0.0.%u" % rng.randrange(1, 9), rng.choice((0, 80, 81)))
        s["method"] = pick((0, 0, 0, 0, 1, 3, 2, 2, 4, 4))
        if s["method"] == 2 and rng.random() < 0.5:
            s.update(pick(({"tun-type": 1, "tun-port": 6080}, {"tun-type": 2}, {"tun-type": 2, "tun-flags": 1}, {"tun-type": 1, "tun-port": 1, "tun-flags": 2})))
        for key, values in (("weight", (0, 1, 5, 65535)), ("upper", (0, 10)), ("lower", (0, 5)), ("family", (2, 10)),
                            ("tun-type", (0, 1, 2, 3)), ("tun-port", (0, 6080)), ("tun-flags", (0, 1, 2, 3))):
            if rng.random() < (0.05 if key.startswith("tun") else 0.2):
                s[key] = pick(values)
        return s

    def some_range(six):
        head = "2001:db8:2::" if six else "198.51.100."
        first = rng.randrange(1, 250)
        return {"first": head + str(first), **({"last": head + str(first + rng.randrange(-1, 5))} if rng.random() < 0.5 else {})}

    def some_pool(command):
        p = {"name": pick(POOLS)}
        if command == "pool-new":
            six = rng.random() < 0.3
            p.update({"family": 10 if six else 2, "range": [some_range(six) for i in range(rng.randrange(0, 4))]})
        elif command == "pool-set" and rng.random() < 0.5:
            p["range"] = [some_range(rng.random() < 0.2) for i in range(rng.randrange(0, 18))]
        if command in ("pool-new", "pool-set"):
            for key, values in (("port", (0, 1, 2000, 60000)), ("port-end", (1, 2999, 65535)), ("owner", owners)):
                if rng.random() < (0.2 if command == "pool-new" or key != "owner" else 0.02):
                    p[key] = pick(values)
        return p

    def some_conn():
        c = {"family": 2, "protocol": 6, "client-addr": "192.0.2.7", "client-port": 5, "virtual-addr": "192.0.2.1", "virtual-port": 80}
        return {k: v for k, v in c.items() if rng.random() < 0.9}

    def some(command):
        if command == "service-new":
            return {"service": some_service(True), "server": [some_server() for i in range(rng.randrange(0, 6))]}
        if command in ("service-set", "service-del", "service-get"):
            return {"service": some_service(command == "service-set")}
        if command in ("service-flush",):
            return {"owner": pick(owners)} if rng.random() < 0.9 else {}
        if command == "service-zero":
            return {"service": some_service(False)} if rng.random() < 0.5 else {}
        if command.startswith("server-"):
            s = some_server()
            if command == "server-set":
                s.pop("family", None)
                s.update(pick(({}, {"override": 3}, {"override": 0}, {"override-clear": True}, {"drain": 0}, {"drain": 1}, {"drain": 500})))
            if command in ("server-del", "server-get"):
                s = {k: v for k, v in s.items() if k in ("addr", "port")}
            return {"service": some_service(False), "server": s}
        if command.startswith("pool-"):
            return {"pool": some_pool(command)}
        if command == "conn-del":
            return {"conn": some_conn()}
        if command == "config-set":
            return {"config": {pick(("express", "sloppy-tcp", "expire-quiescent")): rng.randrange(0, 3)}}
        if command == "config-begin":
            a = {"owner": pick(owners), "transaction-mode": rng.randrange(0, 2)}
            if rng.random() < 0.3:
                a["generation"] = rng.randrange(1, 50)
            return a
        if command == "config-commit":
            return {"staged": pick((0, 1, 2, 3, w_staged[0], w_staged[0]))}
        return {}

    def mangle(message):
        message = bytearray(message)
        for i in range(pick((1, 1, 2, 8))):
            where = rng.randrange(16, len(message))
            how = rng.random()
            if how < 0.5:
                message[where] = rng.randrange(256)
            elif how < 0.7:
                message[where] ^= 1 << rng.randrange(8)
            elif how < 0.85:
                del message[where:where + 4 * rng.randrange(1, 5)]
            else:
                message[where:where] = bytes(rng.randrange(256) for j in range(4 * rng.randrange(1, 5)))
            if len(message) < 20:
                message += bytes(20 - len(message))
        struct.pack_into("=I", message, 0, len(message))
        return bytes(message)

    commands = ["service-new"] * 6 + ["server-new"] * 5 + ["service-set", "service-del", "service-get", "server-set", "server-set",
                "server-del", "server-get", "conn-del", "config-get", "config-set", "config-begin", "config-begin", "config-commit",
                "config-commit", "config-abort", "service-zero", "service-flush", "pool-new", "pool-new", "pool-new", "pool-set",
                "pool-del", "pool-get"]
    dumps = ["service-get", "server-get", "conn-get", "counter-get", "pool-get"]
    w_staged = [0]

    def message(w, command):
        return w.pack(command, **{k.replace("-", "_"): v for k, v in some(command).items()})

    def by_the_hundred():
        """From a stock of prepared messages, some mangled anew; few want an acknowledgement. Nobody waits for answers."""
        w = Weir()
        w.join()
        stock = []
        for i in range(min(3000, count // 4)):
            one = w.pack(pick(dumps), flags=NLM_F_DUMP) if rng.random() < 0.01 else bytearray(message(w, pick(commands)))
            if rng.random() < 0.8:
                one = bytearray(one)
                struct.pack_into("=H", one, 6, struct.unpack_from("=H", one, 6)[0] & ~NLM_F_ACK)
            stock.append(bytes(one))
        for batch in range(0, count, 100):
            some_of = [stock[int(rng.random() * len(stock))] for i in range(min(100, count - batch))]
            for i in range(0, len(some_of), 4):
                some_of[i] = mangle(some_of[i])
            # Each begins at a multiple of 4.
            w.sock.send(b"".join(one + bytes(-len(one) % 4) for one in some_of))
            w.sock.setblocking(False)
            try:
                while True:
                    w.sock.recv(1 << 17)
            except BlockingIOError:
                pass
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
            w.sock.settimeout(60)
            if rng.random() < 0.02:
                # What it has open goes with it.
                w.close()
                w = Weir()
                w.join()
        w.close()

    w = Weir()
    while time.monotonic() < until:
        if rng.random() < 0.01:
            w.close()
            w = Weir()
            if rng.random() < 0.5:
                w.join()
        if rng.random() < 0.05:
            command = pick(dumps)
            w.sock.send(w.pack(command, flags=NLM_F_DUMP))
            if rng.random() < 0.5:
                w.sock.recv(1 << 16)
                w.close()
                w = Weir()
                continue
        else:
            command = pick(commands)
            one = message(w, command)
            if command == "config-begin":
                w_staged[0] = 0
            elif command in ("service-new", "server-new", "pool-new"):
                w_staged[0] += 1
            if rng.random() < 0.25:
                one = mangle(one)
            w.sock.send(one)
        sent[command] = sent.get(command, 0) + 1
        # Whatever comes back, with a bound: the answer to a mangled one may be missing.
        w.sock.settimeout(0.02 if rng.random() < 0.05 else 2)
        try:
            for seq, flags, kind, value in w.messages():
                name = value.name if isinstance(value, Refused) else "ok"
                answered[name] = answered.get(name, 0) + 1
            w.sock.setblocking(False)
            while True:
                w.sock.recv(1 << 17)
        except (socket.timeout, BlockingIOError, ValueError, KeyError):
            pass
        except OSError as e:
            if e.errno != errno.ENOBUFS:
                raise
        w.sock.settimeout(2)
    w.close()
    by_the_hundred()

until = time.monotonic() + seconds
children = []
for number in range(3):
    pid = os.fork()
    if not pid:
        storm(number, until, many // 3)
        print("ok: storm %u: %u messages, answers %s, then %u" % (number, sum(sent.values()), answered, many // 3))
        sys.stdout.flush()
        os._exit(0)
    children.append(pid)
for pid in children:
    check("a storm ended by itself", os.waitpid(pid, 0)[1], 0)

w = Weir()
services, servers = w.dump("service-get"), w.dump("server-get")
check("a quiet listing is whole", w.interrupted, False)
count = {}
for s in servers:
    count[s["service"]["id"]] = count.get(s["service"]["id"], 0) + 1
check("each service has the servers that it counts", {s["service"]["id"]: s["service"]["servers"] for s in services},
      {s["service"]["id"]: count.get(s["service"]["id"], 0) for s in services})
check("counted", w.get("config-get")["config"]["service-count"], len(services))
keys = [tuple(sorted((k, v) for k, v in s["service"].items() if k in ("family", "protocol", "addr", "port", "port-end", "fwmark"))) for s in services]
check("no service twice", len(set(keys)), len(keys))
pools = w.dump("pool-get")
used = [s["service"]["pool"] for s in services if s["service"].get("pool")]
check("each pool has the services that it counts", {p["pool"]["name"]: p["pool"]["services"] for p in pools},
      {p["pool"]["name"]: used.count(p["pool"]["name"]) for p in pools})
check("services name pools that are there", set(used) - {p["pool"]["name"] for p in pools}, set())
for owner in {s["service"]["owner"] for s in services}:
    transaction(w, [], owner)
for pool in w.dump("pool-get"):
    w.request("pool-del", pool={"name": pool["pool"]["name"]})
check("nothing is left", (w.dump("service-get"), w.dump("server-get"), w.dump("pool-get")), ([], [], []))
EOF
ok "the storm is over"
