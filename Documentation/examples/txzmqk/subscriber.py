# SPDX-License-Identifier: MIT
"""Prints three messages of a topic; the argument says which and whose."""

import sys

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory

from txzmqk import ZMQProtocol


class Listener(ZMQProtocol):
    """Ends when it has heard enough."""

    left = 3

    def connectionMade(self):
        self.done = Deferred()

    def messageReceived(self, frames):
        print(*(frame.decode() for frame in frames), flush=True)
        self.left -= 1
        if not self.left:
            self.transport.loseConnection()

    def connectionLost(self, reason=None):
        self.done.callback(None)


def main(reactor):
    where = sys.argv[1] if len(sys.argv) > 1 else r"zmq:sub:tcp\://127.0.0.1\:5556:subscribe=tenths"
    connecting = clientFromString(reactor, where).connect(Factory.forProtocol(Listener))
    return connecting.addCallback(lambda listener: listener.done)


task.react(main)
