#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The benchmark's part in the VM: takes a plan (JSON, first argument), answers with one JSON object a line."""

import json
import os
import sys
import time
import traceback

import director
from director import DIRECTOR, SYN, arrived, bench, network_down, network_up, run, send_reply, send_request, wait_quiet
from paths import PATHS, establish, setup_pick

BY_NAME = {path.name: path for path in PATHS}
UDP_TIMEOUT = 1  # seconds, where expiry is part of the measurement
EXPIRE_TIMEOUT = 15  # seconds: longer than it takes to open all connections of a case
SECOND = 1000000000


def say(**fields):
    print(json.dumps(fields), flush=True)


def load(needs):
    for need in needs:
        if need == "ipvs":
            run("modprobe", "ip_vs")
            run("modprobe", "ip_vs_rr")
        elif need == "weir":
            run("insmod", os.environ["WEIR_BENCH_MODULE"])
        elif need == "bench":
            run("modprobe", "veth")
            run("insmod", os.environ["WEIR_BENCH_HELPER"])


def through(direction, count, send):
    """Sends and checks that every packet came through; nanoseconds."""
    before = arrived(direction)
    packets, taken = send()
    lost = count - (arrived(direction) - before)
    if packets != count:
        raise RuntimeError(f"sent {packets} of {count}")
    return taken, lost


def measure_established(path, family, proto, flows, count, direction):
    dst = director.RIP[family] if path.to_server else None
    to = director.LIP if path.local else director.CIP
    if direction == "reply":
        return through(direction, count, lambda: send_reply(family, proto, flows, count, to=to))
    return through(direction, count, lambda: send_request(family, proto, flows, count, dst=dst))


def measure_new(family, proto, count):
    """Every packet a flow that was never seen. UDP: as many as expire are made, from the second second on."""
    send_request(family, proto, count, count, first=0, flags=SYN)
    return through("request", count, lambda: send_request(family, proto, count, count, first=count, flags=SYN))


def keep_symbols(directory):
    """For profile.py: where the functions are; at the end, when all modules have come."""
    with open("/proc/kallsyms", encoding="ascii") as file, open(f"{directory}/symbols", "w", encoding="ascii") as out:
        out.writelines(line for line in file if line.split()[1] in "tTwW")


def memory_used():
    """
    What the kernel has allocated (slabs, vmalloc() for large tables, per CPU), in bytes, when what is given back late (by RCU, with
    the last case's namespaces) and caches have gone.
    """
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")
    time.sleep(1)
    with open("/proc/meminfo", encoding="ascii") as file:
        fields = dict(line.split(":") for line in file)
    return 1024 * sum(int(fields[name].split()[0]) for name in ("Slab", "VmallocUsed", "Percpu"))


def others(ns):
    """Nanoseconds that others took from a loop of that length."""
    taken = 0
    for _ in range(ns // SECOND):
        taken += bench(None, f"spin {SECOND}")[1]
    return taken


def measure_expiry(case):
    """
    Opens all connections, waits until the last one has expired. The time that others (timers, work queues) took in the meantime,
    above what they take of a machine without connections, is what expiry costs. Memory is what is gone while all are there.
    """
    flows = case["flows"]
    time.sleep(5)
    idle = others(2 * SECOND) / 2
    before = memory_used()
    opened, lost = through("request", flows, lambda: send_request(case["family"], "udp", flows, flows, flags=SYN))
    used = memory_used() - before
    seconds = EXPIRE_TIMEOUT + 4
    taken = others(seconds * SECOND) - seconds * idle
    rest = memory_used() - before
    return dict(case, direction="request", ns=opened, lost=lost, bytes_per_connection=round(used / flows),
                open=round(opened / flows), expire=round(taken / flows), left=round(rest / flows))


def measure_pick(case, count):
    """Every datagram is scheduled by itself: no connection is kept (ops)."""
    return through("request", count, lambda: send_request(case["family"], "udp", 100, count))


def drops():
    """What weir dropped in the director, by reason."""
    counters = json.loads(run("weiradm", "counters", "-j", ns=DIRECTOR))
    return {name: n for name, n in counters.items() if name.startswith("drop") and n}


def one(case):
    path = BY_NAME.get(case["path"])
    family, proto, flows, count = case["family"], case["proto"], case["flows"], case["count"]
    new = case["kind"] == "new"
    results = []

    try:
        network_up()
        if case["kind"] == "pick":
            setup_pick(case)
            taken, lost = measure_pick(case, count)
            return [dict(case, direction="request", ns=taken, lost=lost, send=director.sends - 1)]
        path.setup(family, proto, {"new": UDP_TIMEOUT, "expire": EXPIRE_TIMEOUT}.get(case["kind"], 0))
        if case["kind"] == "expire":
            return [measure_expiry(case)]
        if new:
            taken, lost = measure_new(family, proto, count)
            results.append(dict(case, direction="request", ns=taken, lost=lost, send=director.sends - 1))
        else:
            establish(path, family, proto, flows)
            for direction in ("request", "reply") if path.replies else ("request",):
                taken, lost = measure_established(path, family, proto, flows, count, direction)
                results.append(dict(case, direction=direction, ns=taken, lost=lost, send=director.sends - 1))
        if path.name.startswith("weir") and any(r["lost"] > 0 for r in results):
            results[-1]["drops"] = drops()
    finally:
        network_down()
    return results


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    load(plan["load"])
    for case in plan["cases"]:
        say(begin=case)
        try:
            for result in one(case):
                if case["path"] == "zero":
                    result["lost"] = 0  # nothing is to arrive
                say(result=result)
        except (RuntimeError, OSError) as error:
            say(failed=case, why=str(error), trace=traceback.format_exc())
        wait_quiet()
    if os.environ.get("WEIR_BENCH_PROFILE"):
        keep_symbols(os.environ["WEIR_BENCH_PROFILE"])
    say(kernel=os.uname().release)


if __name__ == "__main__":
    main()
