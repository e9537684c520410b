# SPDX-License-Identifier: GPL-2.0-only
"""Every pair of patterns × which end is AF_ZMQ × which end binds × shape of the message."""

from __future__ import annotations

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


def _exchange(
    exchange: Callable[[End, End, Frames], None], kinds: tuple[int, int], ours_is_a: bool, ours_binds: bool
) -> Iterator[None]:
    mine = ours()(kinds[0] if ours_is_a else kinds[1])
    other = Lzmq(kinds[1] if ours_is_a else kinds[0])
    if ours_binds:
        other.connect(mine.bind("tcp://127.0.0.1:*"))
    else:
        mine.connect(other.bind("tcp://127.0.0.1:*"))
    a, b = (mine, other) if ours_is_a else (other, mine)
    topic = TOPIC if exchange is publish else b""
    if topic:
        subscribe(a, b)
    *most, last = SHAPES.values()
    for shape in most:
        exchange(a, b, shape(topic))
        yield
    exchange(a, b, last(topic))
    for end in (mine, other):
        if end.kind not in (PUSH, PUB) and end.readable():
            extra = end.recv()
            if extra != PROBE:
                raise Failure(f"a message too many at {end.label} {NAMES[end.kind]}: {short(extra)}")
    yield


PATTERNS: list[tuple[int, int, Callable[[End, End, Frames], None]]] = [
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
    (PAIR, PAIR, bothways),
]


def _register() -> None:
    for a, b, exchange in PATTERNS:
        for ours_is_a in (True, False) if a != b else (True,):
            for ours_binds in (True, False):
                mine, other = (a, b) if ours_is_a else (b, a)
                verbs = ("binds", "connects") if ours_binds else ("connects", "binds")
                title = f"{NAMES[a]}/{NAMES[b]}: AF_ZMQ {NAMES[mine]} {verbs[0]}, libzmq {NAMES[other]} {verbs[1]}"
                TABLE.add(
                    [f"{title}: {shape}" for shape in SHAPES],
                    lambda e=exchange, k=(a, b), i=ours_is_a, s=ours_binds: _exchange(e, k, i, s),
                )


_register()
