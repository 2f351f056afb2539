#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# Family weir refuses what is malformed, missing, out of range, contradictory, absent or there already: each time with a
# message and the attribute that is to blame, and nothing is changed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"

new_ns director
weir_py "$director" <<'EOF2'
w = Weir()
A = {name: {k: v[0] for k, v in attrs.items()} for name, attrs in H.sets.items()}
w.request("service-new", service=service(scheduler="rr"), server=[server(method=0), server("10.0.0.2", method=0)])
w.request("service-new", service=service("2001:db8::1", scheduler="mh", owner="other"))
w.request("service-new", service={"family": 2, "fwmark": 7, "scheduler": "rr"})
w.request("service-new", service=service("192.0.2.9", 100, port_end=200, scheduler="rr"))
w.request("pool-new", pool={"name": "lan", "family": 2, "range": {"first": "198.51.100.1"}})
w.request("service-new", service=service("192.0.2.3", scheduler="rr", pool="lan"), server=server(method=4))
def listed():
    services, servers, config = everything(w)
    pools = w.dump("pool-get")
    for one in services + servers + pools:
        one.pop("generation")
    return services, servers, config, pools
before, start = listed(), generation(w)
n = 0

def no(errno_name, blame, command, text="", **attrs):
    global n
    n += 1
    refused("%s %s" % (command, attrs), errno_name, blame, w.request, command, text=text, **attrs)

def missing(set_name, attr):
    return "missing %u" % A[set_name][attr]

new = lambda **more: dict(service("192.0.2.2", scheduler="rr"), **{k.replace("_", "-"): v for k, v in more.items()})
without = lambda d, *keys: {k: v for k, v in d.items() if k not in keys}

# missing
for command in ("service-new", "service-set", "service-del", "service-get", "server-new", "server-set", "server-del", "server-get"):
    no("EINVAL", missing("weir", "service"), command, "names no service")
for command in ("server-new", "server-set", "server-del", "server-get"):
    no("EINVAL", missing("weir", "server"), command, "names no server", service=service())
    no("EINVAL", missing("server", "addr"), command, "address", service=service(), server={"port": 80})
for key in ("family", "protocol", "addr", "port"):
    for command in ("service-set", "service-del", "service-get"):
        no("EINVAL", missing("service", key), command, "a service needs", service=without(service(), key))
    no("EINVAL", missing("service", key), "service-new", "a service needs", service=without(new(), key))
no("EINVAL", missing("service", "scheduler"), "service-new", "scheduler", service=service("192.0.2.2"))
no("EINVAL", missing("weir", "config"), "config-set", "setting")
no("EINVAL", missing("weir", "conn"), "conn-del", "connection")
for command in ("pool-new", "pool-set", "pool-del", "pool-get"):
    no("EINVAL", missing("weir", "pool"), command, "names no pool")
    no("EINVAL", missing("pool", "name"), command, "a name", pool={"range": {"first": "198.51.100.1"}} if command[5:] in ("new", "set") else {})
for key in ("family", "protocol", "client-addr", "client-port", "virtual-addr", "virtual-port"):
    conn = {"family": 2, "protocol": 6, "client-addr": "192.0.2.1", "client-port": 1, "virtual-addr": "192.0.2.2", "virtual-port": 2}
    no("EINVAL", missing("conn", key), "conn-del", "a connection needs", conn=without(conn, key))
for nest, command in (({"service": new(timeout={"state": 1})}, "service-new"), ({"config": {"timeout": {"state": 1}}}, "config-set")):
    no("EINVAL", missing("timeout", "seconds"), command, "seconds", **nest)
no("EINVAL", missing("timeout", "state"), "service-new", "state", service=new(timeout={"seconds": 1}))

