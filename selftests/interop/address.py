# SPDX-License-Identifier: GPL-2.0-only
"""Forms of addresses: IPv6, wildcards, ipc, sockaddr_in and sockaddr_un, what is refused."""

from __future__ import annotations

import errno
import os
import re
import socket

from ends import NAMES, PULL, PUSH, Azmq, End, Lzmq, family, ours, reference
from harness import TABLE, Failure, Skip, expect


def both_ways(mine: End, other: End, at: str) -> None:
    """mine is a PULL that binds, other a PUSH that connects."""
    endpoint = mine.bind(at)
    expect(bool(re.fullmatch(r"tcp://.*:[1-9]\d*", endpoint)), True, f"a real port in LAST_ENDPOINT {endpoint!r}")
    port = endpoint.rpartition(":")[2]
    other.connect(f"tcp://[::1]:{port}" if mine.get("IPV6") else f"tcp://127.0.0.1:{port}")
    other.send([b"hello"])
    expect(mine.recv(), [b"hello"], "received")


@TABLE.case("IPv6: AF_ZMQ binds tcp://[::1]:*, libzmq connects")
def ipv6_bind() -> None:
    both_ways(ours()(PULL, IPV6=1), Lzmq(PUSH, IPV6=1), "tcp://[::1]:*")


@TABLE.case("IPv6: libzmq binds tcp://[::1]:*, AF_ZMQ connects")
def ipv6_connect() -> None:
    pull = Lzmq(PULL, IPV6=1)
    push = ours()(PUSH, IPV6=1)
    push.connect(pull.bind("tcp://[::1]:*"))
    push.send([b"hello"])
    expect(pull.recv(), [b"hello"], "received")


@TABLE.case("IPv6: AF_ZMQ bound to tcp://*:* is reached over IPv6 and over IPv4")
def ipv6_wildcard() -> None:
    pull = ours()(PULL, IPV6=1)
    both_ways(pull, Lzmq(PUSH, IPV6=1), "tcp://*:*")
    port = pull.bind("tcp://*:*").rpartition(":")[2]
    push = Lzmq(PUSH)
    push.connect(f"tcp://127.0.0.1:{port}")
    push.send([b"four"])
    expect(pull.recv(), [b"four"], "received over IPv4")


@TABLE.case("AF_ZMQ bound to tcp://*:* and to tcp://0.0.0.0:* is reached over IPv4")
def wildcard() -> None:
    both_ways(ours()(PULL), Lzmq(PUSH), "tcp://*:*")
    both_ways(ours()(PULL), Lzmq(PUSH), "tcp://0.0.0.0:*")


def over_ipc(bound: End, other: End, at: str) -> None:
    """A message of one byte and one of a megabyte, through a UNIX socket."""
    endpoint = bound.bind(at)
    expect(endpoint.startswith("ipc://"), True, f"ipc:// in LAST_ENDPOINT {endpoint!r}")
    other.connect(endpoint)
    push, pull = (bound, other) if bound.kind == PUSH else (other, bound)
    for message in ([b"x"], [b"a", bytes(range(256)) * 4096, b""]):
        push.send(message)
        expect(pull.recv(), message, "received")


def own(at: str, kind: int, who: str) -> str:
    """That endpoint for one test alone."""
    return at if at.endswith("*") else f"{at}-{kind}{who}"


def _ipc_cases() -> None:
    """Names of their own: libzmq gives one back some time after close()."""
    for at in ("ipc://*", "ipc:///tmp/zmq-interop.sock", "ipc://@zmq-interop"):
        for kind, other in ((PULL, PUSH), (PUSH, PULL)):
            TABLE.case(f"ipc: AF_ZMQ {NAMES[kind]} binds {at}, libzmq connects")(
                lambda at=own(at, kind, "a"), kind=kind, other=other: over_ipc(ours()(kind), Lzmq(other), at)
            )
            TABLE.case(f"ipc: libzmq {NAMES[kind]} binds {at}, AF_ZMQ connects")(
                lambda at=own(at, kind, "z"), kind=kind, other=other: over_ipc(Lzmq(kind), ours()(other), at)
            )


_ipc_cases()


@TABLE.case("ipc: AF_ZMQ bound to a sockaddr_un, libzmq connects")
def sockaddr_un() -> None:
    if reference():
        raise Skip("libzmq takes no sockaddr")
    path = "/tmp/zmq-interop-un.sock"
    pull = Azmq(PULL)
    with _as(socket.AF_UNIX, pull) as s:
        s.bind(path)
        expect(s.getsockname(), path, "getsockname")
    push = Lzmq(PUSH)
    push.connect("ipc://" + path)
    push.send([b"hello"])
    expect(pull.recv(), [b"hello"], "received")


def _as(domain: int, end: Azmq) -> socket.socket:
    """The same socket with a family whose addresses CPython can pack."""
    return socket.socket(domain, socket.SOCK_SEQPACKET, 0, fileno=os.dup(end.fileno()))


@TABLE.case("bind() with sockaddr_in and sockaddr_in6: libzmq connects; getsockname() answers in kind")
def native_bind() -> None:
    if reference():
        raise Skip("libzmq has no socket addresses")
    for domain, address, endpoint in (
        (socket.AF_INET, "127.0.0.1", "tcp://127.0.0.1:{}"),
        (socket.AF_INET6, "::1", "tcp://[::1]:{}"),
    ):
        pull = Azmq(PULL)
        native = _as(domain, pull)
        native.bind((address, 0))
        name = native.getsockname()
        expect(name[0], address, "address of getsockname()")
        push = Lzmq(PUSH, IPV6=1)
        push.connect(endpoint.format(name[1]))
        push.send([b"hello"])
        expect(pull.recv(), [b"hello"], "received")


@TABLE.case("connect() with sockaddr_in and sockaddr_in6 to libzmq")
def native_connect() -> None:
    if reference():
        raise Skip("libzmq has no socket addresses")
    for domain, address, endpoint in (
        (socket.AF_INET, "127.0.0.1", "tcp://127.0.0.1:*"),
        (socket.AF_INET6, "::1", "tcp://[::1]:*"),
    ):
        pull = Lzmq(PULL, IPV6=1)
        port = int(pull.bind(endpoint).rpartition(":")[2])
        push = Azmq(PUSH)
        _as(domain, push).connect((address, port))
        push.view.send(b"hello")
        expect(pull.recv(), [b"hello"], "received")


@TABLE.case("SOCK_DGRAM is taken as well as SOCK_SEQPACKET, and SO_TYPE tells which")
def socket_types() -> None:
    if reference():
        raise Skip("libzmq has no socket types")
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with socket.socket(family(), kind, PULL) as s:
            expect(s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), kind, "SO_TYPE")
            expect(s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL), PULL, "SO_PROTOCOL")


@TABLE.case("what is not there is refused with an error of its own: the udp transport, bad endpoints")
def refused() -> None:
    if reference():
        raise Skip("libzmq has other transports")
    for text, error in (
        ("ipc://@", errno.EINVAL),
        ("udp://127.0.0.1:5555", errno.EPROTONOSUPPORT),
        ("nonsense", errno.EINVAL),
        ("tcp://127.0.0.1", errno.EINVAL),
        ("tcp://127.0.0.1:99999", errno.EINVAL),
    ):
        for name in ("BIND", "CONNECT"):
            try:
                Azmq(PULL).set(name, text.encode())
            except OSError as e:
                expect(errno.errorcode[e.errno or 0], errno.errorcode[error], f"{name} {text!r}")
            else:
                raise Failure(f"{name} {text!r} succeeds")
