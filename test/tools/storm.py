#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Packets in masses out of a device:
storm.py client|server|flood DEVICE DST-MAC SRC DST TCP-PORT UDP-PORT COUNT
storm.py tunnel DEVICE DST-MAC SRC DST TCP-PORT UDP-PORT COUNT ipip|gre|gre-csum|gue|gue-remcsum CLIENT SERVICE

client: from SRC to the service DST with these ports. First every length field wrong in turn, every truncation, chains of extension
headers and ICMP errors about all of that; then COUNT packets, TCP, UDP, fragments and ICMP errors of some hundred connections, a
third as they should be, the others with bytes changed at random. server: the same as answers to them, from these ports of SRC to the
client DST. flood: SYNs and datagrams from SRC as client, from ever new ports, for COUNT seconds. tunnel: ICMP errors from SRC, a tunnel's
end, to DST, its beginning, about the packets of CLIENT to SERVICE inside. Prints how many were sent.
"""
import ctypes
import random
import socket
import struct
import sys
import time

role, device, mac, src, dst, tcp_port, udp_port, count = sys.argv[1:9]
rng = random.Random(1)
six = ":" in src
family = socket.AF_INET6 if six else socket.AF_INET
src, dst = socket.inet_pton(family, src), socket.inet_pton(family, dst)
tunnel, *inside = sys.argv[9:12] or [None]
tcp_port, udp_port, count = int(tcp_port), int(udp_port), int(count)


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32), ("iov", ctypes.c_void_p), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("hdr", Msghdr), ("len", ctypes.c_uint)]


class Outlet:
    """Frames by the hundred: a system call each would cost more than the rest."""

    SIZE, ROOM = 128, 1536

    def __init__(self):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.sock.bind((device, 0))
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.data = bytearray(self.SIZE * self.ROOM)
        self.iovecs, self.messages = (Iovec * self.SIZE)(), (Mmsghdr * self.SIZE)()
        base = ctypes.addressof((ctypes.c_char * len(self.data)).from_buffer(self.data))
        for i in range(self.SIZE):
            self.iovecs[i].base = base + i * self.ROOM
            self.messages[i].hdr.iov, self.messages[i].hdr.iovlen = ctypes.addressof(self.iovecs[i]), 1
        self.n = self.sent = 0

    def add(self, frame):
        start = self.n * self.ROOM
        self.data[start:start + len(frame)] = frame
        self.iovecs[self.n].len = len(frame)
        self.n += 1
        if self.n == self.SIZE:
            self.flush()

    def flush(self):
        done, where, each = 0, ctypes.addressof(self.messages), ctypes.sizeof(Mmsghdr)
        while done < self.n:
            n = self.libc.sendmmsg(self.sock.fileno(), ctypes.c_void_p(where + done * each), self.n - done, 0)
            # One that the socket does not take, for it is too short, is left out.
            self.sent += max(n, 0)
            done += n if n > 0 else 1
        self.n = 0


outlet = Outlet()
# From the device's own address: a bridge lets nothing from none pass.
ethernet = bytes.fromhex(mac.replace(":", "")) + outlet.sock.getsockname()[4] + struct.pack(">H", 0x86DD if six else 0x0800)


def csum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def l4_sum(proto, data):
    if six:
        return csum(src + dst + struct.pack(">IBBBB", len(data), 0, 0, 0, proto) + data)
    return csum(src + dst + struct.pack(">BBH", 0, proto, len(data)) + data)


def ports(client, service, back):
    """In the order of a packet from SRC, or (back) of one that SRC got and answers with an error."""
    return (client, service) if (role == "server") == back else (service, client)


def tcp(client=5000, flags=2, doff=5, data=b"", options=b"", back=False):
    head = struct.pack(">HHIIBBHHH", *ports(client, tcp_port, back), 1000, 0, doff << 4, flags, 1000, 0, 0) + options + data
    return head[:16] + struct.pack(">H", l4_sum(6, head)) + head[18:]


def udp(client=5000, length=None, data=b"data", back=False):
    length = 8 + len(data) if length is None else length
    head = struct.pack(">HHHH", *ports(client, udp_port, back), length & 0xFFFF, 0) + data
    return head[:6] + struct.pack(">H", l4_sum(17, head)) + head[8:]


def ipv4(proto, payload, ihl=5, total=None, frag=0, version=4, options=b"", a=src, b=dst):
    total = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", version << 4 | ihl, 0, total & 0xFFFF, rng.getrandbits(16), frag, 64, proto, 0) + a + b
    head += options
    return head[:10] + struct.pack(">H", csum(head[:max(20, ihl * 4)])) + head[12:] + payload


def ipv6(proto, payload, length=None, version=6, a=src, b=dst):
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", version << 28, length & 0xFFFF, proto, 64) + a + b + payload


def ip(proto, payload, **more):
    return ipv6(proto, payload, **more) if six else ipv4(proto, payload, **more)


def icmp(kind, code, inner, rest=b"\0\0\5\0"):
    body = struct.pack(">BBH", kind, code, 0) + rest + inner
    check = l4_sum(58, body) if six else csum(body)
    return ip(58 if six else 1, body[:2] + struct.pack(">H", check) + body[4:])


def out(packet):
    outlet.add(ethernet + packet[:1486])


def lengths():
    good = [tcp(), tcp(flags=0x10, data=b"x" * 40), udp(), udp(client=5001, data=b"y" * 40)]
    for doff in range(16):
        out(ip(6, tcp(client=5100 + doff, doff=doff)))
        out(ip(6, tcp(client=5100 + doff, doff=doff, options=bytes([3, 255, 2, 4] * 10))))
    for length in list(range(20)) + [100, 1400, 65535]:
        out(ip(17, udp(client=5200 + length % 100, length=length)))
    for proto, payload in zip((6, 6, 17, 17), good):
        whole = ip(proto, payload)
        for cut in range(len(whole)):
            out(whole[:cut])
            out(ip(proto, payload[:cut]))
        for length in list(range(0, 70)) + [1500, 9000, 65515, 65535]:
            out(ip(proto, payload, **({"length": length} if six else {"total": length})))
        for version in range(16):
            out(ip(proto, payload, version=version))
        if not six:
            for ihl in range(16):
                out(ipv4(proto, payload, ihl=ihl))
                out(ipv4(proto, payload, ihl=ihl, options=bytes(rng.getrandbits(8) for _ in range(40))))
            for frag in (0x2000, 1, 0x1FFF, 0x3FFF, 0x8000, 0x4001):
                out(ipv4(proto, payload, frag=frag))


def chains():
    kinds = {0: None, 43: None, 44: None, 60: None}
    for depth in (1, 2, 7, 8, 9, 20, 100):
        for kind in kinds:
            payload = tcp(client=5300 + depth)
            for i in range(depth):
                after = 6 if i == 0 else (60 if kind == 0 else kind)
                if kind == 44:
                    head = struct.pack(">BBHI", after, 0, 0, 7)
                else:
                    head = bytes([after, 0, 1, 4, 0, 0, 0, 0])
                payload = head + payload
            out(ipv6(kind, payload))
    for kind in kinds:
        for length in range(256):
            out(ipv6(kind, bytes([6, length] + [0] * 6) + tcp(client=5400)))
        for after in range(256):
            out(ipv6(kind, bytes([after, 0] + [0] * 6) + tcp(client=5401)))
    for left in range(5):
        out(ipv6(43, bytes([6, 2, 0, left]) + bytes(4) + dst + tcp(client=5402)))
    for offset in (0, 1, 8, 0xFFF8, 0xFFF9, 0x0009):
        out(ipv6(44, struct.pack(">BBHI", 6, 0, offset, offset) + tcp(client=5403)))


def errors(packets):
    """About these packets, cut anywhere, and with each byte changed in those that are marked."""
    types = (1, 2, 3, 4, 100, 127) if six else (3, 4, 5, 11, 12)
    for inner, change in packets:
        for kind in types:
            for cut in range(len(inner) + 1):
                out(icmp(kind, rng.randrange(6), inner[:cut]))
        for i in range(min(48, len(inner)) if change else 0):
            for value in (0, 1, 0x0F, 0x45, 0x4F, 0x60, 0x7F, 0xFF):
                out(icmp(types[0], 1, inner[:i] + bytes([value]) + inner[i + 1:]))


def got():
    """Packets that SRC got: what its errors are about."""
    kinds = (6, tcp(flags=0x12, back=True)), (17, udp(back=True)), (58 if six else 1, b"\3\1" + bytes(30)), (132, bytes(40))
    return [(ip(proto, payload, a=dst, b=src), proto == 17) for proto, payload in kinds]


def tunnelled(client):
    """Packets that the tunnel's end got."""
    begin, end = (socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text) for text in inside)
    ip_inside, ethertype, number = (ipv6, 0x86DD, 41) if len(begin) == 16 else (ipv4, 0x0800, 4)
    for proto, payload in (6, tcp(client=client, flags=24, data=b"x" * 40)), (17, udp(client=client)):
        packet = ip_inside(proto, payload, a=begin, b=end)
        if tunnel == "ipip":
            proto = number
        elif tunnel.startswith("gre"):
            proto = 47
            packet = struct.pack(">HH", 0x8000 if "csum" in tunnel else 0, ethertype) + bytes(4 if "csum" in tunnel else 0) + packet
        else:
            proto = 17
            head = struct.pack(">BBH", 0, number, 0)
            if tunnel == "gue-remcsum":
                head = struct.pack(">BBHIHH", 2, number, 1, 1 << 31, 20, 26)
            packet = struct.pack(">HHHH", 50000, 6080, 8 + len(head) + len(packet), 0) + head + packet
        yield ip(proto, packet, a=dst, b=src)


