#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""proxy_client.py ADDRESS PORT BYTES SECONDS [greet]: a connection to proxy_server.py through a director.

Sends that many bytes, no two pieces of which are alike, after the server's greeting where it is to wait for that, and gets them back.
Prints "known whole" where the server was told this end and the virtual one, and the bytes are the same; else what is wrong.
"""
import hashlib
import socket
import sys
import threading


def pieces(size):
    return b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(size // 32 + 1))[:size]


def line(sock):
    data = b""
    while not data.endswith(b"\n"):
        part = sock.recv(1)
        if not part:
            raise OSError("end after %r" % data)
        data += part
    return data.decode().strip()


def send(sock, data):
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


def converse(address, port, size, seconds, greet):
    with socket.create_connection((address, port), seconds) as sock:
        wanted = "from %s %d to %s %d" % (*sock.getsockname()[:2], *sock.getpeername()[:2])
        data, back = pieces(size), bytearray()
        if greet and line(sock) != "220 hello":
            return "no greeting"
        thread = threading.Thread(target=send, args=(sock, data), daemon=True)
        thread.start()
        told = line(sock)
        while len(back) < size:
            part = sock.recv(65536)
            if not part:
                break
            back += part
        thread.join(seconds)
        return "%s %s" % ("known" if told == wanted else "'%s'" % told,
                          "whole" if back == data else "%d of %d bytes" % (len(back), size))


try:
    print(converse(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:] == ["greet"]))
except OSError as failure:
    print("failed", failure)
