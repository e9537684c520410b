# SPDX-License-Identifier: GPL-2.0-only
"""Options of AF_ZMQ whose effect a libzmq peer sees."""

from __future__ import annotations

import time

import zmq

from ends import DEALER, PUB, PULL, PUSH, REP, REQ, ROUTER, SUB, XPUB, Lzmq, ours, reference
from harness import PATIENCE, TABLE, Failure, Skip, expect, until
from life import HERE, Watch
from matrix import subscribe


@TABLE.case("MAXMSGSIZE: AF_ZMQ takes a frame of that size and disconnects a libzmq peer that sends a larger one")
def max_msg_size() -> None:
    pull = ours()(PULL, MAXMSGSIZE=1000)
    endpoint = pull.bind("tcp://127.0.0.1:*")
    push = Lzmq(PUSH)
    watch = Watch(push)
    push.connect(endpoint)
    push.send([b"x" * 1000, b""])
    expect(pull.recv(), [b"x" * 1000, b""], "received")
    push.send([b"small", b"x" * 1001])
    until(lambda: zmq.EVENT_DISCONNECTED in watch.events(), "not disconnected")
    other = Lzmq(PUSH)
    other.connect(endpoint)
    other.send([b"another peer"])
    expect(pull.recv(), [b"another peer"], "received after that")


@TABLE.case("IMMEDIATE: AF_ZMQ PUSH queues nothing for a libzmq PULL that is not there yet")
def immediate() -> None:
    push = ours()(PUSH, IMMEDIATE=1)
    push.connect(HERE)
    time.sleep(0.2)
    expect(push.writable(), False, "POLLOUT before the peer is there")
    expect(push.try_send([b"too early"]), False, "send before the peer is there")
    pull = Lzmq(PULL)
    pull.bind(HERE)
    expect(push.writable(PATIENCE), True, "POLLOUT with the peer there")
    push.send([b"in time"])
    expect(pull.recv(), [b"in time"], "received")


@TABLE.case("RECONNECT_IVL=-1: AF_ZMQ does not dial a libzmq peer again")
def no_reconnection() -> None:
    pull = Lzmq(PULL)
    endpoint = pull.bind("tcp://127.0.0.1:*")
    push = ours()(PUSH, RECONNECT_IVL=-1)
    push.connect(endpoint)
    push.send([b"once"])
    expect(pull.recv(), [b"once"], "received")
    pull.close()
    until(lambda: not push.writable(), "POLLOUT stays true without a peer")
    again = Lzmq(PULL)
    watch = Watch(again)
    again.bind(endpoint)
    time.sleep(0.5)
    expect(watch.events().count(zmq.EVENT_ACCEPTED), 0, "connections")


@TABLE.case("PROBE_ROUTER: AF_ZMQ DEALER and ROUTER introduce themselves to a libzmq ROUTER")
def probe_us() -> None:
    router = Lzmq(ROUTER)
    endpoint = router.bind("tcp://127.0.0.1:*")
    for kind in (DEALER, ROUTER):
        end = ours()(kind, ROUTING_ID=b"probe %d" % kind, PROBE_ROUTER=1)
        end.connect(endpoint)
        expect(router.recv(), [b"probe %d" % kind, b""], "received")


@TABLE.case("PROBE_ROUTER of a libzmq DEALER reaches an AF_ZMQ ROUTER, which can then speak first")
def probe_them() -> None:
    router = ours()(ROUTER, ROUTER_MANDATORY=1)
    dealer = Lzmq(DEALER, ROUTING_ID=b"probe", PROBE_ROUTER=1)
    dealer.connect(router.bind("tcp://127.0.0.1:*"))
    expect(router.recv(), [b"probe", b""], "received")
    router.send([b"probe", b"hello"])
    expect(dealer.recv(), [b"hello"], "received")


@TABLE.case("CONNECT_ROUTING_ID: AF_ZMQ ROUTER names a libzmq peer before it is connected")
def connect_routing_id() -> None:
    dealer = Lzmq(DEALER)
    endpoint = dealer.bind("tcp://127.0.0.1:*")
    router = ours()(ROUTER, CONNECT_ROUTING_ID=b"named here")
    router.connect(endpoint)
    router.send([b"named here", b"hello"])
    expect(dealer.recv(), [b"hello"], "received")
    dealer.send([b"world"])
    expect(router.recv(), [b"named here", b"world"], "received")


@TABLE.case("ROUTER_HANDOVER: the second libzmq DEALER of an id takes it over at an AF_ZMQ ROUTER")
def handover() -> None:
    router = ours()(ROUTER, ROUTER_HANDOVER=1)
    endpoint = router.bind("tcp://127.0.0.1:*")
    for number in range(2):
        dealer = Lzmq(DEALER, ROUTING_ID=b"same", RECONNECT_IVL=-1)
        dealer.connect(endpoint)
        dealer.send([b"%d" % number])
        expect(router.recv(), [b"same", b"%d" % number], "received")
        router.send([b"same", b"to %d" % number])
        expect(dealer.recv(), [b"to %d" % number], "answer")


@TABLE.case("without ROUTER_HANDOVER the first libzmq DEALER of an id keeps it at an AF_ZMQ ROUTER")
def no_handover() -> None:
    router = ours()(ROUTER)
    endpoint = router.bind("tcp://127.0.0.1:*")
    first, second = Lzmq(DEALER, ROUTING_ID=b"same"), Lzmq(DEALER, ROUTING_ID=b"same")
    first.connect(endpoint)
    first.send([b"first"])
    expect(router.recv(), [b"same", b"first"], "received")
    second.connect(endpoint)
    second.send([b"second"])
    expect(router.readable(0.5), False, "POLLIN because of the second")
    router.send([b"same", b"answer"])
    expect(first.recv(), [b"answer"], "answer at the first")


