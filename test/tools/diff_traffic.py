#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends one and the same stream of packets to two directors (eth0 and eth1).

usage: diff_traffic.py open|established|mixed tcp|udp VIP[+N] PORT[-PORT] COUNT SEED [CLIENTS]

open:  every packet opens a connection of a new client
established: TCP; the same, and each is acknowledged at once, so that it lives for minutes
mixed: TCP; new connections, and segments, FINs and, in the last third, RSTs of those that were opened before. Ends before COUNT
       where the first of them would be forgotten on the way (half-open after 60 s, reset after 10 s), for that does not happen
       in the same instant in both, and later choices depend on it.
VIP+N: VIP and the N addresses behind it, any of them
CLIENTS: only that many client addresses, each with many ports (default: any address)
"""
import os
import random
import socket
import struct
import sys
import time

ETHER4 = bytes.fromhex("020000000001" "020000000002" "0800")
ETHER6 = bytes.fromhex("020000000001" "020000000002" "86dd")
ARP = 0x0806
WHO_HAS = bytes.fromhex("020000000001" "020000000002" "0806" "0001" "0800" "06" "04" "0001"
                        "020000000002" "c0000202" "000000000000" "c0000201")  # 192.0.2.1, tell 192.0.2.2
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    # the sum of 16-bit words with end-around carry is the number modulo 65535
    value = int.from_bytes(data + b"\0" if len(data) & 1 else data, "big") % 0xFFFF
    return ~value & 0xFFFF if value else 0


def frame(src, dst, sport, dport, proto, flags, payload):
    v6 = len(src) == 16
    ends = src + dst
    if proto == socket.IPPROTO_TCP:
        l4 = struct.pack("!HHLLBBHL", sport, dport, 1000, 1000 if flags & ACK else 0, 80, flags, 65535, 0) + payload
        at = 16
    else:
        l4 = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
        at = 6
    value = checksum(ends + struct.pack("!LL", len(l4), proto) + l4)
    l4 = b"%b%b%b" % (l4[:at], struct.pack("!H", value or 0xFFFF), l4[at + 2:])
    if v6:
        return ETHER6 + struct.pack("!LHBB", 6 << 28, len(l4), proto, 64) + ends + l4
    header = struct.pack("!BBHLBB", 0x45, 0, 20 + len(l4), 0x4000, 64, proto)
    return ETHER4 + header + struct.pack("!H", checksum(header + ends)) + ends + l4


def outlets():
    """A socket for each director; for the present network namespace."""
    outs = []
    for dev in ("eth0", "eth1"):
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
        out.bind((dev, ARP))
        outs.append(out)
    return outs


def barrier(outs):
    """Returns when the directors have seen all that was sent before: packets of one CPU are taken in order."""
    for out in outs:
        end = time.monotonic() + 120
        out.settimeout(5)
        out.send(WHO_HAS)
        while True:
            try:
                if out.recv(100)[20:22] == b"\0\2":
                    break
            except socket.timeout:
                if time.monotonic() > end:
                    sys.exit("a director does not answer")
                out.send(WHO_HAS)


def send(outs, mode, proto, vip, ports, count, seed, clients=0):
    low, _, high = str(ports).partition("-")
    low, high = int(low), int(high or low)
    vip, _, more = vip.partition("+")
    v6 = ":" in vip
    vip = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, vip)
    number = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}[proto]
    rng = random.Random(seed)
    os.sched_setaffinity(0, {0})  # in order through the devices' queues

    def new_client():
        host = rng.randrange(clients) if clients else rng.randrange(1 << 24)
        if v6:
            # all of the address differs, not its end alone
            wide = random.Random(host).getrandbits(64)
            return bytes.fromhex("20010db8") + struct.pack("!LQ", host, wide)
        return struct.pack("!L", (10 << 24) + host)

    def some_vip():
        number = int.from_bytes(vip, "big") + rng.randint(0, int(more)) if more else int.from_bytes(vip, "big")
        return number.to_bytes(len(vip), "big")

    seen, opened = set(), []
    end = time.monotonic() + 45
    for i in range(count):
        if mode == "mixed" and time.monotonic() > end:
            print("# %u of %u packets: this machine is slow" % (i, count))
            break
        if mode == "mixed" and opened and rng.random() < 0.5:
            src, dst, sport, dport = opened[rng.randrange(len(opened))]
            flags = rng.choice((ACK, ACK, ACK | PSH, ACK | FIN, ACK | FIN, RST if 3 * i > 2 * count else ACK))
            if flags == RST:
                end = min(end, time.monotonic() + 7)
        else:
            while True:
                src, sport, dport = new_client(), rng.randrange(1024, 65536), rng.randint(low, high)
                if (src, sport, dport) not in seen:
                    break
            seen.add((src, sport, dport))
            dst = some_vip()
            opened.append((src, dst, sport, dport))
            flags = SYN
        payload = bytes(rng.randrange(200)) if number == socket.IPPROTO_UDP or flags & PSH else b""
        packets = [frame(src, dst, sport, dport, number, flags, payload)]
        if mode == "established":
            packets.append(frame(src, dst, sport, dport, number, ACK, b""))
        for packet in packets:
            for out in outs:
                out.send(packet)
        # Their backlog (net.core.netdev_max_backlog, for both) holds 1000: a machine that is late would lose what is more.
        if i % 200 == 199:
            barrier(outs)
    barrier(outs)


if __name__ == "__main__":
    mode, proto, vip, ports, count, seed = sys.argv[1:7]
    send(outlets(), mode, proto, vip, ports, int(count), int(seed), int(sys.argv[7]) if len(sys.argv) > 7 else 0)
