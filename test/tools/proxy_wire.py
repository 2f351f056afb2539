#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""proxy_wire.py CLIENT-NS DEVICE MAC CLIENT VIRTUAL SERVER-NS DEVICE MAC SERVER v1|v2 STORY [COMMAND...]

Both ends of TCP connections through a director that sends PROXY protocol, so that each number of each segment is known: none of the
machines knows the end's address, MACs are the director's. Tells STORY and compares what comes out of the director with what is to.
COMMAND is run where a story says so. Prints a line a step; exit status 1 when one does not hold.
"""
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PATIENCE = 10 * float(os.environ.get("WEIR_SLOW", "1"))
MSS, SACK_OK, WSCALE2, WSCALE7 = bytes([2, 4, 5, 180]), bytes([1, 1, 4, 2]), bytes([1, 3, 3, 2]), bytes([1, 3, 3, 7])
FAST_OPEN = bytes([34, 10]) + b"cookie!!" + bytes([1, 1])
VPORT, RPORT = 80, 8080
FIRST = 0xFFFFFFF5  # of the client's sequence numbers: they wrap early
BACK = 9000  # of the server's


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def stamps(value, echo):
    return bytes([1, 1, 8, 10]) + struct.pack("!II", value, echo)


def sack(*edges):
    return bytes([1, 1, 5, 2 + 4 * len(edges)]) + b"".join(struct.pack("!I", edge & 0xFFFFFFFF) for edge in edges)


class Segment:
    """A TCP segment, or an ICMP error with the one that it is about."""

    def __init__(self, family, frame):
        ip = frame[14:]
        if family == socket.AF_INET:
            head, size, proto = (ip[0] & 15) * 4, struct.unpack("!H", ip[2:4])[0], ip[9]
            self.src, self.dst = ip[12:16], ip[16:20]
            self.right = checksum(ip[:head]) == 0
        else:
            head, size, proto = 40, 40 + struct.unpack("!H", ip[4:6])[0], ip[6]
            self.src, self.dst, self.right = ip[8:24], ip[24:40], True
        self.l4, self.proto = ip[head:size], proto
        if proto == socket.IPPROTO_TCP:
            pseudo = self.src + self.dst + struct.pack("!II", len(self.l4), proto)
            self.right = self.right and checksum(pseudo + self.l4) == 0
            self.parse(self.l4)
        elif proto == (socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6) and self.l4[0] in (1, 3):
            inner = self.l4[8:]
            inner = inner[(inner[0] & 15) * 4:] if family == socket.AF_INET else inner[40:]
            self.sport, self.dport, self.inner_seq = struct.unpack("!HHI", inner[:8])

    def parse(self, tcp):
        self.sport, self.dport, self.seq, self.ack, offset, flags, self.window = struct.unpack("!HHIIBBH", tcp[:16])
        self.flags = "".join(letter for bit, letter in ((FIN, "F"), (SYN, "S"), (RST, "R"), (PSH, "P"), (ACK, "A")) if flags & bit)
        self.data = tcp[(offset >> 4) * 4:]
        self.options, raw, at = {}, tcp[20:(offset >> 4) * 4], 0
        while at < len(raw) and raw[at]:
            if raw[at] == 1:
                at += 1
                continue
            self.options[raw[at]] = raw[at + 2:at + raw[at + 1]]
            at += raw[at + 1]
        self.sack = struct.unpack("!%dI" % (len(self.options.get(5, b"")) // 4), self.options.get(5, b""))
        self.stamps = struct.unpack("!II", self.options[8]) if 8 in self.options else None


class End:
    """One end: its machine, and what it says and hears there."""

    def __init__(self, name, namespace, device, mac, address):
        self.name, self.family = name, socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address = socket.inet_pton(self.family, address)
        with open("/run/netns/" + namespace) as there:
            if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0x40000000):
                raise OSError(ctypes.get_errno(), "setns")
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((device, 0))
        self.frame = bytes.fromhex(mac.replace(":", "")) + self.sock.getsockname()[4]
        self.peer, self.ports = None, None

    def ip(self, proto, payload):
        if self.family == socket.AF_INET6:
            return b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(payload), proto, 64) + self.address + self.peer + payload
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0) + self.address + self.peer
        return b"\x08\x00" + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload

    def send(self, flags, seq, ack=0, window=500, options=b"", data=b""):
        options += b"\0" * (-len(options) % 4)
        tcp = struct.pack("!HHIIBBHHH", *self.ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (5 + len(options) // 4) << 4, flags, window, 0, 0)
        tcp += options + data
        pseudo = self.address + self.peer + struct.pack("!II", len(tcp), socket.IPPROTO_TCP)
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        self.sock.send(self.frame + self.ip(socket.IPPROTO_TCP, tcp))

    def unreachable(self, seq):
        """Of a segment that came here with this number."""
        inner = struct.pack("!HHI", self.ports[1], self.ports[0], seq & 0xFFFFFFFF) + bytes(12)
        if self.family == socket.AF_INET6:
            inner = struct.pack("!IHBB", 6 << 28, len(inner), socket.IPPROTO_TCP, 64) + self.peer + self.address + inner
            icmp = struct.pack("!BBHI", 1, 3, 0, 0) + inner
            pseudo = self.address + self.peer + struct.pack("!II", len(icmp), socket.IPPROTO_ICMPV6)
            proto = socket.IPPROTO_ICMPV6
        else:
            inner = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, 64, socket.IPPROTO_TCP, 0) + self.peer + self.address + inner
            icmp = struct.pack("!BBHI", 3, 1, 0, 0) + inner
            pseudo, proto = b"", socket.IPPROTO_ICMP
        icmp = icmp[:2] + struct.pack("!H", checksum(pseudo + icmp)) + icmp[4:]
        self.sock.send(self.frame + self.ip(proto, icmp))

    def receive(self, seconds):
        end = time.monotonic() + seconds
        while select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
            frame, where = self.sock.recvfrom(70000)
            if where[2] == socket.PACKET_OUTGOING or frame[12:14] != (b"\x08\x00" if self.family == socket.AF_INET else b"\x86\xdd"):
                continue
            segment = Segment(self.family, frame)
            if segment.dst == self.address and hasattr(segment, "sport"):
                return segment
        return None

    def expect(self, what, **wanted):
        segment = self.receive(PATIENCE)
        if not segment:
            sys.exit("FAIL: %s: nothing comes to the %s" % (what, self.name))
        if segment.proto == socket.IPPROTO_TCP:
            wanted["right"] = True
        for key, value in wanted.items():
            if isinstance(value, int) and not isinstance(value, bool):
                value &= 0xFFFFFFFF
            if getattr(segment, key, None) != value:
                sys.exit("FAIL: %s: %s is %r, not %r, in what comes to the %s: %s" %
                         (what, key, getattr(segment, key, None), value, self.name, vars(segment)))
        print("ok:", what, flush=True)
        return segment

    def silent(self, what):
        segment = self.receive(0.3)
        if segment:
            sys.exit("FAIL: %s: to the %s comes %s" % (what, self.name, vars(segment)))
        print("ok:", what, flush=True)


def header(version, client, virtual, sport):
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    if version == "v1":
        word = "TCP6" if family == socket.AF_INET6 else "TCP4"
        return ("PROXY %s %s %s %d %d\r\n" % (word, client, virtual, sport, VPORT)).encode()
    ends = socket.inet_pton(family, client) + socket.inet_pton(family, virtual) + struct.pack("!HH", sport, VPORT)
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, 0x21 if family == socket.AF_INET6 else 0x11, len(ends)) + ends


class Story:
    port = 4000

    def __init__(self, arguments):
        client_ns, client_dev, client_mac, client, virtual, server_ns, server_dev, server_mac, server, version, _, *self.command = arguments
        self.client = End("client", client_ns, client_dev, client_mac, client)
        self.server = End("server", server_ns, server_dev, server_mac, server)
        self.client.peer = socket.inet_pton(self.client.family, virtual)
        self.ends, self.version = (client, virtual), version

    def handshake(self):
        """Up to the SYN-ACK, with all that a SYN may carry."""
        Story.port += 1
        c, s = self.client, self.server
        c.ports = (Story.port, VPORT)
        self.header = header(self.version, *self.ends, Story.port)
        self.h = len(self.header)
        c.send(SYN, FIRST - 1, options=MSS + SACK_OK + stamps(1000, 0) + FAST_OPEN + WSCALE7, data=b"early data")
        syn = s.expect("SYN: no data, no Fast Open", flags="S", seq=FIRST - 1, data=b"", dport=RPORT)
        if 34 in syn.options:
            sys.exit("FAIL: Fast Open's option came through")
        s.peer, s.ports = syn.src, (RPORT, syn.sport)
        self.moved = syn.stamps[0]
        self.accept("SYN-ACK: window less the header")

    def accept(self, what):
        self.server.send(SYN | ACK, BACK - 1, FIRST, 1000, MSS + SACK_OK + stamps(5000, self.moved) + WSCALE2)
        self.client.expect(what, flags="SA", seq=BACK - 1, ack=FIRST, window=1000 - self.h, stamps=(5000, 1000))

    def say(self, flags, seq, ack=BACK, data=b"", **more):
        self.client.send(flags, FIRST + seq, ack, options=stamps(1001, 5000), data=data, **more)

    def answer(self, flags, ack, back=0, window=500, options=b"", data=b""):
        """@ack: what the client is to hear of, without the header."""
        self.server.send(flags, BACK + back, FIRST + self.h + ack, window, stamps(5001, self.moved) + options, data)

    def header_comes(self, what, ack=BACK, window=500):
        self.server.expect(what + ": the header", flags="PA", seq=FIRST, ack=ack, window=window, data=self.header,
                           stamps=((self.moved + 1) & 0xFFFFFFFF, 5000))

    def opened(self):
        self.handshake()
        self.say(ACK, 0)
        self.header_comes("the handshake's ACK")

    def whole(self):
        """A connection from its SYN to its end, with all that can happen to the header's acknowledgement."""
        c, s, h = self.client, self.server, self.h_of()
        self.say(PSH | ACK, 0, data=b"0123456789")
        s.expect("data, the first time: no header", flags="PA", seq=FIRST + h, data=b"0123456789")
        self.answer(ACK, 5 - h, window=500)
        c.expect("acknowledged inside the header", flags="A", seq=BACK, ack=FIRST, window=(2000 - (h - 5)) >> 2)
        self.answer(ACK, 5 - h, options=sack(FIRST + h, FIRST + h + 10))
        c.expect("selectively, too: the client is to send it again", flags="A", ack=FIRST, sack=())
        self.say(PSH | ACK, 0, data=b"0123456789")
        self.header_comes("sent again")
        s.expect("sent again: the data", flags="PA", seq=FIRST + h, data=b"0123456789")
        self.answer(ACK, 10, options=sack(FIRST, FIRST + h))
        c.expect("all is acknowledged, the header twice", flags="A", ack=FIRST + 10, window=500, sack=())
        for turn in range(3):
            at = 10 + 3 * turn
            self.say(PSH | ACK, at, BACK + 5 * turn, data=b"abc")
            s.expect("turn %d: data" % turn, flags="PA", seq=FIRST + h + at, ack=BACK + 5 * turn, data=b"abc")
            self.answer(PSH | ACK, at + 3, 5 * turn, 600, sack(FIRST + h + at + 20, FIRST + h + at + 30), b"hello")
            c.expect("turn %d: answer" % turn, flags="PA", seq=BACK + 5 * turn, ack=FIRST + at + 3, window=600,
                     sack=((FIRST + at + 20) & 0xFFFFFFFF, (FIRST + at + 30) & 0xFFFFFFFF), data=b"hello")
        self.say(ACK, 18, BACK + 15)
        s.expect("keepalive", flags="A", seq=FIRST + h + 18, data=b"")
        s.unreachable(FIRST + h + 10)
        c.expect("ICMP error", inner_seq=FIRST + 10)
        self.say(FIN | ACK, 19, BACK + 15)
        s.expect("FIN", flags="FA", seq=FIRST + h + 19)
        self.answer(FIN | ACK, 20, 15)
        c.expect("the server's FIN", flags="FA", seq=BACK + 15, ack=FIRST + 20)
        self.say(ACK, 20, BACK + 16)
        s.expect("the last ACK", flags="A", seq=FIRST + h + 20, ack=BACK + 16)

    def h_of(self):
        self.opened()
        return self.h

    def late(self):
        """The handshake's ACK is lost, or the SYN-ACK is sent again."""
        s = self.server
        self.handshake()
        self.say(PSH | FIN | ACK, 0, data=b"all in one")
        self.header_comes("data and FIN come first")
        s.expect("then what they are", flags="FPA", seq=FIRST + self.h, data=b"all in one")
        self.opened()
        self.accept("SYN-ACK again")
        self.say(ACK, 0)
        self.header_comes("ACK again")
        self.say(PSH | ACK, 0, data=b"x")
        s.expect("no header for what is new", flags="PA", seq=FIRST + self.h, data=b"x")
        self.say(ACK, 1, window=300)
        self.header_comes("a bare ACK becomes one", window=300)
        self.answer(PSH | ACK, 0, data=b"220 hello")
        self.client.expect("the server speaks first", flags="PA", seq=BACK, ack=FIRST, window=500, data=b"220 hello")
        self.say(ACK, 1, BACK + 9)
        s.expect("an ACK remains one", flags="A", seq=FIRST + self.h + 1, ack=BACK + 9, data=b"")

    def reset(self):
        """RSTs, before the header has arrived and after."""
        c, s = self.client, self.server
        self.opened()
        c.send(RST, FIRST)
        s.expect("RST for a server without the header", flags="R", seq=FIRST)
        s.expect("RST for a server that has it", flags="R", seq=FIRST + self.h)
        self.opened()
        self.server.send(RST | ACK, BACK, FIRST + 3)
        c.expect("the server's RST", flags="RA", seq=BACK, ack=FIRST)
        self.opened()
        self.answer(ACK, 0)
        c.expect("the header is acknowledged", flags="A", ack=FIRST)
        c.send(RST, FIRST)
        s.expect("RST, once", flags="R", seq=FIRST + self.h)

    def drain(self):
        """At a drain's end both ends get RSTs that are exact."""
        c, s = self.client, self.server
        self.opened()
        self.answer(ACK, 0)
        c.expect("the header is acknowledged", flags="A", ack=FIRST)
        subprocess.run(self.command, check=True)
        self.say(PSH | ACK, 0, data=b"last words")
        s.expect("data", seq=FIRST + self.h, data=b"last words")
        self.answer(PSH | ACK, 10, data=b"good bye")
        c.expect("answer", seq=BACK, ack=FIRST + 10, data=b"good bye")
        self.say(ACK, 10, BACK + 8)
        s.expect("ACK", seq=FIRST + self.h + 10, ack=BACK + 8)
        c.expect("RST to the client", flags="RA", seq=BACK + 8, ack=FIRST + 10)
        s.expect("RST to the server", flags="RA", seq=FIRST + self.h + 10, ack=BACK + 8)

    def sloppy(self):
        """Taken up in the middle: there is no place for a header."""
        Story.port += 1
        c, s = self.client, self.server
        c.ports = (Story.port, VPORT)
        c.send(PSH | ACK, 77, 88, data=b"in the middle")
        segment = s.expect("no header", flags="PA", seq=77, ack=88, data=b"in the middle")
        s.peer, s.ports = segment.src, (RPORT, segment.sport)
        s.send(ACK, 88, 90)
        c.expect("nothing moves", flags="A", seq=88, ack=90)


def main():
    story = Story(sys.argv[1:])
    Story.port += int(time.monotonic() * 10) % 20000
    getattr(story, sys.argv[11])()
    story.server.silent("nothing more to the server")
    story.client.silent("nothing more to the client")


main()
