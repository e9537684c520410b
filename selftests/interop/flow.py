# SPDX-License-Identifier: GPL-2.0-only
"""Queues: order, completeness, high-water marks, readiness."""

from __future__ import annotations

from ends import DEALER, PAIR, PULL, PUSH, End, Lzmq, ours
from harness import PATIENCE, TABLE, Failure, expect, until

BURST = 3_000


def pipeline(push: End, pull: End) -> None:
    """PULL binds, PUSH connects."""
    push.connect(pull.bind("tcp://127.0.0.1:*"))


def _burst(push: End, pull: End) -> None:
    pipeline(push, pull)
    sent = received = 0
    while received < BURST:
        # Alternate, so that neither end needs room for everything.
        for _ in range(500):
            if sent < BURST and push.try_send([b"%d" % sent]):
                sent += 1
        expect(pull.readable(PATIENCE), True, f"POLLIN after {received} of {sent} messages")
        while pull.readable():
            expect(pull.recv(), [b"%d" % received], "received")
            received += 1


@TABLE.case(f"{BURST} small messages from an AF_ZMQ PUSH to a libzmq PULL: all, in order", slow=True)
def burst_out() -> None:
    _burst(ours()(PUSH), Lzmq(PULL))


@TABLE.case(f"{BURST} small messages from a libzmq PUSH to an AF_ZMQ PULL: all, in order", slow=True)
def burst_in() -> None:
    _burst(Lzmq(PUSH), ours()(PULL))


def _multipart(push: End, pull: End) -> None:
    pipeline(push, pull)
    for count in (2, 255, 1000):
        frames = [b"%d" % n * (n % 50) for n in range(count)]
        push.send(frames)
        expect(pull.recv(), frames, "received")


@TABLE.case("messages of up to 1000 frames from AF_ZMQ to libzmq")
def multipart_out() -> None:
    _multipart(ours()(PUSH), Lzmq(PULL))


@TABLE.case("messages of up to 1000 frames from libzmq to AF_ZMQ")
def multipart_in() -> None:
    _multipart(Lzmq(PUSH), ours()(PULL))


def _sizes(push: End, pull: End) -> None:
    pipeline(push, pull)
    pattern = bytes(range(251)) * 600
    for size in (1, 2, 254, 255, 256, 257, 4095, 4096, 4097, 8191, 8192, 8193, 65535, 65536, 65537, 150_000):
        push.send([pattern[:size]])
        expect(pull.recv(), [pattern[:size]], f"frame of {size} bytes")


@TABLE.case("frames around every boundary of the format and of buffers from AF_ZMQ to libzmq")
def sizes_out() -> None:
    _sizes(ours()(PUSH), Lzmq(PULL))


@TABLE.case("frames around every boundary of the format and of buffers from libzmq to AF_ZMQ")
def sizes_in() -> None:
    _sizes(Lzmq(PUSH), ours()(PULL))


def _stuck(push: End, pull: End, receiver: str) -> None:
    """Send to a receiver that does not read, until the sender has to wait; then let it go."""
    pipeline(push, pull)
    body = b"x" * 65536
    push.send([b"0", body])
    # The first message proves the connection: what follows waits for the receiver alone.
    until(lambda: pull.readable(), "nothing arrives")
    sent = 1

    def refuses() -> bool:
        nonlocal sent
        while push.try_send([b"%d" % sent, body]):
            sent += 1
            if sent > 500:
                raise Failure(f"500 messages of {len(body)} bytes are accepted for {receiver} that reads none")
        return not push.writable(0.5)

    until(refuses, "POLLOUT stays true though a send would block")
    if sent < 10:
        raise Failure(f"only {sent} messages accepted with SNDHWM=5 and RCVHWM=5")
    expect(push.try_send([b"no", b"room"]), False, "a send when POLLOUT is false")
    for number in range(sent):
        expect(pull.recv(), [b"%d" % number, body], "received")
    expect(push.writable(PATIENCE), True, "POLLOUT after the receiver has read all")
    push.send([b"more"])
    expect(pull.recv(), [b"more"], "received at last")


@TABLE.case("AF_ZMQ PUSH at its high-water mark waits for a stuck libzmq PULL: POLLOUT goes false, then true")
def stuck_pull() -> None:
    _stuck(ours()(PUSH, SNDHWM=5, SNDBUF=32768), Lzmq(PULL, RCVHWM=5, RCVBUF=32768), "a libzmq PULL")


@TABLE.case("libzmq PUSH at its high-water mark waits for a stuck AF_ZMQ PULL, which has every message")
def stuck_us() -> None:
    _stuck(Lzmq(PUSH, SNDHWM=5, SNDBUF=32768), ours()(PULL, RCVHWM=5, RCVBUF=32768), "an AF_ZMQ PULL")


@TABLE.case("AF_ZMQ PUSH and DEALER without a peer: POLLOUT is false, send gives EAGAIN, until one connects")
def nobody_there() -> None:
    for kind, other in ((PUSH, PULL), (DEALER, DEALER), (PAIR, PAIR)):
        sender = ours()(kind)
        endpoint = sender.bind("tcp://127.0.0.1:*")
        expect(sender.writable(), False, "POLLOUT without a peer")
        expect(sender.try_send([b"x"]), False, "send without a peer")
        peer = Lzmq(other)
        peer.connect(endpoint)
        expect(sender.writable(PATIENCE), True, "POLLOUT with a peer")
        sender.send([b"now"])
        expect(peer.recv(), [b"now"], "received")


@TABLE.case("two messages arrive, one is read: AF_ZMQ PULL is still readable")
def still_readable() -> None:
    push, pull = Lzmq(PUSH), ours()(PULL)
    pipeline(push, pull)
    push.send([b"one"])
    push.send([b"two"])
    for message in (b"one", b"two"):
        expect(pull.readable(PATIENCE), True, f"POLLIN before {message!r}")
        expect(pull.recv(), [message], "received")
    expect(pull.readable(), False, "POLLIN after both")


@TABLE.case("an AF_ZMQ PUSH shares its work among three libzmq PULLs evenly")
def shares() -> None:
    push = ours()(PUSH)
    pulls = [Lzmq(PULL) for _ in range(3)]
    for pull in pulls:
        push.connect(pull.bind("tcp://127.0.0.1:*"))
    for number in range(300):
        push.send([b"%d" % number])
    seen = []
    for pull in pulls:
        mine = [int(pull.recv()[0]) for _ in range(100)]
        expect(mine, sorted(mine), "order at one PULL")
        seen += mine
    expect(sorted(seen), list(range(300)), "received by all")


@TABLE.case("an AF_ZMQ PULL takes turns among three libzmq PUSHs")
def takes_turns() -> None:
    pull = ours()(PULL)
    endpoint = pull.bind("tcp://127.0.0.1:*")
    pushes = [Lzmq(PUSH) for _ in range(3)]
    for which, push in enumerate(pushes):
        push.connect(endpoint)
        for number in range(100):
            push.send([b"%d" % which, b"%d" % number])
    got: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for _ in range(300):
        which_frame, number_frame = pull.recv()
        got[int(which_frame)].append(int(number_frame))
    expect(got, {w: list(range(100)) for w in range(3)}, "received from each")
