#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A REP that needs nothing but the standard library: rep_selectors.py ENDPOINT COUNT"""

import selectors
import socket
import sys

AF_ZMQ, SOL_ZMQ = 18, 289
ZMQ_REP = 4
ZMQ_BIND = 1000  # bind() as an option: CPython refuses addresses of a family it does not know


def main() -> int:
    endpoint, count = sys.argv[1], int(sys.argv[2])
    rep = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_REP)
    rep.setblocking(False)
    rep.setsockopt(SOL_ZMQ, ZMQ_BIND, endpoint.encode())
    selector = selectors.DefaultSelector()
    selector.register(rep, selectors.EVENT_READ)
    print(f"serves {endpoint} with {type(selector).__name__}")
    for number in range(count):
        if not selector.select(timeout=30):
            print(f"no request after {number} of {count}")
            return 1
        rep.send(rep.recv(256).upper())
    print(f"… served {count} requests")
    return 0


sys.exit(main())
