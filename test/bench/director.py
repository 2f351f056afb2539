# SPDX-License-Identifier: GPL-2.0
"""The network of the benchmark and the helper module's commands. Runs in the VM, as root.

    wb-client                    wb-director                       wb-server
    c0 ------------------------- dc      ds ---------------------- s0
    sends requests,              the path that is measured         sends replies,
    drops what comes back                                          drops what arrives
"""

import contextlib
import ctypes
import os
import subprocess
import time

CLIENT, DIRECTOR, SERVER = "wb-client", "wb-director", "wb-server"
NAMESPACES = (CLIENT, DIRECTOR, SERVER)
MAC = {"c0": "02:00:00:00:01:02", "dc": "02:00:00:00:01:01", "ds": "02:00:00:00:02:01", "s0": "02:00:00:00:02:02"}
PORT = 80
# By family: virtual address, real server, the address of flow 0, and the prefix that all flows are in.
VIP = {4: "192.0.2.1", 6: "2001:db8::1"}
RIP = {4: "10.2.0.2", 6: "2001:db8:2::2"}
# fullnat: first of the local addresses, and the prefix that all of them are in.
LIP = {4: "10.2.0.64", 6: "2001:db8:2::40"}
LOCAL = {4: ("10.2.0.64-10.2.0.78", "10.2.0.64/28"), 6: ("2001:db8:2::40-2001:db8:2::4e", "2001:db8:2::40/124")}
CIP = {4: "10.128.0.0", 6: "2001:db8:f::"}
CLIENTS = {4: "10.128.0.0/9", 6: "2001:db8:f::/64"}
# "tcp-ts": with timestamps, as most of today's segments are
PROTO = {"udp": 17, "tcp": 6, "tcp-ts": 6}
# The TCP header's length in words, in front of its flags
DATA_OFFSET = {"udp": 0, "tcp": 0x5000, "tcp-ts": 0x8000}
SYN, ACK = 0x02, 0x10
FRAME = 60
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def run(*command, ns=None, stdin=None, check=True):
    """Runs a command (in a namespace); its standard output."""
    prefix = ("ip", "netns", "exec", ns) if ns else ()
    done = subprocess.run(prefix + command, input=stdin, text=True, capture_output=True, check=False)
    if check and done.returncode:
        why = done.stderr.strip().partition("\n")[0]  # of ten thousand lines that are refused one will do
        raise RuntimeError(f"{' '.join(prefix + command)}: status {done.returncode}: {why}")
    return done.stdout


