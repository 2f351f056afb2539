#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ask.py tcp|udp ADDRESS PORT[-LAST] TEXT SECONDS [COUNT]: sends TEXT on a socket each time and prints the answers.

An exchange that fails prints "failed <why>"; exit status 1 if one did.
"""
import socket
import sys


def ask(kind, family, address, port, text, seconds):
    with socket.socket(family, kind) as sock:
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
    for number in [n for n in range(ports[0], ports[-1] + 1) for _ in range(count)]:
        try:
            print(ask(kind, family, address, number, text.encode(), float(seconds)))
        except OSError as error:
            print("failed", error)
            failed = True
    sys.exit(1 if failed else 0)


main()
