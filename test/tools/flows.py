# SPDX-License-Identifier: GPL-2.0
"""flows.py DIRECTOR-NS NAME,ADDRESS,PORT,SOURCE-PORT...

Exchanges with echo servers over sockets that stay: NAME is udp4, udp6, tcp4 or tcp6. Reads commands, one a line, and answers each
by a line:

    COUNT SECONDS [NAMES]  COUNT exchanges by each flow whose name has NAMES in it, in turn, SECONDS of patience for each answer:
                           "udp4 COUNT tcp4 COUNT ...", how many were answered
    send BYTES NAME        a datagram of that much payload, no answer awaited: "sent", or the error's name
    counters               "name value name value ...", of weir in the namespace
"""
import errno
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ends import in_namespace  # noqa: E402
from weirnl import Weir  # noqa: E402


class Flow:
    def __init__(self, words):
        self.name, address, port, source = words.split(",")
        family = socket.AF_INET6 if self.name.endswith("6") else socket.AF_INET
        self.stream = self.name.startswith("tcp")
        self.sock = socket.socket(family, socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.settimeout(60)
        self.sock.bind(("", int(source)))
        self.sock.connect((address, int(port)))
        if self.stream:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number, self.rest = 0, b""

    def lines(self):
        """What has come, whole lines."""
        data = self.sock.recv(65536)
        if self.stream and not data:
            raise ConnectionError("closed")
        *lines, self.rest = (self.rest + data).split(b"\n")
        return lines

    def exchange(self, seconds):
        """Is it answered? Late answers to earlier ones are passed over."""
        self.number += 1
        text = f"ping{self.number}".encode()
        end = time.monotonic() + seconds
        if not self.stream:
            self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # of earlier ones, too large or refused
        try:
            self.sock.settimeout(seconds)
            self.sock.sendall(text + b"\n")
            while time.monotonic() < end:
                self.sock.settimeout(max(end - time.monotonic(), 0.001))
                if any(line.split()[-1] == text for line in self.lines()):
                    return True
        except OSError:
            # A datagram that was refused or lost; a connection that broke never answers again.
            pass
        return False


def send(flow, size):
    try:
        flow.sock.send(b"x" * size)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "sent"


def main():
    flows = [Flow(words) for words in sys.argv[2:]]
    in_namespace(sys.argv[1])
    weir = Weir()
    for line in sys.stdin:
        words = line.split()
        if words[0] == "counters":
            print(*[f"{name} {value}" for name, value in weir.counters().items()], flush=True)
            continue
        if words[0] == "send":
            print(*[send(flow, int(words[1])) for flow in flows if flow.name == words[2]], flush=True)
            continue
        chosen = [flow for flow in flows if len(words) < 3 or words[2] in flow.name]
        answered = dict.fromkeys(chosen, 0)
        for _ in range(int(words[0])):
            for flow in chosen:
                answered[flow] += flow.exchange(float(words[1]))
        print(*[f"{flow.name} {count}" for flow, count in answered.items()], flush=True)


main()
