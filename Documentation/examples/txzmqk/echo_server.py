# SPDX-License-Identifier: MIT
"""Answers requests with what they say, in capitals; the argument says where, "zmq:rep:tcp\\://127.0.0.1\\:5555" for example."""

import sys

from twisted.application.internet import StreamServerEndpointService
from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.logger import globalLogBeginner, textFileLogObserver

from txzmqk import ZMQProtocol


class Echo(ZMQProtocol):
    """One protocol for all who ask: who they are is the socket's business."""

    def connectionMade(self):
        print("listens at", self.transport.getHost().endpoint, flush=True)

    def messageReceived(self, frames):
        self.transport.sendMessage([frame.upper() for frame in frames])


globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
where = sys.argv[1] if len(sys.argv) > 1 else r"zmq:rep:tcp\://127.0.0.1\:5555"
service = StreamServerEndpointService(serverFromString(reactor, where), Factory.forProtocol(Echo))
# A service stops when the reactor does, and waits for what it has promised.
reactor.callWhenRunning(service.privilegedStartService)
reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
reactor.run()
