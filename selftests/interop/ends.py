# SPDX-License-Identifier: GPL-2.0-only
"""The two ends of a test: an AF_ZMQ socket and a libzmq socket, with the same methods.

AF_ZMQ is reached through the standard library's socket module alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Union

import zmq

from harness import PATIENCE, Failure, expect

PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB, STREAM = range(12)
NAMES = "PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM".split()

SOL_ZMQ = 289
UAPI = Path(__file__).resolve().parents[2] / "uapi/linux/zmq.h"
OPTIONS = {
    name: int(number) for name, number in re.findall(r"^#define ZMQ_(\w+)\s+(\d+)", UAPI.read_text(), re.MULTILINE)
}
LONG_OPTIONS = {"AFFINITY", "MAXMSGSIZE"}  # 8 bytes
BUFFER = bytearray(2 << 20)

Frames = list[bytes]
Value = Union[int, bytes]


def family() -> int:
    """The number that the loaded module registered."""
    try:
        with open("/sys/module/zmq/parameters/family", encoding="ascii") as f:
            return int(f.read())
    except OSError:
        return 18


class Azmq:
    """An AF_ZMQ socket."""

    label = "AF_ZMQ"

    def __init__(self, kind: int, **options: Value):
        self.kind = kind
        self.sock = socket.socket(family(), socket.SOCK_SEQPACKET, kind)
        self.sock.setblocking(False)
        # CPython refuses recvmsg() on a family that it does not know, so tell it another one.
        self.view = socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, 0, fileno=os.dup(self.sock.fileno()))
        self.view.settimeout(PATIENCE)
        self.poller = select.poll()
        self.poller.register(self.sock, select.POLLIN | select.POLLOUT)
        for name, value in options.items():
            self.set(name, value)

    def set(self, name: str, value: Value) -> None:
        if name in LONG_OPTIONS and isinstance(value, int):
            value = struct.pack("q", value)
        self.sock.setsockopt(SOL_ZMQ, OPTIONS[name], value)

    def get(self, name: str) -> int:
        return self.sock.getsockopt(SOL_ZMQ, OPTIONS[name])

    def bind(self, endpoint: str) -> str:
        """Returns the endpoint with its real port."""
        self.set("BIND", endpoint.encode())
        last = self.sock.getsockopt(SOL_ZMQ, OPTIONS["LAST_ENDPOINT"], 256)
        expect(last[-1:], b"\0", "the last byte of LAST_ENDPOINT")
        return last[:-1].decode()

    def connect(self, endpoint: str) -> None:
        self.set("CONNECT", endpoint.encode())

    def unbind(self, endpoint: str) -> None:
        self.set("UNBIND", endpoint.encode())

    def disconnect(self, endpoint: str) -> None:
        self.set("DISCONNECT", endpoint.encode())

    def fileno(self) -> int:
        return self.sock.fileno()

    def ready(self, events: int, milliseconds: int = 0) -> bool:
        """Wait for one of poll()'s events; a socket must never report a hang-up or an error."""
        self.poller.modify(self.sock, events)
        got = self.poller.poll(milliseconds)
        if not got:
            return False
        if got[0][1] & ~events:
            raise Failure(f"poll: asked for {events:#x}, got {got[0][1]:#x}")
        return True

    def readable(self, seconds: float = 0) -> bool:
        return self.ready(select.POLLIN, int(seconds * 1000))

    def writable(self, seconds: float = 0) -> bool:
        return self.ready(select.POLLOUT, int(seconds * 1000))

    @contextlib.contextmanager
    def patience(self, what: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise Failure(f"AF_ZMQ {NAMES[self.kind]} {what} in {PATIENCE:.0f} s") from None

    def send(self, frames: Frames) -> None:
        with self.patience("could not send"):
            for frame in frames[:-1]:
                expect(self.view.send(frame, socket.MSG_MORE), len(frame), "result of send(MSG_MORE)")
            expect(self.view.send(frames[-1]), len(frames[-1]), "result of send()")

    def try_send(self, frames: Frames) -> bool:
        """Send if that is possible at once; False stands for EAGAIN."""
        for number, frame in enumerate(frames):
            try:
                self.sock.send(frame, socket.MSG_MORE if number < len(frames) - 1 else 0)
            except BlockingIOError:
                if number:
                    raise Failure(f"EAGAIN for frame {number + 1} of a message whose first was taken") from None
                return False
        return True

    def recv(self) -> Frames:
        frames: Frames = []
        while True:
            with self.patience("received nothing" if not frames else f"received only {len(frames)} frames"):
                size, _, flags, _ = self.view.recvmsg_into([BUFFER])
            if flags & socket.MSG_TRUNC:
                raise Failure(f"MSG_TRUNC on a frame in a buffer of {len(BUFFER)} bytes")
            frames.append(bytes(memoryview(BUFFER)[:size]))
            last = bool(flags & socket.MSG_EOR)
            expect(self.get("RCVMORE"), int(not last), f"RCVMORE after frame {len(frames)}, MSG_EOR is {last}")
            if last:
                return frames

    def try_recv(self) -> bytes | None:
        """A frame if there is one; None stands for EAGAIN."""
        try:
            return self.sock.recv(65536)
        except BlockingIOError:
            return None

    def close(self) -> None:
        self.view.close()
        self.sock.close()


class Lzmq:
    """A libzmq socket."""

    label = "libzmq"
    _context: tuple[int, zmq.Context] | None = None

    def __init__(self, kind: int, **options: Value):
        self.kind = kind
        self.sock = self.context().socket(kind)
        self.sock.setsockopt(zmq.RCVTIMEO, int(PATIENCE * 1000))
        self.sock.setsockopt(zmq.SNDTIMEO, int(PATIENCE * 1000))
        for name, value in options.items():
            self.set(name, value)

    @classmethod
    def context(cls) -> zmq.Context:
        """One for each process: a context does not survive fork()."""
        if not cls._context or cls._context[0] != os.getpid():
            cls._context = (os.getpid(), zmq.Context())
        return cls._context[1]

    def set(self, name: str, value: Value) -> None:
        self.sock.setsockopt(getattr(zmq, name), value)

    def get(self, name: str) -> int:
        return self.sock.getsockopt(getattr(zmq, name))

    def bind(self, endpoint: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.sock.bind(endpoint)
                break
            except zmq.ZMQError as e:
                # libzmq frees the port of a closed socket some time after zmq_close().
                if e.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
            time.sleep(0.02)
        return self.sock.getsockopt_string(zmq.LAST_ENDPOINT)

    def connect(self, endpoint: str) -> None:
        self.sock.connect(endpoint)

    def unbind(self, endpoint: str) -> None:
        self.sock.unbind(endpoint)

    def disconnect(self, endpoint: str) -> None:
        self.sock.disconnect(endpoint)

    def readable(self, seconds: float = 0) -> bool:
        return bool(self.sock.poll(int(seconds * 1000), zmq.POLLIN))

    def writable(self, seconds: float = 0) -> bool:
        return bool(self.sock.poll(int(seconds * 1000), zmq.POLLOUT))

    @contextlib.contextmanager
    def patience(self, what: str) -> Iterator[None]:
        try:
            yield
        except zmq.Again:
            raise Failure(f"libzmq {NAMES[self.kind]} {what} in {PATIENCE:.0f} s") from None
        except zmq.ZMQError as e:
            raise OSError(e.errno, e.strerror) from None

    def send(self, frames: Frames) -> None:
        with self.patience("could not send"):
            self.sock.send_multipart(frames)

    def try_send(self, frames: Frames) -> bool:
        try:
            self.sock.send_multipart(frames, zmq.DONTWAIT)
            return True
        except zmq.Again:
            return False
        except zmq.ZMQError as e:
            raise OSError(e.errno, e.strerror) from None

    def recv(self) -> Frames:
        with self.patience("received nothing"):
            return self.sock.recv_multipart()

    def try_recv(self) -> bytes | None:
        try:
            return self.sock.recv(zmq.DONTWAIT)
        except zmq.Again:
            return None
        except zmq.ZMQError as e:
            raise OSError(e.errno, e.strerror) from None

    def close(self) -> None:
        self.sock.close()


End = Union[Azmq, Lzmq]


def ours() -> type[End]:
    """What is under test: AF_ZMQ, or libzmq when the tests themselves are."""
    return _ours


def use_reference() -> None:
    """Put libzmq at both ends."""
    global _ours
    _ours = Lzmq


def reference() -> bool:
    return _ours is Lzmq


_ours: type[End] = Azmq
