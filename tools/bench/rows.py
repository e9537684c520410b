# SPDX-License-Identifier: GPL-2.0-only
"""The table of the benchmark: what runs, and which goal it has."""

from __future__ import annotations

from dataclasses import dataclass, field

# A guest that counts instructions is so much slower than the machine that the model was fitted on.
NS_PER_INSTRUCTION = 0.157


@dataclass(frozen=True)
class Limit:
    """AF_ZMQ's figure divided by that of a contestant, or the figure itself, is at most this."""

    most: float
    against: str = ""
    figure: str = "model"
    least: bool = False

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        if self.against:
            return f"{sign}{self.most:.2f}{LETTER[self.against]}"
        return f"{sign}{self.most:g} {self.figure}"


LETTER = {"libzmq": "L", "tcp": "T", "unix": "U"}


@dataclass(frozen=True)
class Case:
    row: int
    title: str
    runs: dict[str, str]  # contestant: arguments of zmqperf
    limits: tuple[Limit, ...]
    long: bool = False
    group: str = ""  # cases whose figures shall be flat
    notes: tuple[str, ...] = field(default=())


def case(row: int, title: str, args: str, against: str, limits: tuple[Limit, ...], ours: str = "", **more) -> Case:
    """@args are of all contestants, @ours of AF_ZMQ in addition."""
    runs = {"azmq": f"azmq {args} {ours}".strip()}
    for name in against.split():
        runs[name] = f"{name} " + (args.replace(" -t ipc", "") if name == "unix" else args)
    return Case(row, title, runs, limits, **more)


def limits_of(**most: float) -> tuple[Limit, ...]:
    return tuple(Limit(value, name) for name, value in most.items())


def _latency():
    for pattern in ("reqrep", "pair"):
        for size in (1, 64, 1024):
            yield case(1, f"tcp round trip, {pattern}, {size} B", f"lat -p {pattern} -s {size} -n 1000",
                       "libzmq tcp", limits_of(tcp=1.15, libzmq=0.50))
    for size in (1, 64, 1024):
        yield case(2, f"ipc round trip, pair, {size} B", f"lat -p pair -t ipc -s {size} -n 1000",
                   "libzmq unix", limits_of(unix=1.2, libzmq=0.45))
    counts = (Limit(2, figure="switches"),)
    yield case(3, "tcp round trip, reqrep, 64 B: calls", "lat -p reqrep -s 64 -n 1000", "libzmq tcp",
               (Limit(4, figure="syscalls"),) + counts)
    yield case(3, "the same under epoll: calls", "lat -p reqrep -s 64 -n 1000 --epoll", "libzmq tcp",
               (Limit(6, figure="syscalls"),) + counts)


def _throughput():
    for size in (1, 64):
        same = f"thr -s {size} -n 20000"
        dense = Limit(32, figure="frames/segment", least=True)
        yield case(4, f"PUSH/PULL tcp, {size} B, send/recv", same, "libzmq tcp", limits_of(libzmq=1.3) + (dense,))
        for row, call, most in ((5, "mmsg", 0.8), (5, "uring", 0.8), (6, "frames", 0.35)):
            yield case(row, f"PUSH/PULL tcp, {size} B, {call} of 32", same, "libzmq tcp",
                       limits_of(libzmq=most), ours=f"-c {call} -b 32")
    yield case(6, "PUSH/PULL tcp, 64 B, frames of 256", "thr -s 64 -n 20000", "libzmq tcp",
               limits_of(libzmq=0.35), ours="-c frames -b 256")
    for size, count, most in ((1024, 10000, 0.6), (8192, 4000, 0.45), (65536, 1000, 0.5)):
        yield case(7, f"PUSH/PULL tcp, {size // 1024} KiB", f"thr -s {size} -n {count}", "libzmq tcp",
                   limits_of(libzmq=most))


def _servers():
    yield case(8, "RPC tcp, 16 outstanding, epoll server", "rpc -W 16 -s 64 -n 10000", "libzmq tcp",
               limits_of(libzmq=0.9))
    yield case(8, "the same, server with ZMQ_FRAMES", "rpc -W 16 -s 64 -n 10000", "libzmq tcp",
               limits_of(libzmq=0.9), ours="-c frames -b 16")
    for peers in (10, 100, 1000, 5000):
        yield case(11, f"ROUTER tcp, {peers} clients", f"scale -N {peers} -s 64 -n {max(4, 4000 // peers)} -w 2",
                   "libzmq tcp", limits_of(libzmq=0.55), long=peers > 1000, group="clients" if peers >= 100 else "")


def _publishers():
    for peers in (1, 10, 100, 1000):
        yield case(9, f"PUB tcp saturated, {peers} subscribers",
                   f"fanout -N {peers} -s 64 -n {max(128, 20000 // peers)} -w 2", "libzmq tcp",
                   limits_of(libzmq=0.9))
    yield case(10, "PUB tcp one at a time, 100 subscribers", "fanout --each -N 100 -s 64 -n 50 -w 2",
               "libzmq tcp", limits_of(libzmq=0.5))
    for subs, most in ((1, 1.0), (1000, 0.85), (100000, 0.5), (1000000, 0.33)):
        far = subs > 100000
        time = " --timeout 6000" if far else ""
        name = f"{subs // 1000}k" if subs >= 1000 else str(subs)
        yield case(12, f"{name} subscriptions, match", f"subs -S {subs} -s 64 -n 10000 -w 20" + time, "libzmq",
                   limits_of(libzmq=most), long=far)
        yield case(12, f"{name} subscriptions, no match", f"subs -S {subs} -s 64 -n 10000 -w 20 --miss" + time,
                   "libzmq", limits_of(libzmq=1.4), long=far)


def _others():
    for rate in (1000, 10000, 50000):
        yield case(13, f"tcp paced, {rate // 1000}k messages/s",
                   f"paced -r {round(rate * NS_PER_INSTRUCTION)} -s 64 -n {500 if rate < 5000 else 2000}",
                   "libzmq tcp", limits_of(libzmq=0.65))
    yield case(14, "inproc round trip, pair, 64 B", "lat -p pair -t inproc -s 64 -n 1000", "libzmq",
               limits_of(libzmq=1.0))


CASES = [*_latency(), *_throughput(), *_servers(), *_publishers(), *_others()]
CASES.sort(key=lambda c: c.row)

FLAT = 1.15  # the most expensive of a group against its cheapest

SWEEP_SIZES = (1, 16, 64, 256, 1024, 4096, 16384, 65536)


def sweep(mode: str, size: int) -> dict[str, str]:
    """Runs for a point of the plots."""
    count = 500 if mode == "lat" else max(500, min(10000, 8000000 // size))
    pattern = " -p pair" if mode == "lat" else ""
    return {name: f"{name} {mode}{pattern} -s {size} -n {count}" for name in ("azmq", "libzmq", "tcp")}
