#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ends_client.py ADDRESS FILE PORT[@SOURCE]...: two connections with each port of ends_server.py, which rest until FILE is there.

Then one "speaks" and the other "hears" from the server, and both wait for more. Lines "heard|reset|eof|error PORT[@SOURCE]
speaks|hears".
"""
import os
import socket
import sys
import threading
import time


def wait(path):
    while not os.path.exists(path):
        time.sleep(0.05)


def run(sock, name, path):
    try:
        if name.endswith("speaks"):
            wait(path)
            sock.sendall(b"more\n")
        while sock.recv(100):
            print("heard", name, flush=True)
        print("eof", name, flush=True)
    except ConnectionResetError:
        print("reset", name, flush=True)
    except OSError as error:
        print("error", name, error, flush=True)


def main():
    address, path = sys.argv[1:3]
    for what in sys.argv[3:]:
        port, _, source = what.partition("@")
        for kind in "speaks", "hears":
            sock = socket.create_connection((address, int(port)), 60, (source, 0) if source else None)
            sock.settimeout(None)
            sock.sendall(b"hello\n")
            sock.recv(100)
            if kind == "hears":
                sock.sendall(b"later %s\n" % path.encode())
            threading.Thread(target=run, args=(sock, f"{what} {kind}", path), daemon=True).start()
    print("ready", flush=True)
    time.sleep(1000)


main()
