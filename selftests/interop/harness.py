# SPDX-License-Identifier: GPL-2.0-only
"""Table of test cases and a runner that prints TAP.

Every entry of the table runs in a process and a network namespace of its own,
so ports never clash, a hang or crash is contained, and what a case leaves
behind ends with it. The processes are forked from one interpreter because
importing pyzmq takes seconds under emulation.
"""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import fnmatch
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NoReturn

import summary

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1

# How long one step may take; an emulated CPU on a busy machine is slow.
PATIENCE = 20.0

# How long a group of cases may take. Several steps may use up their patience before.
LIMIT = 120.0


class Failure(Exception):
    """What was expected did not happen."""


class Skip(Exception):
    """The case cannot say anything here; the text tells why."""


@dataclass
class Group:
    """Consecutive TAP lines that share sockets: `body` yields after each."""

    names: list[str]
    body: Callable[[], Iterator[None]]
    limit: float
    slow: bool = False


@dataclass
class Running:
    """A group whose process is alive."""

    group: Group
    pid: int
    reports: BinaryIO
    errors: BinaryIO
    started: float
    deadline: float
    text: bytes = b""


@dataclass
class Results:
    """Outcome of one group: a (state, text) for each name, state ok, skip or fail."""

    lines: list[tuple[str, str]]
    errors: str
    seconds: float


@dataclass
class Table:
    """All groups, in the order in which they are printed."""

    groups: list[Group] = field(default_factory=list)

    def add(self, names: list[str], body: Callable[[], Iterator[None]]) -> None:
        self.groups.append(Group(names, body, LIMIT))

    def case(self, name: str, slow: bool = False) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Decorator for a function that is one TAP line; a slow one starts before the others."""

        def register(function: Callable[[], None]) -> Callable[[], None]:
            def body() -> Iterator[None]:
                function()
                yield

            self.groups.append(Group([name], body, LIMIT, slow))
            return function

        return register


TABLE = Table()

# Where a case's process reports; nobody reads on once all have closed it.
_REPORTS: list[int] = []


def short(value: Any) -> str:
    """A repr that stays readable for a frame of a megabyte."""
    if isinstance(value, bytes) and len(value) > 80:
        return f"<{len(value)} bytes {value[:12]!r}…{value[-12:]!r}>"
    if isinstance(value, (list, tuple)) and not isinstance(value, str):
        shown = ", ".join(short(v) for v in value[:12])
        return f"[{shown}{f', … {len(value)} in all' if len(value) > 12 else ''}]"
    return repr(value)


def expect(observed: Any, expected: Any, what: str) -> None:
    """Fail unless both are equal."""
    if observed != expected:
        raise Failure(f"{what}: expected {short(expected)}, observed {short(observed)}")


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE, pause: float = 0.02) -> Any:
    """Poll for something that has no event to wait for; return its true value."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failure(f"after {patience:.0f} s: {what}")
        time.sleep(pause)
    return value


