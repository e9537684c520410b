#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The pyzmq programs of the demo: one publisher and two workers.

    pyzmq_side.py PUBLISH READY MESSAGES TASKS WORKER…

They are one program that forks only because importing pyzmq takes seconds
in an emulated machine. Ends well when the workers have had all TASKS, each once.
"""

import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable

import zmq

PATIENCE = 60


def publisher(publish: str, ready: str, messages: int) -> None:
    """Say hello on each topic until the subscriber is ready, then publish."""
    context = zmq.Context()
    pub = context.socket(zmq.PUB)
    pub.bind(publish)
    pull = context.socket(zmq.PULL)
    pull.bind(ready)
    while not pull.poll(50):
        for topic in ("weather.", "news.", "sport."):
            pub.send_string(f"{topic} hello")
    print(f"pyzmq PUB            | subscriber is {pull.recv_string()}")
    for number in range(messages):
        for topic in ("weather.", "news.", "sport."):
            pub.send_string(f"{topic} {number}")
    print(f"pyzmq PUB            | published {messages} each of weather., news., sport.", flush=True)
    time.sleep(PATIENCE)


def worker(name: str, endpoint: str, report: int) -> None:
    """Tell the number of every task."""
    pull = zmq.Context().socket(zmq.PULL)
    pull.bind(endpoint)
    first = True
    while True:
        task = pull.recv_string()
        if first:
            print(f"pyzmq PULL {name}         | first task is number {task}", flush=True)
            first = False
        os.write(report, f"{name} {task}\n".encode())


def start(function: Callable[..., None], *args: object) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            function(*args)
        finally:
            os._exit(1)
    return pid


def collect(reports: int, tasks: int) -> bool:
    """Count what the workers tell; True if they had every task once."""
    seen: Counter[str] = Counter()
    shares: Counter[str] = Counter()
    deadline = time.monotonic() + PATIENCE
    text = ""
    while sum(shares.values()) < tasks and time.monotonic() < deadline:
        if select.select([reports], [], [], 1)[0]:
            *lines, text = (text + os.read(reports, 65536).decode()).split("\n")
            for line in lines:
                name, task = line.split()
                seen[task] += 1
                shares[name] += 1
    for name in sorted(shares):
        print(f"pyzmq PULL {name}         | … {shares[name]} tasks")
    return len(shares) == 2 and seen == Counter(str(n) for n in range(tasks))


def main() -> int:
    publish, ready, messages, tasks, *endpoints = sys.argv[1:]
    reports, report = os.pipe()
    pids = [start(publisher, publish, ready, int(messages))]
    pids += [start(worker, name, endpoint, report) for name, endpoint in zip("AB", endpoints)]
    good = collect(reports, int(tasks))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return 0 if good else 1


sys.exit(main())
