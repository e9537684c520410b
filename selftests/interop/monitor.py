# SPDX-License-Identifier: GPL-2.0-only
"""Monitors: the same things happen in the same order as with libzmq's; heartbeats of slow readers."""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections.abc import Callable

import zmq
from zmq.utils.monitor import parse_monitor_message

from ends import PULL, PUSH, Azmq, End, Lzmq, ours, reference
from harness import PATIENCE, TABLE, Failure, Skip, expect, until

RECORD = struct.Struct("=QQIIII288s288s")
NAMES = {
    getattr(zmq, f"EVENT_{name}"): name
    for name in (
        "CONNECTED CONNECT_DELAYED CONNECT_RETRIED LISTENING BIND_FAILED ACCEPTED ACCEPT_FAILED CLOSED CLOSE_FAILED "
        "DISCONNECTED MONITOR_STOPPED HANDSHAKE_FAILED_NO_DETAIL HANDSHAKE_SUCCEEDED HANDSHAKE_FAILED_PROTOCOL "
        "HANDSHAKE_FAILED_AUTH"
    ).split()
}
# What their value is does not depend on the implementation.
VALUES = {"CONNECT_DELAYED", "BIND_FAILED", "HANDSHAKE_FAILED_PROTOCOL", "HANDSHAKE_FAILED_AUTH"}

# (name, value or None, the endpoint that libzmq's monitor would name)
Seen = list[tuple[str, object, str]]


class Watched:
    """A socket of either kind and what its monitor tells."""

    def __init__(self, end: End):
        self.end = end
        self.seen: Seen = []
        if isinstance(end, Azmq):
            self.file = open(end.get("MONITOR_FD"), "rb", buffering=0)
        else:
            self.monitor = end.sock.get_monitor_socket()

    def close(self) -> None:
        if isinstance(self.end, Azmq):
            self.file.close()
        else:
            self.end.sock.disable_monitor()
            self.monitor.close()
        self.end.close()

    def note(self, event: int, value: int, endpoint: str) -> None:
        name = NAMES[event]
        # libzmq leaves the scheme out where a bind fails.
        self.seen.append((name, int(value) if name in VALUES else None, endpoint.split("://")[-1]))

    def look(self) -> Seen:
        if isinstance(self.end, Azmq):
            while select.select([self.file], [], [], 0)[0]:
                _, value, event, flags, lost, _, local, remote = RECORD.unpack(self.file.read(RECORD.size))
                expect(lost, 0, "lost events")
                self.note(event, value, (local if flags & 1 else remote).rstrip(b"\0").decode())
        else:
            while self.monitor.poll(0):
                m = parse_monitor_message(self.monitor.recv_multipart())
                self.note(m["event"], m["value"], m["endpoint"].decode())
        return self.seen

    def sees(self, *names: str) -> None:
        """Wait until the last of these has happened as often as it stands here."""
        last = names[-1]
        until(
            lambda: [n for n, _, _ in self.look()].count(last) >= names.count(last),
            f"{self.end.label}: no {last}, but {self.seen}",
        )


Scenario = Callable[[Watched], None]


def _same(kind: int, scenario: Scenario, events: int, **options: int) -> None:
    """The first events of both implementations are the same; more may follow."""
    results = []
    for make in (Lzmq, ours()):
        watched = Watched(make(kind, **options))
        scenario(watched)
        time.sleep(0.2)
        # libzmq also tells of sockets that never got an endpoint.
        results.append([seen for seen in watched.look() if seen[2]][:events])
        watched.close()
    expect(results[1], results[0], "events")
    if len(results[1]) != events:
        raise Failure(f"{len(results[1])} events, not {events}: {results[1]}")


def _accepted_then_peer_closes(watched: Watched) -> None:
    endpoint = watched.end.bind("tcp://127.0.0.1:5701")
    peer = Lzmq(PUSH, LINGER=0)
    peer.connect(endpoint)
    watched.sees("HANDSHAKE_SUCCEEDED")
    peer.close()
    watched.sees("DISCONNECTED")
    watched.end.unbind(endpoint)
    watched.sees("CLOSED")


@TABLE.case("monitor: accept, end of the peer and unbind are told as libzmq tells them")
def accept_events() -> None:
    _same(PULL, _accepted_then_peer_closes, 5)


def _connected_then_peer_closes(watched: Watched) -> None:
    peer = Lzmq(PULL, LINGER=0)
    watched.end.connect(peer.bind("tcp://127.0.0.1:5702"))
    watched.sees("HANDSHAKE_SUCCEEDED")
    peer.close()
    watched.sees("DISCONNECTED")
    watched.sees("CONNECT_RETRIED", "CONNECT_RETRIED")


@TABLE.case("monitor: connect, end of the peer and the first attempts after it are told as libzmq tells them")
def connect_events() -> None:
    _same(PUSH, _connected_then_peer_closes, 8)


def _refused(watched: Watched) -> None:
    watched.end.connect("tcp://127.0.0.1:5703")
    watched.sees("CONNECT_RETRIED", "CONNECT_RETRIED")


