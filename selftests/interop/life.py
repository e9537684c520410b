# SPDX-License-Identifier: GPL-2.0-only
"""Connections over time: restarts, heartbeats, closing, wrong peers."""

from __future__ import annotations

import time
from collections.abc import Callable

import zmq
from zmq.utils.monitor import parse_monitor_message

from ends import DEALER, PUB, PULL, PUSH, REP, REQ, ROUTER, SUB, XPUB, Azmq, End, Lzmq, ours, reference
from harness import PATIENCE, TABLE, Failure, Skip, expect, forked, kill, until

PORT = 5555
HERE = f"tcp://127.0.0.1:{PORT}"

Make = Callable[[], End]


def _serve(make: Make, name: bytes) -> Callable[[], None]:
    """A REP that answers with its name; runs until it is killed."""

    def serve() -> None:
        rep = make()
        rep.bind(HERE)
        while True:
            if rep.readable(1):
                rep.recv()
                rep.send([name])

    return serve


def _answered_by(dealer: End, name: bytes) -> bool:
    """Ask through a DEALER, which can ask again when a server has died with the request."""
    if dealer.writable(0.2):
        dealer.send([b"", b"?"])
    return dealer.readable(1) and dealer.recv() == [b"", name]


def _survives_restart(server: Make, client: Make) -> None:
    dealer = client()
    # What a server that is gone did not take is not worth waiting for.
    dealer.set("LINGER", 0)
    dealer.connect(HERE)
    for name in (b"first", b"second", b"third"):
        pid = forked(_serve(server, name))
        until(lambda n=name: _answered_by(dealer, n), f"no answer of the {name.decode()} server", 2 * PATIENCE, 0)
        kill(pid)


@TABLE.case("a libzmq server is killed and started again: AF_ZMQ DEALER reconnects", slow=True)
def their_restart() -> None:
    _survives_restart(lambda: Lzmq(REP), lambda: ours()(DEALER))


@TABLE.case("an AF_ZMQ server is killed and started again: libzmq DEALER reconnects", slow=True)
def our_restart() -> None:
    _survives_restart(lambda: ours()(REP), lambda: Lzmq(DEALER))


def _resubscribes(publisher: Make, subscriber: Make) -> None:
    def publish(name: bytes) -> None:
        pub = publisher()
        pub.bind(HERE)
        while True:
            for topic in (b"one", b"two", b"three"):
                pub.send([topic, name])
            time.sleep(0.02)

    def hears(name: bytes) -> bool:
        got = [sub.recv() for _ in range(4)]
        unwanted = [frames for frames in got if frames[0] == b"two"]
        expect(unwanted, [], "messages that were not subscribed to")
        return {frames[0] for frames in got if frames[1] == name} == {b"one", b"three"}

    sub = subscriber()
    for prefix in (b"one", b"three"):
        sub.set("SUBSCRIBE", prefix)
    sub.connect(HERE)
    for name in (b"first", b"second", b"third"):
        pid = forked(lambda n=name: publish(n))
        until(lambda n=name: hears(n), f"a prefix is missing at the {name.decode()} publisher", pause=0)
        kill(pid)


@TABLE.case("a libzmq PUB is killed and started again: AF_ZMQ SUB reconnects and has its prefixes")
def their_pub_restart() -> None:
    _resubscribes(lambda: Lzmq(PUB), lambda: ours()(SUB))


@TABLE.case("an AF_ZMQ PUB is killed and started again: libzmq SUB reconnects and has its prefixes")
def our_pub_restart() -> None:
    _resubscribes(lambda: ours()(PUB), lambda: Lzmq(SUB))


@TABLE.case("AF_ZMQ PUSH connects before the libzmq PULL exists: what it queued meanwhile arrives")
def before_their_bind() -> None:
    push = ours()(PUSH)
    push.connect(HERE)
    for number in range(10):
        push.send([b"%d" % number])
    time.sleep(0.3)
    pull = Lzmq(PULL)
    pull.bind(HERE)
    expect([pull.recv()[0] for _ in range(10)], [b"%d" % n for n in range(10)], "received")


@TABLE.case("libzmq PUSH connects before the AF_ZMQ PULL exists: what it queued meanwhile arrives")
def before_our_bind() -> None:
    push = Lzmq(PUSH)
    push.connect(HERE)
    for number in range(10):
        push.send([b"%d" % number])
    time.sleep(0.3)
    pull = ours()(PULL)
    pull.bind(HERE)
    expect([pull.recv()[0] for _ in range(10)], [b"%d" % n for n in range(10)], "received")


def _closes_after_sending(push: End, pull: End) -> None:
    push.connect(pull.bind("tcp://127.0.0.1:*"))
    for number in range(200):
        push.send([b"%d" % number, b"x" * 1000])
    push.close()
    for number in range(200):
        expect(pull.recv(), [b"%d" % number, b"x" * 1000], "received")


