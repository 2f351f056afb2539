#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: ha_services.py WEIR_KEEPER [SERVERS]

In the virtual machine: what 5,000 real servers with a TCP check each cost weir-keeper (with weir.ko) and keepalived (with
ip_vs), one after the other, with the same configuration. Rows of "scripts/bench ha" on standard output. Figures for people.

    lo 10.50.0.0/16 [servers] 10.49.0.2 ---- 10.49.0.1 [director]   50 services of 100 servers, a check every 10 s
"""
import os
import signal
import subprocess
import sys
import time

PER_SERVICE = 100
INTERVAL = 10
TICKS = os.sysconf("SC_CLK_TCK")


def run(*words, check=True):
    return subprocess.run(words, check=check, stdout=subprocess.PIPE, text=True).stdout


def inside(namespace, *words):
    return ["ip", "netns", "exec", namespace, *words]


def configuration(count, extra):
    """extra: one more server in the last service."""
    lines = ["global_defs {", "checker_priority 0", "}"]
    for service in range(count // PER_SERVICE):
        lines += [f"virtual_server 192.0.2.{service + 1} 80 {{", f"delay_loop {INTERVAL}", "lb_algo rr", "lb_kind NAT",
                  "protocol TCP"]
        servers = PER_SERVICE + (extra and service == count // PER_SERVICE - 1)
        for server in range(servers):
            lines += [f"real_server 10.50.{service}.{server + 1} 80 {{", "weight 1", "TCP_CHECK {", "connect_timeout 3", "}",
                      "}"]
        lines.append("}")
    return "\n".join(lines) + "\n"


def lab():
    for namespace in ("director", "servers"):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    run("ip", "link", "add", "eth0", "netns", "director", "type", "veth", "peer", "name", "eth0", "netns", "servers")
    for namespace, address in (("director", "10.49.0.1/24"), ("servers", "10.49.0.2/24")):
        run("ip", "-n", namespace, "address", "add", address, "dev", "eth0")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")
    run("ip", "-n", "director", "route", "add", "10.50.0.0/16", "via", "10.49.0.2")
    run("ip", "-n", "servers", "route", "add", "local", "10.50.0.0/16", "dev", "lo")
    server = """
import socket
s = socket.create_server(("0.0.0.0", 80), backlog=4096)
print("ready", flush=True)
while True:
    s.accept()[0].close()
"""
    listener = subprocess.Popen(inside("servers", sys.executable, "-c", server), stdout=subprocess.PIPE)
    listener.stdout.readline()
    return listener


def servers_in_kernel(kind, service=None):
    """Of all services, or of one: what is asked over and over has to be cheap."""
    if kind == "keepalived":
        text = run(*inside("director", "cat", "/proc/net/ip_vs"), check=False)
    else:
        one = ["-t", f"192.0.2.{service}:80"] if service else []
        text = run(*inside("director", "weiradm", "-Ln", *one), check=False)
    return max(text.count("->") - 1, 0)  # a heading


def processes():
    return [int(pid) for pid in run("ip", "netns", "pids", "director").split()]


def memory():
    total = 0
    for pid in processes():
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total / 1024


def processor():
    ticks = 0
    for pid in processes():
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / TICKS


def wait_for(kind, count, since):
    """Until all are there; the last service's come last."""
    last = count // PER_SERVICE
    wanted = count if kind == "keepalived" else count - (last - 1) * PER_SERVICE
    while servers_in_kernel(kind, last) < wanted:
        if time.monotonic() - since > 300:
            raise TimeoutError(f"{kind}: {servers_in_kernel(kind)} of {count} servers in the kernel after 300 s")
        time.sleep(0.1)
    took = time.monotonic() - since
    if servers_in_kernel(kind) != count:
        raise TimeoutError(f"{kind}: {servers_in_kernel(kind)} servers in the kernel instead of {count}")
    return took


def row(what, kind, value):
    print(f"| {what} | {kind} | - | - | {value} |", flush=True)


def measure(kind, keeper, count):
    path = f"/run/ha-{kind}.conf"
    with open(path, "w") as file:
        file.write(configuration(count, False))
    program = {"weir": [keeper, "-f", path, "--socket", "/run/ha.sock"],
               "keepalived": ["keepalived", "-n", "-l", "-C", "-f", path, "-p", "/run/ha.pid", "-c", "/run/ha.checkers"]}
    with open(f"/run/ha-{kind}.log", "w") as log:
        start = time.monotonic()
        daemon = subprocess.Popen(inside("director", *program[kind]), stdout=log, stderr=log)
        try:
            row(f"{count} servers, start until all are in the kernel", kind, f"{wait_for(kind, count, start):.1f} s")
            time.sleep(2.5 * INTERVAL)
            row(f"{count} servers, memory (PSS)", kind, f"{memory():.1f} MB")
            before = processor()
            time.sleep(2 * INTERVAL)
            row(f"{count} servers, a check of each every {INTERVAL} s, processor", kind,
                f"{(processor() - before) / (2 * INTERVAL) * 100:.1f} %")
            with open(path, "w") as file:
                file.write(configuration(count, True))
            before, start = processor(), time.monotonic()
            daemon.send_signal(signal.SIGHUP)
            took = wait_for(kind, count + 1, start)
            row(f"{count} servers, reload until one more is in the kernel", kind, f"{took:.1f} s")
            time.sleep(1.5 * INTERVAL)
            row(f"{count} servers, memory after the reload (PSS)", kind, f"{memory():.1f} MB")
        except TimeoutError as error:
            row(f"{count} servers", kind, str(error))
            print(open(log.name).read()[-2000:], file=sys.stderr)
        daemon.terminate()
        daemon.wait()


def main():
    keeper, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    run("modprobe", "ip_vs")
    run("modprobe", "ip_vs_rr")
    run("insmod", os.environ["WEIR_BENCH_MODULE"])
    listener = lab()
    for kind in ("weir", "keepalived"):
        measure(kind, keeper, count)
    listener.kill()


main()
