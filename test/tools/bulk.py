#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""bulk.py serve PORT
bulk.py take|give ADDRESS PORT BYTES SECONDS: a client to whom such a server is to give that many bytes, or which gives them to it.

Prints how many bytes arrived, whichever end they arrived at, and no fewer are in flight when it does. No byte for SECONDS is an error.
"""
import socket
import sys
import threading

CHUNK = 65536


def give(sock, size):
    piece = memoryview(bytes(CHUNK))
    while size > 0:
        size -= sock.send(piece[:size])


def take(sock, size):
    """Up to that many bytes: how many came before the end."""
    came = 0
    while came < size:
        part = len(sock.recv(min(CHUNK, size - came)))
        if not part:
            break
        came += part
    return came


def serve(conn):
    with conn, conn.makefile("r") as lines:
        verb, size = lines.readline().split()
        if verb == "take":
            give(conn, int(size))
            return
        conn.sendall(b"go\n")
        conn.sendall(b"%d\n" % take(conn, int(size)))


def main():
    if sys.argv[1] == "serve":
        with socket.create_server(("", int(sys.argv[2])), family=socket.AF_INET6, dualstack_ipv6=True) as sock:
            while True:
                threading.Thread(target=serve, args=(sock.accept()[0],), daemon=True).start()
    address, port, size, seconds = sys.argv[2], *map(int, sys.argv[3:6])
    with socket.create_connection((address, port), seconds) as sock, sock.makefile("r") as lines:
        sock.sendall(b"%s %d\n" % (sys.argv[1].encode(), size))
        if sys.argv[1] == "take":
            print(take(sock, size))
            return
        lines.readline()
        give(sock, size)
        print(lines.readline().strip())


main()
