#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""echo_server.py tcp|udp PORT[-LAST] TEXT [ADDRESS...]: answers each line or datagram with "TEXT <peer's address> <line>"."""
import itertools
import selectors
import socket
import sys


def open_socket(kind, family, address, port):
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(1024)
    sock.setblocking(False)
    return sock


def answer(text, peer, data):
    return b"%s %s %s\n" % (text, peer[0].encode(), data.rstrip(b"\n"))


def on_stream(selector, sock, text, peer):
    try:
        data = sock.recv(65536)
    except OSError:
        data = b""
    if not data:
        selector.unregister(sock)
        sock.close()
        return
    sock.setblocking(True)
    sock.sendall(answer(text, peer, data))
    sock.setblocking(False)


def destination_of(ancillary):
    """The address that a datagram was sent to: the answer must come from there."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == 8:  # IP_PKTINFO
            return [(level, kind, b"\0\0\0\0" + data[8:12] + b"\0\0\0\0")]
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            return [(level, kind, data[:16] + b"\0\0\0\0")]
    return []


def main():
    proto, ports, text = sys.argv[1], [int(port) for port in sys.argv[2].split("-")], sys.argv[3].encode()
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    selector = selectors.DefaultSelector()
    for address, port in itertools.product(sys.argv[4:] or ["0.0.0.0", "::"], range(ports[0], ports[-1] + 1)):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = open_socket(kind, family, address, port)
        if proto == "udp" and family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, 8, 1)
        elif proto == "udp":
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        selector.register(sock, selectors.EVENT_READ, None)
    while True:
        for key, _ in selector.select():
            sock = key.fileobj
            try:
                if key.data:
                    on_stream(selector, sock, text, key.data)
                elif proto == "tcp":
                    conn, peer = sock.accept()
                    conn.setblocking(False)
                    selector.register(conn, selectors.EVENT_READ, peer)
                else:
                    data, ancillary, _, peer = sock.recvmsg(65536, 256)
                    sock.sendmsg([answer(text, peer, data)], destination_of(ancillary), 0, peer)
            except OSError:
                continue


main()
