#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback that have nothing to say.

silent.py READY_FIFO PARENT: writes four ports to READY_FIFO, in one line:

  never accepts      the kernel shakes hands, nobody reads
  never answers      the connection is accepted and what is asked is read
  drops              its queue is full: a SYN is not answered at all
  answers no token   it answers a sign of life (a request without the header Metadata), but no token

Ends when the process PARENT does.
"""

import os
import socket
import sys
import threading
import time

REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
kept = []


def listening(backlog):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(backlog)
    return server


def fill(server):
    """Connect until the queue takes no more: from then on the kernel drops each SYN."""
    for _ in range(16):
        client = socket.socket()
        client.settimeout(0.5)
        kept.append(client)
        try:
            client.connect(server.getsockname())
        except TimeoutError:
            return
    sys.exit("the queue does not fill")


def hold(client, probed):
    kept.append(client)
    text = b""
    while b"\r\n\r\n" not in text:
        part = client.recv(4096)
        if not part:
            return
        text += part
    if probed and b"\nmetadata:" not in text.lower():
        client.sendall(REFUSAL)
        client.close()


def accept(server, probed):
    while True:
        client, _ = server.accept()
        threading.Thread(target=hold, args=(client, probed), daemon=True).start()


def main():
    ready, parent = sys.argv[1], int(sys.argv[2])
    servers = [listening(64), listening(64), listening(0), listening(64)]
    fill(servers[2])
    threading.Thread(target=accept, args=(servers[1], False), daemon=True).start()
    threading.Thread(target=accept, args=(servers[3], True), daemon=True).start()
    with open(ready, "w", encoding="ascii") as fifo:
        print(*(server.getsockname()[1] for server in servers), file=fifo)
    while os.path.exists(f"/proc/{parent}"):
        time.sleep(0.5)


main()
