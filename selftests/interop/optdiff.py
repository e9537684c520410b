# SPDX-License-Identifier: GPL-2.0-only
"""Every option that AF_ZMQ and libzmq both have answers alike: defaults, sizes, limits, buffers.

What does not stands in tools/option-differences with "run" as its field.
"""

from __future__ import annotations

import ctypes
import errno
import fnmatch
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ends import NAMES, PUSH, SOL_ZMQ, Azmq, Lzmq, reference
from harness import TABLE, Failure, Skip, expect

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
import zmq_options  # noqa: E402

ROOM = 512
# Releases of libzmq leave drafts out, whose numbers begin here.
DRAFTS = 93

Answer = tuple[int, bytes]


class Ours:
    """An AF_ZMQ socket, with nothing of Python's between."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, kind: int):
        self.end = Azmq(kind)

    def set(self, number: int, value: bytes) -> Answer:
        failed = self.libc.setsockopt(self.end.fileno(), SOL_ZMQ, number, value, len(value))
        return self._error() if failed else 0, b""

    def get(self, number: int, room: int) -> Answer:
        buffer = ctypes.create_string_buffer(ROOM)
        size = ctypes.c_uint32(room)
        failed = self.libc.getsockopt(self.end.fileno(), SOL_ZMQ, number, buffer, ctypes.byref(size))
        return (self._error(), b"") if failed else (0, buffer.raw[: size.value])

    @staticmethod
    def _error() -> int:
        error = ctypes.get_errno()
        return errno.EINVAL if error == errno.ENOPROTOOPT else error

    def close(self) -> None:
        self.end.close()


class Theirs:
    """A libzmq socket, with nothing of pyzmq's between."""

    libzmq = ctypes.CDLL("libzmq.so.5", use_errno=True)

    def __init__(self, kind: int):
        self.end = Lzmq.context().socket(kind)
        self.handle = ctypes.c_void_p(self.end.underlying)

    def set(self, number: int, value: bytes) -> Answer:
        failed = self.libzmq.zmq_setsockopt(self.handle, number, value, ctypes.c_size_t(len(value)))
        return self.libzmq.zmq_errno() if failed else 0, b""

    def get(self, number: int, room: int) -> Answer:
        buffer = ctypes.create_string_buffer(ROOM)
        size = ctypes.c_size_t(room)
        failed = self.libzmq.zmq_getsockopt(self.handle, number, buffer, ctypes.byref(size))
        return (self.libzmq.zmq_errno(), b"") if failed else (0, buffer.raw[: size.value])

    def close(self) -> None:
        self.end.close(linger=0)


def size_of(option: zmq_options.Option) -> int:
    """Bytes of a number, 0 for what is none."""
    return {"int": 4, "s64": 8, "u64": 8}.get(option.type, 0)


def numbers(option: zmq_options.Option) -> list[int]:
    """Both sides of each limit, and what is often special."""
    low, high = ("INT_MIN", "INT_MAX") if option.type == "int" else ("S64_MIN", "S64_MAX")
    least, most = zmq_options.LIMITS[low], zmq_options.LIMITS[high]
    values = {least, -2, -1, 0, 1, 2, most}
    if option.range:
        values |= {limit + step for limit in option.range for step in (-1, 0, 1)}
    return sorted(v for v in values if least <= v <= most)


def values(option: zmq_options.Option) -> Iterator[tuple[str, bytes]]:
    """What is set, with words for it."""
    whole = size_of(option)
    if whole:
        for number in numbers(option):
            yield f"set {zmq_options.limit(number)}", number.to_bytes(whole, sys.byteorder, signed=True)
        for size in {0, 1, 2, 3, 4, 5, 7, 8, 9, 16} - {whole}:
            yield f"set {size} bytes", bytes(size)
        return
    low, high = option.range or (0, 255)
    for size in sorted({0, 1, 2, low, high, high + 1}):
        yield f"set {size} bytes", b"a" * size
    yield "set a NUL in the middle", b"a\0b"
    yield "set a NUL at the end", b"ab\0"


def steps(option: zmq_options.Option) -> Iterator[tuple[str, Callable[[Ours | Theirs], Answer]]]:
    enough = size_of(option) or ROOM
    yield "get at first", lambda s: s.get(option.number, enough)
    for room in range(min(enough, 9)):
        yield f"get into {room} bytes", lambda s, r=room: s.get(option.number, r)
    for words, value in values(option):
        yield words, lambda s, v=value: s.set(option.number, v)
        yield f"{words}, then get", lambda s: s.get(option.number, enough)


def short(answer: Answer) -> str:
    error, value = answer
    return errno.errorcode.get(error, str(error)) if error else repr(value)


def compare(option: zmq_options.Option) -> dict[str, str]:
    """Each step with different answers and the types of socket that give them; the answers."""
    found: dict[tuple[str, str], list[str]] = {}
    for kind, name in enumerate(NAMES):
        mine, other = Ours(kind), Theirs(kind)
        for words, step in steps(option):
            a, b = step(mine), step(other)
            if a != b:
                found.setdefault((words, f"AF_ZMQ {short(a)}, libzmq {short(b)}"), []).append(name)
        mine.close()
        other.close()
    return {
        f"{words} at {'every socket' if names == NAMES else ' '.join(names)}": answers
        for (words, answers), names in found.items()
    }


def check(option: zmq_options.Option) -> Iterator[None]:
    if reference():
        raise Skip("compares libzmq with itself")
    listed = [d.value for d in zmq_options.differences() if (d.name, d.field) == (option.name, zmq_options.RUN_TIME)]
    found = compare(option)
    wrong = [
        f"{where}: {answers}"
        for where, answers in found.items()
        if not any(fnmatch.fnmatchcase(where, pattern) for pattern in listed)
    ]
    for pattern in listed:
        if not fnmatch.filter(found, pattern):
            wrong.append(f"{pattern}: listed in {zmq_options.DIFFERENCES}, but there is no difference")
    if wrong:
        raise Failure("\n".join(wrong))
    yield


@TABLE.case("options: a number is read into more room than it needs, which libzmq refuses")
def larger_room() -> None:
    if reference():
        raise Skip("compares libzmq with itself")
    options = zmq_options.ours()
    mine, other = Ours(PUSH), Theirs(PUSH)
    for name in ("ZMQ_LINGER", "ZMQ_MAXMSGSIZE"):
        number, size = options[name].number, size_of(options[name])
        expect(mine.get(number, size + 1), (0, b"\xff" * size), f"{name} at AF_ZMQ")
        expect(other.get(number, size + 1), (errno.EINVAL, b""), f"{name} at libzmq")


def _register() -> None:
    for option in sorted(zmq_options.ours().values(), key=lambda o: o.number):
        if option.number < DRAFTS:
            TABLE.add([f"option {option.name}: AF_ZMQ answers as libzmq does"], lambda o=option: check(o))


_register()