# MSS, SACK permitted, timestamps, window scale; Fast Open; timestamps; timestamps and SACK; a client's address of each family.
STAMPS = bytes([8, 10]) + struct.pack(">II", 1000, 0)
OPTIONS = ((2, bytes([2, 4, 5, 180, 4, 2]) + STAMPS + bytes([1, 3, 3, 7])), (2, bytes([2, 4, 5, 180, 34, 10]) + bytes(8) + b"\1\1"),
           (18, bytes([2, 4, 5, 180, 4, 2]) + STAMPS + bytes([1, 3, 3, 7])), (16, b"\1\1" + STAMPS),
           (16, b"\1\1" + STAMPS + bytes([1, 1, 5, 18]) + struct.pack(">4I", 1000, 1001, 1100, 1200)),
           (16, bytes([254, 8, 0, 80, 192, 0, 2, 9])), (16, bytes([253, 20, 0, 80] + [0] * 16)))


def well_formed(client):
    """Of one connection: a bit of everything."""
    yield from (ip(6, tcp(client=client, flags=f)) for f in (2, 18, 16, 17, 20))
    yield ip(6, tcp(client=client, flags=24, data=b"GET / HTTP/1.0\r\n\r\n"))
    for flags, options in OPTIONS:
        yield ip(6, tcp(client=client, flags=flags, options=options, doff=5 + len(options) // 4))
    yield ip(17, udp(client=client))
    about = ip(17, udp(client=client, back=True), a=dst, b=src), ip(6, tcp(client=client, flags=16, back=True), a=dst, b=src)
    yield icmp(1 if six else 3, 4 if six else 3, about[0])
    yield icmp(2 if six else 3, 0 if six else 4, about[1])
    whole = udp(client=client, data=b"fragments" * 20)
    for first, last in ((64, 64), (64, 56)):
        # As it should be, and overlapping
        if six:
            yield ipv6(44, struct.pack(">BBHI", 17, 0, 1, client) + whole[:first])
            yield ipv6(44, struct.pack(">BBHI", 17, 0, last, client) + whole[last:])
        else:
            yield ipv4(17, whole[:first], frag=0x2000)
            yield ipv4(17, whole[last:], frag=last // 8)
    if six:
        yield ipv6(0, bytes([6, 0, 1, 4, 0, 0, 0, 0]) + tcp(client=client))


def damage(packet):
    packet = bytearray(packet)
    size = len(packet)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = int(rng.random() * size)
        # Not the addresses: it is to arrive.
        if not (8 <= place < 40 if six else 12 <= place < 20):
            packet[place] = rng.getrandbits(8)
    if rng.random() < 0.1:
        del packet[rng.randrange(1, size):]
    if not six and size >= 20 and len(packet) >= 20 and packet[0] >> 4 == 4 and rng.random() < 0.9:
        head = max(20, (packet[0] & 15) * 4)
        packet[10:12] = b"\0\0"
        packet[10:12] = struct.pack(">H", csum(bytes(packet[:head])))
    if rng.random() < 0.1:
        packet += bytes(rng.randrange(60))
    return packet


def noise(packets):
    seeds = [packet for client in range(5000, 5000 + min(300, count // 10 + 1)) for packet in packets(client)]
    for _ in range(count):
        packet = seeds[int(rng.random() * len(seeds))]
        out(packet if rng.random() < 0.33 else damage(packet))


def flood():
    def pattern(proto, payload, where):
        data, port = bytearray(ethernet + ip(proto, payload)), 14 + (40 if six else 20)
        check = port + where
        return data, port, check, ~struct.unpack_from("!H", data, check)[0] & 0xFFFF

    patterns = [pattern(6, tcp(client=0), 16), pattern(17, udp(client=0), 6)]
    end, port, before = time.monotonic() + count, 1024, -1
    # Nothing is taken any more: the device is gone.
    while time.monotonic() < end and outlet.sent > before:
        before = outlet.sent
        for _ in range(Outlet.SIZE // 2):
            for data, where, check, rest in patterns:
                total = rest + port
                struct.pack_into("!H", data, where, port)
                struct.pack_into("!H", data, check, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF or 0xFFFF)
                outlet.add(data)
            port = port + 1 if port < 65535 else 1024


def tunnel_errors(client):
    return (icmp(kind, code, packet) for packet in tunnelled(client) for kind, code in (((1, 4), (2, 0), (3, 0)) if six else ((3, 3), (3, 4), (11, 0))))


if role == "flood":
    flood()
elif role == "tunnel":
    errors((packet, True) for packet in tunnelled(5000))
    noise(tunnel_errors)
else:
    lengths()
    if six:
        chains()
    errors(got())
    noise(well_formed)
outlet.flush()
print(outlet.sent)
