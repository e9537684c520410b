# SPDX-License-Identifier: GPL-2.0-only
"""Every pair of patterns × which end is AF_ZMQ × transport × which end binds × shape of the message."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

from ends import (
    DEALER,
    NAMES,
    PAIR,
    PUB,
    PULL,
    PUSH,
    REP,
    REQ,
    ROUTER,
    SUB,
    XPUB,
    XSUB,
    End,
    Frames,
    Lzmq,
    ours,
)
from harness import TABLE, Failure, expect, short, until

TOPIC = b"topic."
PROBE = [TOPIC + b"?"]

# The first frame begins with the topic where there is one.
SHAPES: dict[str, Callable[[bytes], Frames]] = {
    "one frame": lambda t: [t + b"hello"],
    "three frames": lambda t: [t + b"one", b"two" * 100, b"three"],
    "an empty frame": lambda t: [t, b""] if t else [b""],
    "a frame of 1 MiB": lambda t: [t + bytes(range(256)) * 4096],
}


def oneway(a: End, b: End, message: Frames) -> None:
    """From a to b."""
    a.send(message)
    expect(b.recv(), message, "received")


def bothways(a: End, b: End, message: Frames) -> None:
    """From a to b, and from b to a."""
    oneway(a, b, message)
    oneway(b, a, message[::-1])


def request(a: End, b: End, message: Frames) -> None:
    """REQ or DEALER asks REP: what a DEALER puts before the body comes back."""
    envelope = [b"ticket", b""] if a.kind == DEALER else []
    a.send(envelope + message)
    expect(b.recv(), message, "request at REP")
    b.send(message[::-1])
    expect(a.recv(), envelope + message[::-1], "reply")


def route(a: End, b: End, message: Frames) -> None:
    """REQ or DEALER asks a ROUTER, which knows the peer by the first frame."""
    envelope = [b""] if a.kind == REQ else []
    a.send(message)
    routing_id, *frames = b.recv()
    expect(frames, envelope + message, "request at ROUTER")
    expect((len(routing_id), routing_id[:1]), (5, b"\0"), "length and first byte of the routing id")
    b.send([routing_id, *envelope, *message[::-1]])
    expect(a.recv(), message[::-1], "reply")


def subscribe(pub: End, sub: End, topic: bytes = TOPIC) -> None:
    """Subscribe and wait until the publisher knows it; copies of the probe may follow its first."""
    if sub.kind == XSUB:
        sub.send([b"\1" + topic])
    else:
        sub.set("SUBSCRIBE", topic)
    if pub.kind == XPUB:
        # A libzmq SUB that is bound announces its prefixes only when it is asked for messages.
        until(lambda: pub.readable(0.02) or sub.readable(), "no subscription at XPUB", pause=0)
        expect(pub.recv(), [b"\1" + topic], "subscription at XPUB")
        return

    def arrives() -> bool:
        pub.send([topic + b"?"])
        while sub.readable(0.05):
            if sub.recv() == [topic + b"?"]:
                return True
        return False

    until(arrives, "the subscription takes no effect", pause=0)


def publish(a: End, b: End, message: Frames) -> None:
    """From publisher to subscriber."""
    a.send(message)
    received = b.recv()
    while received == PROBE:
        received = b.recv()
    expect(received, message, "received")


def mesh(a: End, b: End, message: Frames) -> None:
    """Two ROUTERs that know each other by the ids that they were given."""
    for end, peer in ((a, b), (b, a)):
        end.send([ROUTER_IDS[peer is b], *message])
        expect(peer.recv(), [ROUTER_IDS[end is b], *message], "received")


def _reaches(router: End, peer: bytes) -> bool:
    try:
        return router.try_send([peer, *PROBE])
    except OSError as e:
        if e.errno != errno.EHOSTUNREACH:
            raise
        return False


def introduce(a: End, b: End) -> None:
    """Wait until both ROUTERs know each other."""
    until(lambda: _reaches(a, ROUTER_IDS[1]), "the other ROUTER cannot be reached")
    expect(b.recv(), [ROUTER_IDS[0], *PROBE], "first message between ROUTERs")


def _make(label: str, kind: int, exchange: Exchange, second: bool) -> End:
    end = (ours() if label == AF_ZMQ else Lzmq)(kind)
    if exchange is mesh:
        end.set("ROUTING_ID", ROUTER_IDS[second])
        end.set("ROUTER_MANDATORY", 1)
    return end


def _run(a: End, b: End, exchange: Exchange, endpoint: str, a_binds: bool) -> Iterator[None]:
    binder, other = (a, b) if a_binds else (b, a)
    other.connect(binder.bind(endpoint))
    topic = TOPIC if exchange is publish else b""
    if topic:
        subscribe(a, b)
    if exchange is mesh:
        introduce(a, b)
    *most, last = SHAPES.values()
    for shape in most:
        exchange(a, b, shape(topic))
        yield
    exchange(a, b, last(topic))
    for end in (a, b):
        if end.kind not in (PUSH, PUB) and end.readable():
            extra = end.recv()
            if extra != PROBE:
                raise Failure(f"a message too many at {end.label} {NAMES[end.kind]}: {short(extra)}")
    yield


Exchange = Callable[[End, End, Frames], None]
AF_ZMQ = "AF_ZMQ"
ROUTER_IDS = (b"one", b"two")

# Every two types that fit, by ZeroMQ's RFCs, and how they talk.
PATTERNS: list[tuple[int, int, Exchange]] = [
    (PUSH, PULL, oneway),
    (PUB, SUB, publish),
    (PUB, XSUB, publish),
    (XPUB, SUB, publish),
    (XPUB, XSUB, publish),
    (REQ, REP, request),
    (DEALER, REP, request),
    (REQ, ROUTER, route),
    (DEALER, ROUTER, route),
    (DEALER, DEALER, bothways),
    (ROUTER, ROUTER, mesh),
    (PAIR, PAIR, bothways),
]

# Who is at which end, and over what.
WAYS: list[tuple[str, str, str, str]] = [
    (AF_ZMQ, "libzmq", "tcp", "tcp://127.0.0.1:*"),
    ("libzmq", AF_ZMQ, "tcp", "tcp://127.0.0.1:*"),
    (AF_ZMQ, AF_ZMQ, "tcp", "tcp://127.0.0.1:*"),
    (AF_ZMQ, AF_ZMQ, "inproc", "inproc://matrix"),
]


def _register() -> None:
    for a, b, exchange in PATTERNS:
        for one, two, transport, endpoint in WAYS:
            for a_binds in (True, False) if a != b or one != two else (True,):
                verbs = ("binds", "connects") if a_binds else ("connects", "binds")
                title = f"{NAMES[a]}/{NAMES[b]} over {transport}: {one} {NAMES[a]} {verbs[0]}, {two} {NAMES[b]} {verbs[1]}"
                TABLE.add(
                    [f"{title}: {shape}" for shape in SHAPES],
                    lambda e=exchange, k=(a, b), w=(one, two), p=endpoint, f=a_binds: _run(
                        _make(w[0], k[0], e, False), _make(w[1], k[1], e, True), e, p, f
                    ),
                )


_register()
