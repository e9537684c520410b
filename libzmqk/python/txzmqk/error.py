# SPDX-License-Identifier: MIT
"""What can go wrong beside what Twisted and the system have names for."""

from twisted.internet.error import ConnectionClosed, ConnectionLost


class TransportClosed(ConnectionClosed):
    """It takes no more messages."""


class LingerExpired(ConnectionLost):
    """Messages were still waiting when the linger time was over."""