@TABLE.case("AF_ZMQ PUSH sends 200 messages and closes at once: a libzmq PULL gets all")
def we_close() -> None:
    _closes_after_sending(ours()(PUSH), Lzmq(PULL))


@TABLE.case("libzmq PUSH sends 200 messages and closes at once: an AF_ZMQ PULL gets all")
def they_close() -> None:
    _closes_after_sending(Lzmq(PUSH), ours()(PULL))


@TABLE.case("a process that used AF_ZMQ ends with unsent messages: a libzmq PULL gets all")
def we_exit() -> None:
    pull = Lzmq(PULL)
    endpoint = pull.bind("tcp://127.0.0.1:*")

    def sender() -> None:
        push = ours()(PUSH)
        push.connect(endpoint)
        for number in range(100):
            push.send([b"%d" % number])
        if reference():
            push.close()
            Lzmq.context().term()

    forked(sender)
    expect([int(pull.recv()[0]) for _ in range(100)], list(range(100)), "received")


@TABLE.case("a libzmq peer goes: AF_ZMQ PUSH goes on with the peer that is left")
def one_of_two_goes() -> None:
    push = ours()(PUSH)
    endpoint = push.bind("tcp://127.0.0.1:*")
    stays, goes = Lzmq(PULL), Lzmq(PULL)
    for pull in (stays, goes):
        pull.connect(endpoint)
    seen = set()
    while len(seen) < 2:
        push.send([b"first"])
        until(lambda: stays.readable() or goes.readable(), "nothing arrives")
        for pull in (stays, goes):
            if pull.readable():
                pull.recv()
                seen.add(pull)
    goes.close()

    def all_to_one() -> bool:
        for number in range(10):
            push.send([b"%d" % number])
        got = []
        while stays.readable(0.3):
            got.append(stays.recv()[0])
        return got == [b"%d" % n for n in range(10)]

    until(all_to_one, "messages are still sent to a peer that is gone")


class Watch:
    """libzmq's monitor of one of its sockets."""

    def __init__(self, end: Lzmq):
        self.monitor = end.sock.get_monitor_socket()
        self.seen: list[int] = []

    def events(self) -> list[int]:
        while self.monitor.poll(0):
            self.seen.append(parse_monitor_message(self.monitor.recv_multipart())["event"])
        return self.seen


def _idle_under_heartbeats(peer: Lzmq, mine: End, we_bind: bool) -> None:
    watch = Watch(peer)
    if we_bind:
        peer.connect(mine.bind("tcp://127.0.0.1:*"))
    else:
        mine.connect(peer.bind("tcp://127.0.0.1:*"))
    until(lambda: zmq.EVENT_HANDSHAKE_SUCCEEDED in watch.events(), "no handshake")
    peer.send([b"unread meanwhile"])
    time.sleep(3)
    expect(watch.events().count(zmq.EVENT_DISCONNECTED), 0, "disconnections in 3 s")
    expect(watch.events().count(zmq.EVENT_HANDSHAKE_SUCCEEDED), 1, "handshakes")
    peer.send([b"hello"])
    expect([mine.recv(), mine.recv()], [[b"unread meanwhile"], [b"hello"]], "received")
    mine.send([b"world"])
    expect(peer.recv(), [b"world"], "answer")


def _heartbeats(we_bind: bool) -> None:
    peer = Lzmq(DEALER, HEARTBEAT_IVL=200, HEARTBEAT_TIMEOUT=1500, HEARTBEAT_TTL=2000)
    _idle_under_heartbeats(peer, ours()(DEALER), we_bind)


@TABLE.case("libzmq sends heartbeats: an idle AF_ZMQ peer that bound answers and stays connected", slow=True)
def heartbeats_bound() -> None:
    _heartbeats(True)


@TABLE.case("libzmq sends heartbeats: an idle AF_ZMQ peer that connected answers and stays connected", slow=True)
def heartbeats_connected() -> None:
    _heartbeats(False)


@TABLE.case("a libzmq peer of the wrong type is refused: nothing of it is delivered, right ones are served")
def wrong_type() -> None:
    pull = ours()(PULL)
    endpoint = pull.bind("tcp://127.0.0.1:*")
    wrong = Lzmq(DEALER)
    watch = Watch(wrong)
    wrong.connect(endpoint)
    # libzmq may have given up the peer already.
    wrong.try_send([b"wrong"])
    closed = {zmq.EVENT_DISCONNECTED, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL}
    until(lambda: closed & set(watch.events()), "the wrong peer is not disconnected")
    right = Lzmq(PUSH)
    right.connect(endpoint)
    right.send([b"right"])
    expect(pull.recv(), [b"right"], "received")
    expect(pull.readable(), False, "POLLIN after it")


