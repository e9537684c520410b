# SPDX-License-Identifier: MIT
"""A protocol to derive from."""

from twisted.internet.protocol import BaseProtocol, connectionDone
from twisted.logger import Logger
from zope.interface import implementer

from txzmqk.interfaces import IZMQProtocol


@implementer(IZMQProtocol)
class ZMQProtocol(BaseProtocol):
    """Override messageReceived(), and whatever else matters; connectionMade() is called first."""

    log = Logger()

    def messageReceived(self, frames):
        """A message has come."""

    def messageFailed(self, frames, reason):
        """A message will not be sent: say so."""
        self.log.error("a message of {count} frames was not sent: {reason}", count=len(frames),
                       reason=reason.getErrorMessage())

    def connectionLost(self, reason=connectionDone):
        """The end."""
