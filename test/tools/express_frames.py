#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""express_frames.py CLIENT-NS DEVICE MAC CLIENT VIRTUAL SERVER-NS DEVICE MAC SERVER DIRECTOR-NS nat|dr|tun|fullnat|family

Datagrams by hand of a connection that is express, both ends made up: what the express path does as ip_rcv() and ip_forward() would,
and what it leaves to them, by which counter. Requests, and where they pass the director replies. Prints a line a frame; exit status
1 when one does not hold.
"""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ends import End, in_namespace  # noqa: E402
from weirnl import Weir  # noqa: E402

UDP, ICMPS = socket.IPPROTO_UDP, (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6)
VPORT = 53


class Frames:
    def __init__(self, arguments):
        self.client, self.server = End(*arguments[:4]), End(*arguments[5:9])
        self.virtual = socket.inet_pton(socket.AF_INET6 if self.client.six else socket.AF_INET, arguments[4])
        self.method = arguments[10]
        # Where requests come out, their tunnel taken off
        self.request_to = self.virtual if self.method in ("dr", "tun") else self.server.address
        in_namespace(arguments[9])
        self.weir = Weir()
        self.port = 3000 + int(time.monotonic() * 10) % 50000
        self.back = None
        self.held = True

    def datagram(self, sender, text):
        if sender is self.client:
            peer, ports = self.virtual, (self.port, VPORT)
        else:
            peer, ports = self.back
        segment = struct.pack("!HHHH", *ports, 8 + len(text), 0) + text
        return peer, sender.transport(peer, UDP, segment)

    def send(self, sender, text, **how):
        peer, datagram = self.datagram(sender, text)
        link = {key: how.pop(key) for key in ("mac", "tag", "padding") if key in how}
        sender.send(sender.ip(peer, UDP, datagram, **how), **link)

    def receive(self, sender):
        receiver = self.server if sender is self.client else self.client
        packet = receiver.receive(self.request_to if sender is self.client else receiver.address, [UDP])
        if packet and sender is self.client:
            self.back = packet.src, (packet.ports[1], packet.ports[0])
        return packet

    def check(self, what, got, want):
        if got != want:
            self.held = False
            print("FAIL: %s: %r, not %r" % (what, got, want))

    def step(self, sender, name, send, arrives, **counted):
        """@send sends the frame or frames "name"; a plain one after it tells that they have passed. @counted: of these no more."""
        way = "express-request" if sender is self.client else "express-reply"
        what = "%s, %s" % ("request" if sender is self.client else "reply", name)
        before = self.weir.counters()
        send()
        self.send(sender, b"after it")
        packet = self.receive(sender)
        if arrives and packet:
            self.check(what + ": payload", packet.payload[8:8 + len(name)], name.encode())
            self.check(what + ": hop limit", packet.hops, 63)
            self.check(what + ": bytes behind the packet", packet.over, 0)
            packet = self.receive(sender)
        self.check(what + ": what comes next", packet and packet.payload[8:], b"after it")
        moved = {key: value - before[key] for key, value in self.weir.counters().items()}
        counted = {key.replace("_", "-"): value for key, value in counted.items()}
        counted[way] = counted.pop("express", 0) + 1
        for key in ("express-not-plain", "express-not-header", "express-not-size", "express-not-steady", way):
            self.check("%s: %s" % (what, key), moved[key], counted.get(key, 0))
        print("ok: %s" % what, flush=True)

    def direction(self, sender):
        text = {name: name.encode() for name in ("plain", "padded", "options", "checksum", "beyond", "ttl", "priority", "other")}
        six = sender.six
        # Two NOPs of IPv4, or destination options of IPv6 that hold padding alone
        more = bytes([UDP, 0, 1, 4, 0, 0, 0, 0]) if six else b"\x01\x01\x01\x00"

        self.step(sender, "plain", lambda: self.send(sender, text["plain"]), True, express=1)
        self.step(sender, "padded", lambda: self.send(sender, text["padded"], padding=b"\xee" * 30), True, express=1)
        self.step(sender, "options", lambda: self.options(sender, more), True, express_not_plain=1)
        self.step(sender, "fragments", lambda: self.fragments(sender), True, express_not_plain=2)
        tag = b"\x81\x00\x20\x00"
        self.step(sender, "priority", lambda: self.send(sender, text["priority"], tag=tag), True, express_not_plain=1)
        self.step(sender, "other", lambda: self.send(sender, text["other"], mac=b"\x02\0\0\0\x77\x77"), False, express_not_plain=1)
        self.step(sender, "beyond", lambda: self.send(sender, text["beyond"], beyond=40), False, express_not_plain=1)
        self.step(sender, "ttl", lambda: self.send(sender, text["ttl"], hops=1), False, express_not_plain=1)
        error = sender.receive(sender.address, ICMPS)
        self.check("hop limit 1: the error that the sender gets", error and error.payload[0], 3 if six else 11)
        if not six:
            self.step(sender, "checksum", lambda: self.damaged(sender, text["checksum"]), False, express_not_header=1)

    def options(self, sender, more):
        peer, datagram = self.datagram(sender, b"options")
        sender.send(sender.ip(peer, 60 if sender.six else UDP, datagram, more=more))

    def damaged(self, sender, text):
        peer, datagram = self.datagram(sender, text)
        packet = sender.ip(peer, UDP, datagram)
        sender.send(packet[:10] + bytes([packet[10] ^ 1]) + packet[11:])

    def fragments(self, sender):
        peer, datagram = self.datagram(sender, b"fragments" + b"." * 39)
        for offset, more in ((0, 1), (24, 0)):
            part = datagram[offset:offset + 24] if more else datagram[offset:]
            if sender.six:
                head = struct.pack("!BBHI", UDP, 0, offset | more, 7)
                sender.send(sender.ip(peer, 44, part, more=head))
            else:
                sender.send(sender.ip(peer, UDP, part, fragment=offset // 8 | more << 13))

    def begin(self, sender):
        """The first one of a direction is not express, for it has no path; those after it are."""
        before = self.weir.counters()["express-not-learned"]
        self.send(sender, b"first")
        if not self.receive(sender):
            sys.exit("FAIL: the first datagrams do not pass")
        return self.weir.counters()["express-not-learned"] - before

    def run(self):
        directions = [self.client] if self.method in ("dr", "tun") else [self.client, self.server]
        learned = [self.begin(sender) for sender in directions]
        if len(directions) == 2:
            self.check("the first reply: express-not-learned", learned[1], 1)
        for sender in directions:
            self.direction(sender)
        return self.held


sys.exit(0 if Frames(sys.argv[1:]).run() else 1)
