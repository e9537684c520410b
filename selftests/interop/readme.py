# SPDX-License-Identifier: GPL-2.0-only
"""What README.md shows, done as a reader would."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from ends import reference
from harness import TABLE, Failure, Skip, expect, forked, kill

REPO = Path(__file__).resolve().parents[2]
CHECK = str(REPO / "tools/check-readme")


def _examples(directory: str) -> Path:
    if reference():
        raise Skip("its programs are for AF_ZMQ")
    subprocess.run([CHECK, "--extract", directory], check=True)
    return Path(directory)


def _prints_what_is_published(directory: Path, command: list[str]) -> None:
    source = (directory / "publisher.py").read_text(encoding="utf-8")
    publisher = forked(lambda: exec(compile(source, "publisher.py", "exec"), {}))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as subscriber:
        assert subscriber.stdout
        lines = [subscriber.stdout.readline() for _ in range(5)]
        subscriber.kill()
    kill(publisher)
    first = lines[0].split()
    if len(first) != 2:
        raise Failure(f"the subscriber prints {lines!r}")
    expect(lines, [f"weather.berlin {int(first[1]) + n}\n" for n in range(5)], "printed")


@TABLE.case("README.md: the subscriber in C prints what its publisher sends", slow=True)
def subscriber_c() -> None:
    with tempfile.TemporaryDirectory() as tmp:
        directory = _examples(tmp)
        program = str(directory / "subscriber")
        subprocess.run(
            ["gcc", "-Wall", "-Wextra", "-Werror", f"-I{REPO}/libzmqk/include", "-o", program, f"{program}.c"], check=True
        )
        _prints_what_is_published(directory, ["stdbuf", "-oL", program])


@TABLE.case("README.md: the subscriber in Python prints what its publisher sends", slow=True)
def subscriber_python() -> None:
    with tempfile.TemporaryDirectory() as tmp:
        directory = _examples(tmp)
        _prints_what_is_published(directory, [sys.executable, "-u", str(directory / "subscriber.py")])


@TABLE.case("README.md: the tests, files, targets and numbers that it names are right", slow=True)
def names() -> None:
    every = "\n".join(name for group in TABLE.groups for name in group.names)
    done = subprocess.run([CHECK, "--names", "-", "--no-compile"], input=every, stdout=subprocess.PIPE, text=True, check=False)
    expect((done.returncode, done.stdout), (0, ""), "status and output of tools/check-readme")
