#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ends_server.py ADDRESS PORT[-LAST] TEXT: a TCP server that says what became of each connection, "open|reset|eof <port> <peer's port>".

Each line is answered with "TEXT <line>", at once, or for a line "later FILE" when that file is there.
"""
import os
import socket
import sys
import threading
import time


def serve(sock, text):
    ends = f"{sock.getsockname()[1]} {sock.getpeername()[1]}"
    print("open", ends, flush=True)
    try:
        with sock, sock.makefile("rb") as lines:
            for line in lines:
                words = line.split()
                while words[0] == b"later" and not os.path.exists(words[1]):
                    time.sleep(0.05)
                sock.sendall(text + b" " + line)
        print("eof", ends, flush=True)
    except ConnectionError:
        print("reset", ends, flush=True)


def accept(main, text):
    while True:
        threading.Thread(target=serve, args=(main.accept()[0], text), daemon=True).start()


def main():
    ports = [int(port) for port in sys.argv[2].split("-")]
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    threads = []
    for port in range(ports[0], ports[-1] + 1):
        main = socket.create_server((sys.argv[1], port), family=family, backlog=100)
        threads.append(threading.Thread(target=accept, args=(main, sys.argv[3].encode())))
        threads[-1].start()
    print("ready", flush=True)


main()
