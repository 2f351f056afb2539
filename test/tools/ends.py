# SPDX-License-Identifier: GPL-2.0
"""Ends of connections that are made up: packets by hand, sent and received in namespaces that do not know their addresses."""
import ctypes
import os
import select
import socket
import struct
import time

PATIENCE = 20 * float(os.environ.get("WEIR_SLOW", "1"))


def checksum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def in_namespace(name):
    """Sockets are opened there from here on."""
    with open("/run/netns/" + name) as there:
        if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


class Packet:
    """What has come: a packet in a frame. @size: by its header; @over: bytes of the frame behind it; @later: a later fragment."""

    def __init__(self, data):
        self.later = False
        self.six = data[0] >> 4 == 6
        if self.six:
            self.size, self.proto, self.hops = 40 + struct.unpack("!H", data[4:6])[0], data[6], data[7]
            self.src, self.dst, head = data[8:24], data[24:40], 40
            while self.proto in (44, 60):  # fragment, destination options
                self.later |= self.proto == 44 and struct.unpack("!H", data[head + 2:head + 4])[0] > 7
                self.proto, head = data[head], head + (8 if self.proto == 44 else 8 * (data[head + 1] + 1))
        else:
            self.size, self.proto, self.hops = struct.unpack("!H", data[2:4])[0], data[9], data[8]
            self.src, self.dst, head = data[12:16], data[16:20], (data[0] & 15) * 4
            self.later = struct.unpack("!H", data[6:8])[0] & 0x1FFF > 0
        self.over = len(data) - self.size
        self.payload = data[head:self.size]
        self.ports = struct.unpack("!HH", self.payload[:4]) if len(self.payload) >= 4 else None


class End:
    """@mac: the director's, as seen from there."""

    def __init__(self, namespace, device, mac, address):
        self.six = ":" in address
        self.address = socket.inet_pton(socket.AF_INET6 if self.six else socket.AF_INET, address)
        in_namespace(namespace)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((device, 0))
        self.mac, self.own = bytes.fromhex(mac.replace(":", "")), self.sock.getsockname()[4]

    def transport(self, peer, proto, segment):
        """With its checksum."""
        at = 16 if proto == socket.IPPROTO_TCP else 6
        pseudo = self.address + peer + struct.pack("!II", len(segment), proto)
        return segment[:at] + struct.pack("!H", checksum(pseudo + segment) or 0xFFFF) + segment[at + 2:]

    def ip(self, peer, proto, payload, hops=64, more=b"", beyond=0, fragment=0):
        """A packet. @more: options, or extension headers; @beyond: the header promises so many bytes more; @fragment: of IPv4."""
        if self.six:
            return struct.pack("!IHBB", 6 << 28, len(more + payload) + beyond, proto, hops) + self.address + peer + more + payload
        size = 20 + len(more + payload) + beyond
        head = struct.pack("!BBHHHBBH", 0x45 + len(more) // 4, 0, size, 7, fragment, hops, proto, 0) + self.address + peer + more
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload

    def send(self, packet, mac=None, tag=b"", padding=b""):
        self.sock.send((mac or self.mac) + self.own + tag + (b"\x86\xdd" if self.six else b"\x08\x00") + packet + padding)

    def receive(self, dst, protos):
        """The next packet of one of these protocols to that address, out of its tunnel if there is one; None where none comes.
        Later fragments are left out."""
        end = time.monotonic() + PATIENCE
        while select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
            frame, where = self.sock.recvfrom(70000)
            if where[2] in (socket.PACKET_OUTGOING, socket.PACKET_OTHERHOST) or frame[12:14] not in (b"\x86\xdd", b"\x08\x00"):
                continue
            packet = Packet(frame[14:])
            if packet.proto in (socket.IPPROTO_IPIP, socket.IPPROTO_IPV6):
                over, packet = packet.over, Packet(packet.payload)
                packet.over += over
            if packet.dst == dst and packet.proto in protos and not packet.later:
                return packet
        return None
