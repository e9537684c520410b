# SPDX-License-Identifier: GPL-2.0-only
"""Runs of zmqperf in a deterministic guest, and tables of what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import rows

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
ZMQPERF = os.path.join(REPO, "build/zmqperf/zmqperf")

# Waits are real time: in the guest they take as much longer as all the rest.
COALESCE_US = 50


class Guest:
    """Runs commands one after the other in one virtual machine."""

    def __init__(self, options: list[str], out: str, zmqperf: str = ZMQPERF):
        self.options = options
        self.out = out
        self.zmqperf = zmqperf
        self.failed = False

    def run(self, commands: list[str], timeout: int) -> dict[int, dict]:
        script = os.path.join(self.out, "commands")
        with open(script, "w", encoding="ascii") as f:
            if "--icount" in self.options:
                f.write(f"echo {round(COALESCE_US / rows.NS_PER_INSTRUCTION)} >/proc/sys/net/zmq/coalesce_us\n")
            for number, command in enumerate(commands):
                f.write(f"echo 'start {number}'\n{self.zmqperf} {command} --json && echo 'end {number}'\n")
        results: dict[int, dict] = {}
        number, began = -1, 0.0
        vm = ["tools/vm/run", *self.options, "--timeout", str(timeout), "--", "sh", script]
        with subprocess.Popen(vm, cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              encoding="utf-8") as process:
            for line in process.stdout:
                if line.startswith("start "):
                    began = time.monotonic()
                    number = int(line.split()[1])
                    progress(number, len(commands), commands[number])
                elif line.startswith("{"):
                    results[number] = json.loads(line) | {"host_s": round(time.monotonic() - began, 1)}
                elif not line.startswith("end "):
                    print(line, end="", file=sys.stderr)
        progress(len(commands), len(commands), "")
        for n, command in enumerate(commands):
            if n not in results:
                print(f"bench: failed: zmqperf {command}", file=sys.stderr)
        if process.returncode and len(results) == len(commands):
            print(f"bench: the guest ended with status {process.returncode}", file=sys.stderr)
            results.clear()
        self.failed |= len(results) < len(commands)
        return results


def progress(number: int, total: int, command: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{number}/{total} {command}"[:150], end="" if number < total else "\r\033[K", file=sys.stderr,
              flush=True)


def layout(head: list[str], lines: list[list[str]]) -> str:
    width = [max(len(line[i]) for line in lines + [head]) for i in range(len(head))]
    text = []
    for line in [head, ["-" * w for w in width], *lines]:
        text.append("| " + " | ".join(cell.ljust(w) for cell, w in zip(line, width)) + " |")
    return "\n".join(text)
