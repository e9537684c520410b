# SPDX-License-Identifier: GPL-2.0-only
"""What the tutorial's programs share: numbers, endpoints, messages of several frames."""

import socket

AF_ZMQ, SOL_ZMQ = 18, 289
PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB, STREAM = range(12)
ROUTING_ID, SUBSCRIBE, RCVMORE, BIND, CONNECT = 5, 6, 13, 1000, 1001


def zsocket(pattern, *endpoints, routing_id=None):
    """A socket, bound to the endpoints that begin with @ and connected to the others."""
    s = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, pattern)
    if routing_id:
        s.setsockopt(SOL_ZMQ, ROUTING_ID, routing_id)
    if pattern == SUB:
        s.setsockopt(SOL_ZMQ, SUBSCRIBE, b"")
    for endpoint in endpoints:
        option = BIND if endpoint.startswith("@") else CONNECT
        s.setsockopt(SOL_ZMQ, option, endpoint.lstrip("@").encode())
    return s


def send_parts(s, *parts):
    for part in parts[:-1]:
        s.send(part, socket.MSG_MORE)
    s.send(parts[-1])


def recv_parts(s, size=65536):
    parts = [s.recv(size)]
    while s.getsockopt(SOL_ZMQ, RCVMORE):
        parts.append(s.recv(size))
    return parts