# out of range, wrong
no("EAFNOSUPPORT", "service/family", "service-new", "AF_INET", service=new(family=1))
no("EAFNOSUPPORT", "service/family", "service-get", "AF_INET", service=new(family=1) and without(new(family=1), "scheduler"))
no("EPROTONOSUPPORT", "service/protocol", "service-new", "TCP or UDP", service=new(protocol=132))
no("EINVAL", "service/addr", "service-new", "length", service=new(family=10))
no("EINVAL", "service/addr", "service-new", "length", service=new(addr="2001:db8::1"))
no("EINVAL", "service/addr", "service-new", "unspecified", service=new(addr="0.0.0.0"))
no("EINVAL", "service/addr", "service-new", "unicast", service=new(addr="224.0.0.1"))
no("ERANGE", "service/addr", "service-new", service=new(addr=b"abc"))
no("ERANGE", "service/addr", "service-new", service=new(addr=b"a" * 17))
no("EINVAL", "service/port", "service-new", "persistence", service=new(port=0))
no("EINVAL", "service/port-end", "service-new", "ends before", service=new(port=80, port_end=79))
no("EINVAL", "service/port-end", "service-new", "starts at 1", service=new(port=0, port_end=79))
no("ERANGE", "service/fwmark", "service-new", service={"family": 2, "fwmark": 0, "scheduler": "rr"})
for key, value in (("protocol", 6), ("addr", "192.0.2.1"), ("port", 1), ("port-end", 5)):
    no("EINVAL", "service/" + key, "service-new", "mark", service={"family": 2, "fwmark": 3, "scheduler": "rr", key: value})
no("ENOENT", "service/scheduler", "service-new", "unknown", service=new(scheduler="best"))
no("EINVAL", "service/scheduler", "service-new", service=new(scheduler="a" * 16))
no("EINVAL", "service/scheduler", "service-new", service=new(scheduler=b"rr"))
no("EINVAL", "service/flags", "service-new", service=new(flags=1 << 7))
no("EINVAL", "service/flags", "service-new", service=new(flags=1 << 31))
no("EINVAL", "service/flags", "service-new", "scheduler", service=new(flags=H.value["WEIR_SERVICE_F_MH_PORT"]))
no("EINVAL", "service/flags", "service-new", "one-packet", service=new(flags=H.value["WEIR_SERVICE_F_ONE_PACKET"]))
no("EINVAL", "service/flags", "service-new", "option of TCP", service=new(protocol=17, flags=H.value["WEIR_SERVICE_F_TOA"]))
no("ERANGE", "service/proxy-protocol", "service-new", service=new(proxy_protocol=3))
no("EINVAL", "service/proxy-protocol", "service-new", "version 2", service=new(protocol=17, proxy_protocol=1))
no("EINVAL", "service/proxy-protocol", "service-new", "toa", service=new(proxy_protocol=2, flags=H.value["WEIR_SERVICE_F_TOA"]))
no("EINVAL", "service/proxy-protocol", "service-new", "one-packet", service=new(protocol=17, proxy_protocol=2, flags=H.value["WEIR_SERVICE_F_ONE_PACKET"]))
no("EINVAL", "service/proxy-protocol", "service-set", "another method", service=dict(service(), **{"proxy-protocol": 2}))
no("ERANGE", "service/persist-timeout", "service-new", service=new(persist_timeout=2678401))
no("ERANGE", "service/persist-prefix", "service-new", service=new(persist_timeout=5, persist_prefix=0))
no("ERANGE", "service/persist-prefix", "service-new", "32", service=new(persist_timeout=5, persist_prefix=33))
no("ERANGE", "service/slow-start", "service-new", service=new(slow_start=86401))
no("EINVAL", "service/slow-start", "service-new", "schedulers", service=new(scheduler="sh", slow_start=5))
no("ERANGE", "service/syn-retry", "service-new", service=new(syn_retry=9))
no("EINVAL", "service/syn-retry", "service-new", "TCP", service=new(protocol=17, syn_retry=1))
no("ERANGE", "service/on-gone", "service-new", service=new(on_gone=3))
no("ERANGE", "service/mh-size", "service-new", service=new(scheduler="mh", mh_size=131072))
no("EINVAL", "service/mh-size", "service-new", "mh", service=new(mh_size=1009))
no("ERANGE", "service/seed", "service-new", service=new(scheduler="mh", seed=b"a" * 15))
no("ERANGE", "service/seed", "service-new", service=new(scheduler="mh", seed=b"a" * 17))
no("EINVAL", "service/seed", "service-new", "mh", service=new(seed=b"a" * 16))
no("ERANGE", "service/timeout/state", "service-new", service=new(timeout={"state": 13, "seconds": 5}))
no("ERANGE", "service/timeout/seconds", "service-new", service=new(timeout={"state": 1, "seconds": 2678401}))
no("EINVAL", "service/owner", "service-new", "empty", service=new(owner=""))
no("EINVAL", "service/owner", "service-new", "shown", service=new(owner="a b"))
no("EINVAL", "service/owner", "service-new", "shown", service=new(owner="a\n"))
no("EINVAL", "service/owner", "service-new", service=new(owner="o" * 64))
no("EINVAL", "service/owner", "service-set", service=service(owner="me"))
for key in ("id", "servers"):
    no("EINVAL", "service/" + key, "service-new", service=new(**{key: 1}))
