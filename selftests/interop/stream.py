# SPDX-License-Identifier: GPL-2.0-only
"""STREAM and ROUTER_RAW between AF_ZMQ and libzmq: plain TCP at both ends."""

from __future__ import annotations

import errno
import hashlib
import socket

from ends import ROUTER, STREAM, End, Lzmq, ours
from harness import TABLE, Failure, expect


def hello(end: End) -> bytes:
    """Receive what tells of a new connection; return its routing id."""
    frames = end.recv()
    expect((len(frames), len(frames[0]), frames[1:]), (2, 5, [b""]), "frames, length of the id, body of a connection")
    return frames[0]


def take(end: End, peer: bytes, size: int) -> bytes:
    """Receive that many bytes of one peer."""
    data = b""
    while len(data) < size:
        routing_id, piece = end.recv()
        expect(routing_id, peer, "routing id")
        if not 0 < len(piece) <= 8192:
            raise Failure(f"a message of {len(piece)} bytes")
        data += piece
    return data


def close(end: End, peer: bytes) -> None:
    """End a connection. libzmq does so when it is called the next time but one."""
    end.send([peer, b""])
    end.readable(0.1)
    end.readable(0.1)


def converse(bound: End, connected: End) -> None:
    connected.connect(bound.bind("tcp://127.0.0.1:*"))
    there, back = hello(bound), hello(connected)
    connected.send([back, b"question"])
    expect(take(bound, there, 8), b"question", "received by the bound end")
    bound.send([there, b"answer"])
    expect(take(connected, back, 6), b"answer", "received by the connected end")
    blob = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(4096))
    for sender, name, receiver, other in ((connected, back, bound, there), (bound, there, connected, back)):
        for start in range(0, len(blob), 10000):
            sender.send([name, blob[start : start + 10000]])
        expect(take(receiver, other, len(blob)), blob, "many bytes")
    connected.send([back, b"last"])
    close(connected, back)
    expect(take(bound, there, 4), b"last", "received before the end")
    expect(bound.recv(), [there, b""], "what tells of the end")


@TABLE.case("AF_ZMQ STREAM, bound, and libzmq STREAM exchange bytes; beginning and end are told")
def bound_stream() -> None:
    converse(ours()(STREAM), Lzmq(STREAM))


@TABLE.case("libzmq STREAM, bound, and AF_ZMQ STREAM exchange bytes; beginning and end are told")
def connected_stream() -> None:
    converse(Lzmq(STREAM), ours()(STREAM))


@TABLE.case("AF_ZMQ ROUTER with ROUTER_RAW and libzmq STREAM exchange bytes")
def raw_router() -> None:
    converse(ours()(ROUTER, ROUTER_RAW=1), Lzmq(STREAM))


@TABLE.case("AF_ZMQ STREAM answers an HTTP request and closes the connection")
def http() -> None:
    server = ours()(STREAM)
    port = int(server.bind("tcp://127.0.0.1:*").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(20)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        peer = hello(server)
        expect(take(server, peer, 18), b"GET / HTTP/1.0\r\n\r\n", "request")
        server.send([peer, b"HTTP/1.0 200 OK\r\n\r\nhello"])
        close(server, peer)
        reply = b""
        while piece := client.recv(4096):
            reply += piece
        expect(reply, b"HTTP/1.0 200 OK\r\n\r\nhello", "reply, up to the end of the stream")


@TABLE.case("AF_ZMQ STREAM refuses an unknown peer with EHOSTUNREACH")
def unknown() -> None:
    server = ours()(STREAM)
    server.bind("tcp://127.0.0.1:*")
    try:
        server.try_send([b"\0abcd", b"lost"])
    except OSError as e:
        expect(e.errno, errno.EHOSTUNREACH, "errno of send")
        return
    raise Failure("it was sent")


@TABLE.case("AF_ZMQ STREAM with STREAM_NOTIFY 0 tells of no connection")
def quiet() -> None:
    server = ours()(STREAM, STREAM_NOTIFY=0)
    client = Lzmq(STREAM)
    client.connect(server.bind("tcp://127.0.0.1:*"))
    peer = hello(client)
    client.send([peer, b"first"])
    routing_id, data = server.recv()
    expect((len(routing_id), data), (5, b"first"), "the first message")
    client.close()
