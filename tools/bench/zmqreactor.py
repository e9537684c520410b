# SPDX-License-Identifier: GPL-2.0-only
"""ZeroMQ as a reactor: Twisted's PollReactor with zmq.Poller in the place of select.poll(). It has to touch what is private."""

import zmq
from twisted.internet import main, pollreactor


class Poller:
    """As select.poll(), for sockets of ZeroMQ as well."""

    def __init__(self):
        self.poller = zmq.Poller()
        self.sockets = {}

    def register(self, fd, events):
        flags = (zmq.POLLIN if events & 1 else 0) | (zmq.POLLOUT if events & 4 else 0)
        self.poller.register(self.sockets.get(fd, fd), flags)

    def unregister(self, fd):
        self.poller.unregister(self.sockets.get(fd, fd))

    def poll(self, timeout=None):
        found = self.poller.poll(timeout)
        return [(s.getsockopt(zmq.FD) if isinstance(s, zmq.Socket) else s,
                 (1 if events & zmq.POLLIN else 0) | (4 if events & zmq.POLLOUT else 0)) for s, events in found]


class ZMQReactor(pollreactor.PollReactor):
    """The subclass."""

    def __init__(self):
        super().__init__()
        self.context = zmq.Context()
        for fd in self._selectables:
            self._poller.unregister(fd)
        self._poller = Poller()
        for fd in list(self._selectables):
            self._updateRegistration(fd)


class End:
    """A socket as a selectable."""

    received = None

    def __init__(self, reactor):
        self.socket = reactor.context.socket(zmq.PAIR)
        self.fd = self.socket.getsockopt(zmq.FD)
        self.reactor = reactor

    def begin(self):
        self.reactor._poller.sockets[self.fd] = self.socket  # pylint: disable=protected-access
        self.reactor.addReader(self)

    def fileno(self):
        return self.fd

    def logPrefix(self):
        return "zmq"

    def send(self, data):
        self.socket.send_multipart([data], zmq.DONTWAIT)

    def doRead(self):
        for _ in range(64):
            try:
                frames = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            self.received(frames[0])

    def connectionLost(self, reason):
        """The reactor stops."""


def install():
    reactor = ZMQReactor()
    main.installReactor(reactor)
    return reactor


def ends(reactor, done):
    near, far = End(reactor), End(reactor)
    port = far.socket.bind_to_random_port("tcp://127.0.0.1")
    near.socket.connect(f"tcp://127.0.0.1:{port}")
    near.begin()
    far.begin()
    done(near, far)
