# SPDX-License-Identifier: GPL-2.0-only
"""libzmq's ends of programs that are given a standard input or a connection, and not a socket."""

import os
import subprocess
import time

import zmq

from peers import (ANY_PORT, PATIENCE, ROUND, SOL_ZMQ, ZMQ_CONNECT, Program, Wrong, ask_rep, ask_router, bound,
                   datagram_socket, peer, serve_client)

# Each is a process of its own to some.
REQUESTS = 50


def ended(program, wrong, cost=()):
    """The verdict on a program that is not expected to end by itself."""
    program.kill()
    _, said = program.end()
    return {"fails": ["all"] if wrong else [], "said": "\n".join(filter(None, (wrong, said))), "costs": list(cost)}


def verdict(ctx, program, talk, doing=None):
    """What comes of a talk with a program, and then of a second of doing nothing, if it is told what that is."""
    wrong, costs = None, []
    try:
        talk()
        if doing:
            costs.append(program.idle(doing))
    except (Wrong, BrokenPipeError) as e:
        wrong = str(e)
    ctx.destroy(linger=0)
    return ended(program, wrong, costs)


def read(program, size):
    """So many bytes of its standard output, which nobody else reads."""
    end, got = time.monotonic() + PATIENCE, b""
    os.set_blocking(program.process.stdout.fileno(), False)
    while len(got) < size:
        more = program.process.stdout.read(size - len(got))
        if more == b"" or time.monotonic() > end:
            raise Wrong(f"wrote {got!r} and no more")
        got += more or b""
        time.sleep(0 if more else 0.01)
    return got


def pipe_client(loop, _):
    """A DEALER whose messages are standard input and output."""
    ctx = zmq.Context()
    router, at = bound(ctx, zmq.ROUTER)
    program = Program(loop.command + [at], stdout=subprocess.PIPE)

    def talk():
        for n in range(ROUND):
            program.process.stdin.write(b"e%d" % n)
            router.send_multipart(program.expect(router, b"e%d" % n))
            got = read(program, len(b"e%d" % n))
            if got != b"e%d" % n:
                raise Wrong(f"wrote {got!r}, not e{n}")

    return verdict(ctx, program, talk, "waiting for messages")


def pipe_subscriber(loop, _):
    """A SUB whose messages are standard output."""
    ctx = zmq.Context()
    xpub, at = bound(ctx, zmq.XPUB)
    program = Program(loop.command + [at], stdout=subprocess.PIPE)

    def talk():
        program.expect(xpub, b"\1t ")
        for n in range(ROUND):
            xpub.send(b"t %d" % n)
        want = b"".join(b"t %d" % n for n in range(ROUND))
        got = read(program, len(want))
        if got != want:
            raise Wrong(f"wrote {got!r}")

    return verdict(ctx, program, talk, "waiting for messages")


def server(loop, number):
    """A REP that is started, now or by the first connection, at a port that it is told."""
    ctx = zmq.Context()
    port = str(21000 + number)
    program = Program([word.replace("PORT", port) for word in loop.command])
    req = peer(ctx, zmq.REQ, f"tcp://127.0.0.1:{port}")

    def talk():
        for n in range(REQUESTS):
            req.send(b"q%d" % n)
            program.expect(req, b"q%d" % n)

    return verdict(ctx, program, talk)


def connected(loop, _):
    """One that is given a DEALER that is connected, as descriptor 3."""
    ctx = zmq.Context()
    router, at = bound(ctx, zmq.ROUTER)
    s, _ = datagram_socket(zmq.DEALER)
    s.setsockopt(SOL_ZMQ, ZMQ_CONNECT, at.encode())
    program = Program(loop.command, [s.fileno()])
    s.close()
    return verdict(ctx, program, lambda: serve_client(program, router), "doing nothing")


def inherited(loop, _):
    """One that takes a descriptor 0 as a datagram socket: a client, a REP and a ROUTER are three of them."""
    ctx = zmq.Context()
    router, at = bound(ctx, zmq.ROUTER)
    fails, said = [], []
    for role, kind in (("client", zmq.DEALER), ("REP", zmq.REP), ("ROUTER", zmq.ROUTER)):
        s, end = datagram_socket(kind, None if role == "client" else ANY_PORT)
        program = Program(loop.command + ([at.rpartition(":")[2]] if role == "client" else []), stdin=s)
        s.close()
        try:
            if role == "client":
                serve_client(program, router)
            elif role == "REP":
                ask_rep(program, peer(ctx, zmq.REQ, end))
            else:
                ask_router(program, [peer(ctx, zmq.DEALER, end) for _ in range(2)])
        except Wrong as e:
            fails.append(role)
            said.append(f"{role}: {e}")
        said.append(ended(program, None)["said"])
    ctx.destroy(linger=0)
    return {"fails": fails, "said": "\n".join(filter(None, said)), "costs": []}


SCENARIOS = {"pipe-client": pipe_client, "pipe-subscriber": pipe_subscriber, "server": server, "connected": connected,
             "inherited": inherited}