@TABLE.case("REQ_CORRELATE and REQ_RELAXED: AF_ZMQ REQ asks a libzmq ROUTER again and skips the late answer")
def correlate() -> None:
    router = Lzmq(ROUTER)
    req = ours()(REQ, REQ_CORRELATE=1, REQ_RELAXED=1)
    req.connect(router.bind("tcp://127.0.0.1:*"))
    seen = []
    for question in (b"first", b"second"):
        req.send([question])
        peer, request_id, empty, body = router.recv()
        expect((len(request_id), empty, body), (4, b"", question), "request")
        seen.append((peer, request_id))
    for (peer, request_id), answer in zip(seen, (b"late", b"right")):
        router.send([peer, request_id, b"", answer])
    expect(req.recv(), [b"right"], "reply")


@TABLE.case("REQ_CORRELATE of a libzmq REQ passes through an AF_ZMQ REP")
def correlate_them() -> None:
    rep = ours()(REP)
    req = Lzmq(REQ, REQ_CORRELATE=1, REQ_RELAXED=1)
    req.connect(rep.bind("tcp://127.0.0.1:*"))
    for number in range(3):
        req.send([b"%d" % number])
        expect(rep.recv(), [b"%d" % number], "request")
        rep.send([b"re", b"%d" % number])
        expect(req.recv(), [b"re", b"%d" % number], "reply")


@TABLE.case("XPUB_VERBOSE and XPUB_VERBOSER: AF_ZMQ XPUB tells of every libzmq subscriber")
def verbose() -> None:
    for option, ends in (("XPUB_VERBOSE", 1), ("XPUB_VERBOSER", 2)):
        xpub = ours()(XPUB, **{option: 1})
        endpoint = xpub.bind("tcp://127.0.0.1:*")
        subs = [Lzmq(SUB), Lzmq(SUB)]
        for sub in subs:
            sub.connect(endpoint)
            sub.set("SUBSCRIBE", b"same")
            expect(xpub.recv(), [b"\1same"], f"subscription with {option}")
        for sub in subs:
            sub.set("UNSUBSCRIBE", b"same")
        for _ in range(ends):
            expect(xpub.recv(), [b"\0same"], f"end of a subscription with {option}")
        expect(xpub.readable(0.3), False, f"POLLIN after that with {option}")


@TABLE.case("XPUB_NODROP: AF_ZMQ PUB waits for a stuck libzmq SUB, and nothing is lost")
def nodrop() -> None:
    pub = ours()(PUB, XPUB_NODROP=1, SNDHWM=5, SNDBUF=32768)
    sub = Lzmq(SUB, RCVHWM=5, RCVBUF=32768)
    sub.connect(pub.bind("tcp://127.0.0.1:*"))
    subscribe(pub, sub, b"x")
    body = b"x" * 65536
    sent = refused = 0
    while refused < 3:
        if pub.try_send([b"x%d" % sent, body]):
            sent += 1
            refused = 0
        else:
            # What is under way may still make room.
            refused += 1
            time.sleep(0.2)
        if sent > 500:
            raise Failure("500 messages are accepted for a libzmq SUB that reads none")
    if not reference():
        # libzmq's POLLOUT says nothing about it.
        expect(pub.writable(), False, "POLLOUT of PUB that would wait")
    number = 0
    while number < sent:
        message = sub.recv()
        if message[0] != b"x?":
            expect(message, [b"x%d" % number, body], "received")
            number += 1
    expect(pub.writable(PATIENCE), True, "POLLOUT after the subscriber has read all")


@TABLE.case("INVERT_MATCHING at both ends: AF_ZMQ PUB sends what a libzmq SUB did not subscribe to")
def invert() -> None:
    pub = ours()(XPUB, INVERT_MATCHING=1)
    sub = Lzmq(SUB, INVERT_MATCHING=1)
    sub.connect(pub.bind("tcp://127.0.0.1:*"))
    sub.set("SUBSCRIBE", b"no")
    expect(pub.recv(), [b"\1no"], "subscription")
    for message in (b"no", b"yes", b"not", b"n"):
        pub.send([message])
    expect([sub.recv(), sub.recv()], [[b"yes"], [b"n"]], "received")


@TABLE.case("LINGER=0: AF_ZMQ PUSH closes at once although a libzmq PULL was never there")
def linger() -> None:
    if reference():
        raise Skip("in libzmq it is the context that waits")
    push = ours()(PUSH, LINGER=0)
    push.connect(HERE)
    push.send([b"dropped"])
    push.close()
    pull = Lzmq(PULL)
    watch = Watch(pull)
    pull.bind(HERE)
    time.sleep(0.5)
    expect(watch.events().count(zmq.EVENT_ACCEPTED), 0, "connections")


@TABLE.case("RCVTIMEO and SNDTIMEO bound the waiting of a blocking AF_ZMQ socket")
def timeouts() -> None:
    if reference():
        raise Skip("libzmq has no blocking file descriptors")
    for kind, call in ((PULL, "recv"), (PUSH, "send")):
        end = ours()(kind, RCVTIMEO=200, SNDTIMEO=200)
        end.bind("tcp://127.0.0.1:*")
        end.sock.setblocking(True)
        start = time.monotonic()
        try:
            if call == "recv":
                end.sock.recv(1)
            else:
                end.sock.send(b"x")
        except BlockingIOError:
            waited = time.monotonic() - start
            if not 0.19 <= waited < PATIENCE:
                raise Failure(f"{call} waits {waited:.3f} s") from None
        else:
            raise Failure(f"{call} succeeds without a peer")
