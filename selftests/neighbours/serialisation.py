# SPDX-License-Identifier: GPL-2.0-only
"""Protocol Buffers, bindings, and memory of Python's that nobody copies: Documentation/serialisation.md."""

from __future__ import annotations

import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tracemalloc

import zmq
from harness import TABLE, Failure, expect, forked, kill, until

HERE = os.path.dirname(os.path.realpath(__file__))
OUT = os.path.join(HERE, "../../build/neighbours")
EXAMPLES = os.path.join(HERE, "../../Documentation/examples/serialisation")
sys.path += [OUT, EXAMPLES]

import lend  # pylint: disable=wrong-import-position
import receive  # pylint: disable=wrong-import-position

AF_ZMQ, SOL_ZMQ, BIND, LAST_ENDPOINT, SNDHWM = 18, 289, 1000, 32, 23
REP, PULL, PUSH = 4, 7, 8
LARGE = 1 << 20


def ours(kind: int) -> socket.socket:
    sock = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, kind)
    sock.settimeout(60)
    return sock


def bound(sock: socket.socket) -> str:
    sock.setsockopt(SOL_ZMQ, BIND, b"tcp://127.0.0.1:*")
    return sock.getsockopt(SOL_ZMQ, LAST_ENDPOINT, 256).rstrip(b"\0").decode()


def encoded(count: int, depth: int) -> None:
    """Quotes by protobuf-c from registered memory, to pyzmq and Google's protobuf."""
    with subprocess.Popen([sys.executable, os.path.join(EXAMPLES, "decode.py"), str(count), str(depth)],
                          env={**os.environ, "PYTHONPATH": OUT}, stdout=subprocess.PIPE) as reader:
        where = reader.stdout.readline().strip()
        done = subprocess.run([os.path.join(OUT, "encode"), where, str(count), str(depth)], stderr=subprocess.PIPE,
                              timeout=60, check=False)
        expect((done.returncode, done.stderr), (0, b""), "what encodes")
        expect(reader.stdout.read(), b"%d quotes\n" % count, "what pyzmq and protobuf got")
        expect(reader.wait(), 0, "exit status of what decodes")


@TABLE.case("protobuf-c encodes into registered memory of io_uring, pyzmq and protobuf decode: small quotes")
def small_quotes() -> None:
    encoded(100, 20)


@TABLE.case("protobuf-c encodes into registered memory of io_uring, pyzmq and protobuf decode: quotes of 200 KB")
def large_quotes() -> None:
    encoded(30, 200000)


def push_large(where: str, count: int) -> None:
    """libzmq sends messages of two parts, the second one a megabyte."""
    context = zmq.Context()
    push = context.socket(zmq.PUSH)
    push.connect(where)
    for i in range(count):
        push.send_multipart([b"%d" % i, bytes([i]) * LARGE])
    push.close()
    context.term()


def received(take) -> int:
    """Bytes that Python allocated at most while it received ten megabytes by @take."""
    pull = ours(PULL)
    where = bound(pull)
    pusher = forked(lambda: push_large(where, 11))
    peak = 0
    step = take(pull)
    for i in range(11):
        tracemalloc.start()
        parts = step()
        expect((bytes(parts[0]), len(parts[1])), (b"%d" % i, LARGE), "a message")
        expect((parts[1][0], parts[1][LARGE - 1]), (i, i), "its first and last byte")
        if i:
            peak = max(peak, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    os.waitpid(pusher, 0)
    return peak


@TABLE.case("receive.py allocates nothing of a message's size")
def receives_in_place() -> None:
    peak = received(lambda sock: receive.Receiver(sock, 2 * LARGE).receive)
    if peak > LARGE // 64:
        raise Failure(f"{peak} bytes were allocated for a message of {LARGE}")


@TABLE.case("the same measurement sees that recv() allocates it")
def recv_allocates() -> None:
    peak = received(lambda sock: lambda: [sock.recv(2 * LARGE), sock.recv(2 * LARGE)])
    if peak < LARGE:
        raise Failure(f"only {peak} bytes were allocated for a message of {LARGE}")


@TABLE.case("receive.py refuses a message that is longer than its memory")
def receives_too_much() -> None:
    pull, push = ours(PULL), ours(PUSH)
    push.setsockopt(SOL_ZMQ, 1001, bound(pull).encode())
    push.send(b"x" * 100)
    try:
        receive.Receiver(pull, 99).receive()
    except OverflowError as error:
        expect("100" in str(error), True, "the error names the size")
    else:
        raise Failure("it was taken")


def is_held(data: bytearray) -> bool:
    """Memory that somebody refers to cannot be resized."""
    try:
        data.append(0)
    except BufferError:
        return True
    data.pop()
    return False


def await_peer(sock: socket.socket) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    expect([events for _, events in poll.poll(60000)], [select.POLLOUT], "a peer is there")


def read_all(where: str) -> None:
    pull = zmq.Context().socket(zmq.PULL)
    pull.connect(f"tcp://{where}")
    for i in range(8):
        expect(pull.recv(), bytes([i]) * LARGE, f"message {i}")


@TABLE.case("lend.py holds what is sent until libzmq has got it, then releases it")
def lends() -> None:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (64 * LARGE, 64 * LARGE))
    lender = lend.Lender(ours(PUSH))
    where = bound(lender.sock).removeprefix("tcp://")
    pid = forked(lambda: read_all(where))
    await_peer(lender.sock)
    os.kill(pid, signal.SIGSTOP)
    memory = [bytearray([i]) * LARGE for i in range(8)]
    for data in memory:
        lender.send(data)
    lender.reap()
    expect((is_held(memory[7]), 7 in lender.held), (True, True), "the last message is held")
    os.kill(pid, signal.SIGCONT)
    poll = select.poll()
    poll.register(lender.sock, 0)
    while lender.held:
        if not poll.poll(60000):
            raise Failure(f"messages {[*lender.held]} were not released")
        lender.reap()
    expect([is_held(data) for data in memory], [False] * len(memory), "memory that is still held")
    expect(os.waitpid(pid, 0)[1], 0, "exit status of what reads")


