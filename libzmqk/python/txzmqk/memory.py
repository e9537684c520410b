# SPDX-License-Identifier: MIT
"""Sockets that are only objects: protocols can be tried without a descriptor, a peer or, with a task.Clock, a moment's wait.

Any endpoint is a name in a Network. All types but XPUB, XSUB and STREAM are there, with their rules for whom a message
goes to, what happens when a queue is full, envelopes and turns.
"""

import errno
import os
from collections import deque
from itertools import count

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorCore
from twisted.python.failure import Failure

from txzmqk import options
from txzmqk.transport import EventTransport

FITS = {
    "pair": ("pair",), "pub": ("sub",), "sub": ("pub",), "push": ("pull",), "pull": ("push",), "req": ("rep", "router"),
    "rep": ("req", "dealer"), "dealer": ("rep", "dealer", "router"), "router": ("req", "dealer", "router"),
}
SENDS = ("pair", "pub", "push", "req", "rep", "dealer", "router")
RECEIVES = ("pair", "sub", "pull", "req", "rep", "dealer", "router")


def fail(code):
    """As a system call would."""
    raise OSError(code, os.strerror(code))


class Network:
    """Endpoints, and who is there or waits for somebody."""

    def __init__(self):
        self.bound = {}
        self.pipes = {}
        self.numbers = count(1)

    def meet(self, endpoint):
        """Join those who connected to an endpoint with who has bound it."""
        owner = self.bound.get(endpoint)
        for pipe in list(self.pipes.get(endpoint, [])):
            if owner is None or pipe.peer is not None or pipe.owner.type not in FITS[owner.type]:
                continue
            if owner.type == "pair" and owner.pipes:
                continue
            pipe.join(Pipe(owner))

    def drop(self, pipe):
        """It is not wanted any more."""
        for waiting in self.pipes.values():
            if pipe in waiting:
                waiting.remove(pipe)


DEFAULT = Network()


class Pipe:
    """What one socket has for one peer."""

    def __init__(self, owner, endpoint=None):
        self.owner = owner
        self.endpoint = endpoint
        self.peer = None
        self.queue = deque()
        owner.pipes.append(self)
        self.id = owner.connectId or b"\0" + next(owner.network.numbers).to_bytes(4, "big")
        owner.connectId = None

    def room(self):
        """Whether another message fits."""
        limits = [self.owner.hwm["sndhwm"]] + ([self.peer.owner.hwm["rcvhwm"]] if self.peer else [])
        return not all(limits) or len(self.queue) < sum(limits)

    def put(self, frames):
        self.queue.append(frames)
        if self.peer:
            self.peer.owner.changed()

    def incoming(self):
        """What the peer has sent."""
        return self.peer.queue if self.peer else ()

    def join(self, peer):
        self.peer, peer.peer = peer, self
        self.owner.changed()
        peer.owner.changed()

    def leave(self):
        """The owner is gone: what it has sent may still be read, nothing more is sent to it."""
        peer = self.peer
        if peer is None:
            return
        peer.queue.clear()
        peer.owner.changed()


