# SPDX-License-Identifier: GPL-2.0
"""tun_probe.py send: datagrams, one for each line "ADDRESS PORT SOURCE-PORT TOS TTL DF" of standard input
tun_probe.py watch DEVICE COUNT SECONDS: what arrives in tunnels, a line each, then ends; SECONDS of patience for each

A line names what two directors must agree on; of numbers that each chooses for itself (identification, source port of UDP) and of
checksums it says whether they are right: "outer: 4 192.0.2.1>192.0.2.11 proto 17 tos 0x2e ttl 76 df 1 gue 6080 sum none sport dynamic
00040000 inner: 4 ... ". The source port itself is on standard error.
"""

import select
import socket
import struct
import sys


def send(address, port, source, tos, ttl, df):
    six = ":" in address
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    if six:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        s.setsockopt(socket.IPPROTO_IP, 10, 2 if df else 0)  # IP_MTU_DISCOVER
    s.bind(("::" if six else "0.0.0.0", source))
    s.sendto(b"probe", (address, port))
    s.close()


def total(data):
    if len(data) % 2:
        data += b"\0"
    n = sum(struct.unpack("!%uH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n


def right(data):
    return "right" if total(data) == 0xffff else "wrong"


def text(family, raw):
    return socket.inet_ntop(family, raw)


def ip(data):
    """words, protocol, pseudo header (of what length follows), payload"""
    if data[0] >> 4 == 4:
        (_, tos, length, _, frag, ttl, proto, _) = struct.unpack("!BBHHHBBH", data[:12])
        hlen = (data[0] & 15) * 4
        words = "4 %s>%s proto %u tos 0x%02x ttl %u df %u frag %u header %s" % (
            text(socket.AF_INET, data[12:16]), text(socket.AF_INET, data[16:20]), proto, tos, ttl, frag >> 14 & 1,
            frag & 0x3fff, right(data[:hlen]))
        payload = data[hlen:length]
        return words, proto, data[12:20] + struct.pack("!HH", proto, len(payload)), payload
    (first, length, proto, ttl) = struct.unpack("!IHBB", data[:8])
    words = "6 %s>%s proto %u tos 0x%02x label %u ttl %u" % (
        text(socket.AF_INET6, data[8:24]), text(socket.AF_INET6, data[24:40]), proto, first >> 20 & 255, first & 0xfffff, ttl)
    payload = data[40:40 + length]
    return words, proto, data[8:40] + struct.pack("!IHBB", len(payload), 0, 0, proto), payload


def describe(data):
    words, proto, pseudo, payload = ip(data)
    line = "outer: " + words
    if proto == 47:
        flags, ether = struct.unpack("!HH", payload[:4])
        line += " gre flags %04x protocol %04x" % (flags, ether)
        if flags & 0x8000:
            line += " sum " + right(payload)
        payload = payload[8 if flags & 0x8000 else 4:]
    elif proto == 17:
        sport, dport, length, check = struct.unpack("!HHHH", payload[:8])
        print(sport, file=sys.stderr, flush=True)
        line += " gue %u length %s sum %s" % (dport, length == len(payload), right(pseudo + payload) if check else "none")
        gue = payload[8:]
        hlen = (gue[0] & 31) * 4
        line += " " + gue[:4 + hlen].hex()
        payload = gue[4 + hlen:]
    elif proto not in (4, 41):
        return None
    words, proto, pseudo, payload = ip(payload)
    if proto != 17:
        return None
    check = struct.unpack("!H", payload[6:8])[0]
    return "%s inner: %s udp %u>%u sum %s %r" % (
        (line, words) + struct.unpack("!HH", payload[:4]) + (right(pseudo + payload) if check else "none", payload[8:]))


def watch(device, count, seconds):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    s.bind((device, 3))
    print("ready", flush=True)
    while count:
        if not select.select([s], [], [], seconds)[0]:
            sys.exit("nothing came for too long")
        data, where = s.recvfrom(65536)
        if where[2] != 0 or where[1] not in (0x0800, 0x86dd):  # PACKET_HOST
            continue
        line = describe(data)
        if line:
            print(line, flush=True)
            count -= 1


if sys.argv[1] == "send":
    for words in map(str.split, sys.stdin):
        send(words[0], *(int(word, 0) for word in words[1:]))
else:
    watch(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
