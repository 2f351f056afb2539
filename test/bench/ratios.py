#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The part of the benchmark that has no instruction clock: on two virtual CPUs, to be read as ratios between the paths of one run.

Two senders on two CPUs against one; bulk TCP (iperf3); HTTP requests a second and latencies (wrk, nginx). Runs in the VM; answers
with the lines that report.py reads.
"""

import json
import os
import re
import subprocess
import tempfile
import time
import traceback

from director import (ACK, CIP, CLIENT, CLIENTS, DIRECTOR, FRAME, MAC, PORT, PROTO, RIP, SERVER, VIP, arrived, bench, network_down,
                      network_up, run)
from guest import load, say
from paths import PATHS, establish

BY_NAME = {path.name: path for path in PATHS}
ROUNDS = 5
COUNT = int(os.environ.get("WEIR_BENCH_RATIO_COUNT", "60000"))
SECONDS = os.environ.get("WEIR_BENCH_RATIO_SECONDS", "6")


def sender(cpu, senders, dst):
    """A process on that CPU that sends flows of its own; its standard output is what it took, in nanoseconds."""
    line = (f"send c0 {MAC['c0']} {MAC['dc']} 4 {PROTO['udp']} {ACK:x} {CIP[4]},1024 {dst},{PORT} src "
            f"{cpu * 50} {100 // senders} {COUNT} {FRAME}")
    pid = os.fork()
    if pid:
        return pid
    os.sched_setaffinity(0, {cpu})
    try:
        bench(CLIENT, line)
    except RuntimeError:
        os._exit(1)
    os._exit(0)


def rate(senders, dst):
    """Packets a second that came through."""
    before, start = arrived("request"), time.monotonic()
    pids = [sender(cpu, senders, dst) for cpu in range(senders)]
    failed = sum(os.waitpid(pid, 0)[1] != 0 for pid in pids)
    taken = time.monotonic() - start
    got = arrived("request") - before
    if failed or got != senders * COUNT:
        raise RuntimeError(f"{got} of {senders * COUNT} packets, {failed} senders failed")
    return got / taken


def scaling():
    best = {name: {1: 0.0, 2: 0.0} for name in ("floor", "ipvs-dr", "weir-dr")}
    # Paths and numbers of senders in turns, the best of each: what else the machine does hits all alike.
    for _ in range(ROUNDS):
        for name, of in best.items():
            path = BY_NAME[name]
            network_up()
            try:
                path.setup(4, "udp", 0)
                establish(path, 4, "udp", 100)
                for _ in range(3):
                    for senders in of:
                        of[senders] = max(of[senders], rate(senders, VIP[4]))
            finally:
                network_down()
    rows = []
    for name, of in best.items():
        rows.append([name, round(of[1]), round(of[2]), f"{of[2] / of[1]:.2f}"])
        say(note=f"scaling/{name}: {of[1]:.0f} packets/s by one sender, {of[2]:.0f} by two: {of[2] / of[1]:.2f}")
    say(table={"title": "two senders on two CPUs against one (UDP, 100 connections; packets a second)",
               "head": ["path", "one", "two", "ratio"], "rows": rows})


def endpoints_up(name):
    """A network whose ends are real; the address that the client asks."""
    path = BY_NAME[name]
    network_up()
    bench(CLIENT, "clear c0")
    bench(SERVER, "clear s0")
    run("ip", "route", "add", "default", "via", "10.1.0.1", ns=CLIENT)
    run("ip", "route", "add", "default", "via", "10.2.0.1", ns=SERVER)
    run("ip", "route", "del", CLIENTS[4], ns=DIRECTOR)
    path.setup(4, "tcp", 0)
    return RIP[4] if path.to_server else VIP[4]


def bulk(address):
    """Mbit/s."""
    with subprocess.Popen(["ip", "netns", "exec", SERVER, "iperf3", "-s", "-1", "-p", str(PORT)],
                          stdout=subprocess.DEVNULL) as server:
        try:
            time.sleep(1)
            out = run("timeout", "60", "iperf3", "-c", address, "-p", str(PORT), "-t", SECONDS, "-J", ns=CLIENT)
        finally:
            server.terminate()
    return json.loads(out)["end"]["sum_received"]["bits_per_second"] / 1e6


NGINX = """
daemon off; master_process off; worker_processes 1; pid {dir}/pid; error_log {dir}/error;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000;
        server {{ listen {port} reuseport; location / {{ return 200 "weir\\n"; }} }} }}
"""


def http(address):
    """Requests a second; median and 99th percentile of the latency."""
    with tempfile.TemporaryDirectory() as where:
        with open(f"{where}/conf", "w", encoding="ascii") as conf:
            conf.write(NGINX.format(dir=where, port=PORT))
        with subprocess.Popen(["ip", "netns", "exec", SERVER, "nginx", "-c", f"{where}/conf"]) as server:
            try:
                time.sleep(2)
                out = run("timeout", "60", "wrk", "-t", "1", "-c", "16", "-d", SECONDS + "s", "--latency", f"http://{address}:{PORT}/",
                          ns=CLIENT)
            finally:
                server.terminate()
    found = re.search(r"\n\s+50%\s+(\S+)(?s:.*)99%\s+(\S+)(?s:.*)Requests/sec:\s+(\S+)", out)
    if not found:
        raise RuntimeError(f"wrk said: {out}")
    return float(found[3]), found[1], found[2]


def traffic():
    best = {name: {"bulk": 0.0, "http": (0.0, "", "")} for name in ("forward", "ipvs-nat", "weir-nat")}
    # In turns, the best of each, as above.
    for _ in range(ROUNDS):
        for name, of in best.items():
            address = endpoints_up(name)
            try:
                of["bulk"] = max(of["bulk"], bulk(address))
                of["http"] = max(of["http"], http(address))
            finally:
                network_down()
    rows = []
    for name, of in best.items():
        requests, median, late = of["http"]
        rows.append([name, round(of["bulk"]), round(requests), median, late])
        say(note=f"tcp/{name}: {of['bulk']:.0f} Mbit/s, {requests:.0f} requests/s, latency {median} median, {late} 99 %")
    say(table={"title": f"bulk TCP and HTTP (keep-alive, 16 connections), the best of {ROUNDS} rounds",
               "head": ["path", "iperf3, Mbit/s", "requests/s", "median latency", "99 %"], "rows": rows})


def main():
    load(["bench", "ipvs", "weir"])
    for part in (scaling, traffic):
        try:
            part()
        except (RuntimeError, OSError, ValueError) as error:
            say(failed=f"ratios/{part.__name__}", why=str(error), trace=traceback.format_exc())


if __name__ == "__main__":
    main()
