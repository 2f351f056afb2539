#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""peer_server.py ADDRESS PORT [CGROUP]: answers each line with whom accept() named and whom getpeername() names now.

With CGROUP, the directory of one, it goes there when it listens: as a service does whose socket another program has made. An IPv6
address takes IPv4 too.
"""
import os
import socket
import sys
import threading


def name(address):
    return "[%s]:%d" % address[:2] if ":" in address[0] else "%s:%d" % address


def serve(conn, accepted):
    with conn, conn.makefile("rb") as lines:
        for line in lines:
            conn.sendall(b"accept=%s peer=%s %s" % (name(accepted).encode(), name(conn.getpeername()).encode(), line))


address, port = sys.argv[1:3]
listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if ":" in address:
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
listener.bind((address, int(port)))
listener.listen(1024)
if len(sys.argv) > 3:
    with open(sys.argv[3] + "/cgroup.procs", "w") as procs:
        procs.write(str(os.getpid()))
while True:
    try:
        threading.Thread(target=serve, args=listener.accept(), daemon=True).start()
    except ConnectionError:
        pass