no("EINVAL", "service/stats", "service-new", service=new(stats={}))

add = lambda **more: dict(service=service(), server=dict(dict(server("10.0.0.9"), method=0), **more))
no("EAFNOSUPPORT", "server/family", "server-new", "AF_INET", **add(family=3))
no("EINVAL", "server/addr", "server-new", "length", **add(addr="2001:db8::5"))
no("EAFNOSUPPORT", "server/family", "server-new", "family", **add(addr="2001:db8::5", family=10))
no("EINVAL", "server/addr", "server-new", "unicast", **add(addr="255.255.255.255"))
no("ERANGE", "server/method", "server-new", **add(method=5))
no("EINVAL", "server/method", "server-new", "pool", **add(method=4))
no("EINVAL", "server/port", "server-new", "port", service=service(), server=server("10.0.0.9", 8080, method=3))
no("ERANGE", "server/weight", "server-new", **add(weight=65536))
no("ERANGE", "server/upper", "server-new", **add(upper=1 << 31))
no("ERANGE", "server/lower", "server-new", "upper", **add(upper=5, lower=6))
for key in ("id", "active", "inactive", "persistent", "flags", "override", "drain"):
    no("EINVAL", "server/" + key, "server-new", **add(**{key: 1}))
for key in ("id", "active", "flags"):
    no("EINVAL", "server/" + key, "server-set", service=service(), server=server(**{key: 1}))
no("ERANGE", "server/override", "server-set", service=service(), server=server(override=65536))
no("ERANGE", "server/drain", "server-set", service=service(), server=server(drain=2678401))
no("EINVAL", "server/override-clear", "server-set", "cleared", service=service(), server=server(override=5, override_clear=True))
no("ERANGE", "server/lower", "server-set", service=service(), server=server(lower=6))
no("EINVAL", "server/weight", "server-del", service=service(), server=server(weight=5))
for tunnel, blame, text in (({"method": 1}, "tun-type", "for method tun"), ({"tun-type": 3}, "tun-type", ""), ({"tun-type": 1}, "tun-type", ""),
                            ({"tun-port": 6080}, "tun-port", "only gue"), ({"tun-type": 2, "tun-port": 6080}, "tun-port", "only gue"),
                            ({"tun-flags": 1}, "tun-flags", "ipip"), ({"tun-type": 2, "tun-flags": 2}, "tun-flags", "only gue"),
                            ({"tun-type": 1, "tun-port": 6080, "tun-flags": 3}, "tun-flags", "not both"),
                            ({"tun-type": 1, "tun-port": 6080, "tun-flags": 4}, "tun-flags", "")):
    more = {"method": 2, **tunnel}
    if more["method"] == 1:
        more["tun-type"] = 1
    errno_name = "ERANGE" if tunnel == {"tun-type": 3} else "EINVAL"
    blame = "server" if tunnel == {"tun-type": 1} else "server/" + blame
    no(errno_name, blame, "server-new", text, **add(**more))
