#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ask.py tcp|udp ADDRESS PORT[-LAST] TEXT SECONDS [COUNT]: sends TEXT on a socket each time and prints the answers.

An exchange that fails prints "failed <why>"; exit status 1 if one did. UDP's sockets stay open to the end: a port that is free
again may be given to the next one, which would belong to the connection before it.
"""
import socket
import sys


def ask(sock, address, port, text, seconds):
    sock.settimeout(seconds)
    sock.connect((address, port))
    sock.sendall(text + b"\n")
    data = b""
    while not data.endswith(b"\n"):
        part = sock.recv(65536)
        if not part:
            raise OSError("closed")
        data += part
    return data.decode().rstrip("\n")


def main():
    proto, address, port, text, seconds = sys.argv[1:6]
    count = int(sys.argv[6]) if len(sys.argv) > 6 else 1
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    ports = [int(word) for word in port.split("-")]
    failed = False
    open_to_the_end = []
    for number in [n for n in range(ports[0], ports[-1] + 1) for _ in range(count)]:
        sock = socket.socket(family, kind)
        try:
            print(ask(sock, address, number, text.encode(), float(seconds)))
        except OSError as error:
            print("failed", error)
            failed = True
        if kind == socket.SOCK_DGRAM:
            open_to_the_end.append(sock)
        else:
            sock.close()
    sys.exit(1 if failed else 0)


main()
