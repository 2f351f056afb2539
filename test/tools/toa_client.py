#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""toa_client.py DEVICE SERVER-MAC SERVER PORT <connections: TCP with options of one's own, from addresses that nobody else has.

Each line is a connection, "NAME SOURCE SOURCE-PORT WHEN=OPTIONS...": OPTIONS are hexadecimal, padded with zeros (the end of the list) to
whole words; WHEN is syn, ack (which completes the handshake), data (which is NAME, %20 being a blank, and a newline) or more (another line, sent when
the first was answered). "ack=-" leaves that packet out. Prints "NAME ANSWER", the last answer's line, or "NAME failed WHY".

The device's machine must not know the source addresses, and the server must reach them by it.
"""
import select
import socket
import struct
import sys
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~((total >> 16) + total) & 0xFFFF


class Connection:
    def __init__(self, sock, macs, ends, ports):
        self.sock, self.macs, self.ports = sock, macs, ports
        self.family = socket.AF_INET6 if ":" in ends[0] else socket.AF_INET
        self.ends = [socket.inet_pton(self.family, end) for end in ends]
        self.seq, self.ack = 1000, 0

    def send(self, flags, options="", data=b""):
        options = bytes.fromhex(options)
        options += b"\0" * (-len(options) % 4)
        tcp = struct.pack("!HHIIBBHHH", *self.ports, self.seq, self.ack, (5 + len(options) // 4) << 4, flags, 65000, 0, 0)
        tcp += options + data
        pseudo = b"".join(self.ends) + struct.pack("!II", len(tcp), socket.IPPROTO_TCP)
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        if self.family == socket.AF_INET:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0) + b"".join(self.ends)
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
            proto = 0x0800
        else:
            ip = struct.pack("!IHBB", 6 << 28, len(tcp), socket.IPPROTO_TCP, 64) + b"".join(self.ends)
            proto = 0x86DD
        self.sock.send(b"".join(self.macs) + struct.pack("!H", proto) + ip + tcp)
        self.seq += len(data) + (flags & (SYN | FIN) != 0)

    def receive(self, seconds):
        """The next segment of this connection: flags and data."""
        end = time.monotonic() + seconds
        while select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
            frame, where = self.sock.recvfrom(70000)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            v4 = self.family == socket.AF_INET
            if frame[12:14] != (b"\x08\x00" if v4 else b"\x86\xdd"):
                continue
            ip = frame[14:]
            head, size = ((ip[0] & 15) * 4, struct.unpack("!H", ip[2:4])[0]) if v4 else (40, 40 + struct.unpack("!H", ip[4:6])[0])
            if ip[9 if v4 else 6] != socket.IPPROTO_TCP or (ip[12:20] if v4 else ip[8:40]) != self.ends[1] + self.ends[0]:
                continue
            tcp = ip[head:size]
            sport, dport, seq, _, off, flags = struct.unpack("!HHIIBB", tcp[:14])
            if (dport, sport) != self.ports:
                continue
            data = tcp[(off >> 4) * 4:]
            if flags & SYN or seq == self.ack:
                self.ack = (seq + len(data) + (flags & (SYN | FIN) != 0)) & 0xFFFFFFFF
            return flags, data
        raise OSError("no answer")

    def line(self, seconds):
        text = b""
        while not text.endswith(b"\n"):
            flags, data = self.receive(seconds)
            if flags & RST:
                raise OSError("reset")
            if data:
                text += data
                self.send(ACK)
            elif flags & FIN:
                break
        return text.decode().strip()


def converse(conn, name, options, seconds):
    conn.send(SYN, options.get("syn", "020405b4"))
    flags, _ = conn.receive(seconds)
    if flags & (SYN | ACK) != SYN | ACK:
        raise OSError("no SYN-ACK but %#x" % flags)
    if options.get("ack") != "-":
        conn.send(ACK, options.get("ack", ""))
    conn.send(PSH | ACK, options.get("data", ""), name.replace("%20", " ").encode() + b"\n")
    answer = conn.line(seconds)
    if "more" in options:
        conn.send(PSH | ACK, options["more"], name.encode() + b"\n")
        answer = conn.line(seconds)
    return answer


def main():
    device, mac, server, port = sys.argv[1:]
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((device, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    macs = [bytes.fromhex(mac.replace(":", "")), sock.getsockname()[4]]
    for line in sys.stdin:
        name, source, source_port, *rest = line.split()
        options = dict(word.split("=") for word in rest)
        conn = Connection(sock, macs, [source, server], (int(source_port), int(port)))
        try:
            print(name, converse(conn, name, options, 20), flush=True)
        except OSError as error:
            print(name, "failed", error, flush=True)
        conn.send(RST | ACK)


main()
