#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""tcp_states.py CLIENT-NS DEVICE MAC CLIENT VIRTUAL SERVER-NS DEVICE MAC SERVER DIRECTOR-NS both|request|fullnat

Both ends of TCP connections through a director, made up: none of the machines knows the ends' addresses, MACs are the director's.
After each segment of each story: has it come out at the other end, which path has it taken, what is the connection's state, and for
how long? "request": replies do not pass the director. Prints a line a story; exit status 1 when one does not hold.
"""
import os
import re
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ends import PATIENCE, End, in_namespace  # noqa: E402
from weirnl import H, Weir  # noqa: E402

BITS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
VPORT = 80

# Seconds of each state (ip_vs's): what a listing shows right after a segment.
TIMEOUTS = {"ESTABLISHED": 900, "SYN_RECV": 60, "FIN_WAIT": 120, "TIME_WAIT": 120, "CLOSE": 10, "CLOSE_WAIT": 60}
SHORT = {"ES": "ESTABLISHED", "SR": "SYN_RECV", "FW": "FIN_WAIT", "TW": "TIME_WAIT", "CL": "CLOSE", "CW": "CLOSE_WAIT"}

# A story is a row of WHO FLAGS: STATE PATH. WHO is C or S; flags as tcpdump has them, "-" for none. PATH: x express, a admission.
# Words in capitals are told by kind: fullnat's connections are express once the server has acknowledged data, requests from the
# second one on, and a server that answers a SYN in the middle has forgotten the connection.
KINDS = {
    "both": {"OPEN": "C S: SR a, S SA: SR a, C A: ES a", "FIRST_DATA": "C PA: ES x, S A: ES x", "ANEW": "C A: ES x"},
    "fullnat": {"OPEN": "C S: SR a, S SA: SR a, C A: ES a", "FIRST_DATA": "C PA: ES a, S A: ES a, C A: ES a, S A: ES x, C A: ES x",
                "ANEW": "C A: ES a, S A: ES a, C A: ES x"},
    "request": {"OPEN": "C S: SR a, C A: ES a", "FIRST_DATA": "C PA: ES x"},
}

BOTH = {
    "data, and all that is not an end": "OPEN, FIRST_DATA, S PA: ES x, C A: ES x, C UPA: ES x, C EA: ES x, S CA: ES x, C -: ES a, "
                                        "C P: ES a, C A: ES x, S -: ES a, S A: ES x",
    "the client ends": "OPEN, FIRST_DATA, C FA: CW a, S A: CW a, S PA: CW a, S FA: TW a, C A: TW a",
    "the server ends": "OPEN, FIRST_DATA, S FPA: FW a, C A: FW a, C PA: FW a, C FA: TW a, S A: TW a",
    "both at once": "OPEN, FIRST_DATA, C FA: CW a, S FA: TW a, C A: TW a, S A: TW a",
    "a FIN is sent again": "OPEN, FIRST_DATA, S FA: FW a, S FA: FW a, C A: FW a, S FA: FW a, C FA: TW a",
    "the client resets": "OPEN, FIRST_DATA, C R: CL a, S A: CL a",
    "the server resets": "OPEN, FIRST_DATA, S RA: CL a, C A: CL a",
    "a reset before the handshake is over": "C S: SR a, S RA: CL a",
    "a SYN in the middle, and its answer": "OPEN, FIRST_DATA, C S: ES a, S A: ES x, C A: ES x, S SA: ES a, ANEW",
    "a SYN with a FIN, and with a reset": "OPEN, FIRST_DATA, C SF: ES a, C A: ES x, C SR: CL a",
    "the port again after the end": "OPEN, FIRST_DATA, S FA: FW a, C FA: TW a, OPEN, FIRST_DATA",
    "the port again after a reset": "OPEN, FIRST_DATA, C RA: CL a, OPEN, FIRST_DATA",
}
ALONE = {
    "data, and all that is not an end": "OPEN, FIRST_DATA, C A: ES x, C UPA: ES x, C EA: ES x, C -: ES a, C P: ES a, C A: ES x",
    "the client ends": "OPEN, FIRST_DATA, C FA: FW a, C A: FW a, C FA: FW a",
    "the client resets": "OPEN, FIRST_DATA, C R: CL a, C A: CL a",
    "a SYN in the middle": "OPEN, FIRST_DATA, C S: ES a, C A: ES x",
    "the port again after the end": "OPEN, FIRST_DATA, C FA: FW a, OPEN, FIRST_DATA",
    "the port again after a reset": "OPEN, FIRST_DATA, C RA: CL a, OPEN, FIRST_DATA",
}


class Stories:
    def __init__(self, arguments):
        self.client = End(*arguments[:4])
        self.family = socket.AF_INET6 if self.client.six else socket.AF_INET
        self.virtual = socket.inet_pton(self.family, arguments[4])
        self.server = End(*arguments[5:9])
        self.wanted_at = self.server.address if arguments[10] != "request" else None  # or where the client sent it: dr
        in_namespace(arguments[9])
        self.weir = Weir()
        self.port = 3000 + int(time.monotonic() * 10) % 50000
        self.kind = arguments[10]
        self.names = {value: name[len("WEIR_STATE_TCP_"):] for name, value in H.value.items() if name.startswith("WEIR_STATE_TCP_")}

    def state(self):
        """(name, seconds left) of the connection from the present port."""
        found = [answer["conn"] for answer in self.weir.dump("conn-get", conn={
            "family": self.family, "protocol": 6, "client-port": self.port})]
        if len(found) != 1:
            return "%d connections" % len(found), 0
        return self.names[found[0]["state"]], found[0]["expires"] / 1000

    def pass_segment(self, who, flags):
        """True: it has come out as it went in, one hop on."""
        sender, receiver = (self.client, self.server) if who == "C" else (self.server, self.client)
        peer, ports = (self.virtual, (self.port, VPORT)) if who == "C" else self.back
        syn = flags & BITS["S"]
        numbers = (1001 - bool(syn), 5001) if who == "C" else (5001 - bool(syn), 1001 if syn else 1002)
        segment = struct.pack("!HHIIBBHHH", *ports, *numbers, 5 << 4, flags, 500, 0, 0)
        sender.send(sender.ip(peer, socket.IPPROTO_TCP, sender.transport(peer, socket.IPPROTO_TCP, segment)))
        got = receiver.receive((self.wanted_at or self.virtual) if who == "C" else receiver.address, [socket.IPPROTO_TCP])
        if not got or got.payload[13] != flags or got.hops != 63:
            return False
        if who == "C":
            self.back = got.src, (got.ports[1], got.ports[0])
        return who == "C" or (got.src, got.ports) == (self.virtual, (VPORT, self.port))

    def step(self, who, flags, state, path):
        before = self.weir.counters()
        if not self.pass_segment(who, sum(BITS.get(flag, 0) for flag in flags)):
            return "has not come out"
        moved = {name: value - before[name] for name, value in self.weir.counters().items()}
        express = moved["express-request" if who == "C" else "express-reply"]
        known, new = ("admit-known-connection", "admit-reply"), ("admit-new-connection", "express-new-connection")
        admitted = sum(moved[name] for name in known + new)
        if (express, admitted) != ((1, 0) if path == "x" else (0, 1)):
            return "express %d, admitted %d" % (express, admitted)
        if path == "a" and moved["express-not-steady"] + moved["express-not-learned"] + moved["admit-new-connection"] + \
                moved["express-new-connection"] < 1:
            return "the admission path has no reason: %r" % {name: value for name, value in moved.items() if value}
        name, left = self.state()
        if name != SHORT[state]:
            return "state %s, not %s" % (name, SHORT[state])
        if not TIMEOUTS[name] - 5 * PATIENCE / 20 <= left <= TIMEOUTS[name]:
            return "%s for %.1f s, not %d" % (name, left, TIMEOUTS[name])
        return None

    def tell(self, title, story):
        self.port += 1
        told = []
        for word, steps in KINDS[self.kind].items():
            story = story.replace(word, steps)
        for who, flags, state, path in re.findall(r"([CS]) ([A-Z-]+): ([A-Z]+) ([xa])", story):
            told.append("%s %s" % (who, flags))
            error = self.step(who, flags, state, path)
            if error:
                print("FAIL: %s, after %s: %s" % (title, ", ".join(told), error))
                return False
        print("ok: %s: %s" % (title, ", ".join(told)), flush=True)
        return len(told) == story.count(":") or sys.exit("a story that cannot be read: " + story)


def main():
    stories = Stories(sys.argv[1:])
    held = [stories.tell(title, story) for title, story in (ALONE if stories.kind == "request" else BOTH).items()]
    sys.exit(0 if all(held) else 1)


main()
