# SPDX-License-Identifier: GPL-2.0-only
"""Requests, replies and routing ids between AF_ZMQ and libzmq."""

from __future__ import annotations

import errno
import threading

import zmq

from ends import DEALER, REP, REQ, ROUTER, End, Lzmq, ours
from harness import PATIENCE, TABLE, Failure, expect, until


def refused(end: End, frames: list[bytes], error: int) -> bool:
    """Send without waiting; tell whether that fails with the given error."""
    try:
        expect(end.try_send(frames), True, "result of send")
    except OSError as e:
        expect(errno.errorcode.get(e.errno or 0), errno.errorcode[error], "errno of send")
        return True
    return False


@TABLE.case("AF_ZMQ ROUTER knows libzmq DEALERs by the routing ids that they set, and answers each")
def ids_of_peers() -> None:
    router = ours()(ROUTER)
    endpoint = router.bind("tcp://127.0.0.1:*")
    names = [b"alice", b"b", b"c" * 255]
    dealers = {name: Lzmq(DEALER, ROUTING_ID=name) for name in names}
    for name, dealer in dealers.items():
        dealer.connect(endpoint)
        dealer.send([b"from", name])
    got = dict((frames[0], frames[1:]) for frames in (router.recv() for _ in names))
    expect(got, {name: [b"from", name] for name in names}, "received by ROUTER")
    for name in reversed(names):
        router.send([name, b"to", name])
    for name, dealer in dealers.items():
        expect(dealer.recv(), [b"to", name], "received by DEALER")


@TABLE.case("AF_ZMQ ROUTER makes different ids for anonymous libzmq DEALERs")
def ids_made() -> None:
    router = ours()(ROUTER)
    endpoint = router.bind("tcp://127.0.0.1:*")
    dealers = [Lzmq(DEALER) for _ in range(5)]
    for number, dealer in enumerate(dealers):
        dealer.connect(endpoint)
        dealer.send([b"%d" % number])
    ids = {}
    for _ in dealers:
        routing_id, body = router.recv()
        expect((len(routing_id), routing_id[:1]), (5, b"\0"), "length and first byte of the routing id")
        ids[routing_id] = body
    expect(len(ids), 5, "different ids")
    for routing_id, body in ids.items():
        router.send([routing_id, b"you are", body])
    for number, dealer in enumerate(dealers):
        expect(dealer.recv(), [b"you are", b"%d" % number], "answer")


@TABLE.case("libzmq ROUTER knows an AF_ZMQ DEALER by ZMQ_ROUTING_ID")
def our_id() -> None:
    router = Lzmq(ROUTER)
    dealer = ours()(DEALER, ROUTING_ID=b"kernel")
    dealer.connect(router.bind("tcp://127.0.0.1:*"))
    dealer.send([b"hello"])
    expect(router.recv(), [b"kernel", b"hello"], "received by ROUTER")
    router.send([b"kernel", b"world"])
    expect(dealer.recv(), [b"world"], "received by DEALER")


@TABLE.case("AF_ZMQ ROUTER and libzmq ROUTER reach each other by their routing ids")
def router_router() -> None:
    theirs = Lzmq(ROUTER, ROUTING_ID=b"theirs")
    mine = ours()(ROUTER, ROUTING_ID=b"mine", ROUTER_MANDATORY=1)
    mine.connect(theirs.bind("tcp://127.0.0.1:*"))
    until(lambda: not refused(mine, [b"theirs", b"hello"], errno.EHOSTUNREACH), "EHOSTUNREACH")
    expect(theirs.recv(), [b"mine", b"hello"], "received by libzmq")
    theirs.send([b"mine", b"", b"world"])
    expect(mine.recv(), [b"theirs", b"", b"world"], "received by AF_ZMQ")


@TABLE.case("AF_ZMQ ROUTER drops what is for nobody, and goes on")
def nobody() -> None:
    router = ours()(ROUTER)
    dealer = Lzmq(DEALER, ROUTING_ID=b"peer")
    dealer.connect(router.bind("tcp://127.0.0.1:*"))
    dealer.send([b"hello"])
    expect(router.recv(), [b"peer", b"hello"], "received by ROUTER")
    router.send([b"nobody", b"lost", b"all of it"])
    router.send([b"peer", b"found"])
    expect(dealer.recv(), [b"found"], "received by DEALER")


@TABLE.case("AF_ZMQ ROUTER with ROUTER_MANDATORY refuses what is for nobody with EHOSTUNREACH, and goes on")
def mandatory() -> None:
    router = ours()(ROUTER, ROUTER_MANDATORY=1)
    dealer = Lzmq(DEALER, ROUTING_ID=b"peer")
    dealer.connect(router.bind("tcp://127.0.0.1:*"))
    dealer.send([b"hello"])
    expect(router.recv(), [b"peer", b"hello"], "received by ROUTER")
    expect(refused(router, [b"nobody", b"lost"], errno.EHOSTUNREACH), True, "refused")
    router.send([b"peer", b"found"])
    expect(dealer.recv(), [b"found"], "received by DEALER")
    dealer.close()
    until(lambda: refused(router, [b"peer", b"gone"], errno.EHOSTUNREACH), "no EHOSTUNREACH for a peer that closed")