def die_early(where: str, go: int) -> None:
    """A peer that has said hello and reads nothing, until it is killed."""
    peer = socket.create_connection(where.split(":"))
    peer.sendall(b"\xff" + bytes(8) + b"\x7f\3\1NULL" + bytes(16) + bytes(32))
    ready = b"\5READY\x0bSocket-Type\0\0\0\4PULL"
    peer.sendall(b"\4" + bytes([len(ready)]) + ready)
    os.read(go, 1)
    os.kill(os.getpid(), signal.SIGKILL)


@TABLE.case("lend.py releases each message once when its peer is killed and the socket shut down")
def lends_to_the_dead() -> None:
    lender = lend.Lender(ours(PUSH))
    where = bound(lender.sock).removeprefix("tcp://")
    go = os.pipe()
    pid = forked(lambda: die_early(where, go[0]))
    await_peer(lender.sock)
    memory = [bytearray([i]) * LARGE for i in range(4)]
    for data in memory:
        lender.send(data)
    expect(lender.reap() < 4 and is_held(memory[3]), True, "a peer that reads nothing has not released everything")
    kill(pid)
    lender.sock.setsockopt(SOL_ZMQ, 17, 0)
    lender.sock.shutdown(socket.SHUT_RDWR)

    def over() -> bool:
        lender.reap()
        return not lender.held

    until(over, "everything is released")
    expect((lender.held, [is_held(data) for data in memory]), ({}, [False] * 4), "what is held")


@TABLE.case("SWIG wraps every function of libzmqk")
def swig_wraps() -> None:
    import zmqk_swig  # pylint: disable=import-outside-toplevel

    with open(os.path.join(HERE, "../../libzmqk/libzmqk.map"), encoding="ascii") as f:
        names = re.findall(r"\b(zmqk_[a-z0-9_]+);", f.read())
    expect(len(names) > 40, True, "the map has functions")
    missing = [n for n in names if not callable(getattr(zmqk_swig, "zmqk_option_at" if n == "zmqk_option" else n, None))]
    expect(missing, [], "functions that are missing")


def binding(socket_of, send, recv) -> None:
    """A message goes from a binding's socket to another one of it, and an error is an OSError."""
    push, pull = socket_of(PUSH), socket_of(PULL)
    peer = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, PULL, fileno=os.dup(pull))
    other = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, PUSH, fileno=os.dup(push))
    other.setsockopt(SOL_ZMQ, 1001, bound(peer).encode())
    room = bytearray(10)
    expect(send(push, b"hello\0!"), 7, "sent")
    expect((recv(pull, room), bytes(room[:7])), (7, b"hello\0!"), "received")
    try:
        recv(push, room)
    except OSError:
        return
    raise Failure("receiving from a PUSH socket is no error")


@TABLE.case("the generated binding sends, receives and raises errors")
def swig_works() -> None:
    import zmqk_swig as z  # pylint: disable=import-outside-toplevel

    def recv(fd: int, room: bytearray) -> int:
        n, more = z.zmqk_recv(fd, room, 0)
        expect(more, 0, "more parts follow")
        return n

    binding(lambda kind: z.zmqk_socket(kind, 0), lambda fd, data: z.zmqk_send(fd, data, 0), recv)


@TABLE.case("the binding by hand sends, receives and raises errors")
def hand_works() -> None:
    import zmqk_hand  # pylint: disable=import-outside-toplevel
    import zmqk_swig as z  # pylint: disable=import-outside-toplevel

    binding(lambda kind: z.zmqk_socket(kind, 0), zmqk_hand.send, zmqk_hand.recv_into)