def new_netns() -> None:
    """Move this process to a network namespace with only a loopback device, up."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def forked(function: Callable[[], None]) -> int:
    """Run a function in a new process; a peer that can be killed, and is when the case ends. Returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        while _REPORTS:
            os.close(_REPORTS.pop())
        function()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def kill(pid: int) -> None:
    """End a process from forked() as a crash would."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _state_of_sockets() -> str:
    try:
        with open("/proc/self/net/zmq", encoding="utf-8", errors="replace") as f:
            return "/proc/net/zmq:\n" + f.read()
    except OSError:
        return ""


def _child(group: Group, reports: int, errors: int) -> NoReturn:
    os.setpgid(0, 0)
    _REPORTS.append(reports)
    os.dup2(errors, 2)
    # Tells where a case hangs, even inside a system call.
    faulthandler.dump_traceback_later(group.limit - 1, exit=True)

    def report(state: str, text: str = "") -> None:
        os.write(reports, json.dumps([state, text]).encode() + b"\n")

    try:
        new_netns()
        for _ in group.body():
            report("ok")
    except Skip as reason:
        report("skip", str(reason))
    except Failure as failure:
        where = traceback.extract_tb(failure.__traceback__)
        here = next((f for f in reversed(where) if "harness" not in f.filename), where[-1])
        report("fail", f"{os.path.basename(here.filename)}:{here.lineno}: {failure}\n{_state_of_sockets()}")
    except BaseException:
        report("fail", f"{traceback.format_exc()}{_state_of_sockets()}")
    sys.stderr.flush()
    os._exit(0)


def _start(group: Group) -> Running:
    reader, writer = os.pipe()
    errors = os.memfd_create("stderr")
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(group, writer, errors)
    os.close(writer)
    now = time.monotonic()
    return Running(group, pid, os.fdopen(reader, "rb", 0), os.fdopen(errors, "rb", 0), now, now + group.limit)


def _finish(run: Running) -> Results:
    try:
        os.killpg(run.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    _, status = os.waitpid(run.pid, 0)
    run.reports.close()
    run.errors.seek(0)
    errors = run.errors.read().decode(errors="replace")
    run.errors.close()
    reports = run.text.decode().splitlines()
    lines = [tuple(json.loads(r)) for r in reports if r.endswith("]")]
    names = run.group.names
    if len(lines) < len(names) and all(state == "ok" for state, _ in lines):
        late = time.monotonic() >= run.deadline - 2
        what = f"hangs: {run.group.limit:.0f} s are over" if late else f"the process ended with status {status:#x}"
        lines.append(("fail", what))
    if lines[-1][0] == "skip":
        lines += [lines[-1]] * (len(names) - len(lines))
    lines += [("fail", "not reached: the same sockets failed above")] * (len(names) - len(lines))
    return Results(lines, errors, time.monotonic() - run.started)


class Printer:
    """Prints TAP in the table's order, whatever the order of completion."""

    def __init__(self, groups: list[Group], verbose: bool):
        self.groups = groups
        self.verbose = verbose
        self.done: dict[int, Results] = {}
        self.next_group = 0
        self.number = 0
        self.failed = 0
        self.cases: list[tuple[str, bool]] = []
        print("TAP version 13")
        print(f"1..{sum(len(g.names) for g in groups)}", flush=True)

    def add(self, index: int, results: Results) -> None:
        self.done[index] = results
        while self.next_group in self.done:
            self._print(self.groups[self.next_group], self.done[self.next_group])
            self.next_group += 1
        sys.stdout.flush()

    def end(self) -> None:
        """What the matrix was about, at one glance."""
        self._diagnose(summary.table(self.cases))

    def _print(self, group: Group, results: Results) -> None:
        for name, (state, text) in zip(group.names, results.lines):
            self.number += 1
            self.cases.append((name, state == "ok"))
            if state == "fail":
                self.failed += 1
                print(f"not ok {self.number} - {name}")
                self._diagnose(text)
                self._diagnose(results.errors)
            elif state == "skip":
                print(f"ok {self.number} - {name} # SKIP {text}")
            else:
                print(f"ok {self.number} - {name}")
        if self.verbose:
            print(f"# {results.seconds:.2f} s")

    @staticmethod
    def _diagnose(text: str) -> None:
        for line in text.splitlines()[:60]:
            print(f"#   {line}")


def select(patterns: list[str]) -> list[Group]:
    """Groups with at least one name that matches a pattern; all without patterns."""
    if not patterns:
        return TABLE.groups
    return [
        g for g in TABLE.groups if any(fnmatch.fnmatchcase(n, f"*{p}*") for n in g.names for p in patterns)
    ]


def run(groups: list[Group], jobs: int, verbose: bool) -> int:
    """Run the groups; return how many lines failed."""
    printer = Printer(groups, verbose)
    waiting = sorted(enumerate(groups), key=lambda entry: not entry[1].slow)
    selector = selectors.DefaultSelector()

    def end(index: int, running: Running) -> None:
        selector.unregister(running.reports)
        printer.add(index, _finish(running))

    while waiting or selector.get_map():
        while waiting and len(selector.get_map()) < jobs:
            index, group = waiting.pop(0)
            running = _start(group)
            selector.register(running.reports, selectors.EVENT_READ, (index, running))
        for key, _ in selector.select(timeout=0.5):
            index, running = key.data
            data = running.reports.read(65536)
            if data:
                running.text += data
            else:
                end(index, running)
        for key in list(selector.get_map().values()):
            index, running = key.data
            if time.monotonic() > running.deadline:
                end(index, running)
    printer.end()
    return printer.failed