@TABLE.case("after UNBIND no new libzmq peer gets in, and the port is free")
def unbind() -> None:
    pull = ours()(PULL)
    endpoint = pull.bind("tcp://127.0.0.1:*")
    pull.unbind(endpoint)
    late = Lzmq(PUSH)
    watch = Watch(late)
    late.connect(endpoint)
    until(lambda: zmq.EVENT_CLOSED in watch.events(), "the connection is not refused")
    other = Lzmq(PULL)
    other.bind(endpoint)
    late.send([b"to the other"])
    expect(other.recv(), [b"to the other"], "received by another socket at that port")


@TABLE.case("UNBIND keeps the libzmq peers that are already there")
def unbind_keeps() -> None:
    if reference():
        raise Skip("libzmq disconnects them")
    pull = ours()(PULL)
    endpoint = pull.bind("tcp://127.0.0.1:*")
    there = Lzmq(PUSH)
    watch = Watch(there)
    there.connect(endpoint)
    there.send([b"before"])
    expect(pull.recv(), [b"before"], "received")
    pull.unbind(endpoint)
    there.send([b"after"])
    expect(pull.recv(), [b"after"], "received")
    expect(watch.events().count(zmq.EVENT_DISCONNECTED), 0, "disconnections")


@TABLE.case("after DISCONNECT an AF_ZMQ PUSH no longer feeds that libzmq PULL, only the other")
def disconnect() -> None:
    push = ours()(PUSH)
    gone, stays = Lzmq(PULL), Lzmq(PULL)
    endpoints = [gone.bind("tcp://127.0.0.1:*"), stays.bind("tcp://127.0.0.1:*")]
    for endpoint in endpoints:
        push.connect(endpoint)
    for _ in range(2):
        push.send([b"both"])
    expect([gone.recv(), stays.recv()], [[b"both"], [b"both"]], "received while connected to both")
    push.disconnect(endpoints[0])
    for number in range(10):
        push.send([b"%d" % number])
    expect([stays.recv()[0] for _ in range(10)], [b"%d" % n for n in range(10)], "received by the other")
    expect(gone.readable(0.1), False, "POLLIN of the disconnected PULL")


@TABLE.case("one AF_ZMQ socket binds twice and connects twice: libzmq peers at all four ends work")
def many_ends() -> None:
    router = ours()(ROUTER)
    peers = []
    for number in range(4):
        peer = Lzmq(DEALER, ROUTING_ID=b"peer %d" % number)
        if number < 2:
            peer.connect(router.bind("tcp://127.0.0.1:*"))
        else:
            router.connect(peer.bind("tcp://127.0.0.1:*"))
        peers.append(peer)
    for peer in peers:
        peer.send([b"hello"])
    senders = {router.recv()[0] for _ in peers}
    expect(senders, {b"peer %d" % n for n in range(4)}, "routing ids")
    for sender in senders:
        router.send([sender, b"to", sender])
    for number, peer in enumerate(peers):
        expect(peer.recv(), [b"to", b"peer %d" % number], "answer")


@TABLE.case("30 libzmq peers come and go one after the other; AF_ZMQ serves each and keeps none")
def come_and_go() -> None:
    rep = ours()(REP)
    endpoint = rep.bind("tcp://127.0.0.1:*")
    for number in range(30):
        req = Lzmq(REQ, LINGER=0)
        req.connect(endpoint)
        req.send([b"%d" % number])
        expect(rep.recv(), [b"%d" % number], "request")
        rep.send([b"reply"])
        expect(req.recv(), [b"reply"], "reply")
        req.close()
    xpub = ours()(XPUB)
    endpoint = xpub.bind("tcp://127.0.0.1:*")
    for number in range(30):
        sub = Lzmq(SUB, SUBSCRIBE=b"%d" % number)
        sub.connect(endpoint)
        expect(xpub.recv(), [b"\1%d" % number], "subscription")
        sub.close()
        expect(xpub.recv(), [b"\0%d" % number], "end of the subscription")


@TABLE.case("EVENTS, TYPE and poll of an AF_ZMQ socket agree while a libzmq peer sends")
def events() -> None:
    if reference():
        # libzmq's ZMQ_EVENTS is what its poll is made of.
        pull: End = Lzmq(PULL)
    else:
        pull = Azmq(PULL)
    expect(pull.get("TYPE"), PULL, "TYPE")
    push = Lzmq(PUSH)
    push.connect(pull.bind("tcp://127.0.0.1:*"))
    expect(pull.get("EVENTS"), 0, "EVENTS of an empty PULL")
    push.send([b"x"])
    expect(pull.readable(PATIENCE), True, "POLLIN")
    if pull.get("EVENTS") != zmq.POLLIN:
        raise Failure("EVENTS of a readable PULL is not ZMQ_POLLIN")
    expect(pull.recv(), [b"x"], "received")
    expect(pull.get("EVENTS"), 0, "EVENTS of an empty PULL")