def _setns(file):
    if _libc.setns(file.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(ns):
    """The calling thread is in the namespace for the length of the block; None: where it is."""
    if not ns:
        yield
        return
    with open("/proc/self/ns/net", encoding="ascii") as own, open(f"/run/netns/{ns}", encoding="ascii") as other:
        _setns(other)
        try:
            yield
        finally:
            _setns(own)


def bench(ns, line):
    """A command of the helper module: (packets, nanoseconds)."""
    with inside(ns):
        fd = os.open("/proc/weir_bench", os.O_RDWR)
        try:
            os.write(fd, line.encode())
            packets, ns_taken = os.pread(fd, 100, 0).split()
        except OSError as error:
            raise RuntimeError(f"weir_bench: '{line}' in {ns}: {error.strerror}") from error
        finally:
            os.close(fd)
    return int(packets), int(ns_taken)


def sysctl(ns, **values):
    for name, value in values.items():
        with inside(ns), open("/proc/sys/net/" + name.replace("__", "/"), "w", encoding="ascii") as file:
            file.write(str(value))


def network_up():
    """A fresh network: nothing of an earlier case is left in it."""
    batch = [f"netns add {ns}" for ns in NAMESPACES]
    batch += [
        f"link add c0 netns {CLIENT} address {MAC['c0']} type veth peer dc netns {DIRECTOR} address {MAC['dc']}",
        f"link add ds netns {DIRECTOR} address {MAC['ds']} type veth peer s0 netns {SERVER} address {MAC['s0']}",
    ]
    run("ip", "-batch", "-", stdin="\n".join(batch))
    for ns in NAMESPACES:  # rp_filter: what systemd sets on Debian 12
        sysctl(ns, ipv6__conf__default__accept_dad=0, ipv6__conf__all__accept_dad=0, ipv4__conf__all__rp_filter=2,
               ipv4__conf__default__rp_filter=2, ipv6__conf__all__forwarding=1, ipv4__ip_forward=1)
    addresses = {
        CLIENT: {"c0": ("10.1.0.2/24", "2001:db8:1::2/64")},
        DIRECTOR: {"dc": ("10.1.0.1/24", "2001:db8:1::1/64"), "ds": ("10.2.0.1/24", "2001:db8:2::1/64")},
        SERVER: {"s0": ("10.2.0.2/24", "2001:db8:2::2/64")},
    }
    for ns, devices in addresses.items():
        lines = ["link set lo up"]
        for dev, (v4, v6) in devices.items():
            lines += [f"addr add {v4} dev {dev}", f"addr add {v6} dev {dev} nodad", f"link set {dev} up"]
        run("ip", "-batch", "-", ns=ns, stdin="\n".join(lines))
    # Permanent neighbours: none of their timers runs through a measurement.
    run("ip", "-batch", "-", ns=DIRECTOR, stdin="\n".join([
        f"neigh replace 10.1.0.2 lladdr {MAC['c0']} dev dc nud permanent",
        f"neigh replace 2001:db8:1::2 lladdr {MAC['c0']} dev dc nud permanent",
        f"neigh replace 10.2.0.2 lladdr {MAC['s0']} dev ds nud permanent",
        f"neigh replace 2001:db8:2::2 lladdr {MAC['s0']} dev ds nud permanent",
        f"route add {CLIENTS[4]} via 10.1.0.2",
        f"route add {CLIENTS[6]} via 2001:db8:1::2",
    ]))
    bench(CLIENT, "drop c0")
    bench(SERVER, "drop s0")


def network_down():
    for ns in NAMESPACES:
        run("ip", "netns", "del", ns, check=False)


def virtual_address(family):
    """The director takes the virtual address."""
    run("ip", "addr", "add", f"{VIP[family]}/{32 if family == 4 else 128}", "dev", "dc",
        *(["nodad"] if family == 6 else []), ns=DIRECTOR)


def local_pool(family, ports):
    """The director takes the local addresses; weir's pool of them, or of @ports of the first one."""
    ranges, prefix = LOCAL[family]
    run("ip", "-6" if family == 6 else "-4", "route", "add", "local", prefix, "dev", "ds", ns=DIRECTOR)
    if ports:
        run("weiradm", "pool", "add", "bench", LIP[family], "--ports", ports, ns=DIRECTOR)
    else:
        run("weiradm", "pool", "add", "bench", ranges, ns=DIRECTOR)


def wait_quiet(limit=240):
    """Until nothing else runs: the last case's namespace is gone, its connections are freed."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        _, stolen = bench(None, "spin 50000000")
        if stolen < 1500000:
            return
        time.sleep(0.2)


sends = 0  # so far; profile.c numbers them alike


def send(ns, line):
    global sends
    sends += 1
    return bench(ns, line)


def send_request(family, proto, flows, count, *, dst=None, first=0, flags=ACK):
    """Requests of flows first..first+flows-1 in turn from the client to the virtual address, or to @dst."""
    line = (f"send c0 {MAC['c0']} {MAC['dc']} {family} {PROTO[proto]} {DATA_OFFSET[proto] | flags:x} {CIP[family]},1024 "
            f"{dst or VIP[family]},{PORT} src {first} {flows} {count} {FRAME}")
    return send(CLIENT, line)


def send_reply(family, proto, flows, count, *, to=CIP, first=0, flags=ACK):
    """Replies of the real server to the same flows, or to the local ends that stand for them (@to)."""
    line = (f"send s0 {MAC['s0']} {MAC['ds']} {family} {PROTO[proto]} {DATA_OFFSET[proto] | flags:x} {RIP[family]},{PORT} "
            f"{to[family]},1024 dst {first} {flows} {count} {FRAME}")
    return send(SERVER, line)


def arrived(direction):
    """Packets that have come through so far; those under way are waited for."""
    bench(None, "spin 3000000")
    return bench(SERVER, "count s0")[0] if direction == "request" else bench(CLIENT, "count c0")[0]