no("ERANGE", "config/conn-max", "config-set", config={"conn-max": 0})
no("ERANGE", "config/express", "config-set", config={"express": 2})
no("EINVAL", "config/conn-count", "config-set", config={"conn-count": 2})
for devices, errno_name, text in ((["a b"], "EINVAL", "name"), (["eth0", ""], "EINVAL", "name"), (["", "eth0"], "EINVAL", "name"),
                                  (["eth0", "eth1", "eth0"], "EEXIST", "twice"), ([f"eth{i}" for i in range(17)], "E2BIG", "16"),
                                  (["x" * 16], "EINVAL", "")):
    no(errno_name, "config/express-device", "config-set", text, config={"express-device": devices})
no("ERANGE", "config/timeout/seconds", "config-set", "second", config={"timeout": {"state": 1, "seconds": 0}})
# the first is right, the second wrong: neither is taken
no("ERANGE", "config/timeout/seconds", "config-set", config={"timeout": [{"state": 1, "seconds": 5}, {"state": 2, "seconds": 0}]})

wan = lambda **more: dict({"name": "wan", "family": 2, "range": {"first": "198.51.100.9"}}, **{k.replace("_", "-"): v for k, v in more.items()})
for key in ("family", "range"):
    no("EINVAL", missing("pool", key), "pool-new", "a pool needs", pool=without(wan(), key))
no("EINVAL", missing("range", "first"), "pool-new", "first address", pool=wan(range={"last": "198.51.100.9"}))
no("EAFNOSUPPORT", "pool/family", "pool-new", "AF_INET", pool=wan(family=1))
no("EINVAL", "pool/name", "pool-new", pool=wan(name=""))
no("EINVAL", "pool/name", "pool-new", pool=wan(name="a b"))
no("EINVAL", "pool/name", "pool-new", pool=wan(name="n" * 32))
no("EINVAL", "pool/name", "pool-new", pool=wan(name=b"wan"))
no("EINVAL", "pool/owner", "pool-new", "empty", pool=wan(owner=""))
no("EINVAL", "pool/range/first", "pool-new", "length", pool=wan(range={"first": "2001:db8::1"}))
no("EINVAL", "pool/range/last", "pool-new", "length", pool=wan(range={"first": "198.51.100.9", "last": "2001:db8::1"}))
no("ERANGE", "pool/range/first", "pool-new", pool=wan(range={"first": b"abc"}))
no("ERANGE", "pool/range/first", "pool-new", pool=wan(range={"first": b"a" * 17}))
no("ERANGE", "pool/range", "pool-new", "ends before", pool=wan(range={"first": "198.51.100.9", "last": "198.51.100.8"}))
no("ERANGE", "pool/range", "pool-new", "more addresses", pool=wan(range={"first": "0.0.0.1", "last": "255.255.255.254"}))
no("ERANGE", "pool/range", "pool-new", "more addresses", pool=wan(family=10, range={"first": "2001:db8::", "last": "2001:db8:1::"}))
no("ERANGE", "pool/range", "pool-new", "1048576", pool=wan(range={"first": "198.51.100.0", "last": "198.51.100.255"}))
no("ERANGE", "pool/range", "pool-new", "1048576", pool=wan(range=[{"first": "198.%u.0.0" % (64 + i), "last": "198.%u.255.255" % (79 + i)} for i in range(0, 160, 10)]))
no("ERANGE", "pool/range", "pool-new", "16 ranges", pool=wan(range=[{"first": "198.51.100.%u" % i} for i in range(17)], port_end=2000))
no("EINVAL", "pool/range", "pool-new", "two of the ranges", pool=wan(range=[{"first": "198.51.100.9"}, {"first": "198.51.100.7", "last": "198.51.100.9"}]))
for address in "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255":
    no("EINVAL", "pool/range", "pool-new", "unicast", pool=wan(range={"first": address}))
for address in "::", "::1", "ff02::1", "fe80::1":
    no("EINVAL", "pool/range", "pool-new", "unicast", pool=wan(family=10, range={"first": address}))
no("EINVAL", "pool/port", "pool-new", "1 or above", pool=wan(port=0))
no("EINVAL", "pool/port-end", "pool-new", "below", pool=wan(port=2000, port_end=1999))
no("EINVAL", "pool/port-end", "pool-set", "below", pool={"name": "lan", "port-end": 1023})
for key in ("id", "addrs", "services", "conns"):
    no("EINVAL", "pool/" + key, "pool-new", pool=wan(**{key: 1}))
