#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""scapy_call.py SOCKET NAMESPACE SCRIPT [ARGUMENT...]: has scapy_server.py run SCRIPT there and ends with its exit status."""
import json
import socket
import sys
import time

end = time.monotonic() + 120
sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
while True:
    try:
        sock.connect(sys.argv[1])
        break
    except (FileNotFoundError, ConnectionRefusedError):
        # It is starting.
        if time.monotonic() > end:
            sys.exit("no scapy server")
        time.sleep(0.05)
request = {"namespace": sys.argv[2], "script": sys.argv[3], "arguments": sys.argv[4:]}
socket.send_fds(sock, [json.dumps(request).encode()], [0, 1, 2])
status = sock.recv(1)
sys.exit(status[0] if status else 1)
