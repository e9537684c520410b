# SPDX-License-Identifier: GPL-2.0-only
"""A shell at a terminal, in a network namespace of its own."""

from __future__ import annotations

import difflib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

PATIENCE = int(os.environ.get("PATIENCE", "60"))
DONE = re.compile(rb"\x01(\d+)\n")
# What a reader's bash says in another way of a job that was killed, and what zmqcat says on slow machines
NOISE = re.compile(rb"(?:/dev/fd/\d+: line \d+: +\d+ (?:Terminated|Killed)|z\w+: waiting for what was sent).*\n")
# What differs from run to run: numbers of processes, inodes and sockets, ports that the kernel picks, memory.
VARIES = [
    (r"\bino=\d+", "ino=#"),
    (r"\bsk=\w+", "sk=#"),
    (r"(?<=[a-z0-9])\(\d+\)", "(#)"),
    (r"(127\.0\.0\.1|localhost|\[::1\]):(3[2-9]\d{3}|[456]\d{4})\b", r"\1:#"),
    (r"^(\w+ +\w+) +\d+( +\d+ +\d+ +\d+/\d+ +\d+/\d+) +\d+ +\d+ ", r"\1 #\2 # # "),
    (r" +", " "),
]


class Mismatch(Exception):
    """A command does not do what the document shows."""


def same(line: str) -> str:
    """The line without what varies."""
    for pattern, replacement in VARIES:
        line = re.sub(pattern, replacement, line)
    return line.rstrip()


def matches(shown: list[str], printed: list[str]) -> bool:
    """Is that what the document shows? A line `...` stands for any number of lines."""
    pattern = "".join("(?:.*\n)*?" if s == "..." else re.escape(same(s)) + "\n" for s in shown)
    return re.fullmatch(pattern, "".join(same(p) + "\n" for p in printed)) is not None


class Shell:
    """What it and its children print comes from one terminal."""

    def __init__(self, directory: str, env: dict[str, str]):
        self.master, slave = pty.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        script, self.commands = os.pipe()
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["bash", "--norc", f"/dev/fd/{script}"], cwd=directory, env=env, stdin=subprocess.DEVNULL,
            stdout=slave, stderr=slave, pass_fds=[script], start_new_session=True)  # fmt: skip
        os.close(slave)
        os.close(script)
        self.output = b""
        self.free = False

    def _hear(self, until: float) -> bool:
        """Wait for output. Return: whether there was some."""
        if not select.select([self.master], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        try:
            self.output += os.read(self.master, 65536)
        except OSError:
            return False
        return True

    def _lines(self) -> list[str]:
        return NOISE.sub(b"", DONE.sub(b"", self.output)).decode(errors="replace").splitlines()

    def step(self, command: str, shown: list[str] | None) -> None:
        """Run a command, which is to show these lines, or whatever it likes."""
        if self.free:
            while self._hear(time.monotonic()):
                pass
            self.output = b""
        self.free = shown is None
        start = time.monotonic()
        deadline = start + PATIENCE
        os.write(self.commands, f"{command}\nprintf '\\001%d\\n' $?\n".encode())
        while not DONE.search(self.output) and time.monotonic() < deadline:
            self._hear(deadline)
        done = DONE.search(self.output)
        # What runs beside it may print a moment later.
        while shown is not None and not matches(shown, self._lines()) and self._hear(time.monotonic() + PATIENCE / 3):
            pass
        printed = self._lines()
        if os.environ.get("VERBOSE"):
            print(f"# {time.monotonic() - start:.1f} s: {command}", *printed, sep="\n#     ", flush=True)
        self.output = b""
        if not done:
            printed.append("(does not end)")
        elif int(done[1]):
            printed.append(f"(exit status {int(done[1])})")
        elif shown is None or matches(shown, printed):
            return
        diff = difflib.unified_diff(shown or [], printed, "shown", "printed", lineterm="", n=100)
        raise Mismatch("\n".join([f"$ {command}", *diff]))

    def finish(self) -> None:
        """Nothing else is printed. (What is too much before is taken for the next command's.)"""
        while self._hear(time.monotonic() + 0.3):
            pass
        if self._lines() and not self.free:
            raise Mismatch("\n".join(["printed in the end:", *self._lines()]))

    def close(self) -> None:
        """End it and all that it started."""
        os.close(self.commands)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)