for key, value in (("family", 2), ("owner", "cli")):
    no("EINVAL", "pool/" + key, "pool-set", pool={"name": "lan", key: value})
for command in "pool-del", "pool-get":
    no("EINVAL", "pool/range", command, pool={"name": "lan", "range": {"first": "198.51.100.1"}})
no("EEXIST", "pool/name", "pool-new", "exists", pool=wan(name="lan"))
for command in "pool-set", "pool-del", "pool-get":
    no("ENOENT", "pool/name", command, "no such pool", pool={"name": "wan"})
no("EBUSY", "pool/name", "pool-del", "uses", pool={"name": "lan"})
no("ENOENT", "service/pool", "service-new", "no pool", service=new(pool="wan"))
no("ENOENT", "service/pool", "service-set", "no pool", service=dict(service(), pool="wan"))
no("EINVAL", "service/pool", "service-new", service=new(pool="n" * 32))

# there already, absent
no("EEXIST", "service", "service-new", "exists", service=service(scheduler="rr"))
no("EEXIST", "service/port", "service-new", "overlaps", service=service("192.0.2.9", 150, port_end=300, scheduler="rr"))
no("EEXIST", "server", "server-new", "exists", service=service(), server=server(method=0))
no("EEXIST", "server", "service-new", "exists", service=new(), server=[server(method=0), server(method=0)])
no("ESRCH", "service", "service-del", "no such service", service=service(port=81))
no("ESRCH", "service", "service-set", service=service(proto=17))
no("ESRCH", "service", "service-get", service=service("192.0.2.9", 100, port_end=201))
no("ESRCH", "service", "server-new", service=service(port=81), server=server(method=0))
for command in ("server-set", "server-del", "server-get"):
    no("ENOENT", "server", command, "no such server", service=service(), server=server("10.0.0.3"))
no("ENOENT", "conn", "conn-del", "no such connection", conn=conn)
no("EINVAL", "server/weight", "service-new", service=new(), server=[server(method=0), server("10.0.0.3", weight=b"ab")])
no("EINVAL", "server/port", "service-new", service=new(), server=[server(method=0), server("10.0.0.3", 81)])

# dumps
def no_dump(errno_name, blame, command, text="", **attrs):
    # Older kernels tell the message but not the attribute.
    refused("dump %s %s" % (command, attrs), errno_name, "-|" + blame, w.dump, command, text=text, **attrs)
no_dump("EINVAL", "owner", "service-get", "empty", owner="")
no_dump("EINVAL", "service", "service-get", "dump", service=service())
no_dump("EINVAL", "pool", "pool-get", "dump", pool={"name": "lan"})
no_dump("EINVAL", "server", "server-get", "dump", service=service(), server=server())
no_dump("ESRCH", "service", "server-get", service=service(port=81))
no_dump("ESRCH", "service", "conn-get", service=service(port=81))
no_dump("ENOENT", "server", "conn-get", service=service(), server=server(port=81))
no_dump("EINVAL", missing("server", "family"), "conn-get", "family", server=server())
no_dump("EINVAL", missing("conn", "family"), "conn-get", "family", conn={"client-addr": "192.0.2.1"})
no_dump("EINVAL", "conn/client-prefix", "conn-get", "prefix", conn={"family": 2, "client-prefix": 8})
no_dump("ERANGE", "conn/client-prefix", "conn-get", "longer", conn={"family": 2, "client-addr": "192.0.2.1", "client-prefix": 33})
no_dump("EINVAL", "conn/expires", "conn-get", conn={"expires": 5})
no_dump("ERANGE", "conn/state", "conn-get", conn={"state": 13})
no("EINVAL", "owner", "service-get", "dump", owner="cli")