@TABLE.case("five libzmq REQs at one AF_ZMQ REP: each gets its own replies")
def many_askers() -> None:
    rep = ours()(REP)
    endpoint = rep.bind("tcp://127.0.0.1:*")
    askers = [Lzmq(REQ) for _ in range(5)]
    for asker in askers:
        asker.connect(endpoint)
    for turn in range(10):
        for number, asker in enumerate(askers):
            asker.send([b"%d" % number, b"%d" % turn])
        for _ in askers:
            rep.send([b"re", *rep.recv()])
        for number, asker in enumerate(askers):
            expect(asker.recv(), [b"re", b"%d" % number, b"%d" % turn], "reply")


@TABLE.case("an AF_ZMQ REQ asks two libzmq REPs in turn")
def many_repliers() -> None:
    repliers = [Lzmq(REP), Lzmq(REP)]
    req = ours()(REQ)
    for replier in repliers:
        req.connect(replier.bind("tcp://127.0.0.1:*"))
    asked = [0, 0]
    for number in range(20):
        req.send([b"%d" % number])
        until(lambda: any(r.readable(0.01) for r in repliers), "no request arrives", pause=0)
        which = 0 if repliers[0].readable() else 1
        asked[which] += 1
        expect(repliers[which].recv(), [b"%d" % number], "request")
        repliers[which].send([b"by %d" % which])
        expect(req.recv(), [b"by %d" % which], "reply")
    expect(asked, [10, 10], "requests at each")


@TABLE.case("AF_ZMQ REQ and REP keep the order of send and recv; poll tells whose turn it is")
def turns() -> None:
    for req, rep in ((ours()(REQ), Lzmq(REP)), (Lzmq(REQ), ours()(REP))):
        req.connect(rep.bind("tcp://127.0.0.1:*"))
        for _ in range(3):
            expect(req.writable(PATIENCE), True, "POLLOUT of REQ before its request")
            req.send([b"ask"])
            expect(req.writable(), False, "POLLOUT of REQ after its request")
            expect(rep.readable(PATIENCE), True, "POLLIN of REP")
            expect(rep.writable(), False, "POLLOUT of REP before it has the request")
            expect(rep.recv(), [b"ask"], "request")
            expect(rep.writable(PATIENCE), True, "POLLOUT of REP after the request")
            rep.send([b"answer"])
            expect(req.readable(PATIENCE), True, "POLLIN of REQ")
            expect(req.recv(), [b"answer"], "reply")


@TABLE.case("AF_ZMQ REQ and REP out of turn: EBADFD where libzmq has EFSM")
def out_of_turn() -> None:
    wrong = (errno.EBADFD, zmq.EFSM)
    req, rep = ours()(REQ), ours()(REP)
    endpoint = rep.bind("tcp://127.0.0.1:*")
    req.connect(endpoint)

    def fails(call) -> None:
        try:
            call()
        except OSError as e:
            if e.errno not in wrong:
                raise Failure(f"errno {e.errno}, expected EBADFD") from None
        else:
            raise Failure("a call out of turn succeeds")

    fails(req.try_recv)
    fails(lambda: rep.try_send([b"?"]))
    req.send([b"ask"])
    fails(lambda: req.try_send([b"again"]))
    expect(rep.recv(), [b"ask"], "request")
    fails(rep.try_recv)
    rep.send([b"answer"])
    expect(req.recv(), [b"answer"], "reply")


@TABLE.case("AF_ZMQ REQ and AF_ZMQ REP through a libzmq broker (ROUTER, DEALER and zmq_proxy)")
def through_broker() -> None:
    front, back = Lzmq(ROUTER), Lzmq(DEALER)
    ask_at = front.bind("tcp://127.0.0.1:*")
    serve_at = back.bind("tcp://127.0.0.1:*")

    def proxy() -> None:
        zmq.proxy(front.sock, back.sock)

    threading.Thread(target=proxy, daemon=True).start()
    rep = ours()(REP)
    rep.connect(serve_at)
    askers = [ours()(REQ) for _ in range(3)]
    for asker in askers:
        asker.connect(ask_at)
    for turn in range(5):
        for number, asker in enumerate(askers):
            asker.send([b"%d" % number, b"", b"%d" % turn])
        for _ in askers:
            rep.send([*rep.recv(), b"done"])
        for number, asker in enumerate(askers):
            expect(asker.recv(), [b"%d" % number, b"", b"%d" % turn, b"done"], "reply")


@TABLE.case("libzmq REQ through a broker of AF_ZMQ ROUTER and DEALER to a libzmq REP")
def our_broker() -> None:
    front, back = ours()(ROUTER), ours()(DEALER)
    req, rep = Lzmq(REQ), Lzmq(REP)
    req.connect(front.bind("tcp://127.0.0.1:*"))
    rep.connect(back.bind("tcp://127.0.0.1:*"))
    for number in range(10):
        req.send([b"ask", b"%d" % number])
        back.send(front.recv())
        expect(rep.recv(), [b"ask", b"%d" % number], "request")
        rep.send([b"answer"])
        front.send(back.recv())
        expect(req.recv(), [b"answer"], "reply")
