#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""http_get.py URL COUNT SECONDS: GETs an http URL that many times, a connection each, and prints the bodies.

A request that fails prints "failed <why>"; exit status 1 if one did.
"""
import re
import socket
import sys


def get(host, port, path, seconds):
    with socket.create_connection((host, port), timeout=seconds) as sock:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        sock.sendall(request.encode())
        data = b""
        while part := sock.recv(65536):
            data += part
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise OSError("closed before the answer was complete")
    if head.split(None, 2)[1] != b"200":
        raise OSError(head.split(b"\r\n")[0].decode())
    return body.decode()


def main():
    match = re.fullmatch(r"http://(?:\[([^]]+)\]|([^:/]+))(?::(\d+))?(/.*)?", sys.argv[1])
    if not match:
        sys.exit(f"http_get.py: not a URL: {sys.argv[1]}")
    host, port, path = match[1] or match[2], int(match[3] or 80), match[4] or "/"
    failed = False
    for _ in range(int(sys.argv[2])):
        try:
            sys.stdout.write(get(host, port, path, float(sys.argv[3])))
        except OSError as error:
            print("failed", error)
            failed = True
    sys.exit(1 if failed else 0)


main()
