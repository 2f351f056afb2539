#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""scapy_server.py SOCKET: runs scripts for scapy_call.py with scapy imported, which takes longer than what they do.

Each runs in a child of its own, in the network namespace, with the arguments, the standard streams and the environment that its
caller has. It finds scapy's Ethernet, IP and IPv6 layers imported.
"""
import ctypes
import json
import os
import random
import signal
import socket
import struct
import sys
import time
import traceback

from scapy.config import conf
from scapy.interfaces import get_working_if
from scapy.layers.inet import ICMP, IP, TCP, UDP, ICMPerror, IPerror, TCPerror, UDPerror, fragment
from scapy.layers.inet6 import *
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Padding, Raw
from scapy.sendrecv import AsyncSniffer, send, sendp, sniff, sr, sr1, srp, srp1

CLONE_NEWNET = 0x40000000


def enter(namespace):
    """What scapy has learned of devices and routes was another namespace's."""
    with open("/run/netns/" + namespace) as there:
        if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    conf.ifaces.reload()
    conf.route.resync()
    conf.route6.resync()
    conf.iface = get_working_if()


def run(request, streams):
    """The child: its exit status."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)
    random.seed()
    status = 0
    try:
        enter(request["namespace"])
        sys.argv = [request["script"]] + request["arguments"]
        with open(request["script"]) as script:
            code = compile(script.read(), request["script"], "exec")
        exec(code, {key: value for key, value in globals().items() if key not in ("run", "serve", "enter")})
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1 if end.code else 0
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    return status


def serve(path):
    conf.verb = 0
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path + ".new")
    listener.listen(16)
    os.rename(path + ".new", path)
    while True:
        caller, _ = listener.accept()
        data, streams, _, _ = socket.recv_fds(caller, 1 << 16, 3)
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            caller.send(struct.pack("B", run(json.loads(data), streams) & 0xFF))
            os._exit(0)
        caller.close()
        for stream in streams:
            os.close(stream)


if __name__ == "__main__":
    serve(sys.argv[1])
