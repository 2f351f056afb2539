# SPDX-License-Identifier: GPL-2.0
"""talk.py tcp|udp ADDRESS PORT COUNT SECONDS [SOURCE-PORT [PAUSE]]

COUNT exchanges with an echo server over one socket, SECONDS of patience for each answer and PAUSE (0) between them. Lines
"answered who", and for UDP "lost" lines; a TCP connection that breaks is an error. COUNT 0: until the end of standard input, one
exchange a line.
"""

import socket
import sys
import time


def connect(proto, address, port, seconds, source):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(seconds)
    if source:
        sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", source))
    sock.connect((address, port))
    return sock


def exchange(sock, proto, number):
    text = f"ping{number}"
    sock.sendall(text.encode() + (b"\n" if proto == "tcp" else b""))
    answer = b""
    try:
        while not answer or (proto == "tcp" and not answer.endswith(b"\n")):
            part = sock.recv(4096)
            if not part:
                raise ConnectionError("closed")
            answer += part
    except (TimeoutError, ConnectionRefusedError, OSError) as error:
        if proto == "tcp":
            raise
        return f"lost {type(error).__name__}"
    words = answer.decode().split()
    return f"answered {words[0]}" if words[-1] == text else f"wrong {answer!r}"


def main():
    proto, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    source = int(sys.argv[6]) if len(sys.argv) > 6 else 0
    pause = float(sys.argv[7]) if len(sys.argv) > 7 else 0
    sock = connect(proto, address, port, float(sys.argv[5]), source)
    for number, _ in enumerate(range(count) if count else sys.stdin):
        print(exchange(sock, proto, number), flush=True)
        if pause:
            time.sleep(pause)


if __name__ == "__main__":
    main()
