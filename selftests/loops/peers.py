# SPDX-License-Identifier: GPL-2.0-only
"""libzmq's ends of what the loops' programs are put through."""

import fcntl
import os
import socket
import subprocess
import tempfile
import time

import zmq

from verdicts import PROGRAMS, ROLES

AF_ZMQ, SOL_ZMQ = 18, 289
ZMQ_BIND, ZMQ_CONNECT = 1000, 1001
ROUND = 200
# A machine that shares its processors with many takes minutes to start Python with a framework, and seconds to answer.
START = 300
PATIENCE = 60
# What a second of doing nothing may cost a program. Java's compiler goes on for a while; a loop that spins takes all.
IDLE_MS = 200
ANY_PORT = "tcp://127.0.0.1:*"


class Wrong(Exception):
    """The program does not do as it ought to."""


class Program:
    """A program that runs; its complaints are kept."""

    def __init__(self, command, fds=(), stdin=subprocess.PIPE, stdout=None):
        self.said = tempfile.TemporaryFile()  # pylint: disable=consider-using-with
        self.heard = False

        def arrange():
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
                os.close(fd)

        # pylint: disable-next=subprocess-popen-preexec-fn,consider-using-with
        self.process = subprocess.Popen(command, bufsize=0, cwd=PROGRAMS, stdin=stdin,
                                        stdout=stdout or self.said, stderr=self.said,
                                        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                                        preexec_fn=arrange if fds else None, close_fds=not fds)

    def receive(self, sock, want=b"anything"):
        """A message, if one comes while the program lives."""
        end = time.monotonic() + (PATIENCE if self.heard else START)
        gone = False
        while not sock.poll(200):
            if gone:
                raise Wrong(f"ended with status {self.process.returncode}, before {want.decode()}")
            if time.monotonic() > end:
                self.heard = True
                raise Wrong(f"{want.decode()} does not come")
            # What was sent may be on its way still.
            gone = self.process.poll() is not None
        self.heard = True
        return sock.recv_multipart()

    def expect(self, sock, want):
        got = self.receive(sock, want)
        if got[-1] != want:
            raise Wrong(f"sent {got[-1]!r}, not {want!r}")
        return got

    def cpu_ms(self):
        with open(f"/proc/{self.process.pid}/stat", "rb") as f:
            user, system = f.read().rpartition(b")")[2].split()[11:13]
        return (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")

    def idle(self, doing):
        """It does nothing for a second."""
        if self.process.poll() is not None:
            raise Wrong(f"ended with status {self.process.returncode}")
        before = self.cpu_ms()
        time.sleep(1)
        if self.process.poll() is not None:
            raise Wrong(f"ended with status {self.process.returncode}")
        spent = self.cpu_ms() - before
        if spent > IDLE_MS:
            raise Wrong(f"{doing} takes {spent:.0f} ms of a second")
        return spent

    def end(self):
        """Its exit status, and what it said."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            status = "none, it does not end"
        self.kill()
        self.said.seek(0)
        return status, self.said.read().decode(errors="replace").strip()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def peer(ctx, kind, connect=None):
    s = ctx.socket(kind)
    s.linger = 0
    if kind == zmq.SUB:
        s.subscribe(b"t ")
    if connect:
        s.connect(connect)
    return s


def bound(ctx, kind):
    s = peer(ctx, kind)
    s.bind(ANY_PORT)
    return s, s.last_endpoint.rstrip(b"\0").decode()


def watched(program, router, xpub, pull_at, costs):
    """Questions, news, idleness, a full queue; see scenario.py."""
    for n in range(ROUND):
        router.send_multipart(program.expect(router, b"e%d" % n))
    program.expect(xpub, b"\1t ")
    for n in range(ROUND):
        xpub.send(b"t %d" % n)
    who = program.expect(router, b"idle")[0]
    costs.append(program.idle("waiting for messages"))
    router.send_multipart([who, b"go"])
    time.sleep(0.5)
    costs.append(program.idle("waiting for room"))
    pull = peer(router.context, zmq.PULL)
    pull.bind(pull_at)
    for n in range(ROUND):
        program.expect(pull, b"p%d" % n)


def watch(loop, number):
    """One that makes sockets and watches them."""
    ctx = zmq.Context()
    router, echo_at = bound(ctx, zmq.ROUTER)
    xpub, news_at = bound(ctx, zmq.XPUB)
    # Nobody is there at first. Ports below 32768 are given to nobody else.
    pull_at = f"tcp://127.0.0.1:{20000 + number}"
    program = Program(loop.command + [echo_at, news_at, pull_at])
    wrong, costs = None, []
    try:
        watched(program, router, xpub, pull_at, costs)
    except Wrong as e:
        wrong = str(e)
        program.kill()
    status, said = program.end()
    if not wrong and status != 0:
        wrong = f"exit status {status}"
    ctx.destroy(linger=0)
    return {"fails": ["all"] if wrong else [], "said": "\n".join(filter(None, (wrong, said))), "costs": costs}


def datagram_socket(pattern, bind=None):
    """A socket, and the port that it is bound to."""
    s = socket.socket(AF_ZMQ, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, pattern)
    if not bind:
        return s, None
    s.setsockopt(SOL_ZMQ, ZMQ_BIND, bind.encode())
    return s, s.getsockopt(SOL_ZMQ, zmq.LAST_ENDPOINT, 256).rstrip(b"\0").decode()


def serve_client(program, router):
    for n in range(ROUND):
        router.send_multipart(program.expect(router, b"m%d" % n))


def ask_rep(program, req):
    for n in range(ROUND):
        req.send(b"q%d" % n)
        program.expect(req, b"q%d" % n)


def hear_pub(program, sub):
    first = int(program.receive(sub)[0][2:])
    for n in range(first + 1, first + ROUND):
        program.expect(sub, b"t %d" % n)


def ask_router(program, dealers):
    for n in range(ROUND // len(dealers)):
        for i, dealer in enumerate(dealers):
            dealer.send(b"r%d.%d" % (i, n))
        for i, dealer in enumerate(dealers):
            program.expect(dealer, b"r%d.%d" % (i, n))


def datagram(loop, _):
    """One that uses its own datagram API on descriptors 3 to 6."""
    ctx = zmq.Context()
    router, echo_at = bound(ctx, zmq.ROUTER)
    client = datagram_socket(zmq.DEALER)[0]
    servers = [datagram_socket(kind, ANY_PORT) for kind in (zmq.REP, zmq.PUB, zmq.ROUTER)]
    fds = [s.fileno() for s in [client] + [s for s, _ in servers]]
    program = Program(loop.command + [echo_at.rpartition(":")[2]], fds)
    for s in [client] + [s for s, _ in servers]:
        s.close()
    rep_at, pub_at, router_at = (end for _, end in servers)
    parts = (
        lambda: serve_client(program, router),
        lambda: ask_rep(program, peer(ctx, zmq.REQ, rep_at)),
        lambda: hear_pub(program, peer(ctx, zmq.SUB, pub_at)),
        lambda: ask_router(program, [peer(ctx, zmq.DEALER, router_at) for _ in range(2)]),
    )
    fails, complaints = [], []
    for role, part in zip(ROLES, parts):
        try:
            part()
        except Wrong as e:
            fails.append(role)
            complaints.append(f"{role}: {e}")
    status, said = program.end()
    if status != 0 and not fails:
        fails.append("all")
        complaints.append(f"exit status {status}")
    ctx.destroy(linger=0)
    return {"fails": fails, "said": "\n".join(filter(None, complaints + [said])), "costs": []}


SCENARIOS = {"watch": watch, "datagram": datagram}
