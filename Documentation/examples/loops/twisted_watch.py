# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in Twisted: IReadDescriptor and IWriteDescriptor; the argument is the reactor."""

import importlib
import sys

from zope.interface import implementer

importlib.import_module(f"twisted.internet.{sys.argv[1]}reactor").install()
# pylint: disable=wrong-import-position
from twisted.internet import interfaces, reactor  # noqa: E402
from twisted.logger import globalLogBeginner, textFileLogObserver  # noqa: E402

from scenario import Scenario  # noqa: E402


@implementer(interfaces.IReadDescriptor, interfaces.IWriteDescriptor)
class Descriptor:
    doRead = doWrite = None

    def __init__(self, sock):
        self.sock = sock

    def fileno(self):
        return self.sock.fileno()

    def logPrefix(self):
        return "zmq"

    def connectionLost(self, reason):
        raise reason.value


class Loop:
    def __init__(self):
        self.descriptors = {}

    def reader(self, sock, function):
        d = self.descriptors.setdefault(sock, Descriptor(sock))
        d.doRead = function
        reactor.addReader(d) if function else reactor.removeReader(d)

    def writer(self, sock, function):
        d = self.descriptors.setdefault(sock, Descriptor(sock))
        d.doWrite = function
        reactor.addWriter(d) if function else reactor.removeWriter(d)

    def stop(self):
        reactor.stop()


globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)])
reactor.callWhenRunning(Scenario, Loop())
reactor.run()