@TABLE.case("monitor: refused connections are told as libzmq tells them")
def refuse_events() -> None:
    _same(PUSH, _refused, 6, RECONNECT_IVL=50)


def _disconnects(watched: Watched) -> None:
    peer = Lzmq(PULL, LINGER=0)
    endpoint = peer.bind("tcp://127.0.0.1:5704")
    watched.end.connect(endpoint)
    watched.sees("HANDSHAKE_SUCCEEDED")
    watched.end.disconnect(endpoint)
    time.sleep(0.5)
    peer.close()


@TABLE.case("monitor: disconnect is told as libzmq tells it")
def disconnect_events() -> None:
    _same(PUSH, _disconnects, 3)
    # The end of a connection that was asked for is no event; a slow libzmq may see its peer close first.
    watched = Watched(ours()(PUSH))
    _disconnects(watched)
    names = [name for name, _, _ in watched.look()]
    expect(names, ["CONNECT_DELAYED", "CONNECTED", "HANDSHAKE_SUCCEEDED"], "events, all of them")
    watched.close()


def _bind_fails(watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 5705)):
        try:
            # The retries of ends.py are of no use here.
            if isinstance(watched.end, Lzmq):
                watched.end.sock.bind("tcp://127.0.0.1:5705")
            else:
                watched.end.bind("tcp://127.0.0.1:5705")
        except OSError as e:
            expect(e.errno, errno.EADDRINUSE, "errno of bind")
        except zmq.ZMQError as e:
            # libzmq tells its monitor before it returns; when that looks for commands, errno is of their mailbox.
            if e.errno != errno.EAGAIN:
                expect(e.errno, errno.EADDRINUSE, "errno of bind")
    watched.sees("BIND_FAILED")


@TABLE.case("monitor: a bind that fails is told as libzmq tells it")
def bind_events() -> None:
    _same(PULL, _bind_fails, 1)


def _raw(port: int, data: bytes) -> Scenario:
    def scenario(watched: Watched) -> None:
        endpoint = watched.end.bind(f"tcp://127.0.0.1:{port}")
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
            watched.sees("ACCEPTED")
            peer.sendall(data)
            if not data:
                peer.shutdown(socket.SHUT_WR)
            watched.sees("DISCONNECTED")
        watched.end.unbind(endpoint)

    return scenario


def _greeting(mechanism: bytes) -> bytes:
    return b"\xff" + bytes(7) + b"\x01\x7f\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)


@TABLE.case("monitor: a peer that hangs up or demands another mechanism is told as libzmq tells it")
def handshake_events() -> None:
    _same(PULL, _raw(5706, b""), 4)
    _same(PULL, _raw(5707, _greeting(b"CURVE")), 4)


def _idle(pull: End, push: End, size: int) -> None:
    """PULL does not read for 3 s; what was taken for it arrives, over one connection."""
    watch = Watched(push)
    push.connect(pull.bind("tcp://127.0.0.1:*"))
    watch.sees("HANDSHAKE_SUCCEEDED")
    sent = 0
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if push.try_send([b"%08d" % sent + bytes(size)]):
            sent += 1
        else:
            time.sleep(0.02)
    for number in range(sent):
        expect(pull.recv()[0][:8], b"%08d" % number, f"message {number} of {sent}")
    names = [name for name, _, _ in watch.look()]
    expect(names.count("DISCONNECTED"), 0, f"disconnections with {sent} messages of {size} bytes")
    watch.close()
    pull.close()


def _slow_reader(options: dict[str, int]) -> None:
    if reference():
        raise Skip("libzmq disconnects slow readers")
    for size in (8, 20000):
        _idle(ours()(PULL, RCVHWM=5), Lzmq(PUSH, SNDHWM=20, **options), size)
        _idle(ours()(PULL, RCVHWM=5, **options), Lzmq(PUSH, SNDHWM=20), size)
        _idle(ours()(PULL, RCVHWM=5, **options), Lzmq(PUSH, SNDHWM=20, **options), size)


@TABLE.case("heartbeats of either end leave an AF_ZMQ PULL alone that does not read for 3 s; nothing is lost", slow=True)
def slow_reader() -> None:
    _slow_reader({"HEARTBEAT_IVL": 200, "HEARTBEAT_TIMEOUT": 500})


@TABLE.case("AF_ZMQ sends heartbeats with a TTL: a libzmq peer answers and neither end disconnects", slow=True)
def our_heartbeats() -> None:
    options = {"HEARTBEAT_IVL": 200, "HEARTBEAT_TIMEOUT": 1500, "HEARTBEAT_TTL": 2000}
    push, pull = Watched(ours()(PUSH, **options)), Watched(Lzmq(PULL))
    push.end.connect(pull.end.bind("tcp://127.0.0.1:*"))
    push.sees("HANDSHAKE_SUCCEEDED")
    time.sleep(3)
    for watched in (push, pull):
        names = [name for name, _, _ in watched.look()]
        expect(names.count("DISCONNECTED"), 0, "disconnections")
        expect(names.count("HANDSHAKE_SUCCEEDED"), 1, "handshakes")
    push.end.send([b"hello"])
    expect(pull.end.recv(), [b"hello"], "received")
