# SPDX-License-Identifier: MIT
"""Publishes the time; the argument says where, "zmq:pub:tcp\\://127.0.0.1\\:5556" for example."""

import sys
import time

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory

from txzmqk import ZMQProtocol


class Clock(ZMQProtocol):
    """A publisher drops what nobody wants, so it need not know who listens."""

    def connectionMade(self):
        self.loop = task.LoopingCall(self.tell)
        self.loop.start(0.1)

    def tell(self):
        now = time.time()
        self.transport.sendMessage([b"seconds", b"%d" % now])
        self.transport.sendMessage([b"tenths", b"%.1f" % now])

    def connectionLost(self, reason=None):
        self.loop.stop()


def main(reactor):
    where = sys.argv[1] if len(sys.argv) > 1 else r"zmq:pub:tcp\://127.0.0.1\:5556"
    listening = serverFromString(reactor, where).listen(Factory.forProtocol(Clock))
    return listening.addCallback(lambda port: Deferred())


task.react(main)
