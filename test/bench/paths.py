# SPDX-License-Identifier: GPL-2.0
"""What a packet can go through in the director. One entry a path: a new one is one more line in PATHS."""

from dataclasses import dataclass
from typing import Callable

from director import (ACK, CIP, DIRECTOR, LIP, MAC, PORT, RIP, SYN, VIP, bench, local_pool, run, send_reply,
                      send_request, sysctl, virtual_address)


FLOWS = 100  # of an established case


@dataclass(frozen=True)
class Path:
    """
    name: in tables and on the command line
    title: what it is, in the documentation
    setup: (family, proto, UDP time-out in seconds or 0) configures the director
    to_server: requests are addressed to the real server, not to the virtual address
    replies: the real server's answers pass the director and are measured too
    local: ... and are addressed to local ends of the director
    new: makes sense with a new flow in every packet
    needs: weir's module, ip_vs or nothing
    """
    name: str
    title: str
    setup: Callable
    to_server: bool = False
    replies: bool = False
    local: bool = False
    new: bool = False
    needs: str = ""


def bracket(family, address, port=PORT):
    return f"{address}:{port}" if family == 4 else f"[{address}]:{port}"


def zero(_family, _proto, _timeout):
    bench(DIRECTOR, "drop dc")
    bench(DIRECTOR, "drop ds")


def floor(_family, _proto, _timeout):
    bench(DIRECTOR, f"floor dc ds {MAC['ds']} {MAC['s0']}")
    bench(DIRECTOR, f"floor ds dc {MAC['dc']} {MAC['c0']}")


def forward(_family, _proto, _timeout):
    pass


def flowtable(family, proto, _timeout):
    run("nft", "-f", "-", ns=DIRECTOR, stdin="""
        table inet bench {
            flowtable f { hook ingress priority 0; devices = { dc, ds }; }
            chain forward { type filter hook forward priority 0; ct state established flow add @f; }
        }""")
    sysctl(DIRECTOR, netfilter__nf_conntrack_tcp_be_liberal=1)


def balancer(tool, method, family, proto, timeout):
    """ip_vs by ipvsadm, weir by weiradm: the same words."""
    letter = {"dr": "-g", "nat": "-m", "tun": "-i", "fullnat": "--fullnat"}[method]
    pool = []
    service = ("-u" if proto == "udp" else "-t", bracket(family, VIP[family]))
    virtual_address(family)
    if method == "fullnat":
        # As many ports as there are flows, so that it is known which ones they have; as many as there can be for new ones.
        local_pool(family, "" if timeout else f"1024-{1024 + FLOWS - 1}")
        pool = ["--pool", "bench"]
    run(tool, "-A", *service, "-s", "rr", *pool, ns=DIRECTOR)
    run(tool, "-a", *service, "-r", bracket(family, RIP[family]), letter, ns=DIRECTOR)
    if timeout:
        run(tool, "--set", "0", "0", str(timeout), ns=DIRECTOR)
        if tool == "weiradm":
            # what nobody has answered has a time-out of its own, which ip_vs does not know
            run(tool, "config", f"timeout.udp-unreplied={timeout}", ns=DIRECTOR)


def ipvs(method):
    def setup(family, proto, timeout):
        balancer("ipvsadm", method, family, proto, timeout)
    return setup


def weir(method, express=True):
    def setup(family, proto, timeout):
        balancer("weiradm", method, family, proto, timeout)
        if not express:
            run("weiradm", "config", "express=off", ns=DIRECTOR)
    return setup


def beside_ipvs(_family, _proto, _timeout):
    run("ipvsadm", "-A", "-t", "192.0.2.9:80", ns=DIRECTOR)
    run("ipvsadm", "-A", "-t", "[2001:db8::9]:80", ns=DIRECTOR)


def beside_weir(_family, _proto, _timeout):
    run("weiradm", "-A", "-t", "192.0.2.9:80", ns=DIRECTOR)
    run("weiradm", "-A", "-t", "[2001:db8::9]:80", ns=DIRECTOR)


def beside_weir_nat(family, proto, timeout):
    balancer("weiradm", "nat", family, proto, timeout)


PATHS = [
    Path("zero", "drop at the director's ingress: the zero line", zero, replies=True, new=True),
    Path("floor", "bare ingress hook that rewrites the MAC and transmits: the floor", floor, replies=True),
    Path("flowtable", "nft flowtable", flowtable, to_server=True, replies=True),
    Path("forward", "plain forwarding", forward, to_server=True, replies=True),
    Path("forward+ipvs", "plain forwarding, ip_vs loaded with a service", beside_ipvs, to_server=True, needs="ipvs"),
    Path("forward+weir", "plain forwarding, weir loaded with a service", beside_weir, to_server=True, needs="weir"),
    Path("forward+weir-nat", "plain forwarding, weir loaded with a service by NAT", beside_weir_nat, to_server=True,
         needs="weir"),
    Path("ipvs-dr", "ip_vs, direct routing", ipvs("dr"), new=True, needs="ipvs"),
    Path("ipvs-nat", "ip_vs, NAT", ipvs("nat"), replies=True, new=True, needs="ipvs"),
    Path("ipvs-tun", "ip_vs, tunnel", ipvs("tun"), new=True, needs="ipvs"),
    Path("weir-dr", "weir, direct routing", weir("dr"), new=True, needs="weir"),
    Path("weir-nat", "weir, NAT", weir("nat"), replies=True, new=True, needs="weir"),
    Path("weir-tun", "weir, tunnel", weir("tun"), new=True, needs="weir"),
    Path("weir-fullnat", "weir, FULLNAT", weir("fullnat"), replies=True, local=True, new=True, needs="weir"),
    Path("weir-dr-admit", "weir, direct routing, express path off", weir("dr", express=False), new=True, needs="weir"),
    Path("weir-nat-admit", "weir, NAT, express path off", weir("nat", express=False), replies=True, new=True,
         needs="weir"),
    Path("weir-fullnat-admit", "weir, FULLNAT, express path off", weir("fullnat", express=False), replies=True,
         local=True, new=True, needs="weir"),
    Path("weir-tun-admit", "weir, tunnel, express path off", weir("tun", express=False), new=True, needs="weir"),
]


def setup_pick(case):
    """A service of many servers; all but the one that exists lead there too: their addresses are routed by it."""
    family, tool = case["family"], {"ipvs": "ipvsadm", "weir": "weiradm"}.get(case["path"])
    if not tool:
        zero(family, "udp", 0)
        return
    virtual_address(family)
    run("ip", "route", "add", "10.3.0.0/16", "via", RIP[4], ns=DIRECTOR)
    service = f"-u {bracket(family, VIP[family])}"
    lines = [f"-A {service} -s {case['scheduler']} -o"]
    lines += [f"-a {service} -r 10.3.{n >> 8}.{n & 255}:{PORT} -g -w {1 + n % 3}" for n in range(case["servers"])]
    run(tool, "-R", ns=DIRECTOR, stdin="\n".join(lines) + "\n")


def establish(path, family, proto, flows):
    """Every flow opened and seen in both directions, where the replies pass; two more rounds settle what is lazy."""
    dst = RIP[family] if path.to_server else None
    rounds = [("request", SYN), ("reply", SYN | ACK), ("request", ACK), ("reply", ACK), ("request", ACK)]
    for direction, flags in rounds:
        if direction == "request":
            send_request(family, proto, flows, flows, dst=dst, flags=flags)
        elif path.replies:
            send_reply(family, proto, flows, flows, flags=flags, to=LIP if path.local else CIP)


