# SPDX-License-Identifier: GPL-2.0-only
"""Subscriptions between AF_ZMQ and libzmq."""

from __future__ import annotations

from ends import PUB, SUB, XPUB, XSUB, End, Lzmq, ours, reference
from harness import TABLE, Failure, expect, until
from matrix import subscribe

MANY = 10_000
SOME = 2_000  # more than libzmq's high-water mark


def drain(end: End, count: int) -> list[bytes]:
    """That many messages of one frame."""
    got = []
    for _ in range(count):
        frames = end.recv()
        expect(len(frames), 1, "frames in a message")
        got.append(frames[0])
    return got


def _announces(count: int, before: bool) -> None:
    prefixes = [b"prefix %05d" % i for i in range(count)]
    xpub = Lzmq(XPUB, RCVHWM=0)
    sub = ours()(SUB)
    if reference():
        # libzmq announces SNDHWM prefixes and forgets the others.
        sub.set("SNDHWM", 0)
    endpoint = xpub.bind("tcp://127.0.0.1:*")
    if not before:
        sub.connect(endpoint)
        subscribe(xpub, sub, b"connected")
    for prefix in prefixes:
        sub.set("SUBSCRIBE", prefix)
    if before:
        sub.connect(endpoint)
    announced = drain(xpub, count)
    expect(len(set(announced)), count, "different prefixes announced")
    expect(sorted(announced), [b"\1" + p for p in prefixes], "announced")
    wanted = [prefixes[-1] + b" last", prefixes[0] + b" first", prefixes[count // 2]]
    for message in [b"prefix", b"prefix 0", *wanted[:1], b"prefiy", *wanted[1:]]:
        xpub.send([message])
    expect(drain(sub, 3), wanted, "received")


@TABLE.case(f"AF_ZMQ SUB announces all of {MANY} prefixes set before it connects to a libzmq XPUB", slow=True)
def announces_before() -> None:
    _announces(MANY, True)


@TABLE.case(f"AF_ZMQ SUB announces all of {SOME} prefixes set after it connected to a libzmq XPUB", slow=True)
def announces_after() -> None:
    _announces(SOME, False)


def _rounds(pub: End, sub: End, topics: list[bytes], ends: bytes) -> None:
    """Publish on all topics in turn until a round lacks one of them, and only that one."""
    for number in range(1000):
        suffix = b" %d" % number
        for topic in topics:
            pub.send([topic + suffix])
        last = topics[-1] + suffix
        got = []
        while not got or got[-1] != last:
            got += drain(sub, 1)
        wanted = [t + suffix for t in topics if t != ends]
        got = [g for g in got if g.endswith(suffix)]
        if got == wanted:
            return
        expect(got, [t + suffix for t in topics], "messages of a round before the unsubscription")
    raise Failure("the unsubscription takes no effect in 1000 rounds")


@TABLE.case("libzmq SUB unsubscribes from an AF_ZMQ PUB: only the other prefixes go on")
def unsubscribes() -> None:
    pub = ours()(PUB)
    sub = Lzmq(SUB)
    sub.connect(pub.bind("tcp://127.0.0.1:*"))
    for topic in (b"one", b"two", b"three"):
        subscribe(pub, sub, topic)
    drain_probes(pub, sub)
    sub.set("UNSUBSCRIBE", b"two")
    _rounds(pub, sub, [b"one", b"two", b"three"], b"two")


def drain_probes(pub: End, sub: End) -> None:
    """Read what subscribe() published."""
    pub.send([b"three probes end"])
    while sub.recv() != [b"three probes end"]:
        pass


@TABLE.case("AF_ZMQ PUB filters itself: a libzmq XSUB, which does not, gets nothing after its unsubscription")
def filters_at_publisher() -> None:
    pub = ours()(PUB)
    xsub = Lzmq(XSUB)
    xsub.connect(pub.bind("tcp://127.0.0.1:*"))
    for topic in (b"one", b"two", b"three"):
        subscribe(pub, xsub, topic)
    drain_probes(pub, xsub)
    pub.send([b"other"])
    pub.send([b"twosome", b"second frame"])
    expect(xsub.recv(), [b"twosome", b"second frame"], "received")
    xsub.send([b"\0two"])
    _rounds(pub, xsub, [b"one", b"two", b"three"], b"two")


@TABLE.case("AF_ZMQ SUB unsubscribes from a libzmq XPUB, which is told")
def sub_unsubscribes() -> None:
    xpub = Lzmq(XPUB)
    sub = ours()(SUB)
    sub.connect(xpub.bind("tcp://127.0.0.1:*"))
    for topic in (b"one", b"two"):
        subscribe(xpub, sub, topic)
    sub.set("UNSUBSCRIBE", b"one")
    expect(xpub.recv(), [b"\0one"], "at XPUB")
    for message in (b"one 1", b"two 1"):
        xpub.send([message])
    expect(sub.recv(), [b"two 1"], "received")


@TABLE.case("AF_ZMQ SUB subscribed twice to a prefix needs two unsubscriptions")
def sub_counts() -> None:
    xpub = Lzmq(XPUB)
    sub = ours()(SUB)
    sub.connect(xpub.bind("tcp://127.0.0.1:*"))
    subscribe(xpub, sub, b"twice")
    sub.set("SUBSCRIBE", b"twice")
    sub.set("UNSUBSCRIBE", b"twice")
    sub.set("SUBSCRIBE", b"end")
    expect(xpub.recv(), [b"\1end"], "at XPUB after one unsubscription")
    xpub.send([b"twice"])
    expect(sub.recv(), [b"twice"], "received")
    sub.set("UNSUBSCRIBE", b"twice")
    expect(xpub.recv(), [b"\0twice"], "at XPUB after two")


@TABLE.case("AF_ZMQ XPUB tells of the first and of the last of two libzmq subscribers of a prefix")
def xpub_first_last() -> None:
    xpub = ours()(XPUB)
    endpoint = xpub.bind("tcp://127.0.0.1:*")
    first, second = Lzmq(SUB), Lzmq(SUB)
    for sub in (first, second):
        sub.connect(endpoint)
    first.set("SUBSCRIBE", b"both")
    expect(xpub.recv(), [b"\1both"], "first subscriber")
    second.set("SUBSCRIBE", b"both")
    second.set("SUBSCRIBE", b"mine")
    expect(xpub.recv(), [b"\1mine"], "second subscriber")
    first.set("UNSUBSCRIBE", b"both")
    first.set("SUBSCRIBE", b"end")
    expect(xpub.recv(), [b"\1end"], "after the first unsubscribed")
    second.close()
    gone = sorted([xpub.recv()[0], xpub.recv()[0]])
    expect(gone, [b"\0both", b"\0mine"], "after the second closed")


@TABLE.case("AF_ZMQ XPUB receives what a libzmq XSUB sends upstream")
def upstream_to_us() -> None:
    xpub = ours()(XPUB)
    xsub = Lzmq(XSUB)
    xsub.connect(xpub.bind("tcp://127.0.0.1:*"))
    xsub.send([b"\1topic"])
    expect(xpub.recv(), [b"\1topic"], "subscription")
    xsub.send([b"hello", b"upstream"])
    expect(xpub.recv(), [b"hello", b"upstream"], "message")


@TABLE.case("AF_ZMQ XSUB sends upstream to a libzmq XPUB", slow=True)
def upstream_from_us() -> None:
    xpub = Lzmq(XPUB)
    xsub = ours()(XSUB)
    xsub.connect(xpub.bind("tcp://127.0.0.1:*"))
    xsub.send([b"\1topic"])
    expect(xpub.recv(), [b"\1topic"], "subscription")
    xsub.send([b"hello", b"upstream"])
    expect(xpub.recv(), [b"hello", b"upstream"], "message")


@TABLE.case("prefixes are bytes: NUL, 0xff and a prefix of a prefix work between AF_ZMQ SUB and libzmq PUB")
def binary_prefixes() -> None:
    pub = Lzmq(XPUB)
    sub = ours()(SUB)
    sub.connect(pub.bind("tcp://127.0.0.1:*"))
    for prefix in (b"\0", b"\xff\0\xff", b"a", b"abc"):
        subscribe(pub, sub, prefix)
    for message in (b"\0\0", b"\xff\0", b"\xff\0\xff", b"abcd", b"b", b"a"):
        pub.send([message])
    expect(drain(sub, 4), [b"\0\0", b"\xff\0\xff", b"abcd", b"a"], "received")


@TABLE.case("binary prefixes of a libzmq SUB are matched by an AF_ZMQ PUB")
def binary_prefixes_pub() -> None:
    pub = ours()(XPUB)
    xsub = Lzmq(XSUB)
    xsub.connect(pub.bind("tcp://127.0.0.1:*"))
    for prefix in (b"\0", b"\xff\0\xff", b"a", b"abc"):
        subscribe(pub, xsub, prefix)
    for message in (b"\0\0", b"\xff\0", b"\xff\0\xff", b"abcd", b"b", b"a"):
        pub.send([message])
    expect(drain(xsub, 4), [b"\0\0", b"\xff\0\xff", b"abcd", b"a"], "received")


@TABLE.case("AF_ZMQ PUB sends each of three libzmq SUBs its own topics")
def fan_out() -> None:
    pub = ours()(PUB)
    endpoint = pub.bind("tcp://127.0.0.1:*")
    topics = [b"red", b"green", b"blue"]
    subs = []
    for topic in topics:
        sub = Lzmq(SUB)
        sub.connect(endpoint)
        subscribe(pub, sub, topic)
        subscribe(pub, sub, b"all")
        subs.append(sub)
    for number in range(100):
        for topic in [*topics, b"all", b"none"]:
            pub.send([b"%s %d" % (topic, number), topic])
    for topic, sub in zip(topics, subs):
        wanted = [m for n in range(100) for m in ([b"%s %d" % (topic, n), topic], [b"all %d" % n, b"all"])]
        got = []
        while len(got) < len(wanted):
            message = sub.recv()
            if not message[0].endswith(b"?"):
                got.append(message)
        expect(got, wanted, f"received by the SUB of {topic!r}")


@TABLE.case("AF_ZMQ SUB reads from three libzmq PUBs")
def fan_in() -> None:
    pubs = [Lzmq(XPUB) for _ in range(3)]
    sub = ours()(SUB, SUBSCRIBE=b"")
    for pub in pubs:
        sub.connect(pub.bind("tcp://127.0.0.1:*"))
    for pub in pubs:
        expect(pub.recv(), [b"\1"], "subscription to everything")
    for number in range(100):
        for which, pub in enumerate(pubs):
            pub.send([b"%d" % which, b"%d" % number])
    got: dict[bytes, list[int]] = {}
    for _ in range(300):
        which_frame, number_frame = sub.recv()
        got.setdefault(which_frame, []).append(int(number_frame))
    expect(got, {b"%d" % w: list(range(100)) for w in range(3)}, "received from each")


@TABLE.case("a libzmq SUB behind a stuck one: AF_ZMQ PUB does not wait, drops whole messages for the stuck one alone", slow=True)
def slow_subscriber() -> None:
    pub = ours()(PUB, SNDHWM=50, SNDBUF=16384)
    endpoint = pub.bind("tcp://127.0.0.1:*")
    stuck = Lzmq(SUB, RCVHWM=10, RCVBUF=16384)
    quick = Lzmq(SUB)
    for sub in (stuck, quick):
        sub.connect(endpoint)
        subscribe(pub, sub, b"x")
    body = b"x" * 8192
    count = 300
    for number in range(count):
        expect(pub.writable(), True, "POLLOUT of PUB")
        pub.send([b"x%d" % number, body, b"end"])
        while (message := quick.recv())[0] == b"x?":
            pass
        expect(message, [b"x%d" % number, body, b"end"], "at the quick SUB")
    numbers = []
    while stuck.readable(1):
        message = stuck.recv()
        if message[0] != b"x?":
            expect(message[1:], [body, b"end"], "later frames of a message at the stuck SUB")
            numbers.append(int(message[0][1:]))
    expect(numbers, sorted(set(numbers)), "order at the stuck SUB")
    if not 10 <= len(numbers) < count:
        raise Failure(f"the stuck SUB has {len(numbers)} of {count} messages")


@TABLE.case("AF_ZMQ PUB and XPUB without peers: send succeeds, POLLOUT is true")
def no_peers() -> None:
    for kind in (PUB, XPUB):
        pub = ours()(kind)
        pub.bind("tcp://127.0.0.1:*")
        expect(pub.writable(), True, "POLLOUT")
        pub.send([b"nobody", b"listens"])


@TABLE.case("a late libzmq SUB gets what AF_ZMQ PUB sends from then on")
def late_joiner() -> None:
    pub = ours()(PUB)
    endpoint = pub.bind("tcp://127.0.0.1:*")
    pub.send([b"too early"])
    sub = Lzmq(SUB, SUBSCRIBE=b"")
    sub.connect(endpoint)
    until(lambda: (pub.send([b"in time"]), sub.readable(0.05))[1], "nothing arrives", pause=0)
    expect(sub.recv(), [b"in time"], "received")


@TABLE.case("AF_ZMQ XPUB with MANUAL gives a libzmq SUB other topics than it asked for")
def manual_ours() -> None:
    xpub = ours()(XPUB, XPUB_MANUAL=1)
    endpoint = xpub.bind("tcp://127.0.0.1:*")
    xsub, other = Lzmq(XSUB), Lzmq(SUB)
    xsub.connect(endpoint)
    xsub.send([b"\1A"])
    expect(xpub.recv(), [b"\1A"], "asked for")
    xpub.set("SUBSCRIBE", b"XA")
    other.connect(endpoint)
    other.set("SUBSCRIBE", b"B")
    expect(xpub.recv(), [b"\1B"], "asked for by another")
    xpub.set("SUBSCRIBE", b"B")
    for message in (b"A", b"XA", b"B"):
        xpub.send([message])
    expect(xsub.recv(), [b"XA"], "received")
    expect(other.recv(), [b"B"], "received by another")
    xsub.send([b"\0A"])
    expect(xpub.recv(), [b"\0A"], "no longer asked for")
    xpub.set("UNSUBSCRIBE", b"XA")
    xpub.set("SUBSCRIBE", b"end")
    for message in (b"XA", b"end"):
        xpub.send([message])
    expect(xsub.recv(), [b"end"], "received after the end")
    other.close()
    expect(xpub.recv(), [b"\0B"], "after another closed")


@TABLE.case("a libzmq XPUB with MANUAL serves an AF_ZMQ XSUB as AF_ZMQ's serves libzmq's")
def manual_theirs() -> None:
    xpub = Lzmq(XPUB, XPUB_MANUAL=1)
    xsub = ours()(XSUB)
    xsub.connect(xpub.bind("tcp://127.0.0.1:*"))
    xsub.send([b"\1A"])
    expect(xpub.recv(), [b"\1A"], "asked for")
    xpub.set("SUBSCRIBE", b"XA")
    for message in (b"A", b"XA"):
        xpub.send([message])
    expect(xsub.recv(), [b"XA"], "received")
    xsub.close()
    expect(xpub.recv(), [b"\0A"], "after it closed")


@TABLE.case("AF_ZMQ XPUB welcomes a libzmq SUB with WELCOME_MSG, before anything that it publishes")
def welcome_ours() -> None:
    xpub = ours()(XPUB, XPUB_WELCOME_MSG=b"W")
    endpoint = xpub.bind("tcp://127.0.0.1:*")
    for _ in range(3):
        sub = Lzmq(SUB, SUBSCRIBE=b"W")
        sub.connect(endpoint)
        expect(sub.recv(), [b"W"], "welcome")
        expect(xpub.recv(), [b"\1W"], "subscription")
        xpub.send([b"W later"])
        expect(sub.recv(), [b"W later"], "published")
        sub.close()
        expect(xpub.recv(), [b"\0W"], "after it closed")


@TABLE.case("a libzmq XPUB welcomes an AF_ZMQ SUB with WELCOME_MSG")
def welcome_theirs() -> None:
    xpub = Lzmq(XPUB, XPUB_WELCOME_MSG=b"W")
    sub = ours()(SUB, SUBSCRIBE=b"W")
    sub.connect(xpub.bind("tcp://127.0.0.1:*"))
    # libzmq knows a new peer when it is called.
    expect(xpub.recv(), [b"\1W"], "subscription")
    expect(sub.recv(), [b"W"], "welcome")
