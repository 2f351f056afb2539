#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Malformed packets out of a device: storm.py DEVICE DST-MAC SRC DST TCP-PORT UDP-PORT RANDOM-COUNT [SEED]

First every length field wrong in turn, every truncation, chains of extension headers and ICMP errors about all of that; then
RANDOM-COUNT packets with bytes changed at random. Everything is TCP, UDP or ICMP from SRC to DST. Prints how many were sent.
"""
import random
import socket
import struct
import sys

device, mac, src, dst, tcp_port, udp_port, count = sys.argv[1:8]
rng = random.Random(int(sys.argv[8]) if len(sys.argv) > 8 else 1)
six = ":" in src
family = socket.AF_INET6 if six else socket.AF_INET
src, dst = socket.inet_pton(family, src), socket.inet_pton(family, dst)
tcp_port, udp_port, count = int(tcp_port), int(udp_port), int(count)

sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind((device, 0))
ethernet = bytes.fromhex(mac.replace(":", "")) + bytes(6) + struct.pack(">H", 0x86DD if six else 0x0800)
sent = 0


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


def tcp(sport=5000, flags=2, doff=5, data=b"", options=b""):
    head = struct.pack(">HHIIBBHHH", sport, tcp_port, 1000, 0, doff << 4, flags, 1000, 0, 0) + options + data
    return head[:16] + struct.pack(">H", l4_sum(6, head)) + head[18:]


def udp(sport=5000, length=None, data=b"data"):
    length = 8 + len(data) if length is None else length
    head = struct.pack(">HHHH", sport, udp_port, length & 0xFFFF, 0) + data
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
    global sent
    try:
        sock.send(ethernet + packet[:1486])
        sent += 1
    except OSError:
        pass


def lengths():
    good = [tcp(), tcp(flags=0x10, data=b"x" * 40), udp(), udp(sport=5001, data=b"y" * 40)]
    for doff in range(16):
        out(ip(6, tcp(sport=5100 + doff, doff=doff)))
        out(ip(6, tcp(sport=5100 + doff, doff=doff, options=bytes([3, 255, 2, 4] * 10))))
    for length in list(range(20)) + [100, 1400, 65535]:
        out(ip(17, udp(sport=5200 + length % 100, length=length)))
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
            payload = tcp(sport=5300 + depth)
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
            out(ipv6(kind, bytes([6, length] + [0] * 6) + tcp(sport=5400)))
        for after in range(256):
            out(ipv6(kind, bytes([after, 0] + [0] * 6) + tcp(sport=5401)))
    for left in range(5):
        out(ipv6(43, bytes([6, 2, 0, left]) + bytes(4) + dst + tcp(sport=5402)))
    for offset in (0, 1, 8, 0xFFF8, 0xFFF9, 0x0009):
        out(ipv6(44, struct.pack(">BBHI", 6, 0, offset, offset) + tcp(sport=5403)))


def errors():
    types = (1, 2, 3, 4, 100, 127) if six else (3, 4, 5, 11, 12)
    for proto, payload in ((6, tcp(flags=0x12)), (17, udp()), (58 if six else 1, b"\3\1" + bytes(30)), (132, bytes(40))):
        inner = ip(proto, payload, a=dst, b=src)
        for kind in types:
            for cut in range(len(inner) + 1):
                out(icmp(kind, rng.randrange(6), inner[:cut]))
    inner = ip(17, udp(), a=dst, b=src)
    for i in range(min(48, len(inner))):
        for value in (0, 1, 0x0F, 0x45, 0x4F, 0x60, 0x7F, 0xFF):
            out(icmp(types[0], 1, inner[:i] + bytes([value]) + inner[i + 1:]))


def noise():
    seeds = [ip(6, tcp(flags=f)) for f in (2, 16, 17, 4, 18)] + [ip(17, udp())]
    seeds += [icmp(1 if six else 3, 3, ip(17, udp(), a=dst, b=src)), icmp(2 if six else 3, 4, ip(6, tcp(flags=16), a=dst, b=src))]
    if six:
        seeds += [ipv6(44, struct.pack(">BBHI", 6, 0, 1, 5) + tcp()), ipv6(0, bytes([6, 0, 1, 4, 0, 0, 0, 0]) + tcp())]
    else:
        seeds += [ipv4(6, tcp(), frag=0x2000), ipv4(17, udp(), frag=3)]
    for _ in range(count):
        packet = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 4))):
            # Not the addresses: it is to arrive.
            place = rng.randrange(len(packet))
            if (12 <= place < 20 and not six) or (8 <= place < 40 and six):
                continue
            packet[place] = rng.getrandbits(8)
        if not six and packet[0] >> 4 == 4 and rng.random() < 0.9:
            size = max(20, (packet[0] & 15) * 4)
            packet[10:12] = b"\0\0"
            packet[10:12] = struct.pack(">H", csum(bytes(packet[:size])))
        if rng.random() < 0.1:
            del packet[rng.randrange(1, len(packet)):]
        if rng.random() < 0.1:
            packet += bytes(rng.randrange(60))
        out(bytes(packet))


lengths()
if six:
    chains()
errors()
noise()
print(sent)