class MemoryTransport(EventTransport):
    """A socket of a Network."""

    def __init__(self, reactor, kind, *, network=None, **settings):
        self.network = network or DEFAULT
        self.pipes = []
        self.endpoints = []
        self.hwm = {"sndhwm": 1000, "rcvhwm": 1000}
        self.subscriptions = []
        self.connectId = None
        self.routingId = None
        self.mandatory = False
        self.turn = None
        self.envelope = []
        self._trigger = None
        super().__init__(reactor, kind, **settings)

    def _open(self):
        super()._open()
        if self.type not in FITS:
            raise ValueError(f"there are no {self.type} sockets in memory")

    def start(self, protocol):
        if IReactorCore.providedBy(self.reactor):
            self._trigger = self.reactor.addSystemEventTrigger(
                "during", "shutdown", lambda: self._lost(Failure(ConnectionLost("the reactor stops"))))
        super().start(protocol)

    def _close(self, abort):
        super()._close(abort)
        if self._trigger is not None and self.reactor.running:
            self.reactor.removeSystemEventTrigger(self._trigger)
        self._trigger = None
        for endpoint in self.endpoints:
            self.network.bound.pop(endpoint, None)
        for pipe in self.pipes:
            if abort or self._linger == 0:
                pipe.queue.clear()
            if not pipe.queue or pipe.peer:
                self.network.drop(pipe)
            pipe.leave()

    def _set(self, name, value):
        name = name.lower()
        _, _, value = options.option(name, value)
        if name in self.hwm:
            self.hwm[name] = value
            self.changed()
        elif name == "subscribe" and self.type == "sub":
            self.subscriptions.append(value)
        elif name == "unsubscribe" and self.type == "sub":
            if value in self.subscriptions:
                self.subscriptions.remove(value)
        elif name == "routing_id":
            self.routingId = value
        elif name == "connect_routing_id":
            self.connectId = value
        elif name == "router_mandatory" and self.type == "router":
            self.mandatory = bool(value)
        elif name != "linger":
            fail(errno.EINVAL)

    # Endpoints

    def _bind(self, endpoint):
        if "://" not in endpoint:
            fail(errno.EINVAL)
        if endpoint.endswith("*"):
            endpoint = endpoint[:-1] + str(next(self.network.numbers))
        if endpoint in self.network.bound:
            fail(errno.EADDRINUSE)
        self.network.bound[endpoint] = self
        self.endpoints.append(endpoint)
        self.network.meet(endpoint)
        return endpoint

    def _connect(self, endpoint):
        if "://" not in endpoint or endpoint.endswith("*"):
            fail(errno.EINVAL)
        self.network.pipes.setdefault(endpoint, []).append(Pipe(self, endpoint))
        self.network.meet(endpoint)
        self.changed()

    def unbind(self, endpoint):
        if endpoint not in self.endpoints:
            fail(errno.ENOENT)
        self.endpoints.remove(endpoint)
        del self.network.bound[endpoint]

    def disconnect(self, endpoint):
        mine = [pipe for pipe in self.pipes if pipe.endpoint == endpoint]
        if not mine:
            fail(errno.ENOENT)
        self.pipes.remove(mine[0])
        self.network.drop(mine[0])
        mine[0].leave()

    def changed(self):
        """Somebody else has done something."""
        self._forget()
        self._changed()

    def _forget(self):
        """Peers that are gone and have nothing left to read; one that was connected to is waited for again."""
        for pipe in list(self.pipes):
            peer = pipe.peer
            if peer is None or peer in peer.owner.pipes and not peer.owner.disconnected or peer.queue:
                continue
            if pipe.endpoint is None:
                self.pipes.remove(pipe)
            else:
                pipe.peer = None
                self.network.meet(pipe.endpoint)

    # Messages

    def _events(self):
        return self._source() is not None, self._canSend()

    def _open_pipes(self):
        return [p for p in self.pipes if p.peer is None or not p.peer.owner.disconnected]

    def _canSend(self):
        if self.type not in SENDS or self.type == "req" and self.turn or self.type == "rep" and not self.turn:
            return False
        if self.type in ("pub", "rep", "router"):
            return True
        return any(p.room() for p in self._open_pipes())

    def _send(self, messages):
        frames = messages[0]
        if self.type not in SENDS:
            fail(errno.EOPNOTSUPP)
        getattr(self, f"_send_{self.type}", self._next)(frames)
        return 1

    def _next(self, frames):
        """To the peers in turn."""
        for pipe in self._open_pipes():
            if pipe.room():
                self.pipes.remove(pipe)
                self.pipes.append(pipe)
                pipe.put(frames)
                return pipe
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def _send_pub(self, frames):
        for pipe in self._open_pipes():
            if pipe.peer and pipe.room() and any(map(frames[0].startswith, pipe.peer.owner.subscriptions)):
                pipe.put(frames)

    def _send_req(self, frames):
        if self.turn:
            fail(errno.EBADFD)
        self.turn = self._next([b"", *frames])

    def _send_rep(self, frames):
        if not self.turn:
            fail(errno.EBADFD)
        pipe, self.turn = self.turn, None
        if pipe in self._open_pipes() and pipe.room():
            pipe.put([*self.envelope, b"", *frames])
        # There may be another request.
        self._changed()

    def _send_router(self, frames):
        for pipe in self._open_pipes():
            if self._idOf(pipe) == frames[0]:
                if pipe.room():
                    pipe.put(frames[1:])
                elif self.mandatory:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                return
        if self.mandatory:
            fail(errno.EHOSTUNREACH)

    @staticmethod
    def _idOf(pipe):
        """By which a ROUTER knows a peer."""
        return (pipe.peer.owner.routingId if pipe.peer else None) or pipe.id

    def _source(self):
        """The peer whose message is next."""
        if self.type not in RECEIVES or self.type == "rep" and self.turn:
            return None
        pipes = self.pipes if self.type != "req" else [self.turn] if self.turn else []
        return next((p for p in pipes if p.incoming()), None)

    def _receive(self):
        pipe = self._source()
        if pipe is None:
            return []
        frames = pipe.incoming().popleft()
        if pipe in self.pipes:
            self.pipes.remove(pipe)
            self.pipes.append(pipe)
        pipe.peer.owner.changed()
        messages = self._stripped(pipe, frames)
        self.changed()
        return messages

    def _stripped(self, pipe, frames):
        """Without what is not the reader's; none if it was no message for this type."""
        if self.type == "router":
            return [[self._idOf(pipe), *frames]]
        if self.type == "req":
            if frames[0] or len(frames) < 2:
                return []
            self.turn = None
            return [frames[1:]]
        if self.type == "rep":
            if b"" not in frames[:-1]:
                return []
            at = frames.index(b"")
            self.envelope, self.turn = frames[:at], pipe
            return [frames[at + 1:]]
        return [frames]
