# SPDX-License-Identifier: GPL-2.0-only
"""Pairs of ends in Twisted: plain TCP, ZMTP as a protocol over it, and txzmqk's transports."""

from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from txzmqk import ZMQProtocol, connectZMQ, listenZMQ

SIZE = 64
GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY = b"\x05READY\x0bSocket-Type\x00\x00\x00\x04PAIR"


class Stream(Protocol):
    """Bytes, cut where both sides know that they belong."""

    received = ready = None
    data = b""

    def connectionMade(self):
        self.transport.setTcpNoDelay(True)
        self.ready(self)

    def send(self, data):
        self.transport.write(data)

    def dataReceived(self, data):
        self.data += data
        while len(self.data) >= SIZE:
            message, self.data = self.data[:SIZE], self.data[SIZE:]
            self.received(message)


class ZMTP(Protocol):
    """As much of ZMTP 3.0 as a PAIR with messages of one short frame needs: greeting, READY, frames."""

    received = ready = None
    data = b""
    greeted = shaken = False

    def connectionMade(self):
        self.transport.setTcpNoDelay(True)
        self.transport.write(GREETING + b"\x04" + bytes([len(READY)]) + READY)

    def send(self, data):
        self.transport.write(b"\x00" + bytes([len(data)]) + data)

    def dataReceived(self, data):
        self.data += data
        if not self.greeted:
            if len(self.data) < 64:
                return
            assert self.data[:1] == b"\xff" and self.data[12:16] == b"NULL"
            self.data = self.data[64:]
            self.greeted = True
        at, data = 0, self.data
        while len(data) >= at + 2:
            flags, length = data[at], data[at + 1]
            if len(data) < at + 2 + length:
                break
            body = data[at + 2:at + 2 + length]
            at += 2 + length
            if flags & 4:
                assert body.startswith(b"\x05READY")
                self.shaken = True
                self.ready(self)
            else:
                self.received(body)
        self.data = data[at:]


def over_tcp(cls, reactor, done):
    """Two of a class, connected."""
    ends = {}

    def make(name):
        def ready(protocol):
            ends[name] = protocol
            if len(ends) == 2:
                reactor.callLater(0, done, ends["near"], ends["far"])

        protocol = cls()
        protocol.ready = ready
        return protocol

    class Near(Factory):
        def buildProtocol(self, addr):
            return make("near")

    class Far(Factory):
        def buildProtocol(self, addr):
            return make("far")

    def listening(port):
        TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port).connect(Near())

    TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(Far()).addCallback(listening)


def tcp(reactor, done):
    over_tcp(Stream, reactor, done)


def protocol(reactor, done):
    over_tcp(ZMTP, reactor, done)


class Messages(ZMQProtocol):
    """One frame each."""

    received = None

    def send(self, data):
        self.transport.sendMessage([data])

    def messageReceived(self, frames):
        self.received(frames[0])


def over_zmq(using, reactor, done):
    far = Messages()
    port = listenZMQ(reactor, "pair", "tcp://127.0.0.1:*", far, using=using)
    near = Messages()
    connectZMQ(reactor, "pair", port.getHost().endpoint, near, using=using)
    done(near, far)


def kernel(reactor, done):
    over_zmq("kernel", reactor, done)


def libzmq(reactor, done):
    over_zmq("libzmq", reactor, done)
