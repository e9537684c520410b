# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as Twisted's datagram ports; the argument is the reactor."""

import importlib
import socket
import sys

importlib.import_module(f"twisted.internet.{sys.argv[1]}reactor").install()
# pylint: disable=wrong-import-position
from twisted.internet import protocol, reactor, stdio, task  # noqa: E402

ROUND = 200


class Client(protocol.DatagramProtocol):
    """Asks the next question when it has an answer."""

    def startProtocol(self):
        self.n = 0
        self.transport.connect("127.0.0.1", int(sys.argv[2]))
        self.transport.write(b"m0")

    def datagramReceived(self, datagram, addr):
        assert datagram == b"m%d" % self.n, (datagram, addr)
        self.n += 1
        if self.n < ROUND:
            self.transport.write(b"m%d" % self.n)


class Server(protocol.DatagramProtocol):
    """Answers whom it is told to have asked."""

    def datagramReceived(self, datagram, addr):
        self.transport.write(datagram, addr)


class Publisher(protocol.DatagramProtocol):
    n = 0

    def publish(self):
        self.transport.write(b"t %d" % self.n, ("127.0.0.1", 9))
        self.n += 1


class End(protocol.Protocol):
    def connectionLost(self, reason=None):
        reactor.stop()


for fd, proto in ((3, Client()), (4, Server()), (6, Server())):
    reactor.adoptDatagramPort(fd, socket.AF_INET, proto)
publisher = Publisher()
reactor.adoptDatagramPort(5, socket.AF_INET, publisher)
task.LoopingCall(publisher.publish).start(0.002)
stdio.StandardIO(End())
reactor.run()