# transactions
no("ENOENT", "-", "config-abort", "no transaction")
no("ENOENT", "-", "config-commit", "no transaction", staged=0)
no("EINVAL", missing("weir", "staged"), "config-commit", "number")
no("EINVAL", missing("weir", "owner"), "config-begin", "owner")
no("EINVAL", "owner", "config-begin", "empty", owner="")
no("ERANGE", "transaction-mode", "config-begin", owner="a", transaction_mode=2)
no("ERANGE", "generation", "config-begin", owner="a", generation=0)
no("ESTALE", "-", "config-begin", "changed", owner="a", generation=start + 1)

# malformed
def no_raw(errno_name, blame, what, command, body, **kwargs):
    refused(what, errno_name, blame, w.raw, w.pack(command, body), **kwargs)
whole = encode({"service": new(), "server": [server(method=0)]})
for attr in (A["service"]["owner"], 22, 200, 0x3fff):
    no_raw("EINVAL", "service/.*", "attribute %u in a key" % attr, "service-get",
           nla(A["weir"]["service"] | NLA_F_NESTED, encode(service(), "service") + nla(attr, b"abcd")))
for attr in (11, 77, A["weir"]["counter"]):
    no_raw("EINVAL", ".*", "attribute %u at the top" % attr, "service-new", whole + nla(attr, b"abcd"))
no_raw("EINVAL", ".*", "any attribute where none belongs", "config-get", encode({"owner": "a"}))
no_raw("EINVAL", "service", "a nest without its flag", "service-get", nla(A["weir"]["service"], encode(service(), "service")))
no_raw("EINVAL", "owner", "a string with the flag of a nest", "config-begin", nla(A["weir"]["owner"] | NLA_F_NESTED, b"a\0"))
for size in (0, 1, 2, 3, 5, 8):
    no_raw("EINVAL", "service/family", "family of %u bytes" % size, "service-get",
           nla(A["weir"]["service"] | NLA_F_NESTED,
               nla(A["service"]["family"], b"\2\0\0\0\0\0\0\0"[:size]) + encode(without(service(), "family"), "service")))
def cut_anywhere(command, whole, undo, **what):
    global start
    for cut in range(1, len(whole)):
        try:
            w.raw(w.pack(command, whole[:cut]))
            # cut between two attributes: a message in its own right
            w.request(undo, **what)
            start += 2
        except Refused as e:
            assert e.errno and e.msg, e
    print("ok: %s cut at each of %u bytes" % (command, len(whole)))
cut_anywhere("service-new", whole, "service-del", service=service("192.0.2.2"))
ranges = [{"first": "198.51.100.9", "last": "198.51.100.12"}, {"first": "198.51.100.99"}]
cut_anywhere("pool-new", encode({"pool": wan(range=ranges, port=2000, port_end=3000, owner="a")}), "pool-del", pool={"name": "wan"})
for length in (0, 1, 3, 5, 200, 0xffff):
    no_raw("EINVAL" if length != 5 else "ERANGE", ".*", "an attribute that claims %u bytes" % length, "service-new",
           struct.pack("=HH", length, A["weir"]["service"] | NLA_F_NESTED) + encode(new(), "service"))
deep = b""
for i in range(50):
    deep = nla(A["weir"]["service"] | NLA_F_NESTED, deep)
no_raw("EINVAL", ".*", "nests in nests", "service-new", deep)
for flags, what in ((NLM_F_MULTI, "a flag of answers"), (0x400, "NLM_F_CREATE"), (0x800, "NLM_F_APPEND")):
    refused(what, "EINVAL", "-", w.raw, w.pack("service-new", flags=NLM_F_ACK | flags, service=new()))
message = bytearray(w.pack("service-get", service=service()))
message[18] = 1
refused("reserved bytes of the header", "EINVAL", "-", w.raw, bytes(message))
for command in (0, 19, 25, 30, 33, 34, 255):
    try:
        w.request(command)
        failed("command %u" % command)
    except Refused as e:
        check("command %u" % command, e.name, "EOPNOTSUPP")
for command in ("service-new", "config-get", "conn-del"):
    try:
        w.dump(command)
        failed("dump of %s" % command)
    except Refused as e:
        check("dump of %s" % command, e.name, "EOPNOTSUPP")

check("nothing was changed by %u refusals" % n, listed(), before)
check("and the generation stands", generation(w), start)
EOF2
ok "refusals"
