#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# Pools of transactions, over netlink: they come, change and go with their services, all or nothing; what the kernel refuses it names; a
# pool that changes while its service stays serves with its new shape at once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-nl.sh"
topology_nat 1
ip -n "${servers[1]}" route del default
addr "$director" eth1 198.51.100.64/32 198.51.100.65/32
start_echo "${servers[1]}" udp 5300 server1

weir_py "$director" <<-'PY'
	w = Weir()
	NAT, FULLNAT = 0, 4
	key = service("192.0.2.10", 53, 17)
	lan = {"name": "lan", "family": socket.AF_INET, "range": {"first": "198.51.100.64"}, "port": 2000, "port-end": 2999}
	def pools():
	    return [p["pool"]["name"] for p in w.dump("pool-get")]
	def commit(*messages, owner="me", mode=0):
	    w.request("config-begin", owner=owner, **{"transaction-mode": mode})
	    try:
	        for command, attrs in messages:
	            w.request(command, **attrs)
	        w.request("config-commit", staged=len(messages))
	    except Refused:
	        try:
	            w.request("config-abort")
	        except Refused:
	            pass
	        raise
	def whole(pool="lan", method=FULLNAT, shape=lan):
	    return (("pool-new", {"pool": shape}), ("service-new", {"service": dict(key, scheduler="rr", pool=pool),
	            "server": [server("198.51.100.11", 5300, method=method)]}))

	commit(*whole())
	check("the pool came with its service", pools(), ["lan"])
	before = generation(w)
	commit(*whole())
	check("the same again changes nothing", generation(w), before)
	refused("another owner's pool", "EEXIST", ".*", commit, ("pool-new", {"pool": lan}), owner="other", text="another owner")
	refused("a service whose pool is not there", "ENOENT", ".*", commit, *whole(pool="wan"), text="no pool of this name")
	check("nothing of that stays", (generation(w), pools()), (before, ["lan"]))
	refused("a pool of the other family", "EAFNOSUPPORT", ".*", commit,
	        *whole(shape=dict(lan, family=socket.AF_INET6, range={"first": "2001:db8::1"})), text="another family")
	refused("fullnat without a pool", "EINVAL", ".*", commit,
	        ("service-new", {"service": dict(key, scheduler="rr"), "server": [server("198.51.100.11", 5300, method=FULLNAT)]}),
	        text="needs a pool")
	refused("a pool twice", "EEXIST", ".*", commit, ("pool-new", {"pool": lan}), ("pool-new", {"pool": lan}), text="already")
	check("still nothing", (generation(w), pools()), (before, ["lan"]))
	refused("a pool in use", "EBUSY", "pool.name", w.request, "pool-del", pool={"name": "lan"}, text="uses the pool")
	refused("a pool without an address", "EINVAL", ".*", w.request, "pool-new", pool={"name": "x", "family": 2})
	refused("ports that fall", "EINVAL", "pool.port-end", w.request, "pool-set", pool={"name": "lan", "port": 9, "port-end": 8})
	refused("no such pool", "ENOENT", "pool.name", w.request, "pool-set", pool={"name": "x", "port": 9})

	def local_end(sport):
	    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    s.bind(("192.0.2.1", sport))
	    s.settimeout(10 * SLOW)
	    s.connect(("192.0.2.10", 53))
	    s.send(b"hello")
	    if b"hello" not in s.recv(100):
	        failed("no answer")
	    ends = [c["conn"] for c in w.dump("conn-get") if c["conn"]["client-port"] == sport]
	    return [(c["local-addr"], c["local-port"]) for c in ends]
	((address, port),) = local_end(4001)
	check("an address and a port of the pool", (address, 2000 <= port <= 2999), ("198.51.100.64", True))
	commit(*whole(shape=dict(lan, range={"first": "198.51.100.65"}, port=3000, **{"port-end": 3000})))
	check("changed by a transaction", local_end(4002), [("198.51.100.65", 3000)])
	w.request("pool-set", pool={"name": "lan", "port": 3001, "port-end": 3001})
	check("changed by itself", local_end(4003), [("198.51.100.65", 3001)])
	check("listed", [(p["pool"]["conns"], p["pool"]["taken"], p["pool"]["services"]) for p in w.dump("pool-get")], [(3, 3, 1)])

	w.request("service-new", service=dict(service("192.0.2.10", 54, 17), scheduler="rr", pool="lan"))
	refused("a pool that another owner's service uses", "EBUSY", ".*", commit, text="used by another owner")
	check("and stays", pools(), ["lan"])
	w.request("service-del", service=service("192.0.2.10", 54, 17))
	commit(whole(pool="", method=NAT)[1])
	check("a service that does without lets it go", pools(), [])
	commit(*whole())
	check("and back", local_end(4004)[0][0], "198.51.100.64")
	commit()
	check("all of it gone", (pools(), w.dump("service-get")), ([], []))
	commit(*whole())
	check("added again while connections live", pools(), ["lan"])
PY
ok 'transactions of pools'
