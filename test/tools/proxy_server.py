#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""proxy_server.py tcp|udp v1|v2 PORT [greet]: believes nobody without a header of PROXY protocol.

TCP: the header is to stand alone at the beginning. The answer is the line "from SOURCE PORT to DESTINATION PORT", after a line of greeting
where it is to greet, and then whatever comes, until the client has no more. Without a header, or with another one, it is the line
"bad ..." and the end.

UDP: every datagram is answered so, "from ... data LENGTH" with the header's ends or "bare data LENGTH"; what begins with "quiet" is
not. What came is printed.
"""
import socket
import struct
import sys
import threading

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def ends_v2(data, protocol):
    """Ends, and what is behind the header."""
    if data[:12] != SIGNATURE:
        raise ValueError("no signature")
    command, kind, length = struct.unpack("!BBH", data[12:16])
    family, size = (socket.AF_INET, 4) if kind >> 4 == 1 else (socket.AF_INET6, 16)
    if command != 0x21 or kind != (0x10 if size == 4 else 0x20) + protocol or length != 2 * size + 4 or len(data) < 16 + length:
        raise ValueError("header %s" % data[:16].hex())
    body = data[16:16 + length]
    ports = struct.unpack("!HH", body[2 * size:])
    addresses = [socket.inet_ntop(family, body[i * size:(i + 1) * size]) for i in (0, 1)]
    return (addresses[0], ports[0], addresses[1], ports[1]), data[16 + length:]


def ends_v1(data):
    line, _, rest = data.partition(b"\r\n")
    words = line.decode("ascii").split(" ")
    if len(words) != 6 or words[0] != "PROXY" or words[1] not in ("TCP4", "TCP6"):
        raise ValueError("line %r" % line)
    family = socket.AF_INET if words[1] == "TCP4" else socket.AF_INET6
    for address in words[2:4]:
        if socket.inet_ntop(family, socket.inet_pton(family, address)) != address:
            raise ValueError("address %s" % address)
    return (words[2], int(words[4]), words[3], int(words[5])), rest


def more(conn, data):
    part = conn.recv(65536)
    if not part:
        raise ValueError("end after %r" % data)
    return data + part


def header_v1(conn):
    data = b""
    while b"\r\n" not in data:
        data = more(conn, data)
        if b"\r\n" not in data[:108] and len(data) > 107 or not b"PROXY ".startswith(data[:6]):
            raise ValueError("no line")
    return ends_v1(data)


def header_v2(conn):
    data = b""
    while len(data) < 16 or len(data) < 16 + struct.unpack("!H", data[14:16])[0]:
        data = more(conn, data)
        if not SIGNATURE.startswith(data[:12]):
            raise ValueError("no signature")
    return ends_v2(data, 1)


def serve(conn, version, greet):
    with conn:
        try:
            ends, data = header_v1(conn) if version == "v1" else header_v2(conn)
        except (ValueError, OSError) as error:
            print("bad", error, flush=True)
            conn.sendall(b"bad %s\n" % str(error).encode())
            return
        if greet:
            conn.sendall(b"220 hello\n")
        conn.sendall(b"from %s %d to %s %d\n" % (ends[0].encode(), ends[1], ends[2].encode(), ends[3]))
        while True:
            conn.sendall(data)
            data = conn.recv(65536)
            if not data:
                return


def datagrams(sock):
    while True:
        data, peer = sock.recvfrom(70000)
        if data[:12] == SIGNATURE:
            ends, data = ends_v2(data, 2)
            answer = "from %s %d to %s %d data %d" % (*ends, len(data))
        else:
            answer = "bare data %d" % len(data)
        print(answer, flush=True)
        if not data.startswith(b"quiet"):
            sock.sendto(answer.encode() + b"\n", peer)


def main():
    kind, version, port = sys.argv[1:4]
    sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", int(port)))
    if kind == "udp":
        datagrams(sock)
    sock.listen(1024)
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=serve, args=(conn, version, sys.argv[4:] == ["greet"]), daemon=True).start()


main()
