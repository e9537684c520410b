# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""ZMTP through an SSH channel of Twisted: one end of a socketpair speaks ZMTP, the other one is a transport like any.

The channel asks the server for a connection to host:port there ("direct-tcpip"), where a ZeroMQ socket listens.
"""

import socket

from twisted.conch.ssh import channel, connection, forwarding
from twisted.internet import protocol, reactor

SOL_ZMQ, ATTACH_FD = 289, 1004


class Pipe(protocol.Protocol):
    """The end of the socketpair that Twisted has: what the kernel says goes to the channel."""

    def __init__(self, ssh: channel.SSHChannel):
        self.ssh = ssh
        ssh.pipe = self

    def dataReceived(self, data: bytes) -> None:
        self.ssh.write(data)

    def connectionLost(self, reason=protocol.connectionDone) -> None:
        self.ssh.loseConnection()


class ZMQChannel(channel.SSHChannel):
    """A channel over which an AF_ZMQ socket has a peer."""

    name = b"direct-tcpip"

    def __init__(self, zmq: socket.socket, host: str, port: int, **kw):
        super().__init__(**kw)
        self.zmq = zmq
        self.where = forwarding.packOpen_direct_tcpip((host, port), ("127.0.0.1", 0))
        self.pipe = None

    def channelOpen(self, specificData: bytes) -> None:
        ours, kernels = socket.socketpair()
        with ours, kernels:
            self.zmq.setsockopt(SOL_ZMQ, ATTACH_FD, kernels.fileno())
            ours.setblocking(False)
            factory = protocol.Factory.forProtocol(lambda: Pipe(self))
            reactor.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, factory)

    def dataReceived(self, data: bytes) -> None:
        self.pipe.transport.write(data)

    # The channel is full, or has room again: the kernel waits as long.
    def stopWriting(self) -> None:
        self.pipe.transport.pauseProducing()

    def startWriting(self) -> None:
        self.pipe.transport.resumeProducing()

    def closed(self) -> None:
        if self.pipe:
            self.pipe.transport.loseConnection()


class Connection(connection.SSHConnection):
    """What an SSH client does once it is let in: it opens the channel."""

    def __init__(self, zmq: socket.socket, host: str, port: int):
        super().__init__()
        self.channel = ZMQChannel(zmq, host, port, conn=self)

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self.openChannel(self.channel, self.channel.where)
